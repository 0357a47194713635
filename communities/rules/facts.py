"""What is known of a person, as plain values that the rules are compared with."""

from dataclasses import dataclass
from datetime import date

from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind

EVIDENCE_WEIGHT = {
    Evidence.CLAIMED: 1,
    Evidence.LISTED: 2,
    Evidence.CONTRADICTED: 2,
    Evidence.CONFIRMED: 3,
}


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
        return EVIDENCE_WEIGHT[self.evidence], self.as_of or date.min


@dataclass(frozen=True)
class ProgramWork:
    """What is known of a person's work in one program.

    ``caseload`` is personal; ``funding`` and ``memberships`` are facts of the program and of its
    agency, and hold for every colleague there. ``claimed`` says that the person named this program.
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
