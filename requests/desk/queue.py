"""The queue of requests: its filters, its order, its cells, and the next and previous request.

``parameters`` are those of the queue's address. "Next" and "previous" on the review page use the same.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from communities.calendar import business_days_between
from communities.rules.assess import Assessment
from communities.rules.vocabulary import Status
from membership.models import User
from membership.people.near import NearRecord
from membership.search import filter_by_words
from requests.lifecycle import OPEN, State, Verb
from requests.models import TAKEN_FOR, JoinRequest, JoinRequestEvent

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


def _by_holder(rows: Rows, value: str, viewer: User, now: datetime) -> Rows:
    taken = Q(state__in=OPEN, taken_by__isnull=False, taken_at__gt=now - TAKEN_FOR)
    if value == "mine":
        return rows.filter(taken, taken_by=viewer)
    return rows.exclude(taken) if value == "nobody" else rows


def replied(rows: Rows) -> Rows:
    """The requests that came back to staff with a reply to their question."""
    newest = JoinRequestEvent.objects.filter(
        join_request=OuterRef("pk"), verb=Verb.REPLY, at=OuterRef("waiting_since")
    )
    return rows.filter(Exists(newest), state=State.AWAITING_REVIEW)


def _by_view(rows: Rows, value: str, viewer: User, now: datetime) -> Rows:
    return replied(rows) if value == "replied" else rows


def _by(column: str) -> Callable[[Rows, str, User, datetime], Rows]:
    return lambda rows, value, viewer, now: rows.filter(**{column: value}) if value else rows


FILTERS: dict[str, Callable[[Rows, str, User, datetime], Rows]] = {
    "view": _by_view,
    "whose": _by_holder,
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
    # Only their keys and references are used.
    rows = rows.select_related(None).prefetch_related(None).only("reference")
    queue = queue_of(rows, parameters, viewer=viewer, now=now)
    later = queue.filter(waiting_since__gte=since).exclude(
        waiting_since=since, pk__lte=join_request.pk
    )
    earlier = queue.filter(waiting_since__lte=since).exclude(
        waiting_since=since, pk__gte=join_request.pk
    )
    return earlier.order_by(*(f"-{column}" for column in ORDER)).first(), later.first()


# -- How long a request has been waiting ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Age:
    """How many business days a request has been waiting for staff, and if that is too long."""

    days: int

    @property
    def mark(self) -> str:
        if self.days >= settings.WAITING_LIMIT_DAYS["loud"]:
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

_MARKS = {Status.MET: "✓", Status.SELF_REPORTED: "✓", Status.NOT_MET: "✕"}


def age_tag(age: Age) -> str:
    if age.days == 0:
        return "less than 1 business day"
    return format_html(
        '<span class="wait{}">{} business day{}{}</span>',
        f" wait-{age.mark}" if age.mark else "",
        age.days,
        "" if age.days == 1 else "s",
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
    """The status of each rule in short, with the whole sentence as its title."""
    tags = format_html_join(
        " ",
        '<span class="rule rule-{}" title="{}"><span class="rule-mark" aria-hidden="true">{}</span>'
        ' {}<span class="visually-hidden">: {}</span></span>',
        (
            (
                finding.status.value,
                finding.staff_sentence,
                _MARKS.get(finding.status, "?"),
                finding.short_title,
                finding.status.label,
            )
            for finding in (assessment.findings if assessment else ())
        ),
    )
    return format_html('<span class="rules">{}</span>', tags)


def state_tag(join_request: JoinRequest) -> SafeString:
    label = join_request.get_state_display()
    return format_html('<span class="state state-{}">{}</span>', join_request.state, label)


_KEY_DIGITS = 18  # a longer number cannot be a key


def keys(typed: Iterable[str]) -> list[int]:
    """The keys of requests that an address or a form holds; anything else is left out."""
    words = dict.fromkeys(typed)
    return [int(w) for w in words if w.isascii() and w.isdecimal() and len(w) <= _KEY_DIGITS]


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


def to_queue(request: HttpRequest) -> HttpResponseRedirect:
    """Back to the queue with its filters."""
    parameters = request.GET.get(QUEUE_PARAMETER, "")
    queue = reverse("admin:joinrequests_joinrequest_changelist")
    return redirect(f"{queue}?{parameters}" if parameters else queue)


def to_review(request: HttpRequest, pk: int) -> HttpResponseRedirect:
    """Back to the review page, with the queue's parameters."""
    review = reverse("admin:joinrequests_joinrequest_change", args=[pk])
    return redirect(review + queue_query(request))
