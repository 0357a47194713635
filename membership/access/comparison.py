"""Slack or a Zoom list compared with the roster: who is in one and not in the other, and what staff do about it.

Computed each time it is shown, from the newest list and the current roster.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from django.db import models, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from rapidfuzz.distance import OSA

from membership.access import verbs
from membership.access.service_lists import list_of
from membership.access.verbs import Verb
from membership.accounts.shared_mailboxes import SHARED_LOCAL_PARTS
from membership.accounts.teams import require_team
from membership.as_shown import require_as_shown
from membership.errors import RefusedError
from membership.models import Access, Enrolment, Person, Service, ServiceList, User
from membership.people.name_checks import NameChecks
from membership.register.names import name_key
from membership.register.person_records import people_by_email

# Many agencies have emails that begin with these words: they say nothing about the person.
_ROLES = frozenset(["coordinator", "director", "manager"])
_MIN_TYPO_LENGTH = 4  # in a shorter local part, one changed character makes another name


@dataclass(frozen=True)
class ComparedAccount:
    """A line of the comparison: an account that is there, an access, or both.

    ``person`` may be known without an access. In a near match, ``access`` belongs to the person it may
    be, ``why`` gives the reason, and ``account`` is the same account without that guess.
    """

    email: str = ""
    name: str = ""
    access: Access | None = None
    person: Person | None = None
    why: str = ""
    account: "ComparedAccount | None" = None

    @property
    def key(self) -> str:
        """The value of this line's checkbox."""
        return f"{self.access.pk if self.access else 0}:{self.email}"


@dataclass
class Comparison:
    """The sections that staff see, each in the order of its emails or names."""

    addresses: int
    other_names: list[ComparedAccount] = field(default_factory=list)
    to_mark: list[ComparedAccount] = field(default_factory=list)
    near: list[ComparedAccount] = field(default_factory=list)
    strangers: list[ComparedAccount] = field(default_factory=list)
    leaving: list[ComparedAccount] = field(default_factory=list)
    absent: list[ComparedAccount] = field(default_factory=list)
    waiting: list[ComparedAccount] = field(default_factory=list)
    gone: list[ComparedAccount] = field(default_factory=list)
    agreed: int = 0
    staff: int = 0


def compare(kept: ServiceList) -> Comparison:
    """Compare a list with the roster, in a constant number of queries."""
    there: dict[str, str] = kept.people
    found = Comparison(addresses=len(there))
    on_roster: dict[str, Access] = {}
    of_others: dict[str, Access] = {}
    missing: list[tuple[Access, _Identity]] = []
    enrolled = Enrolment.objects.filter(
        person=OuterRef("person"), community__in=kept.service.communities, ended_on__isnull=True
    )
    accesses = Access.objects.filter(**kept.service.fields)
    accesses = accesses.select_related("person").prefetch_related("person__other_emails")
    accesses = accesses.order_by("person__name", "pk")
    # Someone on leave may be on the roster without access.
    has_access = Q(state__in=[Access.State.TO_DO, *verbs.GRANTED_STATES])
    for access in accesses.annotate(is_on_roster=Exists(enrolled) & has_access):
        person = access.person
        others = {other.email for other in person.other_emails.all()} if person else set()
        addresses = there.keys() & {access.address, person.email if person else "", *others}
        if access.state == Access.State.TO_REMOVE and not addresses:
            found.gone.append(ComparedAccount(access=access, person=person))
        if not access.is_on_roster:
            of_others |= dict.fromkeys(addresses, access)
        elif addresses:
            on_roster |= dict.fromkeys(addresses, access)
        elif person:
            missing.append((access, _identity(person.email, person.name)))

    people = people_by_email(there)
    checked = NameChecks(people.values()).find_at({e: [n] for e, n in there.items()}, people)
    staff = set(User.objects.filter(is_staff=True).values_list("email", flat=True))
    for email, name in sorted(there.items()):
        known, other = on_roster.get(email), of_others.get(email)
        person = other.person if other else people.get(email)
        account = ComparedAccount(email, name, other, person)
        if email in checked:
            found.other_names.append(replace(account, person=people[email]))
        elif known and known.state == Access.State.JOINED:
            found.agreed += 1
        elif known:
            found.to_mark.append(replace(account, access=known, person=known.person))
        elif email in staff:
            found.staff += 1
        elif other and other.state == Access.State.TO_REMOVE:
            found.leaving.append(account)
        elif near := _near_matches(account, missing):
            found.near.extend(near)
        else:
            found.strangers.append(account)

    maybe_there = {line.access for line in found.near}
    for row, _ in missing:
        if row not in maybe_there:
            section = found.absent if row.state == Access.State.JOINED else found.waiting
            section.append(ComparedAccount(access=row, person=row.person))
    return found


class _Identity(NamedTuple):
    """What shows whose account it may be: the email, up to a plus sign, and the folded full name."""

    local: str
    domain: str
    name: str


def _identity(address: str, name: str) -> _Identity:
    local, _, domain = address.rpartition("@")
    full_name = name_key(name) if " " in name.strip() else ""
    return _Identity(local.partition("+")[0], domain, full_name)


