"""Slack held against the roster: who is there and should not be, and the reverse.

Computed anew whenever it is shown, from what Slack said last and the roster as it is now. Tens of
thousands of lines are held at once, so they are keys; ``lines.py`` reads what a page shows of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from communities.models import SupportTeam
from membership.access.addresses import Known, near_addresses
from membership.importing.register import CHUNK, in_chunks
from membership.models import Access, Enrolment, Person, SlackExport, User

_State = Access.State


class Line(NamedTuple):
    """An account in Slack, a person's access to it, or both, by their keys.

    For a near match ``person`` and ``access`` are of whom it may be, ``why`` says so, and ``account``
    is the same account without that guess. ``has_task`` is true where staff have something to do
    about it already.
    """

    email: str = ""
    name: str = ""
    person: int | None = None
    access: int | None = None
    has_task: bool = False
    why: str = ""
    account: "Line | None" = None

    @property
    def key(self) -> str:
        """What stands for this line in a form."""
        return f"{self.person or 0}:{self.email}" if self.email else str(self.access)


@dataclass
class Comparison:
    """What staff see. Every list is in the order of its addresses or names, the tasks last."""

    to_mark: list[Line] = field(default_factory=list)
    near: list[Line] = field(default_factory=list)
    strangers: list[Line] = field(default_factory=list)
    absent: list[Line] = field(default_factory=list)
    gone: list[Line] = field(default_factory=list)
    agreed: int = 0
    staff: int = 0

    @property
    def to_remove(self) -> int:
        """How many are in Slack, not on the roster, and without the task yet."""
        return sum(not line.has_task for line in self.strangers)

    @property
    def to_invite(self) -> int:
        """How many are marked as joined, and are not in Slack."""
        return sum(not line.has_task for line in self.absent)


class _Row(NamedTuple):
    """An access to the workspace, and whose it is."""

    access: int
    person: int | None
    state: str
    address: str
    email: str | None
    name: str | None
    on_roster: bool

    @property
    def addresses(self) -> set[str]:
        return {address.lower() for address in (self.address, self.email) if address}


def compare(export: SlackExport) -> Comparison:
    """Hold Slack against the roster; a constant number of queries for each thousand addresses."""
    there: dict[str, str] = export.people
    done = Comparison()
    by_address: dict[str, Line] = {}
    others: dict[str, Line] = {}
    absent: list[tuple[Line, Known]] = []
    for row in _rows(export.team):
        found = row.addresses & there.keys()
        if row.state == _State.TO_REMOVE and not found:
            done.gone.append(Line(access=row.access))
        has_task = row.state != _State.JOINED if row.on_roster else row.state == _State.TO_REMOVE
        line = Line(person=row.person, access=row.access, has_task=has_task)
        if not row.on_roster:
            others |= dict.fromkeys(found, line)
        elif found:
            by_address |= dict.fromkeys(found, line)
        else:
            absent.append((line, Known(len(absent), row.email or "", row.name or "")))
    left = []
    for email in sorted(there):
        if email not in by_address:
            left.append(email)
        elif by_address[email].has_task:
            done.to_mark.append(by_address[email]._replace(email=email, name=there[email]))
        else:
            done.agreed += 1
    _sort_out(left, absent, others, there, done)
    return done


def _sort_out(
    left: list[str],
    absent: list[tuple[Line, Known]],
    others: dict[str, Line],
    there: dict[str, str],
    done: Comparison,
) -> None:
    """Who is there and not on the roster: staff of EVA BC, near matches, and all others."""
    ours = _staff_addresses()
    done.staff = sum(email in ours for email in left)
    left = [email for email in left if email not in ours]
    known = _people_at([email for email in left if email not in others])
    near = near_addresses(
        [Known(place, email, there[email]) for place, email in enumerate(left)],
        [person for _, person in absent],
    )
    maybe_there = set()
    for place, email in enumerate(left):
        whose = others.get(email) or Line(person=known.get(email))
        line = whose._replace(email=email, name=there[email])
        if line.has_task or place not in near:
            done.strangers.append(line)
            continue
        for found in near[place]:
            other, _ = absent[found.key]
            maybe_there.add(found.key)
            done.near.append(
                other._replace(email=email, name=there[email], why=found.why, account=line)
            )
    done.absent = [line for line, person in absent if person.key not in maybe_there]
    # What still asks for a decision comes up on the page first.
    for lines in (done.strangers, done.absent):
        lines.sort(key=lambda line: line.has_task)


def _rows(team: SupportTeam) -> Iterator[_Row]:
    """By name. On the roster is who is enrolled in a community of this workspace."""
    enrolled = Enrolment.objects.filter(
        person=OuterRef("person"),
        community__team=team,
        community__has_slack=True,
        ended_on__isnull=True,
    )
    rows = Access.objects.filter(team=team, kind=Access.Kind.SLACK).order_by("person__name", "pk")
    values = rows.values_list(
        "pk", "person", "state", "address", "person__email", "person__name", Exists(enrolled)
    )
    return map(_Row._make, values.iterator(chunk_size=CHUNK))


def _staff_addresses() -> set[str]:
    return {e.lower() for e in User.objects.filter(is_staff=True).values_list("email", flat=True)}


def _people_at(emails: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in in_chunks(emails):
        people = Person.objects.annotate(lower=Lower("email")).filter(lower__in=chunk)
        found |= dict(people.order_by().values_list("lower", "pk"))
    return found
