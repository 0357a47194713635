"""From rows to rules: what the register knows about people on a day.

It takes at most four queries for any number of people, and caches nothing. Unsaved rows can be added, so
that the join form can show findings before the answers are sent.

A listed fact that a newer version of its list no longer names says so, and does not count. It is then
unknown, neither true nor false, because lists are late and incomplete.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Container, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar, cast

from django.db.models import Q, QuerySet
from django.utils.functional import SimpleLazyObject

from communities.rules.facts import Fact, ProgramWork, RoleHeld, Standing
from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind
from membership.models import CoordinationRole, EvaMembership, ListImport, Person, ProgramPosition
from membership.register.evidence import EvidencedModel
from membership.register.names import name_key

_Row = TypeVar("_Row", ProgramPosition, CoordinationRole)

# Positions, roles, and the EVA BC memberships of their people and agencies.
Saved = tuple[Iterable[ProgramPosition], Iterable[CoordinationRole], Iterable[EvaMembership] | None]


def standing_of(
    person: Person,
    on: date,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
) -> Standing:
    """What is known about one person, including their unsaved ``positions`` and ``roles``."""
    return standings_of([person.pk], on, positions=positions, roles=roles)[person.pk]


def standings_of(
    people: Collection[int | None],
    on: date,
    *,
    positions: Sequence[ProgramPosition] = (),
    roles: Sequence[CoordinationRole] = (),
    saved: Saved | None = None,
) -> dict[int | None, Standing]:
    """What is known about each of ``people``, given by their keys, including their unsaved rows.

    Someone who is not saved yet has the key None. Their ``saved`` rows, in the order of their keys, are read if they
    are not given.
    """
    if not people:
        return {}
    keys = {pk for pk in people if pk}
    saved_positions, saved_roles, saved_memberships = saved or (
        ProgramPosition.objects.filter(person__in=keys)
        .select_related("program__agency", "agency")
        .order_by("pk"),
        CoordinationRole.objects.filter(person__in=keys)
        .select_related("initiative")
        .order_by("pk"),
        None,
    )
    positions_of: dict[int | None, list[ProgramPosition]] = defaultdict(list)
    roles_of: dict[int | None, list[CoordinationRole]] = defaultdict(list)
    agencies, confirmed = set(), set()
    # Unsaved rows come last: they are newer.
    for position in (*saved_positions, *positions):
        positions_of[position.person_id].append(position)
        if agency := position.known_agency:
            agencies.add(agency.pk)
            is_current = (position.starts_on or on) <= on <= (position.ends_on or on)
            if is_current and position.evidence == Evidence.CONFIRMED:
                confirmed.add((position.person_id, agency.pk))
    for role in (*saved_roles, *roles):
        roles_of[role.person_id].append(role)
    # Queried only if there is a listed fact.
    newest = cast(_NewestDays, SimpleLazyObject(ListImport.newest))
    if saved_memberships is None:
        saved_memberships = memberships_of(keys, agencies)
    memberships = _memberships(saved_memberships, newest)
    standings = {}
    for pk in people:
        by_program = _grouped(positions_of[pk], _program_key)
        by_initiative = _grouped(roles_of[pk], _initiative_key)
        own = [_claim(True) for rows in by_program for p in rows if p.says_membership == "own"]
        held = [role for rows in by_initiative for role in rows]
        standings[pk] = Standing(
            on=on,
            work=tuple(_work(rows, memberships, newest, confirmed) for rows in by_program),
            roles=tuple(_role(role, newest) for role in held),
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
    initiatives = {_initiative_words(role) for role in roles}
    return replace(
        standing,
        work=tuple(work for work in standing.work if work.program in programs),
        roles=tuple(role for role in standing.roles if role.initiative in initiatives),
    )


# Facts about EVA BC memberships by their holder: the name of its column, and its key.
_FactsByHolder = Mapping[tuple[str, int | None], list[Fact]]
_NewestDays = Mapping[tuple[str, str], date]


def memberships_of(people: Iterable[int], agencies: Iterable[int]) -> QuerySet[EvaMembership]:
    """The EVA BC memberships of these people and agencies, by their keys."""
    held = EvaMembership.objects.filter(Q(person__in=people) | Q(agency__in=agencies))
    return held.order_by("pk")


def _memberships(held: Iterable[EvaMembership], newest: _NewestDays) -> _FactsByHolder:
    facts = defaultdict(list)
    for row in held:
        holder = ("agency", row.agency_id) if row.agency_id else ("person", row.person_id)
        facts[holder].append(_fact(row, newest))
    return facts


def superseded_on(fact: EvidencedModel, newest: _NewestDays) -> date | None:
    """The date of the newest version of the fact's list, if that no longer names the fact."""
    if fact.evidence != Evidence.LISTED or fact.list_as_of is None:
        return None
    day = newest.get((fact.LIST_KIND, fact.list_name), date.min)
    return day if fact.list_as_of < day else None


