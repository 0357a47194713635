"""Turning the keyboard shortcuts of the staff desk on and off."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from membership.accounts.requests import AuthenticatedRequest


@require_POST
def switch_keys(request: AuthenticatedRequest) -> HttpResponse:
    """Remember for the account if single keys do something (WCAG 2.1.4), and go back."""
    user = request.user
    user.uses_keys = "on" in request.POST
    user.save(update_fields=["uses_keys"])
    messages.success(request, f"Keyboard shortcuts are {'on' if user.uses_keys else 'off'}.")
    back = request.POST.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(back, {request.get_host()})
    return HttpResponseRedirect(back if is_ours else reverse("admin:index"))
