"""The one bridge from rows to rules: what the register knows of people on a day.

``standings_of`` reads for any number of people with the same number of queries; everything else
goes through it. Rows that are not saved yet can be added: so the join form shows the findings of
answers that nobody has sent.
"""

from collections.abc import Iterable, Sequence
from datetime import date

from django.db.models import Prefetch, prefetch_related_objects

from communities.eligibility import Fact, ProgramWork, RoleHeld, Standing
from communities.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind
from membership.models import (
    Agency,
    CoordinationRole,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)


def standing_of(
    person: Person,
    on: date,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
) -> Standing:
    """What is known of one person, with unsaved ``positions`` and ``roles`` of hers added."""
    if person.pk is None:
        return _standing([*positions], [*roles], [], on)
    _load([person])
    kept = [p for p in person.positions.all() if not _answered_anew(p, positions)]
    _load_agencies(positions)
    return _standing(
        [*kept, *positions], [*person.roles.all(), *roles], person.eva_memberships.all(), on
    )


def standings_of(people: Sequence[Person], on: date) -> dict[int, Standing]:
    """What is known of each of ``people``, by their keys."""
    _load(people)
    return {
        person.pk: _standing(
            person.positions.all(), person.roles.all(), person.eva_memberships.all(), on
        )
        for person in people
    }


_MEMBERSHIPS = Prefetch("eva_memberships", EvaMembership.objects.order_by("pk"))
_AGENCIES = Prefetch("agency", Agency.objects.prefetch_related(_MEMBERSHIPS))


def _load(people: Sequence[Person]) -> None:
    programs = Prefetch("program", Program.objects.prefetch_related(_AGENCIES))
    positions = ProgramPosition.objects.prefetch_related(programs, _AGENCIES).order_by("pk")
    prefetch_related_objects(
        people,
        Prefetch("positions", positions),
        Prefetch("roles", CoordinationRole.objects.select_related("initiative").order_by("pk")),
        _MEMBERSHIPS,
    )


def _load_agencies(positions: Sequence[ProgramPosition]) -> None:
    agencies = [p.program.agency if p.program else p.agency for p in positions]
    prefetch_related_objects([agency for agency in agencies if agency], _MEMBERSHIPS)


def _answered_anew(kept: ProgramPosition, answers: Sequence[ProgramPosition]) -> bool:
    """Her newest answer about a program stands in place of her earlier one."""
    return kept.evidence == Evidence.CLAIMED and any(
        _work_key(kept) == _work_key(a) for a in answers
    )


def _standing(
    positions: Iterable[ProgramPosition],
    roles: Iterable[CoordinationRole],
    memberships: Iterable[EvaMembership],
    on: date,
) -> Standing:
    by_program: dict[object, list[ProgramPosition]] = {}
    for position in positions:
        by_program.setdefault(_work_key(position), []).append(position)
    own = [_membership_fact(m) for m in memberships]
    for rows in by_program.values():
        own += [_claim(True) for row in rows if row.says_membership == "own"]
    return Standing(
        on=on,
        work=tuple(_work(rows) for rows in by_program.values()),
        roles=tuple(_role(role) for role in roles),
        memberships=tuple(own),
    )


def _work_key(position: ProgramPosition) -> object:
    if position.program_id:
        return position.program_id
    return (
        position.program_type,
        position.agency_id,
        position.agency_name,
        position.community_served,
    )


def _work(positions: list[ProgramPosition]) -> ProgramWork:
    """All that the sources say of a person's work in one program."""
    first = positions[0]
    program = first.program
    agency = program.agency if program else first.agency
    funding = [
        _claim(Funder.PSSG if p.says_funded else Funder.OTHER)
        for p in positions
        if p.says_funded is not None
    ]
    memberships = [
        _claim(p.says_membership == "agency")
        for p in positions
        if p.says_membership in ("agency", "no")
    ]
    if program and program.funder:
        funding.append(_funding_fact(program))
    if agency:
        memberships += [_membership_fact(m) for m in agency.eva_memberships.all()]
    return ProgramWork(
        program=_program_words(first),
        program_type=ProgramType(program.type if program else first.program_type),
        claimed=any(p.evidence == Evidence.CLAIMED for p in positions),
        caseload=tuple(_caseload_fact(p) for p in positions if p.carries_caseload is not None),
        funding=tuple(funding),
        memberships=tuple(memberships),
    )


def _program_words(position: ProgramPosition) -> str:
    kind = ProgramType(position.program.type if position.program else position.program_type)
    name = "another program" if kind == ProgramType.OTHER else f"the {kind.label} program"
    agency = position.program.agency.name if position.program else position.agency_name
    return f"{name} of {agency}" if agency else name


def _claim(value: bool | Funder) -> Fact:
    return Fact(value=value, evidence=Evidence.CLAIMED)


def _caseload_fact(position: ProgramPosition) -> Fact:
    return Fact(
        value=bool(position.carries_caseload),
        evidence=Evidence(position.evidence),
        source=position.source,
        as_of=position.list_as_of,
        starts_on=position.starts_on,
        ends_on=position.ends_on,
    )


def _funding_fact(program: Program) -> Fact:
    return Fact(
        value=Funder(program.funder),
        evidence=Evidence(program.evidence),
        source=program.source,
        as_of=program.list_as_of,
        starts_on=program.funded_from,
        ends_on=program.funded_until,
    )


def _membership_fact(membership: EvaMembership) -> Fact:
    return Fact(
        value=True,
        evidence=Evidence(membership.evidence),
        source=membership.source,
        as_of=membership.list_as_of,
        starts_on=membership.starts_on,
        ends_on=membership.ends_on,
    )


def _role(role: CoordinationRole) -> RoleHeld:
    kind = InitiativeKind(role.initiative.kind if role.initiative else role.initiative_kind)
    return RoleHeld(
        initiative=role.initiative.name if role.initiative else role.initiative_name,
        kind=kind,
        role=RoleKind(role.role),
        fact=Fact(
            value=True,
            evidence=Evidence(role.evidence),
            source=role.source,
            as_of=role.list_as_of,
            starts_on=role.starts_on,
            ends_on=role.ends_on,
        ),
    )
