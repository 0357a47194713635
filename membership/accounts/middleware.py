"""Middleware for accounts: sessions expire, and staff complete two-step sign-in."""

import time
from collections.abc import Callable
from urllib.parse import urlencode

from allauth.account.internal.flows.login import get_authentication_records, record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.utils import is_mfa_enabled
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.deprecation import MiddlewareMixin
from django.views.decorators.http import require_safe

from membership.accounts import typed
from membership.models import User

_SIGNED_IN_AT, _SEEN_AT = "signed_in_at", "seen_at"
SEEN_INTERVAL = 60  # seconds; the session is written once a minute at most

IDLE_MESSAGE = "You were signed out because you were inactive for a while."
MAXIMUM_MESSAGE = (
    "You were signed in for a long time. To keep your account safe, please sign in again."
)


class SessionExpiryMiddleware(MiddlewareMixin):
    """Signs out anyone who was idle or signed in for too long, and keeps what they were typing.

    A page that updates itself is no activity. Typing is: ``static/typing.js`` says so.
    """

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return typed.follow(request, self.get_response(request))
        finally:
            typed.typed_again.set(None)

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> None:
        if request.user.is_authenticated:
            self._end_or_extend(request, request.user, int(time.time()))
        if request.user.is_authenticated:
            typed.put_back(request)

    def _end_or_extend(self, request: HttpRequest, user: User, now: int) -> None:
        session, staff = request.session, user.is_staff
        since, seen = session.get(_SIGNED_IN_AT, now), session.get(_SEEN_AT, now)
        idle = settings.STAFF_IDLE_SECONDS if staff else settings.IDLE_SECONDS
        maximum = settings.STAFF_SESSION_SECONDS if staff else settings.SESSION_SECONDS
        if now - seen >= idle or now - since >= maximum:
            typed.end_session(request, logout)
            messages.info(request, IDLE_MESSAGE if now - seen >= idle else MAXIMUM_MESSAGE)
        elif _SEEN_AT not in session or (
            now - seen >= SEEN_INTERVAL and not _updates_itself(request)
        ):
            session[_SIGNED_IN_AT], session[_SEEN_AT] = since, now
            session.set_expiry(settings.SESSION_ROW_SECONDS)


def _updates_itself(request: HttpRequest) -> bool:
    """Whether a page asks for this without its reader: with htmx, or by a refresh without JavaScript."""
    is_polled = request.htmx or "polled" in request.GET  # type: ignore[attr-defined]
    return request.method == "GET" and bool(is_polled)


@require_safe
def active(request: HttpRequest) -> HttpResponse:
    """Requested while someone types. Like any page, it counts as activity."""
    return HttpResponse(status=204)


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

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
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
    page = typed.keep_if_posted(request, otherwise=reverse("admin:index"))
    if is_mfa_enabled(request.user, SECOND_FACTORS):
        wanted = urlencode({REDIRECT_FIELD_NAME: page})
        return typed.lead_to(request, f"{reverse('mfa_reauthenticate')}?{wanted}")
    request.session[PAGE_WANTED] = page
    return typed.lead_to(request, reverse("account_first_factor"))


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
