"""Slack compared with the roster: who is there and should not be, and the reverse.

Computed anew whenever it is shown, from what Slack said last and the roster as it is now.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef
from django.db.models.functions import Lower

from membership.models import Access, Enrolment, Person, SlackExport, User
from membership.register.names import name_key

# Of one section of the page: more boxes than one form may bring would be refused as a whole.
MAX_LINES = 100
MAX_NEAR_MATCHES = 3
# What addresses of many agencies begin with: it says nothing about who it is.
_SHARED_LOCAL_PARTS = frozenset(
    ["admin", "contact", "coordinator", "director", "info", "intake", "manager", "office", "stv"]
)
# In a shorter local part, one changed character makes another name.
_SHORTEST_TYPED = 4


@dataclass(frozen=True)
class ComparedAccount:
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
    account: "ComparedAccount | None" = None

    @property
    def key(self) -> str:
        """The value of this line's checkbox."""
        return f"{self.access.pk if self.access else 0}:{self.email}"


class Section(list[ComparedAccount]):
    """The lines of one part of the page."""

    @property
    def shown(self) -> list[ComparedAccount]:
        return self[:MAX_LINES]

    @property
    def more(self) -> int:
        return max(len(self) - MAX_LINES, 0)

    @property
    def more_note(self) -> str:
        return (
            f"These are the first {MAX_LINES}, and {self.more} more are not shown. Settle these, "
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
    enrolled = Enrolment.objects.filter(
        person=OuterRef("person"),
        community__team=export.team,
        community__has_slack=True,
        ended_on__isnull=True,
    )
    accesses = Access.objects.filter(team=export.team, kind=Access.Kind.SLACK)
    accesses = accesses.select_related("person").order_by("person__name", "pk")
    for access in accesses.annotate(is_on_roster=Exists(enrolled)):
        own = [access.address, access.person.email if access.person else ""]
        addresses = {address.lower() for address in own} & in_slack.keys()
        if access.state == Access.State.TO_REMOVE and not addresses:
            found.gone.append(ComparedAccount(access=access, person=access.person))
        if not access.is_on_roster:
            of_others |= dict.fromkeys(addresses, access)
        elif addresses:
            on_roster |= dict.fromkeys(addresses, access)
        else:
            absent.append(access)

    staff = {
        email.lower()
        for email in User.objects.filter(is_staff=True).values_list("email", flat=True)
    }
    unmatched = {}
    for email, name in sorted(in_slack.items()):
        if known := on_roster.get(email):
            if known.state == Access.State.JOINED:
                found.agreed += 1
            else:
                found.to_mark.append(
                    ComparedAccount(email, name, known, known.person, has_task=True)
                )
        elif email in staff:
            found.staff += 1
        else:
            unmatched[email] = name

    near = near_accesses(unmatched, absent)
    registered = Person.objects.annotate(lower=Lower("email")).filter(lower__in=list(unmatched))
    people = {person.email.lower(): person for person in registered.order_by()}
    for email, name in unmatched.items():
        stranger = of_others.get(email)
        person = stranger.person if stranger else people.get(email)
        is_leaving = stranger is not None and stranger.state == Access.State.TO_REMOVE
        account = ComparedAccount(email, name, stranger, person, is_leaving)
        if is_leaving or email not in near:
            found.strangers.append(account)
            continue
        for candidate, why in near[email]:
            has_task = candidate.state != Access.State.JOINED
            line = ComparedAccount(email, name, candidate, candidate.person, has_task, why, account)
            found.near.append(line)
    maybe_there = {line.access for line in found.near}
    found.absent.extend(
        ComparedAccount(
            access=access, person=access.person, has_task=access.state != Access.State.JOINED
        )
        for access in absent
        if access not in maybe_there
    )
    # What still asks for a decision comes first on the page.
    for section in (found.strangers, found.absent):
        section.sort(key=lambda line: line.has_task)
    return found


def near_accesses(
    written: Mapping[str, str], accesses: Iterable[Access]
) -> dict[str, list[tuple[Access, str]]]:
    """For each address ``written`` with a name, whose it may be and why, the likeliest first.

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
            found[email] = list(near.items())[:MAX_NEAR_MATCHES]
    return found


def _keys(email: str, name: str) -> Iterator[tuple[str, str]]:
    """What two near addresses have in common, the likeliest first: the reason, and what is shared."""
    local, _, domain = email.lower().rpartition("@")
    bare = local.partition("+")[0]
    yield "the same but for what follows a plus sign", f"{bare}@{domain}"
    if len(bare) >= _SHORTEST_TYPED:
        # Two that share one of these have a character too many, a wrong one, or two swapped.
        for shorter in [bare, *(bare[:n] + bare[n + 1 :] for n in range(len(bare)))]:
            yield "a letter or two differ", f"{shorter}@{domain}"
    # A wrong character after the @ shows here as well.
    if len(bare) > 2 and bare not in _SHARED_LOCAL_PARTS:
        yield "the same before the @", bare
    if " " in name.strip():
        yield "the same name", name_key(name)
