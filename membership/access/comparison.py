"""Slack held against the roster: who is there and should not be, and the reverse.

Computed anew whenever it is shown, from what Slack said last and the roster as it is now.
"""

from dataclasses import dataclass, field

from django.db.models import Q
from django.db.models.functions import Lower

from communities.models import SupportTeam
from membership.access.addresses import Known, near_addresses
from membership.importing.register import in_chunks
from membership.models import Access, Person, SlackExport, User


@dataclass(frozen=True)
class There:
    """An account in Slack, with the person and her access where the portal knows them.

    For a near match these are the person whom it may be, ``why`` says so, and ``account`` is the same
    account without that guess.
    """

    email: str
    name: str
    person: Person | None = None
    access: Access | None = None
    why: str = ""
    account: "There | None" = None

    @property
    def key(self) -> str:
        """What stands for this line in a form."""
        return f"{self.person.pk if self.person else 0}:{self.email}"

    @property
    def has_task(self) -> bool:
        return self.access is not None and self.access.state == Access.State.TO_REMOVE


@dataclass(frozen=True)
class Absent:
    """Somebody on the roster who is not in Slack."""

    access: Access

    @property
    def key(self) -> str:
        return str(self.access.pk)

    @property
    def has_task(self) -> bool:
        return self.access.state != Access.State.JOINED


@dataclass
class Comparison:
    """What staff see. Every list is in the order of its addresses or names."""

    to_mark: list[There] = field(default_factory=list)
    near: list[There] = field(default_factory=list)
    strangers: list[There] = field(default_factory=list)
    absent: list[Absent] = field(default_factory=list)
    gone: list[Access] = field(default_factory=list)
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


def compare(export: SlackExport) -> Comparison:
    """Hold Slack against the roster; a constant number of queries for each thousand addresses."""
    there: dict[str, str] = export.people
    done = Comparison()
    accesses = _accesses(export.team)
    on_roster = _on_roster(export.team)
    unseen = {access.person_id: access for access in accesses if access.person_id in on_roster}
    by_address = {
        address: access for access in unseen.values() for address in _addresses_of(access)
    }
    seen, left = set(), []
    for email in sorted(there):
        access = by_address.get(email)
        if access is None:
            left.append(email)
            continue
        seen.add(access.person_id)
        if access.state == Access.State.JOINED:
            done.agreed += 1
        else:
            done.to_mark.append(There(email, there[email], access.person, access))
    absent = [access for pk, access in unseen.items() if pk not in seen]
    _sort_out(left, absent, accesses, there, done)
    leaving = [a for a in accesses if a.state == Access.State.TO_REMOVE]
    done.gone = [a for a in leaving if not _addresses_of(a) & there.keys()]
    return done


def _sort_out(
    left: list[str],
    absent: list[Access],
    accesses: list[Access],
    there: dict[str, str],
    done: Comparison,
) -> None:
    """Who is there and not on the roster: staff of EVA BC, near matches, and all others."""
    ours = _staff_addresses()
    done.staff = sum(email in ours for email in left)
    left = [email for email in left if email not in ours]
    known = _people_at(left)
    to_go = {address: a for a in accesses for address in _addresses_of(a)}
    near = near_addresses(
        [Known(place, email, there[email]) for place, email in enumerate(left)],
        [Known(place, a.person.email, a.person.name) for place, a in enumerate(absent) if a.person],
    )
    maybe_there = set()
    for place, email in enumerate(left):
        access = to_go.get(email)
        person = access.person if access else known.get(email)
        line = There(email, there[email], person, access)
        if line.has_task or place not in near:
            done.strangers.append(line)
            continue
        for found in near[place]:
            other = absent[found.key]
            maybe_there.add(other.pk)
            done.near.append(There(email, there[email], other.person, other, found.why, line))
    missing = [Absent(access) for access in absent if access.pk not in maybe_there]
    done.absent = sorted(missing, key=lambda a: (a.has_task, a.access.who))


def _accesses(team: SupportTeam) -> list[Access]:
    rows = Access.objects.filter(team=team, kind=Access.Kind.SLACK).select_related("person")
    return list(rows.order_by("person__name", "pk"))


def _on_roster(team: SupportTeam) -> set[int]:
    """Who is enrolled in a community of this workspace."""
    of_slack = Q(enrolments__community__team=team, enrolments__community__has_slack=True)
    people = Person.objects.filter(of_slack, enrolments__ended_on__isnull=True)
    return set(people.values_list("pk", flat=True))


def _addresses_of(access: Access) -> set[str]:
    own = {access.address, access.person.email if access.person else ""}
    return {address.lower() for address in own if address}


def _staff_addresses() -> set[str]:
    return {e.lower() for e in User.objects.filter(is_staff=True).values_list("email", flat=True)}


def _people_at(emails: list[str]) -> dict[str, Person]:
    found: dict[str, Person] = {}
    for chunk in in_chunks(emails):
        for person in Person.objects.annotate(lower=Lower("email")).filter(lower__in=chunk):
            found[person.email.lower()] = person
    return found
