"""What the exports of the register have in their rows: what a list of that kind has, so that it can be imported again.

Only facts from lists, and those that staff confirmed, are in the columns of facts. Imported again, what people say about themselves
would count as listed.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterator

from django.db.models import QuerySet

from communities.rules.vocabulary import Evidence
from membership.imports.columns import HOW_WE_KNOW
from membership.imports.kinds import IMPORTERS
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    ListKind,
    Person,
    Program,
    ProgramPosition,
)
from membership.sheets import Row

KNOWN = {"evidence__in": [Evidence.LISTED, Evidence.CONFIRMED]}
# Of several facts about the same thing, the one from a list counts, as in an import. "listed" is after "confirmed".
_LISTED_FIRST = "-evidence"
_AT_A_TIME = 100


def _headings(kind: ListKind, *columns: str, more: tuple[str, ...] = ()) -> tuple[str, ...]:
    """The headings that an import of this kind knows, and others that it does not use."""
    known = {column.name: column.heading for column in IMPORTERS[kind].columns}
    return (*(known[column] for column in columns), *more, HOW_WE_KNOW)


AGENCY_HEADINGS = _headings(
    ListKind.AGENCIES, "agency", "city", "starts_on", "ends_on", "contact_name", "contact_email"
)
PROGRAM_HEADINGS = _headings(
    ListKind.PROGRAMS,
    "agency",
    "program_type",
    "community_served",
    "region",
    "funder",
    "funded_from",
    "funded_until",
)
INITIATIVE_HEADINGS = _headings(
    ListKind.INITIATIVES,
    "initiative",
    "kind",
    "community_served",
    "region",
    "name",
    "email",
    "role",
    "starts_on",
    "ends_on",
)
PEOPLE_HEADINGS = _headings(
    ListKind.PEOPLE,
    "name",
    "email",
    "agency",
    "program_type",
    "community_served",
    "carries_caseload",
    "starts_on",
    "ends_on",
    more=("Phone",),
)


def agency_rows(agencies: QuerySet[Agency]) -> list[Row]:
    """A row for each EVA BC membership, oldest first, and one for each agency without any."""
    held = EvaMembership.objects.filter(is_held=True, agency__in=agencies.order_by(), **KNOWN)
    memberships: defaultdict[int | None, list[EvaMembership | None]] = defaultdict(list)
    for membership in held.select_related("confirmed_by__person").order_by("starts_on"):
        memberships[membership.agency_id].append(membership)
    return [
        (
            agency.name,
            agency.city,
            membership and membership.starts_on,
            membership and membership.ends_on,
            agency.contact_name,
            agency.contact_email,
            membership and membership.how_known,
        )
        for agency in agencies
        for membership in memberships[agency.pk] or [None]
    ]


def program_rows(programs: QuerySet[Program], *, all_rows: bool) -> list[Row]:
    """A row for each program with known funding; with ``all_rows`` then one for each other, without funding."""
    programs = programs.select_related("agency", "confirmed_by__person")
    is_funded = {
        program: bool(program.funder) and program.evidence in KNOWN["evidence__in"]
        for program in programs
    }
    rows: list[Row] = [
        (
            *_place(program),
            program.get_region_display(),
            program.get_funder_display(),
            program.funded_from,
            program.funded_until,
            program.how_known,
        )
        for program, funded in is_funded.items()
        if funded
    ]
    if all_rows:
        rows += [
            (*_place(program), program.get_region_display(), None, None, None, program.how_known)
            for program, funded in is_funded.items()
            if not funded
        ]
    return rows


def initiative_rows(initiatives: QuerySet[CoordinationInitiative]) -> list[Row]:
    """A row for each role of someone with an email, and one for each initiative without any."""
    found = CoordinationRole.objects.filter(
        is_held=True, initiative__in=initiatives.order_by(), **KNOWN
    ).exclude(person__email="")
    found = found.select_related("person", "confirmed_by__person")
    roles: defaultdict[int | None, dict[Hashable, CoordinationRole]] = defaultdict(dict)
    for role in found.order_by("role", "person__name", "person", _LISTED_FIRST, "pk"):
        roles[role.initiative_id].setdefault((role.person_id, role.role), role)

    def rows() -> Iterator[Row]:
        for initiative in initiatives:
            about = (
                initiative.name,
                initiative.get_kind_display(),
                initiative.community_served,
                initiative.get_region_display(),
            )
            for role in roles[initiative.pk].values():
                person, days = role.person, (role.starts_on, role.ends_on)
                how = person.name, person.email, role.get_role_display(), *days, role.how_known
                yield *about, *how
            if not roles[initiative.pk]:
                yield *about, *[None] * 6

    return list(rows())


def people_rows(people: QuerySet[Person], *, all_rows: bool) -> Iterator[Row]:
    """A row for each known position of someone with an email; with ``all_rows`` then one for everyone else."""
    found = ProgramPosition.objects.filter(
        program__isnull=False, person__in=people.order_by(), **KNOWN
    ).exclude(person__email="")
    found = found.select_related("person", "program__agency", "confirmed_by__person")
    seen: set[tuple[int, int | None]] = set()
    # A hundred at a time, because there may be ten thousand, each with its program, agency and person.
    in_order = found.order_by("person__name", "person", _LISTED_FIRST, "pk")
    for position in in_order.iterator(_AT_A_TIME):
        person, key = position.person, (position.person_id, position.program_id)
        if position.program and key not in seen:
            seen.add(key)
            facts = position.carries_caseload, position.starts_on, position.ends_on
            about = *_place(position.program), *facts, person.phone, position.how_known
            yield person.name, person.email, *about
    if all_rows:
        with_one = {person for person, _ in seen}
        for person in people.iterator(_AT_A_TIME):
            if person.pk not in with_one:
                yield person.name, person.email, *[None] * 6, person.phone, None


def _place(program: Program) -> tuple[str, str, str]:
    return program.agency.name, program.get_type_display(), program.community_served
