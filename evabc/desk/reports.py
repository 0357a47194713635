"""What leads and teams ask of a year: requests, days to a decision, reasons, rosters, regions.

Each report is one query, whatever the size of the tables; counting is the database's work. Months
are those of British Columbia.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from statistics import median

from django.db.models import Count, F, Q, QuerySet
from django.utils.formats import date_format

from communities.calendar import midnight
from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Region
from evabc.desk.charts import Chart, bar_chart
from membership.models import Enrolment
from membership.rosters.exports import Row
from requests.lifecycle import State, Verb
from requests.models import JoinRequest, JoinRequestEvent

DECIDED = (State.APPROVED, State.DECLINED)
OWN_WORDS = "In the writer’s own words"
REGION_NOT_KNOWN = "Region not known"


MONTH_LIMIT = 36


@dataclass(frozen=True)
class Month:
    """A month, or the part of it that a report looks at. Both days are inclusive."""

    first: date
    last: date

    @property
    def name(self) -> str:
        return date_format(self.first, "M Y")

    @property
    def starts_at(self) -> datetime:
        return midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return midnight(self.last + timedelta(days=1))


def months_between(first: date, last: date) -> list[Month]:
    """The months from ``first`` to ``last``; the first and the last one may be cut short."""
    months = []
    while first <= last:
        following = _next_month(first)
        months.append(Month(first, min(last, following - timedelta(days=1))))
        first = following
    return months


def a_year_back(today: date) -> date:
    """The first day of the month eleven months ago: with this month, that makes twelve."""
    return _next_month(today.replace(year=today.year - 1, day=1))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


@dataclass(frozen=True)
class Report:
    """A table, with charts of it where they help. ``key`` names it in addresses."""

    key: str
    title: str
    explained: str
    headings: Sequence[str]
    rows: Sequence[Row]
    charts: Sequence[Chart] = field(default=())


Communities = Sequence[CommunityOfPractice]
Months = Sequence[Month]


def _requests(communities: Communities, months: Months) -> Report:
    return _monthly(
        "requests",
        "Requests by month",
        "Requests to join, by the month in which they were sent.",
        communities,
        months,
        _sent(communities, months),
        lambda month: Q(submitted_at__gte=month.starts_at, submitted_at__lt=month.ends_at),
        with_sum=True,
    )


def _rosters(communities: Communities, months: Months) -> Report:
    return _monthly(
        "rosters",
        "People on the rosters",
        "Open enrolments at the end of each month; of this month, today.",
        communities,
        months,
        Enrolment.objects.filter(community__in=communities),
        lambda month: (
            Q(started_on__lte=month.last) & (Q(ended_on__isnull=True) | Q(ended_on__gte=month.last))
        ),
    )


def _days(communities: Communities, months: Months) -> Report:
    decided = JoinRequest.objects.filter(
        community__in=communities,
        state__in=DECIDED,
        decided_at__gte=months[0].starts_at,
        decided_at__lt=months[-1].ends_at,
    )
    took: defaultdict[int | None, list[float]] = defaultdict(list)
    in_order = decided.annotate(took=F("decided_at") - F("submitted_at")).order_by("took")
    for community, length in in_order.values_list("community", "took"):
        for key in (community, None):
            took[key].append(length / timedelta(days=1))
    return Report(
        "days",
        "Days to a decision",
        "From sending to the decision, in days of the calendar, for requests approved or declined in these months. "
        "Half are decided within the median; nine of ten within the 90th percentile.",
        ("Community", "Decided", "Median", "90th percentile"),
        [
            _days_row(name, took[key])
            for key, name in [*((c.pk, c.short_name) for c in communities), (None, "All")]
        ],
    )


def _days_row(name: str, took: Sequence[float]) -> Row:
    """``took`` are days in order, shortest first."""
    if not took:
        return name, 0, "–", "–"
    ninth = took[math.ceil(len(took) * 0.9) - 1]
    return name, len(took), f"{median(took):.1f}", f"{ninth:.1f}"


def _reasons(communities: Communities, months: Months) -> Report:
    declined = JoinRequestEvent.objects.filter(
        verb=Verb.DECLINE,
        join_request__community__in=communities,
        at__gte=months[0].starts_at,
        at__lt=months[-1].ends_at,
    )
    counted = declined.order_by().values_list("ground_title").annotate(times=Count("*"))
    return Report(
        "reasons",
        "Reasons for declining",
        "What staff chose when they declined a request in these months.",
        ("Reason", "Times"),
        [
            (title or OWN_WORDS, times)
            for title, times in counted.order_by("-times", "ground_title")
        ],
    )


def _regions(communities: Communities, months: Months) -> Report:
    sent = _sent(communities, months)
    counted = {
        (region, community): times
        for region, community, times in sent.order_by()
        .values_list("region", "community")
        .annotate(times=Count("*"))
    }
    return Report(
        "regions",
        "Requests by region",
        "Requests sent in these months, by the region of the program or initiative they were matched to.",
        ("Region", *(community.short_name for community in communities), "All"),
        [
            _with_sum(label, [counted.get((value, c.pk), 0) for c in communities])
            for value, label in [*Region.choices, ("", REGION_NOT_KNOWN)]
        ],
    )


REPORTS: Mapping[str, Callable[[Communities, Months], Report]] = {
    "requests": _requests,
    "days": _days,
    "reasons": _reasons,
    "rosters": _rosters,
    "regions": _regions,
}


def _sent(communities: Communities, months: Months) -> QuerySet[JoinRequest]:
    return JoinRequest.objects.filter(
        community__in=communities,
        submitted_at__gte=months[0].starts_at,
        submitted_at__lt=months[-1].ends_at,
    )


def _monthly(
    key: str,
    title: str,
    explained: str,
    communities: Communities,
    months: Months,
    rows: QuerySet[JoinRequest] | QuerySet[Enrolment],
    in_month: Callable[[Month], Q],
    *,
    with_sum: bool = False,
) -> Report:
    """A line for each community, a column for each month, and a chart for each community."""
    columns = {
        f"month_{number}": Count("community", filter=in_month(month))
        for number, month in enumerate(months)
    }
    counted = {
        row["community"]: [row[column] for column in columns]
        for row in rows.order_by().values("community").annotate(**columns)
    }
    counts = [counted.get(community.pk, [0] * len(months)) for community in communities]
    highest = max((count for line in counts for count in line), default=0)
    short_names = [date_format(month.first, "M") for month in months]
    charts = [
        bar_chart(community.short_name, short_names, line, highest=highest)
        for community, line in zip(communities, counts, strict=True)
    ]
    lines = [
        *(
            (community.short_name, line)
            for community, line in zip(communities, counts, strict=True)
        ),
        ("All", [sum(column) for column in zip(*counts, strict=True)]),
    ]
    headings = ["Community", *(month.name for month in months)]
    if with_sum:
        table: list[Row] = [_with_sum(name, line) for name, line in lines]
        headings.append("All")
    else:
        table = [(name, *line) for name, line in lines]
    return Report(key, title, explained, headings, table, charts)


def _with_sum(name: str, numbers: Sequence[int]) -> Row:
    return name, *numbers, sum(numbers)
