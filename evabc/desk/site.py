"""The staff site: Django's admin under the portal's own sign-in, with its pages and its front page."""

from functools import partial
from operator import attrgetter
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from communities.calendar import format_day
from evabc.desk.coverage import coverage_page, coverage_sheet
from evabc.desk.dashboard import day_of
from evabc.desk.first_day import first_day, is_on_tour
from evabc.desk.guide import example_file, staff_guide
from evabc.desk.history import history
from evabc.desk.keys import switch_keys
from evabc.desk.navigation import menu
from evabc.desk.reports import report_sheet, reports
from evabc.desk.search import search
from evabc.ops.health import system_status
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import own_communities
from membership.people.email_views import email_by_staff
from membership.people.near_views import someone_else
from membership.people.writing_views import write
from membership.rosters.exports import roster_sheet
from requests.desk import agency_merge_views, merge_views
from requests.desk.enrolments import ACTIONS as ENROLMENT_ACTIONS
from requests.desk.enrolments import enrolment_action
from requests.my.privacy_views import erase_by_staff, export_by_staff

# Pages of people and agencies: their address, view and name.
PAGES_OF_RECORDS = (
    ("person/<int:pk>/email", email_by_staff, "person_email"),
    ("person/<int:pk>/someone-else/<int:other>", someone_else, "person_apart"),
    ("person/<int:pk>/write", write, "person_write"),
    ("person/<int:pk>/export", export_by_staff, "person_export-data"),
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
        """With the menu, which is read when a page shows it, and without the teams' texts, which the site's pages show."""
        return {
            **super().each_context(request),
            "menu": SimpleLazyObject(partial(menu, request)),
            "sample_data": SimpleLazyObject(
                lambda: any(map(attrgetter("in_sample"), own_communities(request.user)))
            ),
        }

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
            path("first-day/", view(first_day), name="first_day"),
            path("search/", view(search), name="search"),
            path("keys/", view(switch_keys), name="keys"),
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

    def index(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        extra_context: dict | None = None,
    ) -> TemplateResponse:
        """The day: what is waiting for each team of the viewer."""
        now = timezone.now()
        shown = {
            "title": f"Today, {format_day(timezone.localdate(now))}",
            "day": day_of(request.user, now=now),
            "is_on_tour": is_on_tour(request.user),
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
