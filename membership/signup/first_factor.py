"""The way of staff to their first second step: why, setting it up, saving the recovery codes, on."""

from allauth.mfa.utils import is_mfa_enabled
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from membership.signup.second_factor import FACTORS, WANTED


@login_required
@require_safe
def first_factor(request: HttpRequest) -> HttpResponse:
    """Says why and offers the ways. Who has gone one of them comes by here to where she wanted to go."""
    if is_mfa_enabled(request.user, FACTORS):
        return redirect(request.session.pop(WANTED, reverse("admin:index")))
    if not request.user.is_staff:
        return redirect("mfa_index")
    # Opened by itself, it is the beginning of the same way.
    request.session.setdefault(WANTED, reverse("admin:index"))
    return render(request, "account/first_factor.html", {"step": 1})
