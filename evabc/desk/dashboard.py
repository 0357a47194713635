"""The front page of the staff desk: what is waiting for each team, and the way to everything else."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from communities.calendar import business_days_between
from communities.models import SupportTeam
from membership.accounts.teams import families_of, is_lead
from membership.models import Correction, OutboxEmail, User, WorklistRow
from requests.desk.queue import ORDER, Age
from requests.lifecycle import State
from requests.models import JoinRequest

# Pages that are no model's: (what the link says, its name). Shown under "Looking back".
PAGES = [("Reports", "admin:reports"), ("Coverage", "admin:coverage"), ("History", "admin:history")]
PAGES_OF_LEADS = [("How the portal is doing", "admin:how_it_is_doing")]

# What the admin lists by app, in the order of a day's work: each model by its name.
SECTIONS = [
    ("Every day", ["JoinRequest", "WorklistRow", "Access", "Correction", "Meeting", "OutboxEmail"]),
    (
        "Rosters and the register",
        [
            "Enrolment",
            "Person",
            "Agency",
            "Program",
            "EvaMembership",
            "CoordinationInitiative",
            "ListImport",
        ],
    ),
    (
        "Rules and words",
        [
            "CommunityOfPractice",
            "ReasonText",
            "LetterWording",
            "Question",
            "Passage",
            "SupportTeam",
        ],
    ),
]
# Models that only keep what happened.
LOGS = ["Export", "RetentionDay"]
MORE = "More"


@dataclass(frozen=True)
class Number:
    """One number of a team, and where exactly these rows are."""

    label: str
    value: str
    url: str
    mark: str = ""


Links = list[Mapping[str, object]]


def teams_today(user: User | AnonymousUser, *, on: date) -> list[tuple[SupportTeam, list[Number]]]:
    """What is waiting for each team of this member of staff, in one query."""
    waiting = JoinRequest.objects.filter(state=State.AWAITING_REVIEW)
    oldest = waiting.filter(community__team=OuterRef("pk")).order_by(*ORDER)
    teams = SupportTeam.objects.filter(family__in=families_of(user)).annotate(
        waiting=_number_of(waiting, "community__team"),
        oldest=Subquery(oldest.values("pk")[:1]),
        oldest_since=Subquery(oldest.values("waiting_since")[:1]),
        awaiting_reply=_number_of(
            JoinRequest.objects.filter(state=State.AWAITING_REPLY), "community__team"
        ),
        worklist=_number_of(
            WorklistRow.objects.filter(state=WorklistRow.State.OPEN),
            "enrolment__community__team",
        ),
        corrections=_number_of(Correction.objects.filter(state=Correction.State.OPEN), "team"),
        failed=_number_of(OutboxEmail.objects.filter(state=OutboxEmail.State.FAILED), "team"),
    )
    return [(team, _numbers(team, on)) for team in teams]


def _number_of(rows: QuerySet[Model], team: str) -> Coalesce:
    """The number of rows of each team; ``team`` leads from a row to it."""
    of_team = rows.filter(**{team: OuterRef("pk")}).order_by().values(team)
    return Coalesce(Subquery(of_team.annotate(number=Count("pk")).values("number")), 0)


def _numbers(team: Any, on: date) -> list[Number]:
    """Each number with its address. ``team`` carries the counts of ``teams_today``."""
    family = team.family

    def number(label: str, count: int, url: str, mark: str = "") -> Number:
        return Number(label, str(count), url, mark if count else "")

    return [
        number(
            "waiting for review",
            team.waiting,
            _list_url("joinrequests_joinrequest", team=family, state=State.AWAITING_REVIEW),
        ),
        _oldest(team, on),
        number(
            "waiting for a reply",
            team.awaiting_reply,
            _list_url("joinrequests_joinrequest", team=family, state=State.AWAITING_REPLY),
        ),
        number("to look at again", team.worklist, _list_url("membership_worklistrow", team=family)),
        number(
            "corrections asked for",
            team.corrections,
            _list_url("membership_correction", team=family, state__exact=Correction.State.OPEN),
        ),
        number(
            "letters that failed",
            team.failed,
            _list_url("membership_outboxemail", team=family, state__exact=OutboxEmail.State.FAILED),
            "loud",
        ),
    ]


def _oldest(team: Any, on: date) -> Number:
    if team.oldest_since is None:
        return Number("the oldest", "–", "")
    age = Age(business_days_between(timezone.localdate(team.oldest_since), on))
    value = f"{age.days} working day{'' if age.days == 1 else 's'}"
    url = reverse("admin:joinrequests_joinrequest_change", args=[team.oldest])
    return Number("the oldest", value, url, age.mark)


def _list_url(model: str, **filters: str) -> str:
    return f"{reverse(f'admin:{model}_changelist')}?{urlencode(filters)}"


def sections(app_list: list[dict[str, Any]], user: User | AnonymousUser) -> list[tuple[str, Links]]:
    """The models of the admin's own list, in the order of a day's work.

    A model that is named in no section is under "More": nothing gets lost.
    """
    models = {m["object_name"]: m for app in app_list for m in app["models"]}
    shown = [
        (title, [models.pop(name) for name in names if name in models]) for title, names in SECTIONS
    ]
    own = PAGES + PAGES_OF_LEADS if is_lead(user) else PAGES
    pages = [{"name": name, "admin_url": reverse(url)} for name, url in own]
    looking_back = [*pages, *(models.pop(name) for name in LOGS if name in models)]
    shown += [("Looking back", looking_back), (MORE, list(models.values()))]
    return [(title, links) for title, links in shown if links]
