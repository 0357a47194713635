"""The rule about who funds the program that somebody works in."""

from dataclasses import dataclass

from django import forms

from communities.rules.facts import ProgramWork, Standing
from communities.rules.rule import (
    IF_WRONG,
    NOTHING_KNOWN,
    Outcome,
    Rule,
    Sentence,
    TermField,
    weigh,
)
from communities.rules.vocabulary import FactKind, Funder

_FUNDER_NAMES = {
    Funder.PSSG: "the Ministry of Public Safety and Solicitor General",
    Funder.OTHER: "another funder than the ministry",
}


class FundingForm(forms.Form):
    funder = TermField(Funder)


@dataclass(frozen=True)
class Funding(Rule):
    """Where no ``funder`` is named it is the ministry, the one funder that the source names."""

    funder: Funder | None = None

    key = "funding"
    title = "Program funding"
    short_title = "Funding"
    facts = FactKind.FUNDING
    parameters_form = FundingForm

    # Of a program the applicant and staff read the same.
    clauses = {
        sentence: (clause, clause)
        for sentence, clause in {
            Sentence.SAYS_YES: "{funder} funds {program}",
            Sentence.SAYS_NO: "{funder} does not fund {program}",
            Sentence.ENDED: "the funding of {program} by {funder} ended on {date}",
            Sentence.NOT_YET: "the funding of {program} by {funder} starts on {date}",
        }.items()
    }
    not_known = (
        "We do not know yet who funds {program}",
        "It is not known who funds {program}",
    )
    not_met_step = "Your agency can tell you who funds the program. " + IF_WRONG

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        if work is None:
            return NOTHING_KNOWN
        wanted = self.funder or Funder.PSSG
        words = {"program": work.program, "funder": _FUNDER_NAMES[wanted]}
        return weigh(work.funding, wanted=wanted, on=standing.on, words=words)
