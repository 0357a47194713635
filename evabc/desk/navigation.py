"""The menu on every page of the staff desk, with the number of rows that wait behind an entry."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.db.models import Count, F, Q, QuerySet, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from communities.rules.vocabulary import Family
from membership.access.verbs import TASK_STATES
from membership.accounts.teams import families_of, is_lead
from membership.models import (
    Access,
    Bounce,
    Correction,
    NameCheck,
    OutboxEmail,
    Resource,
    User,
    WorklistRow,
)
from membership.topics.verbs import waiting_topics
from requests.desk.queue import COUNTS_KEPT_FOR, QUEUE_PARAMETER, replied
from requests.lifecycle import OPEN
from requests.models import JoinRequest

EVERYONE = "everyone"


@dataclass(frozen=True)
class Counted:
    """Rows that wait for a team. ``team`` is the lookup to it; a row without a team waits for each of them.

    ``also`` are rows of another table that count too. Rows with the same value of ``key`` count once.
    """

    rows: Callable[[], QuerySet[Any]]
    team: str
    is_alarm: bool = False
    also: "Counted | None" = None
    key: Any = "pk"

    def rows_of(self, families: Collection[Family]) -> QuerySet[Any]:
        """The rows that wait for the teams of these families."""
        theirs = Q(**{f"{self.team}__family__in": families})
        return self.rows().filter(theirs | Q(**{f"{self.team}__isnull": True}))

    def by_team(self, label: str) -> list[QuerySet[Any]]:
        """Queries of the label, a team's family or None for no team, and the number of its rows.

        Where a row of each team may count once for both, also one of the number for ``EVERYONE``.
        """
        counted = Count(self.key, distinct=self.key != "pk")
        whose = [F(f"{self.team}__family"), *[Value(EVERYONE)] * (self.key != "pk")]
        queries = [
            self.rows()
            .order_by()
            .values(label=Value(label), whose=who)
            .annotate(number=counted)
            .values_list("label", "whose", "number")
            for who in whose
        ]
        return [*queries, *(self.also.by_team(label) if self.also else ())]


@dataclass(frozen=True)
class Entry:
    """A line of the menu: its label, the name of its URL, and what it counts.

    ``waiting`` is the filter of what it counts, where the list itself shows more.
    """

    label: str
    url: str
    query: Mapping[str, str] = field(default_factory=dict)
    counted: Counted | None = None
    waiting: Mapping[str, str] = field(default_factory=dict)
    is_for_leads: bool = False

    @cached_property
    def path(self) -> str:
        return reverse(f"admin:{self.url}")

    @cached_property
    def address(self) -> str:
        return reverse(f"admin:{self.url}", query=self.query)

    @cached_property
    def address_of_waiting(self) -> str:
        return reverse(f"admin:{self.url}", query={**self.query, **self.waiting})


def _by_state(model: Any, *states: str) -> Callable[[], QuerySet[Any]]:
    return lambda: model._default_manager.filter(state__in=states)


MENU: tuple[tuple[str, tuple[Entry, ...]], ...] = (
    (
        "Every day",
        (
            Entry("Today", "index"),
            Entry(
                "Requests",
                "joinrequests_joinrequest_changelist",
                counted=Counted(_by_state(JoinRequest, *OPEN), "community__team"),
            ),
            Entry(
                "Replies",
                "joinrequests_joinrequest_changelist",
                {"view": "replied"},
                Counted(lambda: replied(JoinRequest.objects.all()), "community__team"),
            ),
            Entry(
                "Name checks",
                "membership_namecheck_changelist",
                counted=Counted(_by_state(NameCheck, NameCheck.State.OPEN), "team"),
            ),
            Entry(
                "Roster checks",
                "membership_worklistrow_changelist",
                counted=Counted(
                    _by_state(WorklistRow, WorklistRow.State.OPEN), "enrolment__community__team"
                ),
            ),
            Entry(
                "Corrections",
                "membership_correction_changelist",
                counted=Counted(_by_state(Correction, Correction.State.OPEN), "team"),
                waiting={"state__exact": Correction.State.OPEN},
            ),
            Entry(
                "Slack and Zoom",
                "membership_access_changelist",
                # Its list has one row a person, and one for each account that the register does not know.
                counted=Counted(
                    _by_state(Access, *TASK_STATES), "team", key=Coalesce("person", -F("pk"))
                ),
            ),
            Entry(
                "Emails",
                "membership_outboxemail_changelist",
                counted=Counted(
                    _by_state(OutboxEmail, OutboxEmail.State.FAILED),
                    "team",
                    is_alarm=True,
                    also=Counted(Bounce.that_count, "letter__team"),
                ),
                waiting={"problem": "any"},
            ),
            Entry(
                "Resources",
                "membership_resource_changelist",
                counted=Counted(_by_state(Resource, Resource.State.OFFERED), "team"),
                waiting={"view": "waiting"},
            ),
            Entry("Announcements", "membership_announcement_changelist"),
            Entry("Introductions", "membership_introduction_changelist"),
            Entry("Meetings", "communities_meeting_changelist"),
            Entry(
                "Topics",
                "membership_topic_changelist",
                counted=Counted(waiting_topics, "community__team"),
                waiting={"status": "waiting"},
            ),
            Entry("Staff guide", "guide"),
        ),
    ),
    (
        "Register",
        (
            Entry("People", "membership_person_changelist"),
            Entry("Enrolments", "membership_enrolment_changelist"),
            Entry("Agencies", "membership_agency_changelist"),
            Entry("Programs", "membership_program_changelist"),
            Entry("EVA BC memberships", "membership_evamembership_changelist"),
            Entry("Initiatives", "membership_coordinationinitiative_changelist"),
            Entry("Import a list", "membership_listimport_add"),
            Entry("Imports", "membership_listimport_changelist"),
            Entry("Lists", "membership_listseries_changelist"),
        ),
    ),
    (
        "Reports",
        (
            Entry("Reports", "reports"),
            Entry("Coverage", "coverage"),
            Entry("History", "history"),
            Entry("Exports", "membership_export_changelist"),
        ),
    ),
    (
        "Content and rules",
        (
            Entry("Reasons and questions", "joinrequests_reasontext_changelist"),
            Entry("Ready texts", "membership_readytext_changelist"),
            Entry("Subjects of topics", "membership_topicsubject_changelist"),
            Entry("Email templates", "membership_letterwording_changelist"),
            Entry(
                "Communities and rules",
                "communities_communityofpractice_changelist",
                is_for_leads=True,
            ),
            Entry("Public questions", "communities_question_changelist", is_for_leads=True),
            Entry("Public texts", "communities_passage_changelist", is_for_leads=True),
            Entry("About EVA BC", "communities_organizationdetail_changelist", is_for_leads=True),
            Entry("Teams", "communities_supportteam_changelist", is_for_leads=True),
        ),
    ),
    (
        "Portal",
        (
            Entry("Accounts", "membership_user_changelist", is_for_leads=True),
            Entry("System status", "how_it_is_doing", is_for_leads=True),
            Entry("Shared mailboxes", "membership_sharedmailbox_changelist"),
            Entry("Data retention", "membership_retentionday_changelist", is_for_leads=True),
        ),
    ),
)
ENTRIES = [entry for _, entries in MENU for entry in entries]


def counts_of(families: Collection[Family]) -> dict[str, int]:
    """The number of rows behind each entry that counts some, by its label; kept for some seconds."""
    kept: list[tuple[str, str | None, int]] | None = cache.get("desk-menu")
    if kept is None:
        first, *others = (
            rows
            for entry in ENTRIES
            if entry.counted
            for rows in entry.counted.by_team(entry.label)
        )
        kept = list(first.union(*others, all=True))
        cache.set("desk-menu", kept, COUNTS_KEPT_FOR)
    counts = {entry.label: 0 for entry in ENTRIES if entry.counted}
    for label, whose, number in kept:
        if whose is None or whose in families:
            counts[label] += number
    if set(families) == set(Family):
        counts |= {label: number for label, whose, number in kept if whose == EVERYONE}
    return counts


@dataclass(frozen=True)
class Line:
    """An entry as a page shows it."""

    label: str
    url: str
    count: int
    is_alarm: bool
    is_current: bool


@dataclass(frozen=True)
class Menu:
    """The sections of the menu as HTML, and the entry that this page belongs to.

    ``above`` is where that entry leads, with the filters that its list had; empty on its own page.
    """

    sections: SafeString
    entry: Entry | None
    above: str


def menu(request: HttpRequest) -> Menu:
    """The menu of the viewer, with the page they are on marked."""
    user: User | AnonymousUser = request.user
    counts, current = counts_of(families_of(user)), _current(request)
    sections = []
    for title, entries in MENU:
        lines = tuple(
            Line(
                entry.label,
                entry.address_of_waiting if counts.get(entry.label) else entry.address,
                counts.get(entry.label, 0),
                entry.counted is not None and entry.counted.is_alarm,
                entry is current,
            )
            for entry in entries
            if is_lead(user) or not entry.is_for_leads
        )
        if lines:
            sections.append((title, lines))
    above = ""
    if current and request.path != current.path:
        kept = request.GET.get(QUEUE_PARAMETER)
        above = f"{current.path}?{kept}" if kept else current.address
    return Menu(_rendered(tuple(sections)), current, above)


@lru_cache(100)  # most pages show the menu that the one before them showed
def _rendered(sections: tuple[tuple[str, tuple[Line, ...]], ...]) -> SafeString:
    return render_to_string("desk/menu.html", {"sections": sections})


def _current(request: HttpRequest) -> Entry | None:
    """The entry that this page belongs to: of those whose address it is below, the one that fits most closely."""

    def fit(entry: Entry) -> tuple[int, int]:
        path = entry.path
        below = request.path == path or (entry.url != "index" and request.path.startswith(path))
        asked = all(request.GET.get(name) == value for name, value in entry.query.items())
        return (len(path), len(entry.query)) if below and asked else (0, 0)

    best = max(ENTRIES, key=fit)
    return best if fit(best) > (0, 0) else None
