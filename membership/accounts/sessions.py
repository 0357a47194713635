"""Sessions end when nobody uses them, and after a time in any case: staff's soon, because of what they see."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

_SIGNED_IN_AT, _SEEN_AT = "signed_in_at", "seen_at"
SEEN_INTERVAL = 60  # seconds: not each page of a busy minute writes the session

IDLE_MESSAGE = "You were signed out because nothing happened for a while. Sign in to go on."
MAXIMUM_MESSAGE = "You had been signed in for a long time. To be safe, sign in again."


class SessionExpiryMiddleware:
    """Signs out who has been away too long (staff), or signed in too long (everybody).

    A worker's idle session ends by its own age, which counts from the last time it was written:
    noting that somebody is there keeps it alive.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now, session = int(time.time()), request.session
            since, seen = session.get(_SIGNED_IN_AT, now), session.get(_SEEN_AT, now)
            if request.user.is_staff and now - seen >= settings.STAFF_IDLE_SECONDS:
                return _sign_out(request, IDLE_MESSAGE)
            if now - since >= _session_limit(request):
                return _sign_out(request, MAXIMUM_MESSAGE)
            if _SEEN_AT not in session or now - seen >= SEEN_INTERVAL:
                session[_SIGNED_IN_AT], session[_SEEN_AT] = since, now
        return self.get_response(request)


def _session_limit(request: HttpRequest) -> int:
    """Seconds that a session of this person may last."""
    return settings.STAFF_SESSION_SECONDS if request.user.is_staff else settings.SESSION_SECONDS


def _sign_out(request: HttpRequest, why: str) -> HttpResponse:
    wanted = request.get_full_path() if request.method == "GET" else ""
    logout(request)
    messages.info(request, why)
    return redirect_to_login(wanted)
