"""The rules of the communities, pure: facts in, findings out. No database, no clock.

    "Frontline staff carrying a caseload in [the program] funded by the Ministry of Public Safety
    and Solicitor General and holding a current EVA BC membership are welcome to join the CoP for
    their program."

    "Community Coordination CoP: Chairs of coordination initiatives such as Violence Against Women
    in Relationships/Violence in Relationship and Sexual Assault Coordination committees. ICAT CoP:
    ICAT co-chairs and ICAT coordinators."

A ``Standing`` says what is known of one person on one day. ``assess`` holds it against a
community's criteria. All program facts are taken from one and the same program: a caseload in one
program and ministry funding of another do not add up.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Self

from communities.sentences import Sentence, explain
from communities.vocabulary import (
    CriterionKind,
    Evidence,
    Funder,
    InitiativeKind,
    ProgramType,
    Reading,
    RoleKind,
    Verdict,
)


@dataclass(frozen=True)
class Fact:
    """One answer to one question, and how we know it.

    ``value`` is True or False (a caseload, a membership) or a ``Funder``; ``source`` names the list
    or the check ("the ministry's list of 1 April 2026"). A period's end days are inclusive.
    """

    value: bool | Funder
    evidence: Evidence
    source: str = ""
    as_of: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None

    def has_ended(self, on: date) -> bool:
        return self.ends_on is not None and self.ends_on < on

    def has_started(self, on: date) -> bool:
        return self.starts_on is None or self.starts_on <= on

    def runs_on(self, on: date) -> bool:
        return self.has_started(on) and not self.has_ended(on)

    def follows(self, earlier: "Fact") -> bool:
        """True where this is a later period than ``earlier``, not another word about the same."""
        before = earlier.starts_on or earlier.ends_on
        return self.starts_on is not None and before is not None and self.starts_on > before

    def says(self, wanted: bool | Funder) -> bool:
        """Whether ``wanted`` is so; where a list contradicts the fact, whether the list says so."""
        return (self.value == wanted) != (self.evidence == Evidence.CONTRADICTED)

    @property
    def weight(self) -> tuple[int, date]:
        """Staff's own check outweighs a list, a list outweighs a claim, a newer one an older."""
        return _EVIDENCE_WEIGHT[self.evidence], self.as_of or date.min


@dataclass(frozen=True)
class ProgramWork:
    """What is known of a person's work in one program.

    ``caseload`` is personal; ``funding`` and ``memberships`` are facts of the program and of its
    agency, and hold for every colleague there. ``claimed`` says that she named this program.
    """

    program: str
    program_type: ProgramType
    claimed: bool = False
    caseload: tuple[Fact, ...] = ()
    funding: tuple[Fact, ...] = ()
    memberships: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class RoleHeld:
    """A role in a coordination initiative, as ``fact`` knows it."""

    initiative: str
    kind: InitiativeKind
    role: RoleKind
    fact: Fact


@dataclass(frozen=True)
class Standing:
    """What is known of one person on the day ``on``."""

    on: date
    work: tuple[ProgramWork, ...] = ()
    roles: tuple[RoleHeld, ...] = ()
    memberships: tuple[Fact, ...] = ()


@dataclass(frozen=True)
class Criterion:
    """One typed rule of a community, as staff keep it in the admin.

    Where a rule names no program types, roles or initiatives, any will do; where it names no
    funder, it means the ministry, the one funder that the source names.
    """

    kind: CriterionKind
    program_types: tuple[ProgramType, ...] = ()
    funder: Funder | None = None
    roles: tuple[RoleKind, ...] = ()
    initiatives: tuple[InitiativeKind, ...] = ()
    roles_to_check: tuple[RoleKind, ...] = ()
    initiatives_to_check: tuple[InitiativeKind, ...] = ()


@dataclass(frozen=True)
class Finding:
    """One rule held against the facts.

    ``evidence`` is how the best fact is known, None where nothing is known; ``source``, ``as_of`` and
    ``ends_on`` are that fact's. ``sentence`` says to the worker what was looked at, ``next_step`` what
    to do next; ``staff_sentence`` says it to staff.
    """

    kind: CriterionKind
    verdict: Verdict
    evidence: Evidence | None
    sentence: str
    staff_sentence: str
    next_step: str = ""
    source: str = ""
    as_of: date | None = None
    ends_on: date | None = None

    @property
    def rests_on_a_list(self) -> bool:
        return self.evidence in (Evidence.LISTED, Evidence.CONTRADICTED)

    @property
    def title(self) -> str:
        return CriterionKind(self.kind).label

    @property
    def short_title(self) -> str:
        """One word for lists."""
        return SHORT_TITLES[self.kind]

    @property
    def reading(self) -> Reading:
        """Met on claims alone reads "to check": looking is what the review is."""
        if self.verdict == Verdict.NOT_MET:
            return Reading.NOT_MET
        if self.verdict == Verdict.MET and self.evidence != Evidence.CLAIMED:
            return Reading.MET
        return Reading.TO_CHECK

    def about(self, name: str) -> Self:
        """The same, with a name in the sentence for staff: an enrolled person applies for nothing."""
        named = self.staff_sentence.replace("The applicant", name).replace("the applicant", name)
        return replace(self, staff_sentence=named)

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "verdict": self.verdict.value,
            "evidence": self.evidence.value if self.evidence else None,
            "sentence": self.sentence,
            "staff_sentence": self.staff_sentence,
            "next_step": self.next_step,
            "source": self.source,
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "ends_on": self.ends_on.isoformat() if self.ends_on else None,
        }

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(
            **{
                **kept,
                "kind": CriterionKind(kept["kind"]),
                "verdict": Verdict(kept["verdict"]),
                "evidence": Evidence(kept["evidence"]) if kept["evidence"] else None,
                "as_of": date.fromisoformat(kept["as_of"]) if kept["as_of"] else None,
                "ends_on": date.fromisoformat(kept["ends_on"]) if kept["ends_on"] else None,
            }
        )


