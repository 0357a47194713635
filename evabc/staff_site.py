"""The staff site: Django's admin under the portal's own sign-in."""

from django.contrib.admin import AdminSite
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme


class StaffSite(AdminSite):
    """Signing in to the admin is signing in to the portal: there are no passwords to ask for."""

    site_title = "EVA BC staff"
    site_header = "EVA BC Communities of Practice"
    index_title = "Staff desk"
    empty_value_display = "–"
    enable_nav_sidebar = False

    def login(self, request: HttpRequest, extra_context: dict | None = None) -> HttpResponse:
        wanted = request.GET.get("next", "")
        if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
            wanted = reverse("admin:index")
        if request.user.is_authenticated and not self.has_permission(request):
            # Signed in, but not as staff: asking for the email again would go round in circles.
            return redirect("my:home")
        return redirect_to_login(wanted, reverse("account_login"))