def _near_matches(
    account: ComparedAccount, missing: Iterable[tuple[Access, _Identity]]
) -> list[ComparedAccount]:
    own = _identity(account.email, account.name)
    return [
        ComparedAccount(account.email, account.name, access, access.person, why, account)
        for access, other in missing
        if (why := _why_near(own, other))
    ]


def _why_near(one: _Identity, other: _Identity) -> str:
    """The reason why the two may be one person; empty if there is none."""
    same_domain = one.domain == other.domain
    tells_apart = len(one.local) > 2 and one.local not in SHARED_LOCAL_PARTS | _ROLES
    if one.local == other.local and (same_domain or tells_apart):
        return "same email before the @"
    # One character missing, added or wrong, or two swapped.
    could_be_typed = same_domain and min(len(one.local), len(other.local)) >= _MIN_TYPO_LENGTH
    if could_be_typed and OSA.distance(one.local, other.local, score_cutoff=1) <= 1:
        return "emails differ by a character or two"
    return "same name" if one.name and one.name == other.name else ""


# -- Settling -------------------------------------------------------------------------------------


class Settlement(models.TextChoices):
    """What staff decide about lines of the comparison, with the outcome in words."""

    JOINED = "joined", "marked as {joined}"
    SAME = "same", "marked as {joined}, with their email there"
    REMOVE = "remove", "added to the removal tasks"
    INVITE = "invite", "added to the {invite}"
    REMOVED = "removed", "marked as removed"


@dataclass(frozen=True)
class Words:
    """How the pages speak of a service."""

    list: str
    there: str
    joined: str
    invite: str

    def outcome(self, settlement: Settlement) -> str:
        return str(settlement.label).format(joined=self.joined, invite=self.invite)


_SLACK = Words("Slack’s member list", "in Slack", "joined", "invitation tasks")
_ZOOM = Words(
    "Zoom’s registration list", "on the Zoom list", "on the list", "tasks to add to the list"
)


def words_of(service: Service) -> Words:
    """How the pages speak of this service."""
    return _ZOOM if service.community else _SLACK


@transaction.atomic
def settle(
    *,
    service: Service,
    settlement: Settlement,
    chosen: Collection[str] | None,
    by: User,
    now: datetime,
    as_shown: str = "",
) -> int:
    """Settle the lines whose keys are ``chosen``, or the whole section. Returns the number of people.

    The comparison is made again behind a lock: lines that have changed since are left alone. A near match
    is settled only if it was chosen.
    """
    require_team(service.team, by, "service")
    kept = list_of(service, lock=True)
    if kept is None:
        raise RefusedError(f"{words_of(service).list} has been deleted. Import a new one.")
    if as_shown:
        require_as_shown(as_shown, kept.as_shown, since="There is a newer list")
    found = compare(kept)
    near = _chosen(found.near, chosen or [])
    match settlement:
        case Settlement.JOINED:
            ids, verb = _ids(_chosen(found.to_mark, chosen)), Verb.JOINED
        case Settlement.SAME:
            ids, verb = _keep_addresses(near), Verb.JOINED
        case Settlement.REMOVE:
            strangers = [line.account for line in near if line.account]
            ids = _with_rows([*_chosen(found.strangers, chosen), *strangers], service, now)
            verb = Verb.FOUND
        case Settlement.INVITE:
            ids, verb = _ids(_chosen(found.absent, chosen)), Verb.NOT_THERE
        case Settlement.REMOVED:
            ids, verb = _ids(_chosen(found.gone, chosen)), Verb.REMOVED
    rows = verbs.lock(Access.objects.filter(pk__in=ids))
    return len(verbs.advance(rows, verb, by=by, now=now, text=f"From {words_of(service).list}."))


def _chosen(
    lines: Iterable[ComparedAccount], chosen: Collection[str] | None
) -> list[ComparedAccount]:
    return [line for line in lines if chosen is None or line.key in chosen]


def _ids(lines: Iterable[ComparedAccount]) -> list[int]:
    return [line.access.pk for line in lines if line.access]


def _keep_addresses(lines: Iterable[ComparedAccount]) -> list[int]:
    """Save each person's email there. Returns the keys of their accesses."""
    addresses = {line.access.pk: line.email for line in lines if line.access}
    rows = verbs.lock(Access.objects.filter(pk__in=addresses))
    for row in rows:
        row.address = addresses[row.pk]
    Access.objects.bulk_update(rows, ["address"])
    return list(addresses)


def _with_rows(lines: Iterable[ComparedAccount], service: Service, now: datetime) -> list[int]:
    """The keys of the accesses, with a new access for each account that the portal did not know."""
    by_email = {line.email: line for line in lines}
    new = Access.objects.bulk_create(
        Access(
            person=line.person,
            address="" if line.person else line.email,
            **service.fields,
            since=timezone.localdate(now),
        )
        for line in by_email.values()
        if line.access is None
    )
    return [*_ids(by_email.values()), *(row.pk for row in new)]
