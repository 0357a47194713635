"""What every kind of rule has, and how facts are weighed and an outcome is put into words."""

import enum
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import date
from typing import ClassVar, NamedTuple, Self

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
STAFF_WILL_CHECK = "EVA BC staff will check this."
IF_WRONG = "If this is not right, say so in your note, or write to us."

_PROGRAM_NAMES = {
    ProgramType.STVC: "a Stopping the Violence Counselling program",
    ProgramType.STV_ORS: "a Stopping the Violence Outreach program",
    ProgramType.MORS: "a Multicultural Outreach program",
    ProgramType.CBVS: "a Community-Based Victim Services program",
    ProgramType.SAS: "a Sexual Assault Services program",
    ProgramType.OTHER: "another program",
}


class Sentence(enum.Enum):
    """What there is to say about one rule."""

    SAYS_YES = enum.auto()
    SAYS_NO = enum.auto()
    ENDED = enum.auto()
    NOT_YET = enum.auto()
    NOTHING_KNOWN = enum.auto()
    OTHER_PROGRAM = enum.auto()
    OTHER_ROLE = enum.auto()
    NOT_NAMED = enum.auto()


@dataclass(frozen=True)
class Outcome:
    """A verdict, the fact it rests on, and which sentence says so, with the words it needs."""

    verdict: Verdict
    sentence: Sentence
    fact: Fact | None = None
    words: Mapping[str, str] = field(default_factory=dict)


NOTHING_KNOWN = Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)


# -- The form of a rule's parameters --------------------------------------------------------------


class MultipleTermsField(forms.TypedMultipleChoiceField):
    """A parameter of any number of terms: boxes to tick in a form, a tuple in the rule."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, vocabulary: type[TextChoices]) -> None:
        super().__init__(choices=vocabulary.choices, coerce=vocabulary, required=False)

    def clean(self, value: object) -> tuple[TextChoices, ...]:
        return tuple(super().clean(value))


class TermField(forms.TypedChoiceField):
    """A parameter of one term, or None."""

    def __init__(self, vocabulary: type[TextChoices]) -> None:
        super().__init__(
            choices=[("", "---------"), *vocabulary.choices],
            coerce=vocabulary,
            empty_value=None,
            required=False,
        )


# -- A rule ---------------------------------------------------------------------------------------


class Explanation(NamedTuple):
    """A sentence to the worker and one to staff, and what the worker can do next."""

    worker: str
    staff: str
    next_step: str


@dataclass(frozen=True)
class Rule(ABC):
    """One rule of a community. A subclass is a kind of rule; its fields are the parameters.

    ``key`` is what is kept in the database, ``title`` and ``short_title`` are what people read, and
    ``facts`` says what in the register the rule rests on, if anything: which lists grow too old for
    it, and what staff can confirm. ``clauses`` hold what there is to say to the worker and to staff,
    as a clause after "The list of 1 May says that". ``parameters_form`` has one field for each
    parameter, under its name.
    """

    key: ClassVar[str]
    title: ClassVar[str]
    short_title: ClassVar[str]
    facts: ClassVar[FactKind | None] = None
    parameters_form: ClassVar[type[forms.Form]] = forms.Form
    clauses: ClassVar[Mapping[Sentence, tuple[str, str]]] = {}
    not_known: ClassVar[tuple[str, str]]
    not_met_step: ClassVar[str] = IF_WRONG

    @abstractmethod
    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        """Weigh what is known of a person, and of their ``work`` in one program, by the rule."""

    # What a rule may say of whom the community is for; a kind that does not leaves it empty.

    @property
    def program_types(self) -> tuple[ProgramType, ...]:
        return ()

    @property
    def funder(self) -> Funder | None:
        return None

    @property
    def roles(self) -> tuple[RoleKind, ...]:
        return ()

    @property
    def initiatives(self) -> tuple[InitiativeKind, ...]:
        return ()

    @property
    def initiatives_looked_at(self) -> tuple[InitiativeKind, ...]:
        """The kinds that are welcome, and those that staff decide about."""
        return self.initiatives

    def wanted(self, programs: Sequence[ProgramType]) -> str:
        """Whom the community is for, whose rules name these types of program."""
        return (
            get_text_list([_PROGRAM_NAMES[t] for t in programs], "or")
            or "a program of this community"
        )

    @classmethod
    def from_json(cls, parameters: Mapping[str, object]) -> Self:
        """The rule with these parameters. Raises ``ValidationError`` where one is not valid."""
        asked = cls.parameters_form.base_fields
        return cls(**{name: field.clean(parameters.get(name)) for name, field in asked.items()})

    def as_json(self) -> dict[str, object]:
        """The parameters as they are kept."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def explain(self, outcome: Outcome, programs: Sequence[ProgramType]) -> Explanation:
        """Put one outcome into words; ``programs`` are the types that the community is for."""
        fact, words = outcome.fact, outcome.words
        wanted = self.wanted(programs)
        named = {
            "program": "your program",
            "workplace": words.get("program", wanted),
            "date": _boundary(outcome),
            "wanted": wanted,
            **words,
        }
        for_staff = {**named, "program": words.get("program", "the program")}
        said = self.clauses[outcome.sentence] if fact else self.not_known
        # The lead is no template: the name of a list may hold anything.
        worker, staff = said[0].format(**named), said[1].format(**for_staff)
        if fact:
            worker = f"{_lead(fact, 'You told us that')} {worker}"
            staff = f"{_lead(fact, 'Claimed:')} {staff}"
        return Explanation(
            # An agency's name can end with a full stop of its own.
            worker=worker.removesuffix(".") + ".",
            staff=staff.removesuffix(".") + ".",
            next_step=self._next_step(outcome).format(**named),
        )

    def _next_step(self, outcome: Outcome) -> str:
        if outcome.verdict == Verdict.NOT_MET:
            return self.not_met_step
        fact = outcome.fact
        is_known = outcome.verdict == Verdict.MET and fact and fact.evidence != Evidence.CLAIMED
        return "" if is_known else STAFF_WILL_CHECK


