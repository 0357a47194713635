"""The rule that a person or their agency holds a current EVA BC membership."""

from dataclasses import dataclass, replace

from communities.rules.facts import ProgramWork, Standing
from communities.rules.rule import ASK_YOUR_AGENCY, Outcome, Rule, Sentence, best, weigh
from communities.rules.vocabulary import Evidence, FactKind

_HOLDERS = {
    "you": {
        "you_hold": "you hold",
        "you_hold_no": "you do not hold",
        "they_hold": "the applicant holds",
        "they_hold_no": "the applicant does not hold",
        "your": "your own",
        "their": "the applicant’s own",
    },
    "agency": {
        "you_hold": "your agency holds",
        "you_hold_no": "your agency does not hold",
        "they_hold": "the agency holds",
        "they_hold_no": "the agency does not hold",
        "your": "your agency’s",
        "their": "the agency’s",
    },
}
_NEITHER = {
    "you_hold_no": "neither you nor your agency holds",
    "they_hold_no": "neither the applicant nor the agency holds",
}


@dataclass(frozen=True)
class EvaMembershipHeld(Rule):
    key = "eva-membership"
    title = "EVA BC membership"
    short_title = "Membership"
    facts = FactKind.EVA_MEMBERSHIP

    condition = "You or your agency must hold a current EVA BC membership."
    clauses = {
        Sentence.SAYS_YES: (
            "{you_hold} a current EVA BC membership",
            "{they_hold} a current EVA BC membership",
        ),
        Sentence.SAYS_NO: (
            "{you_hold_no} a current EVA BC membership",
            "{they_hold_no} a current EVA BC membership",
        ),
        Sentence.ENDED: (
            "{your} EVA BC membership ended on {date}",
            "{their} EVA BC membership ended on {date}",
        ),
        Sentence.NOT_YET: (
            "{your} EVA BC membership starts on {date}",
            "{their} EVA BC membership starts on {date}",
        ),
    }
    not_known = (
        "EVA BC staff will check whether you or your agency holds a current EVA BC membership",
        "There is no information yet on whether the applicant or the agency holds a current EVA BC membership",
    )
    not_known_step = ASK_YOUR_AGENCY
    not_met_step = (
        "Ask your agency if it has an EVA BC membership or can renew it. "
        "Your own membership counts too."
    )

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        """Their own membership or their agency's meets the rule; the better one counts."""
        holders = [(standing.memberships, "you"), (work.memberships if work else (), "agency")]
        outcome = best(
            weigh(facts, wanted=True, on=standing.on, words=_HOLDERS[holder])
            for facts, holder in holders
            if facts
        )
        # The form asks about both memberships at once, so a "no" is about both.
        is_own_no = (
            outcome.sentence is Sentence.SAYS_NO
            and outcome.fact is not None
            and outcome.fact.evidence == Evidence.CLAIMED
        )
        return replace(outcome, words=_NEITHER) if is_own_no else outcome
