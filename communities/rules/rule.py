"""The base class of rules: how facts are weighed, and how an outcome is put into words."""

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import ClassVar, Self

from django import forms
from django.db.models import TextChoices
from django.utils.formats import date_format
from django.utils.text import get_text_list

from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.vocabulary import (
    Evidence,
    FactKind,
    Funder,
    InitiativeKind,
    ProgramType,
    RoleKind,
    Verdict,
)

VERDICT_ORDER = [Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET]
STAFF_WILL_CONFIRM = "EVA BC staff will confirm this."
STAFF_WILL_CHECK = "EVA BC staff will check this."
NOT_NAMED = "Our rules do not say whether this {term} fits. EVA BC staff will decide."
ASK_YOUR_AGENCY = "If you’re not sure, you can ask your agency."


PROGRAM_NAMES = {
    ProgramType.STVC: "a Stopping the Violence Counselling program",
    ProgramType.STV_ORS: "a Stopping the Violence Outreach program",
    ProgramType.MORS: "a Multicultural Outreach program",
    ProgramType.CBVS: "a Community-Based Victim Services program",
    ProgramType.SAS: "a Sexual Assault Service program",
    ProgramType.OTHER: "another program",
}


class Sentence(enum.Enum):
    """What a sentence about one rule can say."""

    SAYS_YES = enum.auto()
    SAYS_NO = enum.auto()
    ENDED = enum.auto()
    NOT_YET = enum.auto()
    NOTHING_KNOWN = enum.auto()
    OTHER_PROGRAM = enum.auto()
    NOT_IN_PROGRAM = enum.auto()
    OTHER_ROLE = enum.auto()
    NOT_NAMED = enum.auto()


@dataclass(frozen=True)
class Outcome:
    """A verdict, the fact it rests on, and the sentence that explains it, with values for its placeholders."""

    verdict: Verdict
    sentence: Sentence
    fact: Fact | None = None
    words: Mapping[str, str] = field(default_factory=dict)


NOTHING_KNOWN = Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)


# -- The form of a rule's parameters --------------------------------------------------------------


# Of a field without which a rule ``accepts`` any term.
ANY_FITS = "If you select none, any of them fits."


class MultipleTermsField(forms.TypedMultipleChoiceField):
    """A parameter of any number of terms: checkboxes in a form, a tuple in the rule."""

    widget = forms.CheckboxSelectMultiple

    def __init__(
        self, vocabulary: type[TextChoices], label: str | None = None, help_text: str = ""
    ) -> None:
        super().__init__(
            choices=vocabulary.choices,
            coerce=vocabulary,
            required=False,
            label=label,
            help_text=help_text,
        )

    def clean(self, value: object) -> tuple[TextChoices, ...]:
        return tuple(super().clean(value))


class TermField(forms.TypedChoiceField):
    """A parameter of one term, or None."""

    def __init__(self, vocabulary: type[TextChoices], help_text: str) -> None:
        super().__init__(
            choices=[("", "---------"), *vocabulary.choices],
            coerce=vocabulary,
            empty_value=None,
            required=False,
            help_text=help_text,
        )


# -- A rule ---------------------------------------------------------------------------------------