@dataclass(frozen=True)
class Retired(Rule):
    """Stands in for a kind of rule that is gone: nobody is admitted because it is, staff look instead."""

    key = "retired"
    title = "A rule that the portal no longer checks"
    short_title = "Other"
    not_known = (
        "We cannot check one of the rules of this community here",
        "The portal no longer checks one of the rules of this community",
    )

    def weigh(self, standing: Standing, work: ProgramWork | None) -> Outcome:
        return NOTHING_KNOWN


def _lead(fact: Fact, claimed: str) -> str:
    if fact.evidence == Evidence.CLAIMED:
        return claimed
    if fact.evidence == Evidence.CONFIRMED:
        return "EVA BC staff have checked that"
    source = fact.source or "A list of EVA BC"
    return f"{source[0].upper()}{source[1:]} says that"


def _boundary(outcome: Outcome) -> str:
    """The day that the sentence names; most name none, and writing one takes time."""
    fact, sentence = outcome.fact, outcome.sentence
    if fact is None or sentence not in (Sentence.ENDED, Sentence.NOT_YET):
        return ""
    day = fact.starts_on if sentence is Sentence.NOT_YET else fact.ends_on
    return date_format(day) if day else ""


# -- Weighing -------------------------------------------------------------------------------------


def accepts(terms: Sequence[str], term: str) -> bool:
    """Whether a rule that names these terms takes this one; one that names none takes any."""
    return not terms or term in terms


def weigh(
    facts: Iterable[Fact], *, wanted: bool | Funder, on: date, words: Mapping[str, str]
) -> Outcome:
    """Let the weightiest fact decide; of equals, one that runs on the day, then a welcome one.

    A period that has ended says no, unless a later one follows it. That something else has ended,
    or starts later, says nothing of the day.
    """
    facts = list(facts)
    welcome = [f for f in facts if f.says(wanted)]
    running = [f for f in facts if f.runs_on(on)]
    ended = [
        f for f in welcome if f.has_ended(on) and not any(other.follows(f) for other in welcome)
    ]
    if running or ended:
        weightiest = max(
            running + ended,
            key=lambda f: (f.weight, f.runs_on(on), f.says(wanted), f.ends_on or date.max),
        )
        if weightiest.has_ended(on):
            return Outcome(Verdict.NOT_MET, Sentence.ENDED, weightiest, words)
        if weightiest.says(wanted):
            return Outcome(Verdict.MET, Sentence.SAYS_YES, weightiest, words)
        return Outcome(Verdict.NOT_MET, Sentence.SAYS_NO, weightiest, words)
    coming = [f for f in welcome if not f.has_started(on)]
    if coming:
        next_one = max(coming, key=lambda f: f.weight)
        return Outcome(Verdict.UNKNOWN, Sentence.NOT_YET, next_one, words)
    return replace(NOTHING_KNOWN, words=words)


def best(outcomes: Iterable[Outcome]) -> Outcome:
    """The outcome that serves the person best; of none, that nothing is known."""
    return max(
        outcomes,
        key=lambda o: (VERDICT_ORDER.index(o.verdict), o.fact.weight if o.fact else (0, date.min)),
        default=NOTHING_KNOWN,
    )
