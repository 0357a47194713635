"""Slack held against the roster: who is there and should not be, and the reverse.

Computed anew whenever it is shown, from what Slack said last and the roster as it is now. Tens of
thousands of lines are held at once, so they are keys; ``lines.py`` reads what a page shows of them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from communities.models import SupportTeam
from membership.access.addresses import Known, near_addresses
from membership.importing.register import CHUNK, in_chunks
from membership.models import Access, Enrolment, Person, SlackExport, User

_State = Access.State


class Line(NamedTuple):
    """An account in Slack, an access to it, or both, by their keys.

    ``person`` is of somebody whom the portal knows without an access. For a near match ``access`` is
    of whom it may be, ``why`` says so, and ``account`` is the same account without that guess.
    ``has_task`` is true where staff have something to do about it already.
    """

    email: str = ""
    name: str = ""
    access: int | None = None
    person: int | None = None
    has_task: bool = False
    why: str = ""
    account: "Line | None" = None

    @property
    def key(self) -> str:
        """What stands for this line in a form."""
        return f"{self.access or 0}:{self.email}"


@dataclass
class Comparison:
    """What staff see. Every list is in the order of its addresses or names, the tasks last."""

    to_mark: list[Line] = field(default_factory=list)
    near: list[Line] = field(default_factory=list)
    strangers: list[Line] = field(default_factory=list)
    absent: list[Line] = field(default_factory=list)
    gone: list[Line] = field(default_factory=list)
    addresses: int = 0
    agreed: int = 0
    staff: int = 0


@dataclass
class _Roster:
    """Every access to a workspace, sorted by whether its person is in Slack. Keys are the accesses'."""

    by_address: dict[str, int] = field(default_factory=dict)
    by_address_of_others: dict[str, int] = field(default_factory=dict)
    absent: list[Known] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    with_task: set[int] = field(default_factory=set)


def compare(export: SlackExport) -> Comparison:
    """Hold Slack against the roster; a constant number of queries for each thousand addresses.

    A list that was put aside a moment ago has nobody in it.
    """
    # Not by way of the instance, which would hold them for as long as it lives.
    kept = SlackExport.objects.filter(pk=export.pk).values_list("people", flat=True)
    there: dict[str, str] = kept.first() or {}
    roster = _roster(export.team, there)
    done = Comparison(gone=[Line(access=access) for access in roster.gone], addresses=len(there))
    ours, left = _staff_addresses(), {}
    for email in sorted(there):
        access = roster.by_address.get(email)
        if access in roster.with_task:
            done.to_mark.append(Line(email, there[email], access, has_task=True))
        elif access:
            done.agreed += 1
        elif email in ours:
            done.staff += 1
        else:
            left[email] = there[email]
    _sort_out(left, roster, done)
    return done


def _sort_out(left: dict[str, str], roster: _Roster, done: Comparison) -> None:
    """Who is there and not on the roster: near matches, and all others."""
    others = roster.by_address_of_others
    known = _people_at([email for email in left if email not in others])
    near = near_addresses(left, roster.absent)
    maybe_there = set()
    for email, name in left.items():
        access = others.get(email)
        line = Line(email, name, access, known.get(email), access in roster.with_task)
        if line.has_task or email not in near:
            done.strangers.append(line)
            continue
        for other, why in near[email]:
            maybe_there.add(other)
            has_task = other in roster.with_task
            done.near.append(Line(email, name, other, None, has_task, why, line))
    done.absent = [
        Line(access=access, has_task=access in roster.with_task)
        for access, *_ in roster.absent
        if access not in maybe_there
    ]
    # What still asks for a decision comes up on the page first.
    for lines in (done.strangers, done.absent):
        lines.sort(key=lambda line: line.has_task)


def _roster(team: SupportTeam, there: dict[str, str]) -> _Roster:
    roster = _Roster()
    for access, state, address, email, name, on_roster in _accesses(team):
        addresses = {own.lower() for own in (address, email) if own}
        found = addresses & there.keys()
        if state == _State.TO_REMOVE or (on_roster and state != _State.JOINED):
            roster.with_task.add(access)
        if state == _State.TO_REMOVE and not found:
            roster.gone.append(access)
        if not on_roster:
            roster.by_address_of_others |= dict.fromkeys(found, access)
        elif found:
            roster.by_address |= dict.fromkeys(found, access)
        else:
            roster.absent.append(Known(access, email, name))
    return roster


def _accesses(team: SupportTeam) -> Iterator[tuple[Any, ...]]:
    """By name. On the roster is who is enrolled in a community of this workspace."""
    enrolled = Enrolment.objects.filter(
        person=OuterRef("person"),
        community__team=team,
        community__has_slack=True,
        ended_on__isnull=True,
    )
    rows = Access.objects.filter(team=team, kind=Access.Kind.SLACK).order_by("person__name", "pk")
    return rows.values_list(
        "pk", "state", "address", "person__email", "person__name", Exists(enrolled)
    ).iterator(chunk_size=CHUNK)


def _staff_addresses() -> set[str]:
    return {e.lower() for e in User.objects.filter(is_staff=True).values_list("email", flat=True)}


def _people_at(emails: list[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    for chunk in in_chunks(emails):
        people = Person.objects.annotate(lower=Lower("email")).filter(lower__in=chunk)
        found |= dict(people.order_by().values_list("lower", "pk"))
    return found
