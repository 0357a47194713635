"""The staff site: Django's admin under the portal's own sign-in, with its pages and its front page."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count, Model, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme, urlencode

from communities.calendar import business_days_between
from communities.models import SupportTeam
from evabc.desk.coverage import coverage_page, coverage_sheet
from evabc.desk.guide import staff_guide
from evabc.desk.history import history
from evabc.desk.reports import report_sheet, reports
from evabc.ops.health import system_status
from membership.accounts.teams import families_of, is_lead
from membership.models import Correction, OutboxEmail, User, WorklistRow
from membership.rosters.exports import roster_sheet
from requests.desk.queue import ORDER, Age
from requests.lifecycle import State
from requests.models import JoinRequest
from requests.my.privacy_views import erase_by_staff

HIDDEN_MODELS = {
    "account.EmailAddress",
    "auth.Group",
    "mfa.Authenticator",
    "usersessions.UserSession",
}


class StaffSite(AdminSite):
    """Signing in to the admin is signing in to the portal: there are no passwords to ask for."""

    site_title = "EVA BC staff"
    site_header = "EVA BC Communities of Practice"
    index_title = "Staff desk"
    empty_value_display = "–"
    enable_nav_sidebar = False

    def register(
        self,
        model_or_iterable: type[Model] | Iterable[type[Model]],
        admin_class: type[ModelAdmin] | None = None,
        **options: object,
    ) -> None:
        """Leave out what other packages bring and nobody here should open: codes, factors, groups."""
        models = (
            model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        )
        ours = [model for model in models if model._meta.label not in HIDDEN_MODELS]
        super().register(ours, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Every page is given the list, and only the front page shows it."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """With the pages that are of no single model, and without those about passwords."""
        view = self.admin_view
        djangos = super().get_urls()
        return [
            path("guide/", view(staff_guide), name="guide"),
            path("how-it-is-doing/", view(system_status), name="how_it_is_doing"),
            path("history/", view(history), name="history"),
            path("coverage/", view(coverage_page), name="coverage"),
            path("coverage/sheet/", view(coverage_sheet), name="coverage_sheet"),
            path("reports/", view(reports), name="reports"),
            path("reports/sheet/", view(report_sheet), name="report_sheet"),
            path(
                "membership/person/<int:pk>/erase/",
                view(erase_by_staff),
                name="membership_person_erase",
            ),
            path("roster-sheet/", view(roster_sheet), name="roster_sheet"),
            *(u for u in djangos if not str(u.pattern).startswith("password_change")),
        ]

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> TemplateResponse:
        """What is waiting for each team, and the way to everything else."""
        shown = {
            "teams_today": teams_today(request.user, on=timezone.localdate()),
            "sections": sections(self.get_app_list(request), request.user),
        }
        return super().index(request, {**(extra_context or {}), **shown})

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
            wanted = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, reverse("account_login"))
        # Signed in, but not as staff: asking for the email again would go round in circles.
        # ``redirect`` would take a word without a slash for a name of a page.
        is_staff = self.has_permission(request)
        return HttpResponseRedirect(wanted) if is_staff else redirect("my:home")


# -- The front page -----------------------------------------------------------------------------------

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


@dataclass(frozen=True)
class Waiting:
    """Rows of one kind that wait for a team. ``team`` leads from a row to it, ``filters`` to their list."""

    label: str
    rows: QuerySet[Any]
    team: str
    filters: Mapping[str, str] = field(default_factory=dict)
    mark: str = ""

    @property
    def count(self) -> Coalesce:
        """The number of rows of each team."""
        of_team = self.rows.filter(**{self.team: OuterRef("pk")}).order_by().values(self.team)
        return Coalesce(Subquery(of_team.annotate(number=Count("pk")).values("number")), 0)

    def number(self, team: SupportTeam, count: int) -> Number:
        url = reverse(f"admin:{self.rows.model._meta.label_lower.replace('.', '_')}_changelist")
        query = urlencode({"team": team.family, **self.filters})
        return Number(self.label, str(count), f"{url}?{query}", self.mark if count else "")


def _in_state(model: type[Model], state: str) -> QuerySet[Any]:
    return model._default_manager.filter(state=state)


WAITING = {
    "review": Waiting(
        "waiting for review",
        _in_state(JoinRequest, State.AWAITING_REVIEW),
        "community__team",
        {"state": State.AWAITING_REVIEW},
    ),
    "reply": Waiting(
        "waiting for a reply",
        _in_state(JoinRequest, State.AWAITING_REPLY),
        "community__team",
        {"state": State.AWAITING_REPLY},
    ),
    "roster_checks": Waiting(
        "to look at again",
        _in_state(WorklistRow, WorklistRow.State.OPEN),
        "enrolment__community__team",
    ),
    "corrections": Waiting(
        "corrections asked for",
        _in_state(Correction, Correction.State.OPEN),
        "team",
        {"state__exact": Correction.State.OPEN},
    ),
    "failed": Waiting(
        "letters that failed",
        _in_state(OutboxEmail, OutboxEmail.State.FAILED),
        "team",
        {"state__exact": OutboxEmail.State.FAILED},
        mark="loud",
    ),
}


def teams_today(user: User | AnonymousUser, *, on: date) -> list[tuple[SupportTeam, list[Number]]]:
    """What is waiting for each team of this member of staff, in one query."""
    oldest = WAITING["review"].rows.filter(community__team=OuterRef("pk")).order_by(*ORDER)
    teams = SupportTeam.objects.filter(family__in=families_of(user)).annotate(
        **{f"waiting_{name}": waiting.count for name, waiting in WAITING.items()},
        oldest=Subquery(oldest.values("pk")[:1]),
        oldest_since=Subquery(oldest.values("waiting_since")[:1]),
    )
    found = []
    for team in teams:
        numbers = [w.number(team, getattr(team, f"waiting_{name}")) for name, w in WAITING.items()]
        numbers.insert(1, _oldest(team, on))
        found.append((team, numbers))
    return found


def _oldest(team: Any, on: date) -> Number:
    if team.oldest_since is None:
        return Number("the oldest", "–", "")
    age = Age(business_days_between(timezone.localdate(team.oldest_since), on))
    value = f"{age.days} working day{'' if age.days == 1 else 's'}"
    url = reverse("admin:joinrequests_joinrequest_change", args=[team.oldest])
    return Number("the oldest", value, url, age.mark)


def sections(
    app_list: list[dict[str, Any]], user: User | AnonymousUser
) -> list[tuple[str, list[Mapping[str, object]]]]:
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