class Rule(ABC):
    """One rule of a community. A subclass is a kind of rule, a dataclass; its fields are the parameters.

    ``key`` is kept in the database, ``title`` and ``short_title`` are for staff, and ``facts`` names
    the kind of fact that the rule rests on, if any: it decides which lists can be too old for it and
    what staff can confirm. ``condition`` tells applicants what the rule asks for. ``clauses`` hold
    what can be said to the applicant and to staff, as a clause after "The list of May 1 says that".
    ``not_known`` are sentences for when there is no fact. ``parameters_form`` has one field for each
    parameter, under its name.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    short_title: ClassVar[str]
    facts: ClassVar[FactKind | None] = None
    parameters_form: ClassVar[type[forms.Form]] = forms.Form
    condition: ClassVar[str] = ""
    clauses: ClassVar[Mapping[Sentence, tuple[str, str]]] = {}
    not_known: ClassVar[tuple[str, str]]
    not_known_step: ClassVar[str] = STAFF_WILL_CHECK
    not_met_step: ClassVar[str] = ""

    # Whom the community is for. A kind of rule that does not say leaves these empty.
    program_types: tuple[ProgramType, ...] = ()
    funder: Funder | None = None
    roles: tuple[RoleKind, ...] = ()
    initiatives: tuple[InitiativeKind, ...] = ()

    @abstractmethod
    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        """Apply the rule to what is known about a person and their ``work`` in one program."""

    def fits(self, term: TextChoices) -> Verdict:
        """What the rule says about a type of program, a kind of initiative or a role alone."""
        return Verdict.MET

    @property
    def initiatives_looked_at(self) -> tuple[InitiativeKind, ...]:
        """The kinds that the rule accepts, and those that staff decide about."""
        return self.initiatives

    def wanted(self, programs: Sequence[ProgramType]) -> str:
        """What the rule asks for, in words; ``programs`` are the types that the community is for."""
        return get_text_list([PROGRAM_NAMES[t] for t in programs], "or") or "a program"

    def asks_for(self, programs: Sequence[ProgramType]) -> str:
        """The condition in words; ``programs`` are the types that the community is for."""
        return self.condition.format(wanted=self.wanted(programs)) or f"{self.not_known[0]}."

    @classmethod
    def from_json(cls, parameters: Mapping[str, object]) -> Self:
        """The rule with these parameters. Raises ``ValidationError`` if one is not valid."""
        asked = cls.parameters_form.base_fields
        return cls(**{name: field.clean(parameters.get(name)) for name, field in asked.items()})

    def as_json(self) -> dict[str, object]:
        """The parameters as kept in the database."""
        return {name: getattr(self, name) for name in self.parameters_form.base_fields}

    def explain(self, outcome: Outcome, programs: Sequence[ProgramType]) -> dict[str, str]:
        """The texts of a ``Finding`` for an outcome; ``programs`` are the types that the community is for."""
        fact, words = outcome.fact, outcome.words
        wanted = self.wanted(programs)
        values = {
            "program": "your program",
            "workplace": words.get("program", wanted),
            "date": _boundary(outcome),
            "wanted": wanted,
            **words,
        }
        for_staff = {**values, "program": words.get("program", "the program")}
        clauses = self.clauses[outcome.sentence] if fact else self.not_known
        # The lead is not a template: the name of a list may contain anything.
        sentence, staff_sentence = clauses[0].format(**values), clauses[1].format(**for_staff)
        if fact and fact.otherwise:
            confirmed, but = (
                "EVA BC staff have confirmed that",
                f"but {_source(fact)} says otherwise",
            )
            sentence = f"{confirmed} {sentence}, {but}"
            staff_sentence = f"{confirmed} {staff_sentence}, {but}"
        elif fact and fact.superseded_on:
            newest = date_format(fact.superseded_on)
            sentence = f"{_lead(fact)} {sentence}, but the one of {newest} does not mention it"
            staff_sentence = f"Named by {_source(fact)}, not by that of {newest}: {staff_sentence}"
        elif fact and fact.evidence == Evidence.CLAIMED:
            sentence = f"You told us that {sentence}"
            short = staff_sentence.removeprefix("the applicant ").removeprefix("is ")
            staff_sentence = f"Self-reported: {short}"
        elif fact:
            sentence = f"{_lead(fact)} {sentence}"
            staff_sentence = f"{_lead(fact)} {staff_sentence}"
        return {
            "condition": self.condition.format(**values),
            # The name of an agency can end with a period.
            "sentence": sentence.removesuffix(".") + ".",
            "staff_sentence": staff_sentence.removesuffix(".") + ".",
            "next_step": self._next_step(outcome),
        }

    def _next_step(self, outcome: Outcome) -> str:
        if outcome.verdict == Verdict.NOT_MET:
            return self.not_met_step
        if outcome.verdict == Verdict.MET:
            is_claimed = outcome.fact and outcome.fact.evidence == Evidence.CLAIMED
            return STAFF_WILL_CONFIRM if is_claimed else ""
        if outcome.fact is None:
            return self.not_known_step
        is_unnamed = outcome.sentence is Sentence.NOT_NAMED
        return NOT_NAMED.format(term="role") if is_unnamed else STAFF_WILL_CHECK


@dataclass(frozen=True)
class Retired(Rule):
    """Stands in for a kind of rule that was removed. It never admits anyone: staff look instead."""

    key = "retired"
    title = "A rule that the portal no longer checks"
    short_title = "Other"
    not_known = (
        "We cannot check one of this community’s rules here",
        "The portal no longer checks one of this community’s rules",
    )

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        return NOTHING_KNOWN


def _lead(fact: Fact) -> str:
    """How a fact that is not self-reported is known, as the beginning of a sentence."""
    if fact.evidence == Evidence.CONFIRMED:
        return "EVA BC staff have confirmed that"
    source = _source(fact)
    return f"{source[0].upper()}{source[1:]} says that"


def _source(fact: Fact) -> str:
    return fact.source or "an EVA BC list"


def _boundary(outcome: Outcome) -> str:
    """The day that the sentence names, if it names one: formatting a date takes time."""
    fact, sentence = outcome.fact, outcome.sentence
    if fact is None or sentence not in (Sentence.ENDED, Sentence.NOT_YET):
        return ""
    day = fact.starts_on if sentence is Sentence.NOT_YET else fact.ends_on
    return date_format(day) if day else ""


# -- Weighing -------------------------------------------------------------------------------------


def accepts(terms: Sequence[str], term: str) -> bool:
    """Whether a rule with these terms accepts this one. Without terms it accepts any."""
    return not terms or term in terms


def weigh(
    facts: Iterable[Fact], *, wanted: bool | Funder, on: date, words: Mapping[str, str]
) -> Outcome:
    """Let the strongest fact decide; among equals, one that applies on the day, then one that fits.

    A period that has ended counts against the person, unless a later one follows it. That something
    else has ended, or starts later, says nothing about the day.

    It is unknown if a list says otherwise than staff confirmed, or if the newest edition of the list no
    longer names what an earlier one named.
    """
    facts = list(facts)
    outcome = _decide([f for f in facts if not f.superseded_on], wanted, on, words)
    if (fact := outcome.fact) and (listed := fact.otherwise):
        if _decide([listed], wanted, on, words).verdict == outcome.verdict:
            return replace(outcome, fact=replace(fact, otherwise=None))
        contradicted = replace(
            fact, evidence=Evidence.CONTRADICTED, source=listed.source, as_of=listed.as_of
        )
        return replace(outcome, verdict=Verdict.UNKNOWN, fact=contradicted)
    if fact is None:
        for named in sorted((f for f in facts if f.superseded_on), key=lambda f: f.weight)[::-1]:
            earlier = _decide([named], wanted, on, words)
            if earlier.fact:
                return replace(earlier, verdict=Verdict.UNKNOWN)
    return outcome


def _decide(
    facts: Sequence[Fact], wanted: bool | Funder, on: date, words: Mapping[str, str]
) -> Outcome:
    """The outcome of facts that nothing speaks against."""
    welcome = [f for f in facts if f.says(wanted)]
    running = [f for f in facts if f.runs_on(on)]
    ended = [
        f for f in welcome if f.has_ended(on) and not any(other.follows(f) for other in welcome)
    ]
    if running or ended:
        strongest = max(
            running + ended,
            key=lambda f: (f.weight, f.runs_on(on), f.says(wanted), f.ends_on or date.max),
        )
        if strongest.has_ended(on):
            return Outcome(Verdict.NOT_MET, Sentence.ENDED, strongest, words)
        if strongest.says(wanted):
            return Outcome(Verdict.MET, Sentence.SAYS_YES, strongest, words)
        return Outcome(Verdict.NOT_MET, Sentence.SAYS_NO, strongest, words)
    coming = [f for f in welcome if not f.has_started(on)]
    if coming:
        next_one = max(coming, key=lambda f: f.weight)
        return Outcome(Verdict.UNKNOWN, Sentence.NOT_YET, next_one, words)
    return replace(NOTHING_KNOWN, words=words)


def best(outcomes: Iterable[Outcome]) -> Outcome:
    """The best outcome for the person; without any, that nothing is known."""
    return max(
        outcomes,
        key=lambda o: (VERDICT_ORDER.index(o.verdict), o.fact.weight if o.fact else (0, date.min)),
        default=NOTHING_KNOWN,
    )
