"""Reports for leads and teams: requests, days to a decision, reasons, rosters and regions.

Each report takes one query at any size of the tables. Months are those of British Columbia.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cached_property
from statistics import median
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Case, Count, Exists, OuterRef, Q, Subquery, When
from django.db.models.functions import TruncDate
from django.http import Http404, HttpResponse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_POST, require_safe

from communities.calendar import business_days_between, midnight
from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Region
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import desk_page
from membership.forms import day_field
from membership.models import AdmissionException, Enrolment, Topic
from membership.rosters.exports import export_sheet, own_team
from membership.sheets import Row, SheetFormat
from membership.topics.models import REGION_PATHS, TopicState
from requests.desk.review import communities_of
from requests.lifecycle import State, Verb
from requests.models import JoinRequest, JoinRequestEvent

OWN_WORDS = "Other (written by staff)"
REGION_NOT_KNOWN = "Region not known"
NO_SUBJECT = "Subject not chosen yet"
MAX_MONTHS = 36
DAY = timedelta(days=1)
# A drawing, in its own units, and the most bars that all have their names.
CHART_WIDTH, CHART_HEIGHT, CHART_EDGE, MOST_NAMES = 320, 100, 6, 12


@dataclass(frozen=True)
class Month:
    """A month, or the part of it that a report covers. Both days are inclusive."""

    first: date
    last: date


def months_between(first: date, last: date) -> list[Month]:
    """The months from ``first`` to ``last``; the first and the last one may be cut short."""
    months = []
    while first <= last:
        following = _next_month(first)
        months.append(Month(first, min(last, following - DAY)))
        first = following
    return months


def a_year_back(today: date) -> date:
    """The first day of the month eleven months ago: with this month, that makes twelve."""
    return _next_month(today.replace(year=today.year - 1, day=1))


def _next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def _first(*verbs: Verb) -> Subquery:
    """When the first of these steps of a request was taken that was not undone."""
    steps = JoinRequestEvent.objects.filter(
        join_request=OuterRef("pk"), verb__in=verbs, undone_by=None
    )
    return Subquery(steps.order_by("pk").values("at")[:1])


@dataclass(frozen=True)
class Scope:
    """The communities and the months that reports are about."""

    communities: Sequence[CommunityOfPractice]
    months: Sequence[Month]

    @property
    def starts_at(self) -> datetime:
        return midnight(self.months[0].first)

    @property
    def ends_at(self) -> datetime:
        """The first moment after the last month."""
        return midnight(self.months[-1].last + DAY)

    @cached_property
    def sent(self) -> Mapping[tuple[int, str], list[int]]:
        """Requests that were sent in each month, by community and region. Two reports share this query."""
        rows = JoinRequest.objects.filter(
            community__in=self.communities,
            submitted_at__gte=self.starts_at,
            submitted_at__lt=self.ends_at,
        )
        # Comparing with the days is faster than finding the month of each one, in a zone with other clocks.
        month = Case(
            *(
                When(submitted_at__lt=midnight(month.last + DAY), then=number)
                for number, month in enumerate(self.months)
            )
        )
        found: dict[tuple[int, str], list[int]] = {}
        counted = rows.order_by().values_list("community", "region", month)
        for community, region, number, times in counted.annotate(Count("pk")):
            counts = found.setdefault((community, region), [0] * len(self.months))
            counts[number] = times
        return found

    @cached_property
    def waits(self) -> list[tuple[int, date, date | None, date | None, int]]:
        """How many requests of a community were sent, first answered and first decided on the same days.

        Those answered or decided in these months, or both. Two reports share this query.
        """
        months = self.starts_at, self.ends_at
        rows = JoinRequest.objects.filter(community__in=self.communities).order_by()
        # Few requests were asked about, reversed or reopened. Of the others, the column says when.
        steps = JoinRequestEvent.objects.filter(verb__in=(Verb.ASK, Verb.REVERSE, Verb.REOPEN))
        others = rows.filter(pk__in=steps.values("join_request")).annotate(
            answered=_first(Verb.ASK, Verb.APPROVE, Verb.DECLINE),
            decided=_first(Verb.APPROVE, Verb.DECLINE),
        )
        others = others.filter(Q(answered__range=months) | Q(decided__range=months))
        rows = rows.exclude(pk__in=steps.values("join_request")).filter(decided_at__range=months)
        counted, asked = (
            some.values_list(
                "community", *(TruncDate(column) for column in ("submitted_at", *columns))
            ).annotate(Count("pk"))
            for some, columns in (
                (rows, ("decided_at", "decided_at")),
                (others, ("answered", "decided")),
            )
        )
        return list(counted.union(asked, all=True))


@dataclass(frozen=True)
class Chart:
    """Bars side by side, drawn by the template. Charts that are compared share one ``highest`` value."""

    title: str
    names: Sequence[str]
    values: Sequence[int]
    highest: int

    @property
    def drawing(self) -> SafeString:
        """The bars. In a template they would take longer than all other parts of the page."""
        width, centre = self.thickness, self.centre
        return mark_safe(  # noqa: S308  (only numbers, and names that are escaped)
            "".join(
                f'<g transform="translate({left} 138)">'
                f'<rect class="chart-bar" y="-{height}" width="{width}" height="{height}"/>'
                + (
                    f'<text class="chart-number" x="{centre}" y="-{height}" dy="-5">{number}</text>'
                    f'<text class="chart-name" x="{centre}" y="14">{escape(name)}</text>'
                    if name
                    else ""
                )
                + "</g>"
                for left, height, number, name in self.bars
            )
        )

    @property
    def bars(self) -> list[tuple[float, int, int, str]]:
        """The left edge and the height of each bar in units of the drawing, its number and its name.

        With many bars only every second or third has its name, and its number: the last one always does.
        """
        named = math.ceil(len(self.names) / MOST_NAMES)
        return [
            (
                round(CHART_EDGE + self.step * number, 1),
                round(CHART_HEIGHT * value / max(self.highest, 1)),
                value,
                "" if (len(self.names) - 1 - number) % named else name,
            )
            for number, (name, value) in enumerate(zip(self.names, self.values, strict=True))
        ]

    @property
    def step(self) -> float:
        """From the left edge of one bar to that of the next: the drawing is equally wide for any number."""
        return min((CHART_WIDTH - CHART_EDGE) / len(self.values), 60)

    @property
    def thickness(self) -> float:
        return round(self.step * 0.72, 1)

    @property
    def centre(self) -> float:
        return round(self.thickness / 2, 1)

    @property
    def summary(self) -> str:
        """What the bars show, in words."""
        most = max(self.values)
        if not most:
            return "No data for these months."
        return (
            f"From {self.values[0]} in {self.names[0]} to {self.values[-1]} in {self.names[-1]}; "
            f"highest: {most} in {self.names[self.values.index(most)]}."
        )


@dataclass(frozen=True)
class Report:
    """A table, with charts of it where they help. ``said`` is what matters most of it, for the summary of all.

    ``words`` is the number of its last columns that hold words, not numbers.
    """

    title: str
    explained: str
    headings: Sequence[str]
    rows: Sequence[Row]
    charts: Sequence[Chart] = field(default=())
    said: str = ""
    words: int = 0


def _requests(scope: Scope) -> Report:
    counts = {community.pk: [0] * len(scope.months) for community in scope.communities}
    for (community, _), by_month in scope.sent.items():
        counts[community] = [sum(pair) for pair in zip(counts[community], by_month, strict=True)]
    sent = sum(map(sum, counts.values()))
    return _monthly_report(
        "Requests by month",
        "Requests to join, by the month they were sent, newest first.",
        scope,
        counts,
        with_sum=True,
        said=f"{_number(sent, 'request')} to join {'was' if sent == 1 else 'were'} sent.",
    )


def _rosters(scope: Scope) -> Report:
    then = {
        f"month_{number}": Q(started_on__lte=month.last)
        & (Q(ended_on__isnull=True) | Q(ended_on__gte=month.last))
        for number, month in enumerate(scope.months)
    }
    enrolments = Enrolment.objects.filter(community__in=scope.communities).order_by()
    in_each = {column: Count("pk", filter=there) for column, there in then.items()}
    counted = enrolments.values("community").annotate(**in_each)
    lines = {row["community"]: [row[column] for column in then] for row in counted}
    people = enrolments.aggregate(
        **{column: Count("person", distinct=True, filter=there) for column, there in then.items()}
    )
    everyone = [people[column] for column in then]
    now, before = everyone[-1], everyone[0]
    grown = "more" if now >= before else "fewer"
    month = date_format(scope.months[0].first, "F Y")
    return _monthly_report(
        "People on rosters",
        "People in each community at the end of each month, newest first. The current month is as of today. "
        "Someone in two communities counts in each, and once under “All”.",
        scope,
        lines,
        everyone=everyone,
        said=f"The rosters have {now:,} people, {abs(now - before):,} {grown} than in {month}.",
    )


def _monthly_report(
    title: str,
    explained: str,
    scope: Scope,
    counts: Mapping[int, list[int]],
    *,
    said: str,
    everyone: list[int] | None = None,
    with_sum: bool = False,
) -> Report:
    """A row and a chart for each community, with its number in each month. In the table the newest is first.

    The last row has the sums, or ``everyone`` where a sum would count someone twice.
    """
    names = [date_format(month.first, "M") for month in scope.months]
    lines = {
        community.short_name: counts.get(community.pk, [0] * len(names))
        for community in scope.communities
    }
    highest = max((count for line in lines.values() for count in line), default=0)
    charts = [Chart(name, names, line, highest) for name, line in lines.items()]
    lines["All"] = everyone or [sum(column) for column in zip(*lines.values(), strict=True)]
    headings = ["Community", *(date_format(month.first, "M Y") for month in scope.months[::-1])]
    rows = [(name, *line[::-1], *([sum(line)] * with_sum)) for name, line in lines.items()]
    if with_sum:
        headings.append("All")
    return Report(title, explained, headings, rows, charts, said)


def _answers(scope: Scope) -> Report:
    return _business_days(
        "Business days to the first answer",
        "From sending to the first question or decision, for requests first answered in these months.",
        "Answered",
        scope,
        [(community, sent, answered, times) for community, sent, answered, _, times in scope.waits],
    )


def _days(scope: Scope) -> Report:
    return _business_days(
        "Business days to a decision",
        "From sending to the first decision that was not undone, for requests first approved or declined in these "
        "months. What happened to a request later, such as a reversal, is not counted.",
        "Decided",
        scope,
        [(community, sent, decided, times) for community, sent, _, decided, times in scope.waits],
    )


def _business_days(
    title: str,
    explained: str,
    done: str,
    scope: Scope,
    waits: Iterable[tuple[int, date, date | None, int]],
) -> Report:
    """How long it took from sending to what is ``done``, as the queue counts it."""
    first, last = scope.months[0].first, scope.months[-1].last
    took: defaultdict[int | None, Counter[int]] = defaultdict(Counter)
    for community, sent_on, done_on, times in waits:
        if done_on and first <= done_on <= last:
            took[community][business_days_between(sent_on, done_on)] += times
    took[None] = sum(took.values(), Counter())
    lines = [(c.pk, c.short_name) for c in scope.communities] + [(None, "All")]
    rows = [(name, *_middle(took[key])) for key, name in lines]
    _, number, half, most = rows[-1]
    return Report(
        title,
        f"{explained} Half of them took no longer than the median, and 9 in 10 no longer than the 90th percentile.",
        ("Community", done, "Median", "90th percentile"),
        rows,
        said=f"Half were {done.lower()} within {_number(half or 0, 'business day')}, 9 in 10 within {most}."
        if number
        else "",
    )


def _middle(took: Counter[int]) -> tuple[int, float | None, int | None]:
    """How many there are, the median of their days and the 90th percentile."""
    days = sorted(took.elements())
    if not days:
        return 0, None, None
    half = median(days)
    return len(days), int(half) if half == int(half) else half, days[math.ceil(len(days) * 0.9) - 1]


def _number(number: float, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _exceptions(scope: Scope) -> Report:
    first, last = scope.months[0].first, scope.months[-1].last
    ended = Q(ended_on__lte=last) | Q(enrolment__ended_on__lte=last)
    standing = Q(made_on__lte=last) & ~ended
    counted = AdmissionException.objects.filter(enrolment__community__in=scope.communities)
    counts = {
        row[0]: row[1:]
        for row in counted.order_by()
        .values_list("enrolment__community")
        .annotate(
            made=Count("pk", filter=Q(made_on__range=(first, last))),
            stand=Count("pk", filter=standing),
            due=Count("pk", filter=standing & Q(review_on__lte=last)),
        )
    }
    lines = [counts.get(c.pk, (0, 0, 0)) for c in scope.communities]
    made, stand, due = (sum(column) for column in zip(*lines, strict=True)) if lines else (0, 0, 0)
    names = [community.short_name for community in scope.communities]
    return Report(
        "Exceptions",
        "People admitted although a rule was not met or not known: those admitted in these months, those who are "
        "there as exceptions on the last day, and of these, those whose review is due by then.",
        ("Community", "Admitted", "On the last day", "Review due"),
        [
            (name, *line)
            for name, line in zip([*names, "All"], [*lines, (made, stand, due)], strict=True)
        ],
        said=f"{_number(stand, 'exception')} {'stands' if stand == 1 else 'stand'}, {due} due for review.",
    )


def _reasons(scope: Scope) -> Report:
    declined = JoinRequestEvent.objects.filter(
        verb__in=(Verb.DECLINE, Verb.REVERSE),
        state_after=State.DECLINED,
        undone_by=None,
        join_request__community__in=scope.communities,
        at__gte=scope.starts_at,
        at__lt=scope.ends_at,
    )
    counted = declined.order_by().values_list("ground_title").annotate(times=Count("*"))
    return Report(
        "Reasons for declining",
        "Reasons staff chose when they declined requests in these months.",
        ("Reason", "Requests"),
        [
            (title or OWN_WORDS, times)
            for title, times in counted.order_by("-times", "ground_title")
        ],
    )


def _regions(scope: Scope) -> Report:
    rows: list[Row] = []
    for value, label in [*Region.choices, ("", REGION_NOT_KNOWN)]:
        numbers = [sum(scope.sent.get((c.pk, value), [])) for c in scope.communities]
        rows.append((label, *numbers, sum(numbers)))
    return Report(
        "Requests by region",
        "Requests sent in these months, by the region of the program or initiative they were matched to.",
        ("Region", *(community.short_name for community in scope.communities), "All"),
        rows,
    )


def _topics(scope: Scope) -> Report:
    """Which concerns of members return: the subjects of the topics they raised, over communities and regions."""
    topics = Topic.objects.filter(
        community__in=scope.communities,
        raised_at__gte=scope.starts_at,
        raised_at__lt=scope.ends_at,
        hidden_at=None,
        merged_into__hidden_at=None,
    )

    def of_kept(column: str) -> Case:
        """Of the topic that this one was merged into, if it was: staff no longer change it."""
        return Case(When(merged_into=None, then=column), default=f"merged_into__{column}")

    # Who has left no longer counts, nor the region of their work.
    here = Enrolment.objects.filter(
        person=OuterRef("supports__person"), community=OuterRef("community"), ended_on=None
    )
    columns = (
        of_kept("subject__name"),
        of_kept("pk"),
        "community__short_name",
        of_kept("state"),
        Case(When(Exists(here), then="supports__person")),
    )
    regions = (f"supports__person__{path}" for path in REGION_PATHS)
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for subject, *line in topics.order_by(
        of_kept("subject__position").asc(nulls_last=True), "community__position"
    ).values_list(*columns, *regions):
        found[subject or NO_SUBJECT].append(tuple(line))
    counts = Counter(
        {subject: len({line[0] for line in lines}) for subject, lines in found.items()}
    )
    rows: list[Row] = []
    for subject, count in sorted(counts.most_common(), key=lambda one: one[0] == NO_SUBJECT):
        lines = found[subject]
        names, people = (dict.fromkeys(line[n] for line in lines) for n in (1, 3))
        there = {place for line in lines if line[3] for place in line[4:]}
        states = [state for _, state in {(line[0], line[2]) for line in lines}]
        rows.append(
            (
                subject,
                count,
                len(people.keys() - {None}),
                states.count(TopicState.LOCAL),
                states.count(TopicState.PROVINCIAL),
                ", ".join(names),
                ", ".join(str(label) for value, label in Region.choices if value in there),
            )
        )
    most = rows[0] if rows and rows[0][0] != NO_SUBJECT else None
    return Report(
        "Concerns that return",
        "Topics that members raised in these months, by the subject that staff chose. Each member whom topics of a "
        "subject concern counts once, as long as they are in the community. The regions are those where these members work.",
        (
            "Subject",
            "Topics",
            "Members",
            "Taken up locally",
            "Taken up provincially",
            "Communities",
            "Regions",
        ),
        rows,
        said=f"Members raised “{most[0]}” most often: {_number(counts[str(most[0])], 'topic')} in {most[5]}."
        if most
        else "",
        words=2,
    )


REPORTS: Mapping[str, Callable[[Scope], Report]] = {
    "requests": _requests,
    "answers": _answers,
    "days": _days,
    "rosters": _rosters,
    "exceptions": _exceptions,
    "reasons": _reasons,
    "regions": _regions,
    "topics": _topics,
}


# -- The page and its exports -------------------------------------------------------------------------


class PeriodForm(forms.Form):
    """The first and the last day of a report, both inclusive."""

    first = day_field("From")
    last = day_field("To")

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        first, last = data.get("first"), data.get("last")
        if first and last and last < first:
            raise ValidationError("The last day is before the first day. Change one of them.")
        if first and last and len(months_between(first, last)) > MAX_MONTHS:
            raise ValidationError(f"Choose a period of {MAX_MONTHS} months or less.")
        return data

    def scope(self, request: AuthenticatedRequest) -> Scope:
        """These months, for the communities of the viewer's teams."""
        communities = communities_of(request.user).order_by("position", "pk")
        months = months_between(self.cleaned_data["first"], self.cleaned_data["last"])
        return Scope(list(communities), months)


