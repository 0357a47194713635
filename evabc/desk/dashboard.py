"""The front page of the staff desk is the day: what waits for each team, as short lists with names and links."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, F, Min, Model, QuerySet, Window
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.text import capfirst

from communities.calendar import format_day, midnight
from communities.models import Meeting
from communities.rules.vocabulary import Family
from evabc.desk.navigation import ENTRIES, Entry, counts_of
from membership.accounts.teams import families_of
from membership.imports.editions import lists_due
from membership.imports.uploads import lists_of
from membership.meetings.planning import RHYTHM, communities_without_meeting
from membership.models import (
    Access,
    Bounce,
    Correction,
    ListImport,
    NameCheck,
    OutboxEmail,
    User,
    WorklistRow,
)
from requests.desk.queue import VIEWS, age_of, age_tag
from requests.desk.review import requests_of
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest

# What the name of a person is made of.
_PERSON = ("person__name", "person__email", "person__erased_on", "person__merged_into")
# The lines of a section. The rest is on the list that it leads to.
MOST = 5
MEETINGS_AHEAD = timedelta(days=7)


@dataclass(frozen=True)
class Line:
    """A row that waits: its name, which leads to it, and what to know before opening it."""

    label: str
    url: str
    detail: str = ""


@dataclass(frozen=True)
class Section:
    """Rows of one kind: the first of them, how many there are, and the list that has all.

    ``parts`` are the lists of each team with their numbers, for who sees both.
    """

    title: str
    lines: list[Line]
    total: int
    url: str = ""
    is_alarm: bool = False
    parts: Sequence[tuple[str, str, int]] = ()

    @property
    def has_more(self) -> bool:
        return bool(self.url) and self.total > len(self.lines)


@dataclass(frozen=True)
class Group:
    """What waits for the viewer, their teams, or everyone."""

    title: str
    sections: list[Section]


Families = frozenset[Family]
Lines = Callable[[QuerySet[Any], datetime], Iterable[Line]]


@dataclass(frozen=True)
class Waiting:
    """A section: the entry of the menu that counts its rows and leads to them, and how a line is made.

    ``query`` narrows the list down to these rows where the entry leads to others too. ``some`` are its rows where
    the entry counts others too.
    """

    title: str
    label: str
    lines: Lines
    query: Mapping[str, str] = field(default_factory=dict)
    some: Callable[[], QuerySet[Any]] | None = None

    @property
    def entry(self) -> Entry:
        return next(entry for entry in ENTRIES if entry.label == self.label)

    def of(self, counts: Mapping[Families, Mapping[str, int]], *, now: datetime) -> Section:
        """The section for the families that are counted first; the others are each team's own.

        The menu's counts may be some seconds older than the lines. Where they are 0 nothing is read.
        """
        (families, of_all), *teams = counts.items()
        counted = self.entry.counted
        assert counted is not None  # noqa: S101  (said of every entry in ``WAITING``)
        rows = replace(counted, rows=self.some or counted.rows).rows_of(families)
        lines = list(self.lines(rows, now)) if of_all[self.label] else []
        numbers = {family: of_team[self.label] for (family,), of_team in teams}
        count = max(of_all[self.label], len(lines))
        if self.some:
            found = rows.order_by().values_list(f"{counted.team}__family").annotate(Count("pk"))
            by_team = dict(found) if lines else {}
            numbers = {family: by_team.get(family, 0) for family in numbers}
            count = sum(by_team.values())
        parts = [
            (str(family.label), self._url(team=family), number)
            for family, number in numbers.items()
            if number
        ]
        return Section(self.title, lines, count, self._url(), counted.is_alarm, parts)

    def _url(self, **more: str) -> str:
        query = {**self.entry.query, **(self.query or self.entry.waiting), **more}
        return reverse(f"admin:{self.entry.url}", query=query)


def page_of(row: Model) -> str:
    """The page of a row on the staff desk."""
    name = row._meta.label_lower.replace(".", "_")
    return reverse(f"admin:{name}_change", args=[row.pk])


def _requests(rows: QuerySet[JoinRequest], now: datetime) -> Iterable[Line]:
    found = rows.select_related("person", "community", "name_check").order_by("waiting_since", "pk")
    columns = "answers", "state", "waiting_since", "community__short_name", "name_check__state"
    for row in found.only(*columns, *_PERSON)[:MOST]:
        detail, age = row.community.short_name, age_of(row, on=timezone.localdate(now))
        if age:
            detail = format_html("{} · {}", detail, age_tag(age, brief=not age.days))
        yield Line(row.applicant_name or str(row.person), page_of(row), detail)


def _roster_checks(rows: QuerySet[WorklistRow], now: datetime) -> Iterable[Line]:
    """By the import that they come from, the newest first; then those that come from none."""
    page = reverse("admin:membership_worklistrow_changelist")
    columns = "list_import", "list_import__list_name", "list_import__as_of"
    groups = rows.order_by().values_list(*columns).annotate(number=Count("pk"))
    for key, name, day, number in groups.order_by(F("list_import").desc(nulls_last=True))[:MOST]:
        label = f"{capfirst(name)} of {date_format(day)}" if key else "Check-ins, leave and others"
        yield Line(label, f"{page}?import={key or 'none'}", str(number))


def _access(rows: QuerySet[Access], now: datetime) -> Iterable[Line]:
    """One line a person, with all of their tasks."""
    of_person: dict[object, list[Access]] = {}
    # Those of a person stay together. They have at most one for Slack and one for each community's Zoom list.
    first = Window(Min("since"), partition_by=Coalesce("person", -F("pk")))
    found = rows.select_related("person", "community").annotate(first=first)
    found = found.order_by("first", "person", "since", "pk")
    columns = "kind", "state", "address", "community__short_name"
    for row in found.only(*columns, *_PERSON)[: 8 * MOST]:
        of_person.setdefault(row.person_id or row, []).append(row)
    for tasks in [*of_person.values()][:MOST]:
        words = (f"{t.task} ({t.community.short_name})" if t.community else t.task for t in tasks)
        yield Line(tasks[0].who, page_of(tasks[0]), ", ".join(words))


def _emails(rows: QuerySet[OutboxEmail], now: datetime) -> Iterable[Line]:
    found = rows.select_related("person", "team").order_by("-pk")
    for row in found.only("subject", "team__name", *_PERSON)[:MOST]:
        yield Line(str(row.person or row.team), page_of(row), row.subject)


def _name_checks(rows: QuerySet[NameCheck], now: datetime) -> Iterable[Line]:
    for row in rows.select_related("person").order_by("asked_at", "pk")[:MOST]:
        yield Line(f"{row.name}?", page_of(row), f"in the register: {row.person}")


def _corrections(rows: QuerySet[Correction], now: datetime) -> Iterable[Line]:
    for row in rows.select_related("person").order_by("asked_at", "pk")[:MOST]:
        since = date_format(timezone.localtime(row.asked_at))
        yield Line(str(row.person), page_of(row), f"since {since}")


# In the order to look at them. Meetings come in between.
WAITING = (
    Waiting("Replies", "Replies", _requests),
    Waiting(
        "Waiting longest",  # for staff: the others wait for the applicant
        "Requests",
        _requests,
        {"state": State.AWAITING_REVIEW},
        lambda: JoinRequest.objects.filter(state=State.AWAITING_REVIEW),
    ),
    Waiting("Roster checks", "Roster checks", _roster_checks),
    Waiting("Name checks", "Name checks", _name_checks),
    Waiting("Corrections", "Corrections", _corrections),
    Waiting("Slack and Zoom", "Slack and Zoom", _access),
    Waiting(
        "Failed emails",
        "Emails",
        _emails,
        {"state__exact": OutboxEmail.State.FAILED},
        lambda: OutboxEmail.objects.filter(state=OutboxEmail.State.FAILED),
    ),
    Waiting(
        "Bounced emails",
        "Emails",
        _emails,
        {"problem": "bounced"},
        lambda: OutboxEmail.objects.filter(pk__in=Bounce.that_count().order_by().values("letter")),
    ),
)


def _meetings(families: Families, now: datetime) -> Section:
    until = midnight(timezone.localdate(now) + MEETINGS_AHEAD)
    coming = Meeting.objects.filter(
        team__family__in=families, cancelled_at=None, ends_at__gt=now, starts_at__lt=until
    )
    found = coming.prefetch_related("communities").order_by("starts_at", "pk")
    lines = [
        Line(row.topic, page_of(row), f"{row.community_names} · {format_day(row.day)}, {row.clock}")
        for row in found
    ]
    page = reverse("admin:communities_meeting_changelist")
    return Section("Meetings this week", lines[:MOST], len(lines), page)


def _without_meeting(families: Families, now: datetime) -> Section:
    """The communities that have no regular meeting scheduled within their rhythm."""
    lines = [
        Line(
            community.full_name,
            reverse("admin:communities_meeting_add", query={"community": community.slug}),
            f"none in the next {RHYTHM[community.family]} months",
        )
        for community in communities_without_meeting(families, now=now)
    ]
    meetings = reverse("admin:communities_meeting_changelist")
    return Section("No meeting scheduled", lines[:MOST], len(lines), meetings, is_alarm=True)


def _of_viewer(user: User, now: datetime) -> Group:
    rows = requests_of(user).filter(VIEWS["mine"].rows(user, now), state__in=OPEN)
    page = reverse("admin:joinrequests_joinrequest_changelist")
    lines = list(_requests(rows, now))
    count = rows.count() if len(lines) == MOST else len(lines)
    mine = Section("", lines, count, f"{page}?view=mine")
    return Group("Assigned to you", [mine])


def _of_lists(user: User, now: datetime) -> Group:
    due = lists_due(user, on=timezone.localdate(now))
    unfinished = lists_of(user).filter(state__in=ListImport.IN_STEPS).order_by("-pk")
    unfinished = unfinished.select_related(None).only("list_name", "as_of")
    lists, imports = (
        reverse(f"admin:membership_{name}_changelist") for name in ("listseries", "listimport")
    )
    upload = reverse("admin:membership_listimport_add")
    due_lines = [
        Line(str(series), f"{upload}?series={series.pk}", f"due since {date_format(day)}")
        for series, day in due
    ]
    open_lines = [
        Line(capfirst(one.list_name), page_of(one), f"of {date_format(one.as_of)} · to be finished")
        for one in unfinished
    ]
    return Group(
        "Lists",
        [
            Section("Lists to import", due_lines[:MOST], len(due_lines), lists),
            Section(
                "Imports to finish",
                open_lines[:MOST],
                len(open_lines),
                f"{imports}?state=unfinished",
            ),
        ],
    )


def day_of(user: User, *, now: datetime) -> list[Group]:
    """What waits for this member of staff and for their team; for a lead, both teams. Sections without a row are left out."""
    families = families_of(user)
    each = [frozenset({family}) for family in Family if len(families) > 1]
    counts = {those: counts_of(those) for those in (families, *each)}
    sections = [waiting.of(counts, now=now) for waiting in WAITING]
    team = "Both teams" if each else "Your team"
    groups = [
        _of_viewer(user, now),
        Group(
            team,
            [
                *sections[:2],
                _meetings(families, now),
                _without_meeting(families, now),
                *sections[2:],
            ],
        ),
        _of_lists(user, now),
    ]
    found = [Group(group.title, [s for s in group.sections if s.lines]) for group in groups]
    return [group for group in found if group.sections]
