"""The staff site: Django's admin under the portal's own sign-in."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from django.contrib.admin import AdminSite, ModelAdmin
from django.contrib.auth.views import redirect_to_login
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, URLResolver, path, reverse
from django.utils import timezone
from django.utils.functional import SimpleLazyObject
from django.utils.http import url_has_allowed_host_and_scheme

from evabc.desk.coverage import coverage_page, coverage_sheet
from evabc.desk.dashboard import sections, teams_today
from evabc.desk.guide import staff_guide
from evabc.desk.history import history
from evabc.desk.reports import report_sheet, reports
from evabc.ops.health import system_status
from membership.rosters.exports import roster_sheet
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
