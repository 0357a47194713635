"""The one bridge from rows to rules: what the register knows of people on a day.

It reads for any number of people with the same four queries at most, and each time anew. Rows that are not
saved yet can be added: so the join form shows the findings of answers that nobody has sent.

A listed fact that a newer edition of its list no longer has is left out: it is neither so nor not so,
but unknown. Lists are late and incomplete.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar, cast

from django.db.models import Q
from django.utils.functional import SimpleLazyObject

from communities.rules.facts import Fact, ProgramWork, RoleHeld, Standing
from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind
from membership.models import (
    Agency,
    CoordinationRole,
    EvaMembership,
    ListImport,
    Person,
    ProgramPosition,
)
from membership.register.evidence import Evidenced

_Row = TypeVar("_Row", ProgramPosition, CoordinationRole)


def standing_of(
    person: Person,
    on: date,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
) -> Standing:
    """What is known of one person, with unsaved ``positions`` and ``roles`` of theirs added."""
    return _standings([person], on, positions, roles)[person.pk]


def standings_of(people: Sequence[Person], on: date) -> dict[int, Standing]:
    """What is known of each of ``people``, by their keys."""
    return _standings(people, on, (), ())


def only_of(
    standing: Standing,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
) -> Standing:
    """The same standing with nothing but the work and the roles that these rows are about."""
    programs = {_program_words(position) for position in positions}
    initiatives = {_role(role).initiative for role in roles}
    return replace(
        standing,
        work=tuple(work for work in standing.work if work.program in programs),
        roles=tuple(role for role in standing.roles if role.initiative in initiatives),
    )


def _standings(
    people: Sequence[Person],
    on: date,
    unsaved_positions: Sequence[ProgramPosition],
    unsaved_roles: Sequence[CoordinationRole],
) -> dict[int, Standing]:
    keys = {person.pk for person in people if person.pk}
    positions = ProgramPosition.objects.filter(person__in=keys).order_by("pk")
    roles = CoordinationRole.objects.filter(person__in=keys).order_by("pk")
    positions_of, roles_of = defaultdict(list), defaultdict(list)
    agencies = set()
    # What is not saved yet comes last: it is newer.
    for position in (*positions.select_related("program__agency", "agency"), *unsaved_positions):
        positions_of[position.person_id].append(position)
        if agency := _agency(position):
            agencies.add(agency.pk)
    for role in (*roles.select_related("initiative"), *unsaved_roles):
        roles_of[role.person_id].append(role)
    # Asked for only where a listed fact is at hand.
    newest = cast(_NewestEditions, SimpleLazyObject(ListImport.newest))
    of_person, of_agency = _memberships(keys, agencies, newest)
    return {
        person.pk: _standing(
            on,
            positions_of[person.pk],
            roles_of[person.pk],
            of_person[person.pk],
            of_agency,
            newest,
        )
        for person in people
    }


_FactsByHolder = defaultdict[int, list[Fact]]
_NewestEditions = Mapping[tuple[str, str], date]


def _memberships(
    people: set[int], agencies: set[int], newest: _NewestEditions
) -> tuple[_FactsByHolder, _FactsByHolder]:
    of_person, of_agency = _FactsByHolder(list), _FactsByHolder(list)
    held = EvaMembership.objects.filter(Q(person__in=people) | Q(agency__in=agencies))
    for membership in held.order_by("pk"):
        if is_overtaken(membership, newest):
            continue
        fact = _fact(membership, membership.is_held, membership.starts_on, membership.ends_on)
        if membership.agency_id:
            of_agency[membership.agency_id].append(fact)
        elif membership.person_id:
            of_person[membership.person_id].append(fact)
    return of_person, of_agency


def _standing(
    on: date,
    positions: Iterable[ProgramPosition],
    roles: Iterable[CoordinationRole],
    memberships: Sequence[Fact],
    of_agency: _FactsByHolder,
    newest: _NewestEditions,
) -> Standing:
    by_program: dict[Hashable, list[ProgramPosition]] = defaultdict(list)
    for position in positions:
        by_program[_program_key(position)].append(position)
    by_initiative: dict[Hashable, list[CoordinationRole]] = defaultdict(list)
    for role in roles:
        by_initiative[_initiative_key(role)].append(role)
    in_programs = [_with_newest_claim(rows) for rows in by_program.values()]
    in_initiatives = [_with_newest_claim(rows) for rows in by_initiative.values()]
    says_own = [_claim(True) for rows in in_programs for r in rows if r.says_membership == "own"]
    return Standing(
        on=on,
        work=tuple(_work(rows, of_agency, newest) for rows in in_programs),
        roles=tuple(
            _role(role)
            for rows in in_initiatives
            for role in rows
            if not is_overtaken(role, newest)
        ),
        memberships=(*memberships, *says_own),
    )


def is_overtaken(fact: Evidenced, newest: _NewestEditions) -> bool:
    """True where a newer edition of the list that brought the fact no longer has it."""
    if fact.evidence != Evidence.LISTED or fact.list_as_of is None:
        return False
    return fact.list_as_of < newest.get((fact.LIST_KIND, fact.list_name), date.min)


def _with_newest_claim(rows: Sequence[_Row]) -> list[_Row]:
    """Their newest answer about a thing stands in place of their earlier ones."""
    claims = [row for row in rows if row.evidence == Evidence.CLAIMED]
    return [row for row in rows if row.evidence != Evidence.CLAIMED] + claims[-1:]


def _agency(position: ProgramPosition) -> Agency | None:
    return position.program.agency if position.program else position.agency


def _program_key(position: ProgramPosition) -> Hashable:
    if position.program_id:
        return position.program_id
    return (
        position.program_type,
        position.agency_id,
        position.agency_name,
        position.community_served,
    )


def _initiative_key(role: CoordinationRole) -> Hashable:
    if role.initiative_id:
        return role.initiative_id
    return role.initiative_kind, role.initiative_name, role.community_served


def _work(
    positions: Sequence[ProgramPosition], of_agency: _FactsByHolder, newest: _NewestEditions
) -> ProgramWork:
    """All that the sources say of a person's work in one program."""
    first = positions[0]
    program, agency = first.program, _agency(first)
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
    if program and program.funder and not is_overtaken(program, newest):
        funding.append(
            _fact(program, Funder(program.funder), program.funded_from, program.funded_until)
        )
    if agency:
        memberships += of_agency[agency.pk]
    return ProgramWork(
        program=_program_words(first),
        program_type=_program_type(first),
        claimed=any(p.evidence == Evidence.CLAIMED for p in positions),
        caseload=tuple(
            _fact(p, p.carries_caseload, p.starts_on, p.ends_on)
            for p in positions
            if p.carries_caseload is not None and not is_overtaken(p, newest)
        ),
        funding=tuple(funding),
        memberships=tuple(memberships),
    )


