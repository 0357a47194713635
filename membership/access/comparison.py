"""Slack compared with the roster: who is there and should not be, and the reverse.

Computed anew whenever it is shown, from what Slack said last and the roster as it is now.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from communities.models import SupportTeam
from membership.models import Access, Enrolment, Person, SlackExport, User
from membership.register.names import name_key

# Of one section of the page; more boxes than a form may bring would be none at all.
MOST_LINES = 100
MOST_NEAR = 3
# What many addresses of many agencies begin with: it says nothing about who it is.
_EVERYBODYS = frozenset(
    ["admin", "contact", "coordinator", "director", "info", "intake", "manager", "office", "stv"]
)
# In shorter ones a letter makes another name.
_LONG_ENOUGH = 4


@dataclass(frozen=True)
class Line:
    """An account in Slack, an access to it, or both.

    ``person`` may be known without an access. For a near match ``access`` is of whom it may be,
    ``why`` says so, and ``account`` is the same account without that guess. ``has_task`` is true where
    staff have something to do about it already.
    """

    email: str = ""
    name: str = ""
    access: Access | None = None
    person: Person | None = None
    has_task: bool = False
    why: str = ""
    account: "Line | None" = None

    @property
    def key(self) -> str:
        """What stands for this line in a form."""
        return f"{self.access.pk if self.access else 0}:{self.email}"


class Section(list[Line]):
    """The lines of one part of the page."""

    @property
    def shown(self) -> list[Line]:
        return self[:MOST_LINES]

    @property
    def more(self) -> int:
        return max(len(self) - MOST_LINES, 0)

    @property
    def more_note(self) -> str:
        return (
            f"These are the first {MOST_LINES}, and {self.more} more are not shown. Settle these, "
            "and the next come up."
        )

    @property
    def open(self) -> int:
        """How many have no task yet."""
        return sum(not line.has_task for line in self)


@dataclass
class Comparison:
    """What staff see. Every section is in the order of its addresses or names, the tasks last."""

    addresses: int
    to_mark: Section = field(default_factory=Section)
    near: Section = field(default_factory=Section)
    strangers: Section = field(default_factory=Section)
    absent: Section = field(default_factory=Section)
    gone: Section = field(default_factory=Section)
    agreed: int = 0
    staff: int = 0


def compare(export: SlackExport) -> Comparison:
    """Compare Slack with the roster, in three queries."""
    in_slack: dict[str, str] = export.people
    found = Comparison(addresses=len(in_slack))
    on_roster: dict[str, Access] = {}
    of_others: dict[str, Access] = {}
    absent: list[Access] = []
    for access, is_on_roster in _accesses(export.team):
        addresses = {address.lower() for address in _addresses(access)} & in_slack.keys()
        if access.state == Access.State.TO_REMOVE and not addresses:
            found.gone.append(Line(access=access, person=access.person))
        if not is_on_roster:
            of_others |= dict.fromkeys(addresses, access)
        elif addresses:
            on_roster |= dict.fromkeys(addresses, access)
        else:
            absent.append(access)

    staff, left = _staff_addresses(), {}
    for email, name in sorted(in_slack.items()):
        if known := on_roster.get(email):
            if known.state == Access.State.JOINED:
                found.agreed += 1
            else:
                found.to_mark.append(Line(email, name, known, known.person, has_task=True))
        elif email in staff:
            found.staff += 1
        else:
            left[email] = name

    near = near_accesses(left, absent)
    people = _people_at(left)
    for email, name in left.items():
        stranger = of_others.get(email)
        person = stranger.person if stranger else people.get(email)
        is_leaving = stranger is not None and stranger.state == Access.State.TO_REMOVE
        account = Line(email, name, stranger, person, is_leaving)
        if is_leaving or email not in near:
            found.strangers.append(account)
            continue
        for access, why in near[email]:
            found.near.append(
                Line(email, name, access, access.person, _is_waiting(access), why, account)
            )
    maybe_there = {line.access for line in found.near}
    found.absent.extend(
        Line(access=access, person=access.person, has_task=_is_waiting(access))
        for access in absent
        if access not in maybe_there
    )
    # What still asks for a decision comes up on the page first.
    for section in (found.strangers, found.absent):
        section.sort(key=lambda line: line.has_task)
    return found


def near_accesses(
    written: Mapping[str, str], accesses: Iterable[Access]
) -> dict[str, list[tuple[Access, str]]]:
    """For each address ``written`` beside a name, whose it may be and why; the likeliest first.

    Each rule is a key that both addresses share, so that thousands are compared by looking up.
    """
    by_key: dict[tuple[str, str], list[Access]] = defaultdict(list)
    for access in accesses:
        if access.person:
            for key in _keys(access.person.email, access.person.name):
                by_key[key].append(access)
    found = {}
    for email, name in written.items():
        near: dict[Access, str] = {}
        for key in _keys(email, name):
            for access in by_key.get(key, ()):
                near.setdefault(access, key[0])
        if near:
            found[email] = list(near.items())[:MOST_NEAR]
    return found


def _keys(email: str, name: str) -> Iterator[tuple[str, str]]:
    """What two near addresses have in common, the likeliest first: the reason, and what is shared."""
    local, _, domain = email.lower().rpartition("@")
    bare = local.partition("+")[0]
    yield "the same but for what follows a plus sign", f"{bare}@{domain}"
    if len(bare) >= _LONG_ENOUGH:
        # Two that share one of these have a letter too many, a wrong one, or two swapped.
        for shorter in [bare, *(bare[:n] + bare[n + 1 :] for n in range(len(bare)))]:
            yield "a letter or two differ", f"{shorter}@{domain}"
    # A wrong letter after the @ shows here as well.
    if len(bare) > 2 and bare not in _EVERYBODYS:
        yield "the same before the @", bare
    if " " in name.strip():
        yield "the same name", name_key(name)


def _accesses(team: SupportTeam) -> Iterator[tuple[Access, bool]]:
    """Every access to the workspace by name, and whether its person is enrolled where it is used."""
    enrolled = Enrolment.objects.filter(
        person=OuterRef("person"),
        community__team=team,
        community__has_slack=True,
        ended_on__isnull=True,
    )
    rows = Access.objects.filter(team=team, kind=Access.Kind.SLACK).order_by("person__name", "pk")
    for access in rows.select_related("person").annotate(is_on_roster=Exists(enrolled)):
        yield access, access.is_on_roster


def _addresses(access: Access) -> list[str]:
    own = [access.address, access.person.email if access.person else ""]
    return [address for address in own if address]


def _is_waiting(access: Access) -> bool:
    """True for somebody on the roster about whom staff have something to do."""
    return access.state != Access.State.JOINED


def _staff_addresses() -> set[str]:
    return {e.lower() for e in User.objects.filter(is_staff=True).values_list("email", flat=True)}


def _people_at(emails: Iterable[str]) -> dict[str, Person]:
    people = Person.objects.annotate(lower=Lower("email")).filter(lower__in=list(emails))
    return {person.email.lower(): person for person in people.order_by()}
