"""The queue of requests: what it shows, in which order, and what comes before and after one.

``asked`` are the parameters of the queue's address, the same on the queue and behind "next" and
"previous" on the review page. Nothing here counts the table: the list counts its first rows only,
a search at ``FOUND``.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from communities.calendar import working_days_between
from membership.models import Person, User
from requests.lifecycle import OPEN, State
from requests.models import TAKEN_FOR, JoinRequest

FOUND = 100  # rows that a search shows; who has more adds a word
FRONT = 300  # rows of the queue that are looked through one by one
MANY = 500  # people that an index is asked for, and a fifth of the rows
TRIGRAM = 3
ORDER = ("waiting_since", "pk")

Rows = QuerySet[JoinRequest]
Asked = Mapping[str, str]


def queue_of(rows: Rows, asked: Asked, *, viewer: User, now: datetime) -> Rows:
    """The rows that the queue shows for these parameters, longest waiting first."""
    for name, narrow in FILTERS.items():
        rows = narrow(rows, asked.get(name, ""), viewer, now)
    return searched(rows.order_by(*ORDER), asked.get("q", ""))


def searched(rows: Rows, words: str) -> Rows:
    """The first rows whose person, agency or reference has all the words, at most ``FOUND``.

    The trigram indexes know all rows of rare words. Words that many rows have are soon found from the
    front of the queue; of words in between these are shown and the first that the indexes gave. Left
    to choose, PostgreSQL read the whole table: it cannot know how many rows a part of a word has.
    """
    wanted = words.split()
    if not wanted:
        return rows
    found, are_all = _by_the_indexes(rows, wanted)
    if not are_all:
        found |= _in_the_front(rows, wanted)
    return rows.filter(pk__in=[pk for _, pk in sorted(found)[:FOUND]])


_Found = set[tuple[float, int]]  # the order of the queue; what does not wait for staff is last


def _in_the_front(rows: Rows, wanted: Sequence[str]) -> _Found:
    """Looked through here: the database would read all people for it, or all requests."""
    front = rows.order_by(*ORDER).prefetch_related(None).values_list(*_SEARCHED)[:FRONT]
    words = [word.upper() for word in wanted]
    return {
        _place(since, pk)
        for since, pk, name, email, agency, reference in front
        if _are_in(words, name, email) or _are_in(words, agency) or _are_in(words, reference)
    }


def _are_in(words: Sequence[str], *texts: str) -> bool:
    """Each of the words, which are in capitals, is in one of the texts."""
    return all(any(word in text.upper() for text in texts) for word in words)


def _by_the_indexes(rows: Rows, wanted: Sequence[str]) -> tuple[_Found, bool]:
    """Rows with the words, and whether these are all of them.

    People are searched by themselves: an OR over two tables would read both of them whole.
    """
    # An index of trigrams can do nothing for less than three letters.
    if max(map(len, wanted)) < TRIGRAM:
        return set(), False
    of_person = _has(wanted, "name", "email")
    people = list(Person.objects.order_by().filter(of_person).values_list("pk", flat=True)[:MANY])
    places, are_all = [Q(person__in=people)], len(people) < MANY
    if min(map(len, wanted)) < TRIGRAM:
        are_all = False
    else:
        places.append(_has(wanted, "agency_name") | _has(wanted, "reference"))
    found: _Found = set()
    for place in places:
        # Where they cannot be all, as many as are shown will do.
        most = 5 * MANY if are_all else FOUND
        here = _places(rows.order_by().filter(place)[:most])
        found |= here
        are_all = are_all and len(here) < most
    return found, are_all


_SEARCHED = (*ORDER, "person__name", "person__email", "agency_name", "reference")


def _has(wanted: Sequence[str], *columns: str) -> Q:
    """Each of the words is in one of the columns."""
    each = Q()
    for word in wanted:
        either = Q()
        for column in columns:
            either |= Q(**{f"{column}__icontains": word})
        each &= either
    return each


def _places(rows: Rows) -> _Found:
    places = rows.prefetch_related(None).values_list(*ORDER)
    return {_place(since, pk) for since, pk in places}


def _place(since: datetime | None, pk: int) -> tuple[float, int]:
    return since.timestamp() if since else math.inf, pk


# -- The filters ----------------------------------------------------------------------------------


def _by_state(rows: Rows, value: str, viewer: User, now: datetime) -> Rows:
    if value == "all":
        return rows
    return rows.filter(state=value) if value in State.values else rows.filter(state__in=OPEN)


def _by_holder(rows: Rows, value: str, viewer: User, now: datetime) -> Rows:
    taken = Q(taken_by__isnull=False, taken_at__gt=now - TAKEN_FOR)
    if value == "mine":
        return rows.filter(taken, taken_by=viewer)
    return rows.exclude(taken) if value == "nobody" else rows


def _by(column: str) -> Callable[[Rows, str, User, datetime], Rows]:
    return lambda rows, value, viewer, now: rows.filter(**{column: value}) if value else rows


FILTERS: dict[str, Callable[[Rows, str, User, datetime], Rows]] = {
    "whose": _by_holder,
    "state": _by_state,
    "team": _by("community__team__family"),
    "community": _by("community__slug"),
    "region": _by("region"),
    "verdict": _by("verdict"),
}


# -- Before and after one -------------------------------------------------------------------------


@dataclass(frozen=True)
class Neighbours:
    """The requests before and after one in the queue; None at its ends."""

    previous: JoinRequest | None
    next: JoinRequest | None


def neighbours(
    join_request: JoinRequest, rows: Rows, asked: Asked, *, viewer: User, now: datetime
) -> Neighbours:
    """What comes before and after in the queue, also where it has left the queue by now."""
    since = join_request.waiting_since
    if since is None:
        return Neighbours(None, None)
    # Only where they are is asked for: without the rules of their communities.
    queue = queue_of(rows, asked, viewer=viewer, now=now).prefetch_related(None)
    later = queue.filter(waiting_since__gte=since).exclude(
        waiting_since=since, pk__lte=join_request.pk
    )
    earlier = queue.filter(waiting_since__lte=since).exclude(
        waiting_since=since, pk__gte=join_request.pk
    )
    return Neighbours(
        previous=earlier.order_by(*(f"-{column}" for column in ORDER)).first(),
        next=later.first(),
    )


# -- How long it waits ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Age:
    """How many working days a request waits for staff, and how loudly to say so."""

    days: int

    @property
    def mark(self) -> str:
        if self.days >= settings.WAITING_LIMIT_DAYS["loud"]:
            return "loud"
        return "quiet" if self.days >= settings.WAITING_LIMIT_DAYS["quiet"] else ""


def age_of(join_request: JoinRequest, *, on: date) -> Age | None:
    """Its age on a day; None while staff are not the ones it waits for."""
    since = join_request.waiting_since
    if join_request.state != State.AWAITING_REVIEW or since is None:
        return None
    return Age(working_days_between(timezone.localdate(since), on))
