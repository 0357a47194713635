"""From rows to rules: what the register knows about people on a day.

It takes at most four queries for any number of people, and caches nothing. Unsaved rows can be added, so
that the join form can show findings before the answers are sent.

A listed fact that a newer version of its list no longer names is left out. It is then unknown, neither
true nor false, because lists are late and incomplete.
"""

from collections import defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar, cast

from django.db.models import Q
from django.utils.functional import SimpleLazyObject

from communities.rules.facts import Fact, ProgramWork, RoleHeld, Standing
from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind
from membership.models import CoordinationRole, EvaMembership, ListImport, Person, ProgramPosition
from membership.register.evidence import EvidencedModel

_Row = TypeVar("_Row", ProgramPosition, CoordinationRole)


def standing_of(
    person: Person,
    on: date,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
) -> Standing:
    """What is known about one person, including their unsaved ``positions`` and ``roles``."""
    return standings_of([person], on, positions=positions, roles=roles)[person.pk]


def standings_of(
    people: Sequence[Person],
    on: date,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
) -> dict[int, Standing]:
    """What is known about each of ``people``, by their keys, including their unsaved rows."""
    keys = {person.pk for person in people if person.pk}
    saved_positions = ProgramPosition.objects.filter(person__in=keys).order_by("pk")
    saved_roles = CoordinationRole.objects.filter(person__in=keys).order_by("pk")
    positions_of, roles_of = defaultdict(list), defaultdict(list)
    agencies, confirmed = set(), set()
    # Unsaved rows come last: they are newer.
    for position in (*saved_positions.select_related("program__agency", "agency"), *positions):
        positions_of[position.person_id].append(position)
        if agency := position.known_agency:
            agencies.add(agency.pk)
            is_current = (position.starts_on or on) <= on <= (position.ends_on or on)
            if is_current and position.evidence == Evidence.CONFIRMED:
                confirmed.add((position.person_id, agency.pk))
    for role in (*saved_roles.select_related("initiative"), *roles):
        roles_of[role.person_id].append(role)
    # Queried only if there is a listed fact.
    newest = cast(_NewestDays, SimpleLazyObject(ListImport.newest))
    memberships = _memberships(keys, agencies, newest)
    standings = {}
    for pk in (person.pk for person in people):
        by_program = _grouped(positions_of[pk], _program_key)
        by_initiative = _grouped(roles_of[pk], _initiative_key)
        own = [_claim(True) for rows in by_program for p in rows if p.says_membership == "own"]
        held = [r for rows in by_initiative for r in rows if not is_superseded(r, newest)]
        standings[pk] = Standing(
            on=on,
            work=tuple(_work(rows, memberships, newest, confirmed) for rows in by_program),
            roles=tuple(_role(role) for role in held),
            memberships=(*memberships.get(("person", pk), ()), *own),
        )
    return standings


def limited_to(
    standing: Standing,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
) -> Standing:
    """The standing reduced to the work and the roles that these rows are about."""
    programs = {_program_words(position) for position in positions}
    initiatives = {_role(role).initiative for role in roles}
    return replace(
        standing,
        work=tuple(work for work in standing.work if work.program in programs),
        roles=tuple(role for role in standing.roles if role.initiative in initiatives),
    )


# Facts about EVA BC memberships by their holder: the name of its column, and its key.
_FactsByHolder = Mapping[tuple[str, int | None], list[Fact]]
_NewestDays = Mapping[tuple[str, str], date]


def _memberships(people: set[int], agencies: set[int], newest: _NewestDays) -> _FactsByHolder:
    facts = defaultdict(list)
    held = EvaMembership.objects.filter(Q(person__in=people) | Q(agency__in=agencies))
    for row in held.order_by("pk"):
        if not is_superseded(row, newest):
            holder = ("agency", row.agency_id) if row.agency_id else ("person", row.person_id)
            facts[holder].append(_fact(row, row.is_held, row.starts_on, row.ends_on))
    return facts


