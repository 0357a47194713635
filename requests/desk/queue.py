"""The queue of requests: its filters, its order, its cells, and the next and previous request.

``parameters`` are those of the queue's address. "Next" and "previous" on the review page use the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from django.conf import settings
from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from communities.calendar import business_days_between, midnight
from communities.rules.assess import Assessment
from communities.rules.vocabulary import Status, Verdict
from membership.models import User
from membership.people.near import NearRecord
from membership.search import filter_by_words
from requests.lifecycle import OPEN, State, Verb
from requests.models import TAKEN_FOR, JoinRequest, JoinRequestEvent

# How old the counts of views may be, in seconds.
COUNTS_KEPT_FOR = 15

ORDER = ("waiting_since", "pk")

Rows = QuerySet[JoinRequest]
Parameters = Mapping[str, str]


def queue_of(rows: Rows, parameters: Parameters, *, viewer: User, now: datetime) -> Rows:
    """The rows that the queue shows for these parameters, longest wait first."""
    for name, narrow in FILTERS.items():
        rows = narrow(rows, parameters.get(name, ""), viewer, now)
    return filter_by_words(rows.order_by(*ORDER), parameters.get("q", ""))


# -- The filters ----------------------------------------------------------------------------------


def _by_state(rows: Rows, value: str, viewer: User, now: datetime) -> Rows:
    if value == "all":
        return rows
    return rows.filter(state=value) if value in State.values else rows.filter(state__in=OPEN)


# Requests that came back to staff with a reply to their question.
_REPLIED = Q(
    Exists(
        JoinRequestEvent.objects.filter(
            join_request=OuterRef("pk"), verb=Verb.REPLY, at=OuterRef("waiting_since")
        )
    ),
    state=State.AWAITING_REVIEW,
)


def _taken(now: datetime) -> Q:
    """Those with a holder. A colleague who can no longer sign in holds none."""
    since = now - TAKEN_FOR
    return Q(taken_by__is_active=True, taken_by__is_staff=True, taken_at__gt=since)


def _overdue(viewer: User, now: datetime) -> Q:
    """Requests that have been waiting for review for too many business days."""
    today = timezone.localdate(now)
    since = today - timedelta(days=1)
    while not Age(business_days_between(since, today)).is_overdue:
        since -= timedelta(days=1)
    return Q(state=State.AWAITING_REVIEW, waiting_since__lt=midnight(since + timedelta(days=1)))


@dataclass(frozen=True)
class View:
    """A saved view of the open requests."""

    label: str
    rows: Callable[[User, datetime], Q]


VIEWS = {
    "mine": View("Mine", lambda viewer, now: _taken(now) & Q(taken_by=viewer)),
    "unassigned": View("Unassigned", lambda viewer, now: ~_taken(now)),
    "replied": View("Replied", lambda viewer, now: _REPLIED),
    "overdue": View("Overdue", _overdue),
    # The rules as they were when they were last assessed, at most 15 minutes ago.
    "exceptions": View("Exceptions", lambda viewer, now: ~Q(verdict=Verdict.MET)),
}


def replied(rows: Rows) -> Rows:
    """The requests that came back to staff with a reply to their question."""
    return rows.filter(_REPLIED)


def _by_view(rows: Rows, value: str, viewer: User, now: datetime) -> Rows:
    if value not in VIEWS:
        return rows
    return rows.filter(VIEWS[value].rows(viewer, now), state__in=OPEN)


def view_counts(rows: Rows, *, viewer: User, now: datetime) -> dict[str, int]:
    """The number of open requests in each view, and with the key "" of all; at most 15 seconds old."""
    key = f"queue-views:{viewer.pk}"
    counts: dict[str, int] | None = cache.get(key)
    if counts is None:
        open_rows = rows.filter(state__in=OPEN).select_related(None).prefetch_related(None)
        columns = {
            f"in_{name}": Count("pk", filter=view.rows(viewer, now)) for name, view in VIEWS.items()
        }
        found = open_rows.order_by().aggregate(in_=Count("pk"), **columns)
        counts = {name.removeprefix("in_"): number for name, number in found.items()}
        cache.set(key, counts, COUNTS_KEPT_FOR)
    return counts


def _by(column: str) -> Callable[[Rows, str, User, datetime], Rows]:
    return lambda rows, value, viewer, now: rows.filter(**{column: value}) if value else rows


FILTERS: dict[str, Callable[[Rows, str, User, datetime], Rows]] = {
    "view": _by_view,
    "state": _by_state,
    "team": _by("community__team__family"),
    "community": _by("community__slug"),
    "region": _by("region"),
    "verdict": _by("verdict"),
}


# -- Next and previous -------------------------------------------------------------------------


def neighbours(
    join_request: JoinRequest, rows: Rows, parameters: Parameters, *, viewer: User, now: datetime
) -> tuple[JoinRequest | None, JoinRequest | None]:
    """The requests before and after one in the queue, or where it would be; None at either end."""
    since = join_request.waiting_since
    if since is None:
        return None, None
    queue = _places(rows, parameters, viewer=viewer, now=now)
    earlier = queue.filter(waiting_since__lte=since).exclude(
        waiting_since=since, pk__gte=join_request.pk
    )
    following = _later(queue, join_request).first()
    return earlier.order_by(*(f"-{column}" for column in ORDER)).first(), following


def next_to_review(
    join_request: JoinRequest, rows: Rows, parameters: Parameters, *, viewer: User, now: datetime
) -> JoinRequest | None:
    """The request to review after this one: the next in the queue, or else the first, that no colleague has."""
    queue = _places(rows, parameters, viewer=viewer, now=now).exclude(pk=join_request.pk)
    queue = queue.filter(~_taken(now) | Q(taken_by=viewer), state=State.AWAITING_REVIEW)
    return _later(queue, join_request).first() or queue.first()


def _places(rows: Rows, parameters: Parameters, *, viewer: User, now: datetime) -> Rows:
    """The queue, of which only the keys and references are used."""
    rows = rows.select_related(None).prefetch_related(None).only("reference")
    return queue_of(rows, parameters, viewer=viewer, now=now)


def _later(queue: Rows, join_request: JoinRequest) -> Rows:
    since = join_request.waiting_since
    return queue.filter(waiting_since__gte=since).exclude(
        waiting_since=since, pk__lte=join_request.pk
    )


# -- How long a request has been waiting ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Age:
    """How many business days a request has been waiting for staff, and if that is too long."""

    days: int

    @property
    def is_overdue(self) -> bool:
        return self.days >= settings.WAITING_LIMIT_DAYS["loud"]

    @property
    def mark(self) -> str:
        if self.is_overdue:
            return "loud"
        return "quiet" if self.days >= settings.WAITING_LIMIT_DAYS["quiet"] else ""


def age_of(join_request: JoinRequest, *, on: date) -> Age | None:
    """Its age on a day; None unless it is waiting for staff."""
    since = join_request.waiting_since
    if join_request.state != State.AWAITING_REVIEW or since is None:
        return None
    return Age(business_days_between(timezone.localdate(since), on))


# -- Cells ----------------------------------------------------------------------------------------
# With 25 rows on a page, rendering a template for each cell would take longer than the rest.

# A sign of its own for each status, so that none is told by its colour alone.
MARKS = {
    Status.MET: "✓",
    Status.SELF_REPORTED: "“✓”",
    Status.UNKNOWN: "?",
    Status.CONTRADICTED: "≠",
    Status.NOT_MET: "✕",
}


def age_tag(age: Age, *, brief: bool = False) -> str:
    """In full for a page, or ``brief`` for a cell whose heading says what is counted."""
    if age.days == 0:
        return "today" if brief else "less than 1 business day"
    return format_html(
        '<span class="wait{}">{} {}day{}<span class="{}">{}</span></span>',
        f" wait-{age.mark}" if age.mark else "",
        age.days,
        "" if brief else "business ",
        "" if age.days == 1 else "s",
        "visually-hidden" if brief else "",
        {"loud": ", overdue", "quiet": ", due soon"}.get(age.mark, ""),
    )


def near_tag(near: Sequence[NearRecord]) -> SafeString:
    """The first record that may be about the same person, the one to look at most, and how many more there are."""
    first = max(near, key=lambda record: (bool(record.where), record.score))
    where = f", {first.where}" if first.where else ""
    return format_html(
        '<span class="tag tag-near" title="{}: {}">Maybe also: {}{}{}</span>',
        first,
        first.why,
        first.person,
        where,
        f", and {len(near) - 1} more" if len(near) > 1 else "",
    )


def rule_tags(assessment: Assessment | None) -> SafeString:
    """A sign for each rule, with its name where something is to do, and the whole sentence as its title."""
    tags = format_html_join(
        "",
        "{}",
        (
            (_rule_tag(f.staff_status, f.short_title, f.staff_sentence, f.verdict == Verdict.MET),)
            for f in (assessment.findings if assessment else ())
        ),
    )
    return format_html('<span class="rules">{}</span>', tags)


@lru_cache(1_000)  # many requests have the same findings
def _rule_tag(status: Status, title: str, sentence: str, is_met: bool) -> SafeString:
    return format_html(
        '<span class="rule rule-{}" title="{}: {}"><span aria-hidden="true">{}</span>'
        '<span class="{}"> {}</span><span class="visually-hidden">: {}</span></span>',
        status.value,
        title,
        sentence,
        MARKS[status],
        "visually-hidden" if is_met else "rule-name",
        title,
        status.label,
    )


def state_tag(join_request: JoinRequest, label: str = "") -> SafeString:
    label = label or join_request.get_state_display()
    return format_html('<span class="state state-{}">{}</span>', join_request.state, label)


# -- Between the queue and its pages --------------------------------------------------------------

# The admin's own name for the list's parameters in the address of a page that was opened from it.
QUEUE_PARAMETER = "_changelist_filters"


def parameters(request: HttpRequest) -> dict[str, str]:
    """The parameters of the queue that this page was opened from."""
    return QueryDict(request.GET.get(QUEUE_PARAMETER, "")).dict()


def queue_query(request: HttpRequest) -> str:
    """What to add to an address so that the next page knows the queue's parameters."""
    queue = request.GET.get(QUEUE_PARAMETER, "")
    return f"?{urlencode({QUEUE_PARAMETER: queue})}" if queue else ""


def review_address(request: HttpRequest, pk: int) -> str:
    """The review page, with the queue's parameters."""
    return reverse("admin:joinrequests_joinrequest_change", args=[pk]) + queue_query(request)


def to_queue(request: HttpRequest) -> HttpResponseRedirect:
    """Back to the queue with its filters."""
    parameters = request.GET.get(QUEUE_PARAMETER, "")
    queue = reverse("admin:joinrequests_joinrequest_changelist")
    return redirect(f"{queue}?{parameters}" if parameters else queue)


def to_review(request: HttpRequest, pk: int, *, row: str = "") -> HttpResponseRedirect:
    """Back to the review page, at one of its rows."""
    return redirect(review_address(request, pk) + (f"#row-{row}" if row else ""))
