"""The way of staff to their first second step: why, setting it up, saving the recovery codes, on."""

from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe


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


WANTED = "wanted_before_first_factor"  # the page of the desk that she asked for

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class SecondFactorMiddleware:
    """Leads staff to setting up or using a second factor before any page of the admin.

    allauth asks for the factor at sign-in, and only of those who have one; Django's admin never asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._must_show_a_factor(request):
            return self._ask_for_the_factor(request)
        return self.get_response(request)

    def _must_show_a_factor(self, request: HttpRequest) -> bool:
        return (
            settings.SECOND_FACTOR_REQUIRED
            and request.path.startswith(reverse("admin:index"))
            and request.user.is_authenticated
            and request.user.is_staff
            and not _has_shown_a_factor(request)
        )

    def _ask_for_the_factor(self, request: HttpRequest) -> HttpResponse:
        if is_mfa_enabled(request.user, FACTORS):
            wanted = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
            return redirect(f"{reverse('mfa_reauthenticate')}?{wanted}")
        is_page = request.method in ("GET", "HEAD")
        request.session[WANTED] = request.get_full_path() if is_page else reverse("admin:index")
        return redirect("account_first_factor")


def count_new_factor_as_shown(
    request: HttpRequest, authenticator: Authenticator, **_: object
) -> None:
    """Setting up a factor shows it: the same code, asked for again at once, would be refused."""
    if authenticator.type in FACTORS:
        record_authentication(
            request, authenticator.user, "mfa", type=authenticator.type, reauthenticated=True
        )


def _has_shown_a_factor(request: HttpRequest) -> bool:
    return any(
        record.get("method") == "mfa"
        for record in get_authentication_records(request, request.user)
    )