def is_superseded(fact: EvidencedModel, newest: _NewestDays) -> bool:
    """Whether a newer version of the fact's list no longer names it."""
    if fact.evidence != Evidence.LISTED or fact.list_as_of is None:
        return False
    return fact.list_as_of < newest.get((fact.LIST_KIND, fact.list_name), date.min)


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], Hashable]) -> list[list[_Row]]:
    """The rows about each program or initiative. Of the person's own claims only the newest, at the end."""
    groups: dict[Hashable, list[_Row]] = defaultdict(list)
    claims: dict[Hashable, list[_Row]] = defaultdict(list)
    for row in rows:
        group = groups[key(row)]
        (claims[key(row)] if row.evidence == Evidence.CLAIMED else group).append(row)
    return [groups[subject] + claims[subject][-1:] for subject in groups]


def _program_key(position: ProgramPosition) -> Hashable:
    written = (position.agency_id, position.agency_name, position.community_served)
    return position.program_id or (position.program_type, *written)


def _initiative_key(role: CoordinationRole) -> Hashable:
    written = (role.initiative_kind, role.initiative_name, role.community_served)
    return role.initiative_id or written


def _work(
    positions: Sequence[ProgramPosition],
    memberships_of: _FactsByHolder,
    newest: _NewestDays,
    confirmed: Container[tuple[int, int]],
) -> ProgramWork:
    """What all sources say about a person's work in one program.

    ``confirmed`` are the people and agencies for whom staff confirmed that they work there.
    """
    first = positions[0]
    program, agency = first.program, first.known_agency
    funding = [
        _claim(Funder.PSSG if row.says_funded else Funder.OTHER)
        for row in positions
        if row.says_funded is not None
    ]
    if program and program.funder and not is_superseded(program, newest):
        funder = Funder(program.funder)
        funding.append(_fact(program, funder, program.funded_from, program.funded_until))
    memberships = [
        _claim(row.says_membership == "agency")
        for row in positions
        if row.says_membership in ("agency", "no")
    ]
    if agency:
        memberships += memberships_of.get(("agency", agency.pk), ())
    return ProgramWork(
        program=_program_words(first),
        program_type=first.known_type,
        claimed=any(row.evidence == Evidence.CLAIMED for row in positions),
        is_confirmed=agency is not None and (first.person_id, agency.pk) in confirmed,
        caseload=tuple(
            _fact(row, row.carries_caseload, row.starts_on, row.ends_on)
            for row in positions
            if row.carries_caseload is not None and not is_superseded(row, newest)
        ),
        funding=tuple(funding),
        memberships=tuple(memberships),
    )


def _program_words(position: ProgramPosition) -> str:
    kind = position.known_type
    name = "another program" if kind == ProgramType.OTHER else f"the {kind.label} program"
    return f"{name} at {position.employer}" if position.employer else name


def _role(role: CoordinationRole) -> RoleHeld:
    known = role.initiative
    name = known.name if known else role.initiative_name
    place = (known or role).community_served
    return RoleHeld(
        initiative=", ".join(word for word in (name, place) if word),
        kind=InitiativeKind(known.kind if known else role.initiative_kind),
        role=RoleKind(role.role),
        fact=_fact(role, role.is_held, role.starts_on, role.ends_on),
    )


def _claim(value: bool | Funder) -> Fact:
    return Fact(value=value, evidence=Evidence.CLAIMED)


def _fact(
    row: EvidencedModel, value: bool | Funder, starts_on: date | None, ends_on: date | None
) -> Fact:
    """What a row says, with the date of its source."""
    is_confirmed = row.evidence == Evidence.CONFIRMED
    return Fact(
        value=value,
        evidence=Evidence(row.evidence),
        source=row.source,
        as_of=row.confirmed_on if is_confirmed else row.list_as_of,
        starts_on=starts_on,
        ends_on=ends_on,
    )
