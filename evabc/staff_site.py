"""The staff site: Django's admin under the portal's own sign-in."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.http import url_has_allowed_host_and_scheme

NOT_ON_THE_DESK = {
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

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        """Leave out what other packages bring and nobody here should open: codes, factors, groups."""
        models = (
            model_or_iterable if isinstance(model_or_iterable, Iterable) else [model_or_iterable]
        )
        ours = [model for model in models if model._meta.label not in NOT_ON_THE_DESK]
        super().register(ours, admin_class, **options)

    def get_urls(self) -> list[Any]:
        """With the pages that are of no single model, and without those about passwords."""
        from membership import coverage_views  # needs the models, which come after this site

        ours = [
            path("coverage/", self.admin_view(coverage_views.coverage), name="coverage"),
            path(
                "coverage/sheet/",
                self.admin_view(coverage_views.coverage_sheet),
                name="coverage_sheet",
            ),
        ]
        theirs = super().get_urls()
        return ours + [u for u in theirs if not str(u.pattern).startswith("password_change")]

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
            wanted = reverse("admin:index")
        if not request.user.is_authenticated:
            return redirect_to_login(wanted, reverse("account_login"))
        # Signed in, but not as staff: asking for the email again would go round in circles.
        return redirect(wanted if self.has_permission(request) else "my:home")
