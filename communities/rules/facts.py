"""What is known about a person, as plain values for the rules."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Self

from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind

EVIDENCE_WEIGHT = {
    Evidence.CLAIMED: 1,
    Evidence.LISTED: 2,
    Evidence.CONTRADICTED: 2,
    Evidence.CONFIRMED: 3,
}


@dataclass(frozen=True)
class Fact:
    """One answer to one question, and how it is known.

    ``value`` is True or False (a caseload, a membership) or a ``Funder``. ``source`` names the list
    ("the ministry's list of April 1, 2026"). Both days of a period are inclusive.

    ``superseded_on`` is the date of the list's newest edition if that no longer names the fact, and
    ``otherwise`` is what a list says against a fact that staff confirmed; its value is None if only that
    it differs is known.
    """

    value: bool | Funder | None
    evidence: Evidence
    source: str = ""
    as_of: date | None = None
    starts_on: date | None = None
    ends_on: date | None = None
    superseded_on: date | None = None
    otherwise: "Fact | None" = None

    def has_ended(self, on: date) -> bool:
        return self.ends_on is not None and self.ends_on < on

    def has_started(self, on: date) -> bool:
        return self.starts_on is None or self.starts_on <= on

    def runs_on(self, on: date) -> bool:
        return self.has_started(on) and not self.has_ended(on)

    def follows(self, earlier: "Fact") -> bool:
        """True if this is a later period than ``earlier``, not another source about the same one."""
        before = earlier.starts_on or earlier.ends_on
        return self.starts_on is not None and before is not None and self.starts_on > before

    def says(self, wanted: bool | Funder) -> bool:
        """True if the fact confirms ``wanted``. If a list contradicts the fact, the list counts."""
        return (self.value == wanted) != (self.evidence == Evidence.CONTRADICTED)

    @property
    def weight(self) -> tuple[int, date]:
        """A check by staff outweighs a list, a list outweighs a self-report, and newer outweighs older."""
        return EVIDENCE_WEIGHT[self.evidence], self.as_of or date.min


@dataclass(frozen=True)
class ProgramWork:
    """What is known about a person's work in one program.

    ``caseload`` is about the person. ``funding`` and ``memberships`` are about the program and its
    agency, and apply to every colleague there. ``claimed`` says that the person named this program, and
    ``is_confirmed`` that staff confirmed that they work for its agency.

    ``key`` is the same as long as it is work of one type at one agency, whatever the agency is called.
    ``written_keys`` are those that it had before staff matched it to the register.
    """

    program: str
    program_type: ProgramType
    claimed: bool = False
    is_confirmed: bool = False
    caseload: tuple[Fact, ...] = ()
    funding: tuple[Fact, ...] = ()
    memberships: tuple[Fact, ...] = ()
    key: str = field(default="", compare=False)
    written_keys: frozenset[str] = field(default=frozenset(), compare=False)


@dataclass(frozen=True)
class RoleHeld:
    """A role in a coordination initiative, and the fact that says so."""

    initiative: str
    kind: InitiativeKind
    role: RoleKind
    fact: Fact


@dataclass(frozen=True)
class Standing:
    """What is known about one person on the day ``on``."""

    on: date
    work: tuple[ProgramWork, ...] = ()
    roles: tuple[RoleHeld, ...] = ()
    memberships: tuple[Fact, ...] = ()

    def for_applicant(self) -> Self:
        """Without what only EVA BC knows about an agency, unless staff confirmed that they work for it.

        Otherwise anyone could find out about an agency by naming it as their own.
        """
        return replace(self, work=tuple(map(_as_reported, self.work)))


def _as_reported(work: ProgramWork) -> ProgramWork:
    if work.is_confirmed:
        return work
    return replace(work, funding=_claims(work.funding), memberships=_claims(work.memberships))


def _claims(facts: Iterable[Fact]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.evidence == Evidence.CLAIMED)