def _grouped(rows: Iterable[_Row], key: Callable[[_Row], Hashable]) -> list[list[_Row]]:
    """The rows about each program or initiative. Of the person's own claims only the newest, at the end.

    What they claim in the same words as before is about the same, even if staff matched only the earlier claim.
    """
    rows = list(rows)
    newest = {_in_their_words(row): row for row in rows if row.evidence == Evidence.CLAIMED}
    groups: dict[Hashable, list[_Row]] = defaultdict(list)
    claims: dict[Hashable, list[_Row]] = {}
    for row in rows:
        group = groups[key(row)]
        if row.evidence != Evidence.CLAIMED:
            group.append(row)
        elif newest[_in_their_words(row)] is row:
            claims[key(row)] = [row]
    return [group for subject in groups if (group := groups[subject] + claims.get(subject, []))]


def _in_their_words(claim: ProgramPosition | CoordinationRole) -> Hashable:
    _matched, *words = claim.IDENTITY_FIELDS
    return tuple(getattr(claim, name) for name in words)


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
    if program and program.funder:
        funding.append(_fact(program, newest))
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
        caseload=tuple(_fact(row, newest) for row in positions if row.carries_caseload is not None),
        funding=tuple(funding),
        memberships=tuple(memberships),
        key=f"{first.known_type}:{agency.pk}" if agency else _written_key(first),
        written_keys=frozenset(map(_written_key, positions)) - {""},
    )


def _written_key(position: ProgramPosition) -> str:
    """The key of work at an agency that is not in the register: by its name, after a sign that no number has."""
    name = name_key(position.agency_name)
    return f"{position.program_type}:={name}" if name else ""


def _program_words(position: ProgramPosition) -> str:
    kind = position.known_type
    name = "another program" if kind == ProgramType.OTHER else f"the {kind.label} program"
    return f"{name} at {position.employer}" if position.employer else name


def _initiative_words(role: CoordinationRole) -> str:
    known = role.initiative
    name = known.name if known else role.initiative_name
    return ", ".join(word for word in (name, (known or role).community_served) if word)


def _role(role: CoordinationRole, newest: _NewestDays) -> RoleHeld:
    known = role.initiative
    return RoleHeld(
        initiative=_initiative_words(role),
        kind=InitiativeKind(known.kind if known else role.initiative_kind),
        role=RoleKind(role.role),
        fact=_fact(role, newest),
    )


def _claim(value: bool | Funder) -> Fact:
    return Fact(value=value, evidence=Evidence.CLAIMED)


def _fact(row: EvidencedModel, newest: _NewestDays) -> Fact:
    """What a row says, with the date of its source."""
    value, starts_on, ends_on = (getattr(row, name) for name in row.FACT_FIELDS)
    is_confirmed = row.evidence == Evidence.CONFIRMED
    fact = Fact(
        value=value,
        evidence=Evidence(row.evidence),
        source=row.source,
        as_of=row.confirmed_on if is_confirmed else row.list_as_of,
        starts_on=starts_on,
        ends_on=ends_on,
        superseded_on=superseded_on(row, newest),
    )
    if is_confirmed and row.list_says:
        return replace(fact, otherwise=_otherwise(row, fact))
    return fact


def _otherwise(row: EvidencedModel, confirmed: Fact) -> Fact | None:
    """What a list says in place of this confirmed fact; None if it only leaves something out."""
    by_list = replace(confirmed, evidence=Evidence.LISTED, as_of=row.list_as_of)
    if row.list_values is None:
        return replace(by_list, value=None)
    says = [row.list_values.get(name) for name in row.FACT_FIELDS]
    if not any(value is not None for value in says):
        return None
    value, *days = says
    starts_on, ends_on = (date.fromisoformat(day) if day else None for day in days)
    return replace(
        by_list,
        value=confirmed.value if value is None else value,
        starts_on=starts_on or confirmed.starts_on,
        ends_on=ends_on or confirmed.ends_on,
    )
