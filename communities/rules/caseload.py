"""The rule that a person carries a caseload in a program of the community's types."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django import forms
from django.db.models import TextChoices

from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.rule import (
    ANY_FITS,
    ASK_YOUR_AGENCY,
    NOTHING_KNOWN,
    MultipleTermsField,
    Outcome,
    Rule,
    Sentence,
    accepts,
    weigh,
)
from communities.rules.vocabulary import Evidence, FactKind, ProgramType, Verdict


class CaseloadForm(forms.Form):
    program_types = MultipleTermsField(ProgramType, help_text=ANY_FITS)


@dataclass(frozen=True)
class Caseload(Rule):
    """``program_types`` are those that the community is for. Without any, every program fits."""

    program_types: tuple[ProgramType, ...] = ()

    key = "caseload"
    title = "Caseload"
    short_title = "Caseload"
    facts = FactKind.CASELOAD
    parameters_form = CaseloadForm

    condition = "You must carry a caseload in {wanted}."
    clauses = {
        Sentence.SAYS_YES: (
            "you carry a caseload in {program}",
            "the applicant carries a caseload in {program}",
        ),
        Sentence.SAYS_NO: (
            "you do not carry a caseload in {program}",
            "the applicant does not carry a caseload in {program}",
        ),
        Sentence.ENDED: (
            "your caseload in {program} ended on {date}",
            "the applicant’s caseload in {program} ended on {date}",
        ),
        Sentence.NOT_YET: (
            "your caseload in {program} starts on {date}",
            "the applicant’s caseload in {program} starts on {date}",
        ),
        Sentence.OTHER_PROGRAM: (
            "you work in {program}",
            "the applicant works in {program}, and this community is for people who work in {wanted}",
        ),
        # Asked about these programs only, they said no; what other work they do, no one asked.
        Sentence.NOT_IN_PROGRAM: (
            "you do not work in {wanted}",
            "the applicant does not work in {wanted}",
        ),
    }
    not_known = (
        "EVA BC staff will check whether you carry a caseload in your program",
        "There is no information yet on whether the applicant carries a caseload in {workplace}",
    )
    not_known_step = ASK_YOUR_AGENCY
    not_met_step = "See if another community fits your work."

    def fits(self, term: TextChoices) -> Verdict:
        return Verdict.MET if accepts(self.program_types, term) else Verdict.NOT_MET

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        if work is None:
            return NOTHING_KNOWN
        words = {"program": work.program}
        if not accepts(self.program_types, work.program_type):
            own_answer = Fact(value=False, evidence=Evidence.CLAIMED)
            is_named = work.program_type != ProgramType.OTHER
            sentence = Sentence.OTHER_PROGRAM if is_named else Sentence.NOT_IN_PROGRAM
            return Outcome(Verdict.NOT_MET, sentence, own_answer, words)
        facts: Sequence[Fact] = work.caseload
        own_no = [
            replace(f, evidence=Evidence.CLAIMED)
            for f in facts
            if f.value is False
            and f.evidence in (Evidence.CLAIMED, Evidence.CONTRADICTED)
            and f.runs_on(standing.on)
        ]
        if own_no:
            # People know better than a list whether they carry a caseload.
            facts = [f for f in facts if f.evidence == Evidence.CONFIRMED] + own_no
        return weigh(facts, wanted=True, on=standing.on, words=words)
