"""What leads and teams ask of a year: requests, days to a decision, reasons, rosters, regions.

Each report is one query, whatever the size of the tables; counting is the database's work. Months
are those of British Columbia.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from statistics import median

from django.db.models import Count, F, Q, QuerySet

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Region
from evabc.desk.charts import Chart, bar_chart
from evabc.desk.periods import Month
from membership.models import Enrolment
from membership.rosters.exporting import Row
from requests.lifecycle import State, Verb
from requests.models import JoinRequest, JoinRequestEvent

DECIDED = (State.APPROVED, State.DECLINED)
OWN_WORDS = "In the writer’s own words"
REGION_NOT_KNOWN = "Region not known"


@dataclass(frozen=True)
class Report:
    """A table, with charts of it where they help. ``key`` names it in addresses."""

    key: str
    title: str
    explained: str
    headings: Sequence[str]
    rows: Sequence[Row]
    charts: Sequence[Chart] = field(default=())


def reports_of(communities: Sequence[CommunityOfPractice], months: Sequence[Month]) -> list[Report]:
    """Every report of these communities over these months."""
    return [make(communities, months) for make in REPORTS.values()]


def _requests(communities: Sequence[CommunityOfPractice], months: Sequence[Month]) -> Report:
    sent = _sent(communities, months)
    counted = _by_month(
        sent,
        months,
        lambda m: Q(submitted_at__gte=m.starts_at, submitted_at__lt=m.ends_at),
    )
    return _monthly(
        "requests",
        "Requests by month",
        "Requests to join, by the month in which they were sent.",
        communities,
        months,
        counted,
        with_sum=True,
    )


def _roster(communities: Sequence[CommunityOfPractice], months: Sequence[Month]) -> Report:
    enrolments = Enrolment.objects.filter(community__in=communities)
    counted = _by_month(
        enrolments,
        months,
        lambda m: Q(started_on__lte=m.last) & (Q(ended_on__isnull=True) | Q(ended_on__gte=m.last)),
    )
    return _monthly(
        "rosters",
        "People on the rosters",
        "Open enrolments at the end of each month; of this month, today.",
        communities,
        months,
        counted,
        with_sum=False,
    )


def _days(communities: Sequence[CommunityOfPractice], months: Sequence[Month]) -> Report:
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


def _reasons(communities: Sequence[CommunityOfPractice], months: Sequence[Month]) -> Report:
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


def _regions(communities: Sequence[CommunityOfPractice], months: Sequence[Month]) -> Report:
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


REPORTS: Mapping[str, Callable[[Sequence[CommunityOfPractice], Sequence[Month]], Report]] = {
    "requests": _requests,
    "days": _days,
    "reasons": _reasons,
    "rosters": _roster,
    "regions": _regions,
}


def _sent(
    communities: Sequence[CommunityOfPractice], months: Sequence[Month]
) -> QuerySet[JoinRequest]:
    return JoinRequest.objects.filter(
        community__in=communities,
        submitted_at__gte=months[0].starts_at,
        submitted_at__lt=months[-1].ends_at,
    )


_Counted = Mapping[int, Sequence[int]]


def _by_month(rows: QuerySet, months: Sequence[Month], in_month: Callable[[Month], Q]) -> _Counted:
    """For each community: how many rows are in each month. One query."""
    columns = {
        f"month_{place}": Count("community", filter=in_month(month))
        for place, month in enumerate(months)
    }
    counted = rows.order_by().values("community").annotate(**columns)
    return {row["community"]: [row[column] for column in columns] for row in counted}


def _monthly(
    key: str,
    title: str,
    explained: str,
    communities: Sequence[CommunityOfPractice],
    months: Sequence[Month],
    counted: _Counted,
    *,
    with_sum: bool,
) -> Report:
    """A row for each community, a column for each month, and a chart for each community."""
    values = [list(counted.get(community.pk, [0] * len(months))) for community in communities]
    highest = max((value for row in values for value in row), default=0)
    charts = [
        bar_chart(c.short_name, [m.short_name for m in months], row, highest=highest)
        for c, row in zip(communities, values, strict=True)
    ]
    names = [community.short_name for community in communities]
    rows: list[Row] = [(name, *row) for name, row in zip(names, values, strict=True)]
    rows.append(("All", *map(sum, zip(*values, strict=True))))
    headings = ["Community", *(month.name for month in months)]
    if with_sum:
        headings.append("All")
        rows = [_with_sum(str(name), numbers) for name, *numbers in rows]  # type: ignore[arg-type]
    return Report(key, title, explained, headings, rows, charts)


def _with_sum(name: str, numbers: Sequence[int]) -> Row:
    return name, *numbers, sum(numbers)
