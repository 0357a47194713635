"""The rule that a person or their agency holds a current EVA BC membership."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.rule import ASK_YOUR_AGENCY, Outcome, Rule, Sentence, best, weigh
from communities.rules.vocabulary import Evidence, FactKind, Verdict

_HOLDERS = {
    "you": {
        "you_hold": "you hold",
        "you_hold_no": "you do not hold",
        "they_hold": "the applicant holds",
        "they_hold_no": "the applicant does not hold",
        "your": "your own",
        "their": "the applicant’s own",
        "you_and": "",
        "they_and": "",
    },
    "agency": {
        "you_hold": "your agency holds",
        "you_hold_no": "your agency does not hold",
        "they_hold": "the agency holds",
        "they_hold_no": "the agency does not hold",
        "your": "your agency’s",
        "their": "the agency’s",
        "you_and": "",
        "they_and": "",
    },
}
# After what is known of one holder: that nothing is known of the other.
_OTHER_UNKNOWN = {
    "you": {
        "you_and": "; we don’t know yet whether your agency holds one",
        "they_and": "; it is not known yet whether the agency holds one",
    },
    "agency": {
        "you_and": "; we don’t know yet whether you hold one yourself",
        "they_and": "; it is not known yet whether the applicant holds one",
    },
}
# After what is known of one holder: that the other one’s does not count either, and how we know.
_NONE_LISTED = {
    "you_and": "; neither you nor your agency holds a current one",
    "they_and": "; neither the applicant nor the agency holds a current one",
}
_NONE_REPORTED = {
    "you_and": "; you told us that neither you nor your agency holds one",
    "they_and": "; self-reported: neither the applicant nor the agency holds one",
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
            "{you_hold_no} a current EVA BC membership{you_and}",
            "{they_hold_no} a current EVA BC membership{they_and}",
        ),
        Sentence.ENDED: (
            "{your} EVA BC membership ended on {date}{you_and}",
            "{their} EVA BC membership ended on {date}{they_and}",
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
        """Their own membership or their agency's meets the rule; the better one counts.

        What is known of one of the two says nothing about the other.
        """
        facts = {"you": standing.memberships, "agency": work.memberships if work else ()}
        known = {
            holder: outcome
            for holder in facts
            if (outcome := self._weigh_one(facts[holder], holder, standing)).fact
        }
        outcome = best(known.values())
        if outcome.verdict != Verdict.NOT_MET:
            return outcome
        # The form asks about both memberships at once, so a "no" is about both.
        says_no = any(
            f.value is False and f.evidence == Evidence.CLAIMED and f.runs_on(standing.on)
            for f in (*facts["you"], *facts["agency"])
        )
        if says_no:
            is_claim = outcome.fact is not None and outcome.fact.evidence == Evidence.CLAIMED
            return _with_words(outcome, _NEITHER if is_claim else _NONE_REPORTED)
        if len(known) == len(facts):
            return _with_words(outcome, _NONE_LISTED)
        [holder] = known
        return replace(_with_words(outcome, _OTHER_UNKNOWN[holder]), verdict=Verdict.UNKNOWN)

    @staticmethod
    def _weigh_one(facts: Sequence[Fact], holder: str, standing: Standing) -> Outcome:
        return weigh(facts, wanted=True, on=standing.on, words=_HOLDERS[holder])


def _with_words(outcome: Outcome, words: Mapping[str, str]) -> Outcome:
    return replace(outcome, words={**outcome.words, **words})
