"""Staff need a second factor: the page that explains it, and the middleware that asks for it."""

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
    """Explain why and offer the choices; once a factor is set up, lead on to the page asked for."""
    if is_mfa_enabled(request.user, FACTORS):
        return redirect(request.session.pop(WANTED, reverse("admin:index")))
    if not request.user.is_staff:
        return redirect("mfa_index")
    # Opened directly, it leads to the staff site too.
    request.session.setdefault(WANTED, reverse("admin:index"))
    return render(request, "account/first_factor.html", {"step": 1})


WANTED = "wanted_before_first_factor"  # session key: the page of the staff site that was asked for

FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class SecondFactorMiddleware:
    """Leads staff to setting up or using a second factor before any page of the admin.

    allauth asks for the factor at sign-in, and only of those who have one; Django's admin never asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if self._needs_factor(request):
            return self._redirect_to_factor(request)
        return self.get_response(request)

    def _needs_factor(self, request: HttpRequest) -> bool:
        return (
            settings.SECOND_FACTOR_REQUIRED
            and request.path.startswith(reverse("admin:index"))
            and request.user.is_authenticated
            and request.user.is_staff
            and not _has_shown_factor(request)
        )

    def _redirect_to_factor(self, request: HttpRequest) -> HttpResponse:
        if is_mfa_enabled(request.user, FACTORS):
            wanted = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
            return redirect(f"{reverse('mfa_reauthenticate')}?{wanted}")
        is_page = request.method in ("GET", "HEAD")
        request.session[WANTED] = request.get_full_path() if is_page else reverse("admin:index")
        return redirect("account_first_factor")


def record_new_factor(request: HttpRequest, authenticator: Authenticator, **_: object) -> None:
    """Setting up a factor shows it: the same code, asked for again at once, would be refused."""
    if authenticator.type in FACTORS:
        record_authentication(
            request, authenticator.user, "mfa", type=authenticator.type, reauthenticated=True
        )


def _has_shown_factor(request: HttpRequest) -> bool:
    return any(
        record.get("method") == "mfa"
        for record in get_authentication_records(request, request.user)
    )
