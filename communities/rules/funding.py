"""The rule about who funds the program that a person works in."""

from collections.abc import Sequence
from dataclasses import dataclass

from django import forms

from communities.rules.facts import ProgramWork, Standing
from communities.rules.rule import (
    ASK_YOUR_AGENCY,
    NOTHING_KNOWN,
    Outcome,
    Rule,
    Sentence,
    TermField,
    weigh,
)
from communities.rules.vocabulary import FactKind, Funder, ProgramType

_FUNDER_NAMES = {
    Funder.PSSG: "the Ministry of Public Safety and Solicitor General",
    Funder.OTHER: "a funder other than the ministry",
}


class FundingForm(forms.Form):
    funder = TermField(Funder, help_text="If you choose none, the funder is the ministry.")


@dataclass(frozen=True)
class Funding(Rule):
    """Without a ``funder`` it is the ministry, the only funder that the source names."""

    funder: Funder | None = None

    key = "funding"
    title = "Program funding"
    short_title = "Funding"
    facts = FactKind.FUNDING
    parameters_form = FundingForm

    condition = "Your program must be funded by {wanted}."
    # About a program the applicant and staff read the same.
    clauses = {
        sentence: (clause, clause)
        for sentence, clause in {
            Sentence.SAYS_YES: "{program} is funded by {wanted}",
            Sentence.SAYS_NO: "{program} is not funded by {wanted}",
            Sentence.ENDED: "funding for {program} from {wanted} ended on {date}",
            Sentence.NOT_YET: "funding for {program} from {wanted} starts on {date}",
        }.items()
    }
    not_known = (
        "EVA BC staff will check who funds your program",
        "There is no information yet on who funds {program}",
    )
    not_known_step = ASK_YOUR_AGENCY
    not_met_step = "Your agency can tell you who funds the program."

    def wanted(self, programs: Sequence[ProgramType]) -> str:
        return _FUNDER_NAMES[self.funder or Funder.PSSG]

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        if work is None:
            return NOTHING_KNOWN
        words = {"program": work.program}
        wanted = self.funder or Funder.PSSG
        return weigh(work.funding, wanted=wanted, on=standing.on, words=words)
