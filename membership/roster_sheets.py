"""The roster of a community as a sheet, with the columns that staff choose."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Prefetch

from communities.models import CommunityOfPractice
from membership.exporting import Row
from membership.models import CoordinationRole, Enrolment, ProgramPosition
from membership.rosters import roster_of


@dataclass(frozen=True)
class RosterColumn:
    """One column: what its box on the page says, and its cell for an enrolment."""

    heading: str
    cell: Callable[[Enrolment, date], object]


def _joined(words: Iterable[str]) -> str:
    """Each once, in order: somebody may work in two programs of one agency."""
    return "; ".join(dict.fromkeys(word for word in words if word))


def _work(enrolment: Enrolment, on: date) -> list[ProgramPosition]:
    return [p for p in enrolment.person.positions.all() if p.ends_on is None or p.ends_on >= on]


def _roles(enrolment: Enrolment, on: date) -> list[CoordinationRole]:
    roles = enrolment.person.roles.all()
    return [r for r in roles if r.is_held and (r.ends_on is None or r.ends_on >= on)]


def _agency(position: ProgramPosition) -> str:
    known = position.program.agency if position.program else position.agency
    return known.name if known else position.agency_name


def _program(position: ProgramPosition) -> str:
    return position.program.type if position.program else position.program_type


def _region(enrolment: Enrolment, on: date) -> str:
    programs = [p.program for p in _work(enrolment, on) if p.program]
    initiatives = [r.initiative for r in _roles(enrolment, on) if r.initiative]
    return _joined(thing.get_region_display() for thing in (*programs, *initiatives))


COLUMNS = {
    "name": RosterColumn("Name", lambda e, on: e.person.name),
    "email": RosterColumn("Email", lambda e, on: e.person.email),
    "phone": RosterColumn("Phone", lambda e, on: e.person.phone),
    "since": RosterColumn("On the roster since", lambda e, on: e.started_on.isoformat()),
    "agency": RosterColumn("Agency", lambda e, on: _joined(_agency(p) for p in _work(e, on))),
    "program": RosterColumn("Program", lambda e, on: _joined(_program(p) for p in _work(e, on))),
    "place": RosterColumn(
        "Community served",
        lambda e, on: _joined(
            t.community_served
            for t in (
                *(p.program or p for p in _work(e, on)),
                *(r.initiative or r for r in _roles(e, on)),
            )
        ),
    ),
    "region": RosterColumn("Region", _region),
    "role": RosterColumn(
        "Role",
        lambda e, on: _joined(
            f"{r.get_role_display()}, {r.initiative.name if r.initiative else r.initiative_name}"
            for r in _roles(e, on)
        ),
    ),
}
USUAL = ("name", "email", "agency", "since")


def roster_sheet(
    community: CommunityOfPractice, columns: Sequence[str], *, on: date
) -> tuple[list[str], list[Row]]:
    """The headings and a row for each person on the roster, by name. Four queries at most."""
    chosen = [COLUMNS[name] for name in COLUMNS if name in columns]
    enrolments = (
        roster_of(community)
        .select_related("person")
        .prefetch_related(
            Prefetch(
                "person__positions",
                ProgramPosition.objects.select_related("program__agency", "agency"),
            ),
            Prefetch("person__roles", CoordinationRole.objects.select_related("initiative")),
        )
        .order_by("person__name", "pk")
    )
    rows = [tuple(column.cell(e, on) for column in chosen) for e in enrolments]
    return [column.heading for column in chosen], rows