def _program_type(position: ProgramPosition) -> ProgramType:
    return ProgramType(position.program.type if position.program else position.program_type)


def _program_words(position: ProgramPosition) -> str:
    kind, agency = _program_type(position), _agency(position)
    name = "another program" if kind == ProgramType.OTHER else f"the {kind.label} program"
    agency_name = agency.name if agency else position.agency_name
    return f"{name} of {agency_name}" if agency_name else name


def _role(role: CoordinationRole) -> RoleHeld:
    known = role.initiative
    kind = known.kind if known else role.initiative_kind
    name = known.name if known else role.initiative_name
    place = known.community_served if known else role.community_served
    return RoleHeld(
        initiative=", ".join(word for word in (name, place) if word),
        kind=InitiativeKind(kind),
        role=RoleKind(role.role),
        fact=_fact(role, role.is_held, role.starts_on, role.ends_on),
    )


def _claim(value: bool | Funder) -> Fact:
    return Fact(value=value, evidence=Evidence.CLAIMED)


def _fact(
    row: Evidenced, value: bool | Funder, starts_on: date | None, ends_on: date | None
) -> Fact:
    """What a row says, with the day on which its source looked."""
    is_confirmed = row.evidence == Evidence.CONFIRMED
    return Fact(
        value=value,
        evidence=Evidence(row.evidence),
        source=row.source,
        as_of=row.confirmed_on if is_confirmed else row.list_as_of,
        starts_on=starts_on,
        ends_on=ends_on,
    )
