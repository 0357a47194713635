"""A roster as a sheet: who is in a community today, with the columns that staff choose."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from itertools import islice
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Q, QuerySet

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence, InitiativeKind, ProgramType, Region, RoleKind
from membership.exporting import Row
from membership.models import CoordinationRole, ProgramPosition
from membership.rosters import roster_of

AT_ONCE = 1_000


class Column(models.TextChoices):
    """What a roster's sheet can say about each person, in this order."""

    NAME = "name", "Name"
    EMAIL = "email", "Email"
    PHONE = "phone", "Phone"
    AGENCY = "agency", "Agency"
    PROGRAM = "program", "Program"
    INITIATIVE = "initiative", "Role and initiative"
    PLACE = "place", "Community served"
    REGION = "region", "Region"
    SINCE = "since", "On the roster since"


CHOSEN_AT_FIRST = [Column.NAME, Column.EMAIL, Column.AGENCY, Column.SINCE]


class _Fact(NamedTuple):
    """Somebody's work in a program, or her role in an initiative, in words."""

    what: str
    place: str
    region: str
    agency: str = ""


class _Line(NamedTuple):
    """What the sheet can say about one person."""

    name: str
    email: str
    phone: str
    since: date
    work: Sequence[_Fact]
    roles: Sequence[_Fact]


_Facts = dict[int, list[_Fact]]
_OF_WORK = {Column.AGENCY, Column.PROGRAM, Column.PLACE, Column.REGION}
_OF_ROLES = {Column.INITIATIVE, Column.PLACE, Column.REGION}


def roster_rows(
    community: CommunityOfPractice, columns: Sequence[Column], *, on: date
) -> Iterator[Row]:
    """One line for each open enrolment, by name. Takes two queries at most for each thousand, and one.

    Read in pieces, and as plain values: a whole roster at once would fill a web worker.

    Work and roles count while they last and nothing contradicts them; several stand in one cell.
    """
    cells = [_CELLS[column] for column in columns]
    for line in _lines(community, set(columns), on):
        yield [cell(line) for cell in cells]


def _lines(community: CommunityOfPractice, columns: set[Column], on: date) -> Iterator[_Line]:
    enrolled = roster_of(community).order_by("person__name", "pk")
    values = enrolled.values_list(
        "person", "person__name", "person__email", "person__phone", "started_on"
    ).iterator(chunk_size=AT_ONCE)
    while chunk := list(islice(values, AT_ONCE)):
        people = [person for person, *_ in chunk]
        work = _work_of(people, on) if columns & _OF_WORK else {}
        roles = _roles_of(people, on) if columns & _OF_ROLES else {}
        for person, name, email, phone, since in chunk:
            yield _Line(name, email, phone, since, work.get(person, ()), roles.get(person, ()))


def _work_of(people: Sequence[int], on: date) -> _Facts:
    found: _Facts = defaultdict(list)
    rows = _current(ProgramPosition.objects.filter(person__in=people), on).values_list(
        "person",
        "program",
        "program__type",
        "program__community_served",
        "program__region",
        "program__agency__name",
        "program_type",
        "community_served",
        "agency__name",
        "agency_name",
    )
    for person, program, kind, place, region, agency, *said in rows:
        said_kind, said_place, own_agency, said_agency = said
        name = agency or own_agency or said_agency
        if program:
            fact = _Fact(_label(ProgramType, kind), place, _label(Region, region), name)
        else:
            fact = _Fact(_label(ProgramType, said_kind), said_place, "", name)
        found[person].append(fact)
    return found


def _roles_of(people: Sequence[int], on: date) -> _Facts:
    found: _Facts = defaultdict(list)
    held = CoordinationRole.objects.filter(person__in=people, is_held=True)
    rows = _current(held, on).values_list(
        "person",
        "role",
        "initiative",
        "initiative__name",
        "initiative__community_served",
        "initiative__region",
        "initiative_name",
        "community_served",
        "initiative_kind",
    )
    for person, role, initiative, name, place, region, *said in rows:
        said_name, said_place, said_kind = said
        called = name or said_name or _label(InitiativeKind, said_kind)
        what = f"{_label(RoleKind, role)}, {called}"
        if initiative:
            fact = _Fact(what, place, _label(Region, region))
        else:
            fact = _Fact(what, said_place, "")
        found[person].append(fact)
    return found


def _current(facts: QuerySet, on: date) -> QuerySet:
    lasts = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    return facts.filter(lasts).exclude(evidence=Evidence.CONTRADICTED).order_by("pk")


def _label(choices: type[models.TextChoices], value: str) -> str:
    return _LABELS[choices].get(value, value)


# Looked up once for each line of each roster: `choices(value).label` takes ten times as long.
_LABELS: dict[type[models.TextChoices], dict[str, Any]] = {
    choices: dict(choices.choices) for choices in (InitiativeKind, ProgramType, Region, RoleKind)
}


def _joined(parts: Iterable[str]) -> str:
    """The parts once each, without the empty ones."""
    return "; ".join(dict.fromkeys(part for part in parts if part))


_CELLS: dict[Column, Callable[[_Line], str]] = {
    Column.NAME: lambda line: line.name,
    Column.EMAIL: lambda line: line.email,
    Column.PHONE: lambda line: line.phone,
    Column.AGENCY: lambda line: _joined(fact.agency for fact in line.work),
    Column.PROGRAM: lambda line: _joined(fact.what for fact in line.work),
    Column.INITIATIVE: lambda line: _joined(fact.what for fact in line.roles),
    Column.PLACE: lambda line: _joined(fact.place for fact in (*line.work, *line.roles)),
    Column.REGION: lambda line: _joined(fact.region for fact in (*line.work, *line.roles)),
    Column.SINCE: lambda line: line.since.isoformat(),
}