@require_safe
def reports(request: AuthenticatedRequest) -> HttpResponse:
    """Every report of the viewer's communities, for the last twelve months or the days they ask for."""
    today = timezone.localdate()
    last_year = {"first": a_year_back(today), "last": today}
    form = PeriodForm(request.GET if "first" in request.GET else last_year)
    scope = form.scope(request) if form.is_valid() else None
    made = [(key, make(scope)) for key, make in REPORTS.items()] if scope else []
    return desk_page(
        request,
        "desk/reports.html",
        title="Reports",
        form=form,
        reports=made,
        summary=" ".join(report.said for _, report in made if report.said),
        formats=SheetFormat,
    )


@require_POST
@fresh_code_required
def report_sheet(request: AuthenticatedRequest) -> HttpResponse:
    """An export of one report, over the days that the page showed."""
    form = PeriodForm(request.POST)
    make = REPORTS.get(request.POST.get("report", ""))
    wanted_format = request.POST.get("format", "")
    if not form.is_valid() or make is None or wanted_format not in SheetFormat.values:
        raise Http404("There is no such report.")
    scope = form.scope(request)
    report = make(scope)
    first, last = (date_format(form.cleaned_data[name]) for name in ("first", "last"))
    return export_sheet(
        what=f"{report.title}, {first} to {last}",
        headings=report.headings,
        rows=report.rows,
        sheet_format=SheetFormat(wanted_format),
        team=own_team(request.user),
        by=request.user,
        now=timezone.now(),
    )
