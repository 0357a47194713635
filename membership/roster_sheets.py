"""A roster as a sheet: who is in a community today, with the columns that staff choose."""

from collections.abc import Callable, Iterable, Iterator
from datetime import date

from django.db import models
from django.db.models import Prefetch, Q

from communities.models import CommunityOfPractice
from communities.vocabulary import Evidence
from membership.exporting import Row
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Program,
    ProgramPosition,
)
from membership.rosters import roster_of


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


def roster_rows(
    community: CommunityOfPractice, columns: Iterable[Column], *, on: date
) -> list[Row]:
    """One line for each open enrolment, by name. Takes two queries for each thousand, and one.

    Read in pieces: what the register knows of a whole roster at once would fill a web worker.

    Work and roles count while they last and nothing contradicts them; several stand in one cell.
    """
    cells = [_CELLS[column] for column in columns]
    return [[cell(enrolment) for cell in cells] for enrolment in _roster(community, on)]


def _roster(community: CommunityOfPractice, on: date) -> Iterator[Enrolment]:
    lasts = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    work = ProgramPosition.objects.filter(lasts).exclude(evidence=Evidence.CONTRADICTED)
    roles = CoordinationRole.objects.filter(lasts, is_held=True).exclude(
        evidence=Evidence.CONTRADICTED
    )
    return (
        roster_of(community)
        .select_related("person")
        .prefetch_related(
            Prefetch("person__positions", work.select_related("program__agency", "agency")),
            Prefetch("person__roles", roles.select_related("initiative")),
        )
        .order_by("person__name", "pk")
        .iterator(chunk_size=1_000)
    )


def _agency(enrolment: Enrolment) -> str:
    return _joined(
        str((work.program and work.program.agency) or work.agency or work.agency_name)
        for work in enrolment.person.positions.all()
    )


def _program(enrolment: Enrolment) -> str:
    return _joined(
        work.program.get_type_display() if work.program else work.get_program_type_display()
        for work in enrolment.person.positions.all()
    )


def _initiative(enrolment: Enrolment) -> str:
    return _joined(
        f"{role.get_role_display()}, "
        f"{role.initiative or role.initiative_name or role.get_initiative_kind_display()}"
        for role in enrolment.person.roles.all()
    )


def _place(enrolment: Enrolment) -> str:
    person = enrolment.person
    work = [(fact.program or fact).community_served for fact in person.positions.all()]
    roles = [(fact.initiative or fact).community_served for fact in person.roles.all()]
    return _joined([*work, *roles])


def _region(enrolment: Enrolment) -> str:
    person = enrolment.person
    work = [fact.program for fact in person.positions.all() if fact.program]
    roles = [fact.initiative for fact in person.roles.all() if fact.initiative]
    things: list[Program | CoordinationInitiative] = [*work, *roles]
    return _joined(thing.get_region_display() for thing in things)


def _joined(parts: Iterable[str]) -> str:
    """The parts once each, without the empty ones."""
    return "; ".join(dict.fromkeys(part for part in parts if part))


_CELLS: dict[Column, Callable[[Enrolment], str]] = {
    Column.NAME: lambda enrolment: enrolment.person.name,
    Column.EMAIL: lambda enrolment: enrolment.person.email,
    Column.PHONE: lambda enrolment: enrolment.person.phone,
    Column.AGENCY: _agency,
    Column.PROGRAM: _program,
    Column.INITIATIVE: _initiative,
    Column.PLACE: _place,
    Column.REGION: _region,
    Column.SINCE: lambda enrolment: enrolment.started_on.isoformat(),
}
