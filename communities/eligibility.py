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

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
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
    """One typed rule of a community, as staff keep it in the admin."""

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

    ``evidence`` is how the best fact is known, None where nothing is known. ``sentence`` says to
    the worker what was looked at, ``next_step`` what to do next; ``staff_sentence`` says it to staff.
    """

    kind: CriterionKind
    verdict: Verdict
    evidence: Evidence | None
    sentence: str
    staff_sentence: str
    next_step: str = ""

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
        return {"on": self.on.isoformat(), "findings": [asdict(f) for f in self.findings]}

    @classmethod
    def from_json(cls, kept: dict[str, Any]) -> Self:
        return cls(
            on=date.fromisoformat(kept["on"]),
            findings=tuple(_finding_from_json(row) for row in kept["findings"]),
        )


def assess(standing: Standing, criteria: Sequence[Criterion]) -> Assessment:
    """Hold ``standing`` against ``criteria`` and give one finding for each, in their order.

    Where the person works in several programs, the findings are those of the one program that
    serves her best: never a mixture.
    """
    programs = tuple(t for c in criteria for t in c.program_types)
    candidates = [
        tuple(_finding(standing, work, criterion, programs) for criterion in criteria)
        for work in standing.work or (None,)
    ]
    return Assessment(on=standing.on, findings=max(candidates, key=_worth))


def _finding(
    standing: Standing,
    work: ProgramWork | None,
    criterion: Criterion,
    programs: tuple[ProgramType, ...],
) -> Finding:
    match criterion.kind:
        case CriterionKind.CASELOAD:
            outcome = _caseload(standing, work, criterion)
        case CriterionKind.FUNDING:
            outcome = _funding(standing, work, criterion)
        case CriterionKind.EVA_MEMBERSHIP:
            outcome = _membership(standing, work)
        case CriterionKind.COORDINATION_ROLE:
            outcome = _best(
                [_role(standing, held, criterion) for held in standing.roles] or [_NO_ROLE]
            )
    said = explain(
        outcome.sentence,
        criterion=criterion,
        fact=outcome.fact,
        words=outcome.words,
        programs=programs,
    )
    return Finding(
        kind=criterion.kind,
        verdict=outcome.verdict,
        evidence=outcome.fact.evidence if outcome.fact else None,
        sentence=said.worker,
        staff_sentence=said.staff,
        next_step=said.next_step,
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
_NO_ROLE = _Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)


def _caseload(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> _Outcome:
    if work is None:
        return _Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)
    words = {"program": work.program}
    if work.program_type not in criterion.program_types:
        # That a list shows her in a program of another type does not say that she is not also in
        # one of this type. Her own answer does.
        verdict = Verdict.NOT_MET if work.claimed else Verdict.UNKNOWN
        sentence = Sentence.OTHER_PROGRAM if work.claimed else Sentence.NOTHING_KNOWN
        return _Outcome(verdict, sentence, words=words)
    own_no = next(
        (f for f in work.caseload if f.value is False and f.evidence == Evidence.CLAIMED), None
    )
    confirmed = any(f.evidence == Evidence.CONFIRMED for f in work.caseload)
    if own_no and not confirmed:
        # About her own caseload she knows better than a list does.
        return _Outcome(Verdict.NOT_MET, Sentence.SAYS_NO, own_no, words)
    return _weigh(work.caseload, wanted=True, on=standing.on, words=words)


def _funding(standing: Standing, work: ProgramWork | None, criterion: Criterion) -> _Outcome:
    if work is None:
        return _Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)
    return _weigh(
        work.funding, wanted=criterion.funder, on=standing.on, words={"program": work.program}
    )


def _membership(standing: Standing, work: ProgramWork | None) -> _Outcome:
    """Either her own membership or her agency's satisfies the rule; the better one counts."""
    holders = [(standing.memberships, "you"), (work.memberships if work else (), "agency")]
    return _best(
        [
            _weigh(facts, wanted=True, on=standing.on, words={"holder": holder})
            for facts, holder in holders
            if facts
        ]
        or [_Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN)]
    )


def _role(standing: Standing, held: RoleHeld, criterion: Criterion) -> _Outcome:
    words = {"role": held.role.label.lower(), "initiative": held.kind.short}
    if held.fact.value is False or held.fact.evidence == Evidence.CONTRADICTED:
        return _Outcome(Verdict.NOT_MET, Sentence.SAYS_NO, held.fact, words)
    if held.fact.has_ended(standing.on):
        return _Outcome(Verdict.NOT_MET, Sentence.ENDED, held.fact, words)
    if not held.fact.has_started(standing.on):
        return _Outcome(Verdict.UNKNOWN, Sentence.NOT_YET, held.fact, words)
    if held.role in criterion.roles and held.kind in criterion.initiatives:
        return _Outcome(Verdict.MET, Sentence.SAYS_YES, held.fact, words)
    known_roles = criterion.roles + criterion.roles_to_check
    known_kinds = criterion.initiatives + criterion.initiatives_to_check
    if held.role in known_roles and held.kind in known_kinds:
        return _Outcome(Verdict.UNKNOWN, Sentence.NOT_NAMED, held.fact, words)
    return _Outcome(Verdict.NOT_MET, Sentence.OTHER_ROLE, held.fact, words)


def _weigh(
    facts: Iterable[Fact], *, wanted: bool | Funder | None, on: date, words: dict[str, str]
) -> _Outcome:
    """Let the weightiest fact decide; of equals, one that runs on the day, then a welcome one."""

    def importance(fact: Fact) -> tuple[bool, tuple[int, date], bool]:
        # A later period makes good for one that has ended, however we know of the ended one.
        return not fact.has_ended(on) and fact.has_started(on), fact.weight, fact.value == wanted

    running = [f for f in facts if not f.has_ended(on) and f.has_started(on)]
    ended = [f for f in facts if f.has_ended(on)]
    # What a list or staff know of an ended period outweighs a bare claim that it goes on.
    if ended and all(f.evidence == Evidence.CLAIMED for f in running):
        last = max(ended, key=lambda f: (f.weight, f.ends_on or date.min))
        return _Outcome(Verdict.NOT_MET, Sentence.ENDED, last, words)
    best = max(facts, key=importance, default=None)
    if best is None:
        return _Outcome(Verdict.UNKNOWN, Sentence.NOTHING_KNOWN, words=words)
    if not best.has_started(on):
        return _Outcome(Verdict.UNKNOWN, Sentence.NOT_YET, best, words)
    if best.value == wanted and best.evidence != Evidence.CONTRADICTED:
        return _Outcome(Verdict.MET, Sentence.SAYS_YES, best, words)
    return _Outcome(Verdict.NOT_MET, Sentence.SAYS_NO, best, words)


def _best(outcomes: list[_Outcome]) -> _Outcome:
    return max(
        outcomes,
        key=lambda o: (_VERDICT_ORDER.index(o.verdict), o.fact.weight if o.fact else (0, date.min)),
    )


def _worth(findings: tuple[Finding, ...]) -> tuple[int, int]:
    """How well a program serves: its worst finding first, then all of them together."""
    ranks = [
        10 * _VERDICT_ORDER.index(f.verdict) + (_EVIDENCE_WEIGHT[f.evidence] if f.evidence else 0)
        for f in findings
    ]
    return min((r // 10 for r in ranks), default=0), sum(ranks)


def _finding_from_json(row: dict[str, Any]) -> Finding:
    return Finding(
        **{
            **row,
            "kind": CriterionKind(row["kind"]),
            "verdict": Verdict(row["verdict"]),
            "evidence": Evidence(row["evidence"]) if row["evidence"] else None,
        }
    )
