"""The staff site: Django's admin under the portal's own sign-in, with its pages and its front page."""

from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery, Value
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
from evabc.desk.guide import example_file, staff_guide
from evabc.desk.history import history
from evabc.desk.navigation import menu
from evabc.desk.reports import report_sheet, reports
from evabc.desk.search import search
from evabc.ops.health import system_status
from membership.accounts.teams import families_of
from membership.imports.editions import lists_due
from membership.models import Correction, NameCheck, OutboxEmail, User, WorklistRow
from membership.people.email_views import email_by_staff
from membership.people.near_views import someone_else
from membership.rosters.exports import roster_sheet
from requests.desk import agency_merge_views, merge_views
from requests.desk.enrolments import ACTIONS as ENROLMENT_ACTIONS
from requests.desk.enrolments import enrolment_action
from requests.desk.queue import ORDER, Age
from requests.lifecycle import State
from requests.models import JoinRequest
from requests.my.privacy_views import erase_by_staff

# Pages of people and agencies: their address, view and name.
PAGES_OF_RECORDS = (
    ("person/<int:pk>/email", email_by_staff, "person_email"),
    ("person/<int:pk>/someone-else/<int:other>", someone_else, "person_apart"),
    ("person/<int:pk>/erase", erase_by_staff, "person_erase"),
    ("person/<int:pk>/merge", merge_views.choose, "person_merge_choose"),
    ("person/<int:pk>/merge/<int:other>", merge_views.merge, "person_merge"),
    ("person/merges/<int:pk>/undo", merge_views.undo, "person_merge_undo"),
    ("agency/<int:pk>/merge", agency_merge_views.choose, "agency_merge_choose"),
    ("agency/<int:pk>/merge/<int:other>", agency_merge_views.merge, "agency_merge"),
    ("agency/merges/<int:pk>/undo", agency_merge_views.undo, "agency_merge_undo"),
)


class StaffSite(AdminSite):
    """The admin uses the portal's own sign-in, which has no passwords."""

    site_title = "EVA BC staff"
    site_header = "EVA BC Communities of Practice"
    index_title = "Staff desk"
    empty_value_display = "–"
    enable_nav_sidebar = False

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Lazy, because every page gets the list and only the front page shows it."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """With the menu, which is read when a page shows it."""
        return {**super().each_context(request), "menu": SimpleLazyObject(partial(menu, request))}

    def app_index(  # type: ignore[override]
        self, request: HttpRequest, app_label: str, extra_context: dict | None = None
    ) -> HttpResponse:
        """Django's page of one app says less than the menu, so it leads to the front page."""
        return redirect("admin:index")

    def get_urls(self) -> list[URLPattern | URLResolver]:
        """Add the pages that belong to no single model, and leave out those about passwords."""
        view = self.admin_view
        djangos = super().get_urls()
        return [
            path("guide/", view(staff_guide), name="guide"),
            path("search/", view(search), name="search"),
            path("guide/<str:kind>/", view(staff_guide), name="guide_page"),
            path("guide/example/<str:file_name>/", view(example_file), name="guide_example"),
            path("how-it-is-doing/", view(system_status), name="how_it_is_doing"),
            path("history/", view(history), name="history"),
            path("coverage/", view(coverage_page), name="coverage"),
            path("coverage/sheet/", view(coverage_sheet), name="coverage_sheet"),
            path("reports/", view(reports), name="reports"),
            path("reports/sheet/", view(report_sheet), name="report_sheet"),
            *(
                path(f"membership/{where}/", view(page), name=f"membership_{name}")
                for where, page, name in PAGES_OF_RECORDS
            ),
            *(
                path(
                    f"membership/enrolment/<int:pk>/{name}/",
                    view(partial(enrolment_action, name=name)),
                    name=f"membership_enrolment_{name}",
                )
                for name in ENROLMENT_ACTIONS
            ),
            path("roster-sheet/", view(roster_sheet), name="roster_sheet"),
            *(u for u in djangos if not str(u.pattern).startswith("password_change")),
        ]

    def index(self, request: HttpRequest, extra_context: dict | None = None) -> TemplateResponse:
        """Show what is waiting for each team, and links to everything else."""
        today = timezone.localdate()
        shown = {
            "teams_today": teams_today(request.user, on=today),
            "lists_due": lists_due(request.user, on=today),
        }
        return super().index(request, {**(extra_context or {}), **shown})

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
            wanted = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, reverse("account_login"))
        # Someone signed in who is not staff would come back here after another sign-in. ``redirect`` is
        # not used for ``wanted``: it takes a word without a slash for the name of a URL.
        is_staff = self.has_permission(request)
        return HttpResponseRedirect(wanted) if is_staff else redirect("my:home")


# -- The front page -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """One number on a team's card, and the address of exactly these rows."""

    label: str
    value: str
    url: str
    mark: str = ""
    is_wait: bool = False


@dataclass(frozen=True)
class Waiting:
    """Rows that are waiting for a team. ``team`` is the lookup from a row to it; ``parameter`` filters them in the admin.

    A row without a team is waiting for each of them.
    """

    label: str
    model: type[Model]
    state: str
    team: str
    parameter: str = ""
    mark: str = ""

    @property
    def rows(self) -> QuerySet[Any]:
        return self.model._default_manager.filter(state=self.state)

    @property
    def count(self) -> Coalesce:
        """The number of rows of each team."""
        theirs = Q(**{self.team: OuterRef("pk")}) | Q(**{f"{self.team}__isnull": True})
        of_team = self.rows.filter(theirs).order_by().values(one=Value(1))
        return Coalesce(Subquery(of_team.annotate(number=Count("pk")).values("number")), 0)

    def number(self, team: SupportTeam, count: int) -> Number:
        url = reverse(f"admin:{self.model._meta.label_lower.replace('.', '_')}_changelist")
        filters = {self.parameter: self.state} if self.parameter else {}
        query = urlencode({"team": team.family, **filters})
        label = self.label.removesuffix("s") if count == 1 else self.label
        return Number(label, str(count), f"{url}?{query}", self.mark if count else "")


WAITING = {
    "review": Waiting(
        "waiting for review", JoinRequest, State.AWAITING_REVIEW, "community__team", "state"
    ),
    "reply": Waiting(
        "waiting for a reply", JoinRequest, State.AWAITING_REPLY, "community__team", "state"
    ),
    "name_checks": Waiting("name checks", NameCheck, NameCheck.State.OPEN, "team"),
    "roster_checks": Waiting(
        "roster checks", WorklistRow, WorklistRow.State.OPEN, "enrolment__community__team"
    ),
    "corrections": Waiting(
        "correction requests", Correction, Correction.State.OPEN, "team", "state__exact"
    ),
    "failed": Waiting(
        "failed emails", OutboxEmail, OutboxEmail.State.FAILED, "team", "state__exact", mark="loud"
    ),
}


def teams_today(user: User | AnonymousUser, *, on: date) -> list[tuple[SupportTeam, list[Number]]]:
    """The numbers for each team of this member of staff, in one query."""
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
        return Number("longest wait", "–", "")
    age = Age(business_days_between(timezone.localdate(team.oldest_since), on))
    value = f"{age.days} business day{'' if age.days == 1 else 's'}"
    url = reverse("admin:joinrequests_joinrequest_change", args=[team.oldest])
    return Number("longest wait", value, url, age.mark, is_wait=True)
