"""Sessions end when nobody uses them: staff's soon, because of what they can see."""

import time
from collections.abc import Callable

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse

_SEEN = "seen_at"
NOTED_EVERY = 60  # seconds: not each page of a busy minute writes the session


class SessionsEndWhenIdle:
    """Signs staff out after STAFF_IDLE_SECONDS without a page.

    A worker's session ends by its own age, which counts from the last time it was written: noting
    that somebody is there keeps it alive.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated:
            now = int(time.time())
            seen = request.session.get(_SEEN, now)
            if request.user.is_staff and now - seen >= settings.STAFF_IDLE_SECONDS:
                return _sign_out(request)
            if _SEEN not in request.session or now - seen >= NOTED_EVERY:
                request.session[_SEEN] = now
        return self.get_response(request)


def _sign_out(request: HttpRequest) -> HttpResponse:
    wanted = request.get_full_path() if request.method == "GET" else ""
    logout(request)
    messages.info(
        request, "You were signed out because nothing happened for a while. Sign in to go on."
    )
    return redirect_to_login(wanted)