@dataclass(frozen=True)
class Assessment:
    """The outcome of a community's rules on a standing of the day ``on``."""

    on: date
    findings: tuple[Finding, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the findings: all the rules must hold at once."""
        return min(
            (f.verdict for f in self.findings), key=_VERDICT_ORDER.index, default=Verdict.UNKNOWN
        )

    @property
    def reading(self) -> Reading:
        return min(
            (f.reading for f in self.findings), key=_READING_ORDER.index, default=Reading.TO_CHECK
        )

    @property
    def not_met(self) -> tuple[Finding, ...]:
        return tuple(f for f in self.findings if f.verdict == Verdict.NOT_MET)

    @property
    def needs_written_reason(self) -> bool:
        """To approve against a NOT_MET or UNKNOWN finding staff write why."""
        return self.verdict != Verdict.MET

    def as_json(self) -> dict[str, Any]:
        """The assessment as it is kept with a join request."""
        return {"on": self.on.isoformat(), "findings": [f.as_json() for f in self.findings]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(
            on=date.fromisoformat(kept["on"]),
            findings=tuple(Finding.from_json(row) for row in kept["findings"]),
        )


def assess(standing: Standing, criteria: Sequence[Criterion]) -> Assessment:
    """Hold ``standing`` against ``criteria`` and give one finding for each, in their order.

    Where the person works in several programs, the findings are those of the one program that
    serves her best: never a mixture.
    """
    programs = tuple(
        t for c in criteria if c.kind == CriterionKind.CASELOAD for t in c.program_types
    )
    candidates = [
        tuple(_finding(standing, work, criterion, programs) for criterion in criteria)
        for work in _work_to_look_at(standing, programs)
    ]
    return Assessment(on=standing.on, findings=max(candidates, key=_worth))


def _work_to_look_at(
    standing: Standing, programs: Sequence[ProgramType]
) -> Sequence[ProgramWork | None]:
    """Her work in programs of the community's types; without any, other work that she told us of.

    That a list shows her in a program of another type does not say that she is not also in one of
    these types. Her own answer does.
    """
    fitting = [work for work in standing.work if _names(programs, work.program_type)]
    return fitting or [work for work in standing.work if work.claimed] or [None]


def _finding(
    standing: Standing,
    work: ProgramWork | None,
    criterion: Criterion,
    programs: tuple[ProgramType, ...],
) -> Finding:
    outcome = _OUTCOMES[criterion.kind](standing, work, criterion)
    said = explain(
        outcome.sentence,
        verdict=outcome.verdict,
        criterion=criterion,
        fact=outcome.fact,
        words=outcome.words,
        programs=programs,
    )
    fact = outcome.fact
    return Finding(
        kind=criterion.kind,
        verdict=outcome.verdict,
        evidence=fact.evidence if fact else None,
        sentence=said.worker,
        staff_sentence=said.staff,
        next_step=said.next_step,
        source=fact.source if fact else "",
        as_of=fact.as_of if fact else None,
        ends_on=fact.ends_on if fact else None,
    )


@dataclass(frozen=True)
class _Outcome:
    """A verdict, the fact it rests on, and which sentence says so."""

    verdict: Verdict
    sentence: Sentence
    fact: Fact | None = None
    words: dict[str, str] = field(default_factory=dict)


SHORT_TITLES = {
    CriterionKind.CASELOAD: "Caseload",
    CriterionKind.FUNDING: "Funding",
    CriterionKind.EVA_MEMBERSHIP: "Membership",
    CriterionKind.COORDINATION_ROLE: "Role",
}
_VERDICT_ORDER = [Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET]
_READING_ORDER = [Reading.NOT_MET, Reading.TO_CHECK, Reading.MET]
_EVIDENCE_WEIGHT = {
    Evidence.CLAIMED: 1,
    Evidence.LISTED: 2,
    Evidence.CONTRADICTED: 2,
    Evidence.CONFIRMED: 3,
}
_NOTHING_KNOWN = _Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)


def _caseload(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> _Outcome:
    if work is None:
        return _NOTHING_KNOWN
    words = {"program": work.program}
    if not _names(criterion.program_types, work.program_type):
        her_answer = Fact(value=False, evidence=Evidence.CLAIMED)
        return _Outcome(Verdict.NOT_MET, Sentence.OTHER_PROGRAM, her_answer, words)
    facts: Sequence[Fact] = work.caseload
    own_no = [
        replace(f, evidence=Evidence.CLAIMED)
        for f in facts
        if f.value is False
        and f.evidence in (Evidence.CLAIMED, Evidence.CONTRADICTED)
        and f.runs_on(standing.on)
    ]
    if own_no:
        # About her own caseload she knows better than a list does.
        facts = [f for f in facts if f.evidence == Evidence.CONFIRMED] + own_no
    return _weigh(facts, wanted=True, on=standing.on, words=words)


def _funding(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> _Outcome:
    if work is None:
        return _NOTHING_KNOWN
    wanted = criterion.funder or Funder.PSSG
    return _weigh(work.funding, wanted=wanted, on=standing.on, words={"program": work.program})


def _membership(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> _Outcome:
    """Either her own membership or her agency's satisfies the rule; the better one counts."""
    holders = [(standing.memberships, "you"), (work.memberships if work else (), "agency")]
    return _best(
        _weigh(facts, wanted=True, on=standing.on, words={"holder": holder})
        for facts, holder in holders
        if facts
    )


def _role(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> _Outcome:
    """The role that serves her best; what several sources say of the same role is weighed.

    As with programs: that a list shows her in another role does not say that she has none that
    counts here. Her own answer does.
    """
    known: dict[tuple[str, InitiativeKind, RoleKind], list[Fact]] = {}
    for held in standing.roles:
        known.setdefault((held.initiative, held.kind, held.role), []).append(held.fact)
    fitting, others = [], []
    for (_, kind, role), facts in known.items():
        outcome = _weigh(
            facts,
            wanted=True,
            on=standing.on,
            words={"role": role.label.lower(), "initiative": kind.short},
        )
        is_met = outcome.verdict == Verdict.MET
        if _names(criterion.roles, role) and _names(criterion.initiatives, kind):
            fitting.append(outcome)
        elif _may_count(criterion, role, kind):
            to_check = replace(outcome, verdict=Verdict.UNKNOWN, sentence=Sentence.NOT_NAMED)
            fitting.append(to_check if is_met else outcome)
        elif is_met and any(f.evidence == Evidence.CLAIMED for f in facts):
            others.append(replace(outcome, verdict=Verdict.NOT_MET, sentence=Sentence.OTHER_ROLE))
    return _best(fitting or others)


_OUTCOMES: dict[CriterionKind, Callable[[Standing, ProgramWork | None, Criterion], _Outcome]] = {
    CriterionKind.CASELOAD: _caseload,
    CriterionKind.FUNDING: _funding,
    CriterionKind.EVA_MEMBERSHIP: _membership,
    CriterionKind.COORDINATION_ROLE: _role,
}


def _names(named: Sequence[str], thing: str) -> bool:
    """A rule that names nothing in particular takes anything."""
    return not named or thing in named


def _may_count(criterion: Criterion, role: RoleKind, kind: InitiativeKind) -> bool:
    return (_names(criterion.roles, role) or role in criterion.roles_to_check) and (
        _names(criterion.initiatives, kind) or kind in criterion.initiatives_to_check
    )


def _weigh(
    facts: Iterable[Fact], *, wanted: bool | Funder, on: date, words: dict[str, str]
) -> _Outcome:
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
        best = max(
            running + ended,
            key=lambda f: (f.weight, f.runs_on(on), f.says(wanted), f.ends_on or date.max),
        )
        if best.has_ended(on):
            return _Outcome(Verdict.NOT_MET, Sentence.ENDED, best, words)
        if best.says(wanted):
            return _Outcome(Verdict.MET, Sentence.SAYS_YES, best, words)
        return _Outcome(Verdict.NOT_MET, Sentence.SAYS_NO, best, words)
    coming = [f for f in welcome if not f.has_started(on)]
    if coming:
        next_one = max(coming, key=lambda f: f.weight)
        return _Outcome(Verdict.UNKNOWN, Sentence.NOT_YET, next_one, words)
    return replace(_NOTHING_KNOWN, words=words)


def _best(outcomes: Iterable[_Outcome]) -> _Outcome:
    return max(
        outcomes,
        key=lambda o: (_VERDICT_ORDER.index(o.verdict), o.fact.weight if o.fact else (0, date.min)),
        default=_NOTHING_KNOWN,
    )


def _worth(findings: tuple[Finding, ...]) -> tuple[int, int, int]:
    """How well a program serves: its worst finding, then all of them, then how we know them."""
    verdicts = [_VERDICT_ORDER.index(f.verdict) for f in findings]
    known = [_EVIDENCE_WEIGHT[f.evidence] for f in findings if f.evidence]
    return min(verdicts, default=0), sum(verdicts), sum(known)
