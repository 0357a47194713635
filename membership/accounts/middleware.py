"""Middleware for accounts: sessions expire, and staff complete two-step sign-in."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.internal.flows.login import (
    get_authentication_records,
    record_authentication,
)
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.http import require_safe

_SIGNED_IN_AT, _SEEN_AT = "signed_in_at", "seen_at"
SEEN_INTERVAL = 60  # seconds; the session is written once a minute at most

IDLE_MESSAGE = "You were signed out because you were inactive for a while. Sign in to continue."
MAXIMUM_MESSAGE = (
    "You were signed in for a long time. To keep your account safe, please sign in again."
)


class SessionExpiryMiddleware(MiddlewareMixin):
    """Signs out staff who were idle too long, and anyone who was signed in too long.

    Other people's idle sessions expire with their cookie. Its age counts from the last write, so writing
    once a minute keeps a session in use alive.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.user.is_authenticated:
            now, session = int(time.time()), request.session
            since, seen = session.get(_SIGNED_IN_AT, now), session.get(_SEEN_AT, now)
            if request.user.is_staff and now - seen >= settings.STAFF_IDLE_SECONDS:
                return _sign_out(request, IDLE_MESSAGE)
            is_staff = request.user.is_staff
            limit = settings.STAFF_SESSION_SECONDS if is_staff else settings.SESSION_SECONDS
            if now - since >= limit:
                return _sign_out(request, MAXIMUM_MESSAGE)
            if _SEEN_AT not in session or now - seen >= SEEN_INTERVAL:
                session[_SIGNED_IN_AT], session[_SEEN_AT] = since, now
        return None


def _sign_out(request: HttpRequest, why: str) -> HttpResponse:
    wanted = request.get_full_path() if request.method == "GET" else ""
    logout(request)
    messages.info(request, why)
    return redirect_to_login(wanted)


class NewSessionKeyMiddleware(MiddlewareMixin):
    """Gives a session a new key when its user confirms who they are. Django does so only at sign-in."""

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in, key = request.user.is_authenticated, request.session.session_key
        before = len(get_authentication_records(request, request.user))
        response = self.get_response(request)
        after = len(get_authentication_records(request, request.user))
        if was_signed_in and after > before and request.session.session_key == key:
            request.session.cycle_key()
            of_this_session = UserSession.objects.filter(session_key=key)
            of_this_session.update(session_key=request.session.session_key)
        return response


PAGE_WANTED = "wanted_before_first_factor"  # session key: the staff page that they asked for

SECOND_FACTORS = [Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN]


class SecondFactorMiddleware(MiddlewareMixin):
    """Sends staff to set up or use a second factor before any page of the admin.

    allauth asks for it only at sign-in and only if the user has one. Django's admin never asks.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if (
            settings.SECOND_FACTOR_REQUIRED
            and request.path.startswith(reverse("admin:index"))
            and request.user.is_authenticated
            and request.user.is_staff
        ):
            records = get_authentication_records(request, request.user)
            if not any(record.get("method") == "mfa" for record in records):
                return _redirect_to_factor(request)
        return None


def _redirect_to_factor(request: HttpRequest) -> HttpResponse:
    if is_mfa_enabled(request.user, SECOND_FACTORS):
        wanted = urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})
        return redirect(f"{reverse('mfa_reauthenticate')}?{wanted}")
    is_page = request.method in ("GET", "HEAD")
    request.session[PAGE_WANTED] = request.get_full_path() if is_page else reverse("admin:index")
    return redirect("account_first_factor")


@login_required
@require_safe
def first_factor(request: HttpRequest) -> HttpResponse:
    """Explain why and offer the choices. Once a factor is set up, go to the page they asked for."""
    if is_mfa_enabled(request.user, SECOND_FACTORS):
        return redirect(request.session.pop(PAGE_WANTED, reverse("admin:index")))
    if not request.user.is_staff:
        return redirect("mfa_index")
    # If they opened this page directly, they go to the staff desk next.
    request.session.setdefault(PAGE_WANTED, reverse("admin:index"))
    return render(request, "account/first_factor.html", {"step": 1})


def record_new_factor(request: HttpRequest, authenticator: Authenticator, **_: object) -> None:
    """Count setting up a factor as using it: allauth refuses the same code a second time."""
    if authenticator.type in SECOND_FACTORS:
        record_authentication(
            request, authenticator.user, "mfa", type=authenticator.type, reauthenticated=True
        )
