"""How often somebody may do what costs others something: the table, and the page that says "later".

Each limit counts per person (who is signed in, or the email typed) and per network (an IPv4 address,
a /64 of IPv6), in the shared cache, so that all web servers count together. The hours and minutes
are those of the clock: a count starts again with the next one. While the cache is away nothing is
counted and everybody gets through: people who need the portal matter more than a limit, and each code
still dies after three wrong tries. allauth's own limits stand beside these, and bound the single minute.
"""

import hashlib
import logging
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from allauth.account.internal.stagekit import get_pending_stage
from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from evabc.logs import Word
from membership.signup.client_address import client_address, network_of

logger = logging.getLogger(__name__)

MINUTE, HOUR = 60, 3600  # seconds
_NOT_KEPT = {"csrfmiddlewaretoken", "code", "credential"}


@dataclass(frozen=True)
class Limit:
    """At most so many visits of these pages in a span of the clock."""

    name: str
    pages: tuple[str, ...]
    per_person: int
    per_network: int
    span: int = HOUR
    # What counts: forms that are sent, or for a search each look at its page.
    counts: Callable[[HttpRequest], bool] = lambda request: request.method == "POST"

    def hits(self, request: HttpRequest, page: str) -> bool:
        named = page in self.pages or (
            "changelists" in self.pages and page.endswith("_changelist") and "admin:" in page
        )
        return named and self.counts(request)


def _searches(request: HttpRequest) -> bool:
    return request.method in ("GET", "HEAD") and bool(request.GET)


LIMITS = (
    Limit("codes", ("account_login",), per_person=20, per_network=100),
    Limit(
        "tries",
        (
            "account_confirm_login_code",
            "account_confirm_it_is_you",
            "mfa_authenticate",
            "mfa_reauthenticate",
            "mfa_reauthenticate_webauthn",
            "mfa_login_webauthn",
            "mfa_activate_totp",
        ),
        per_person=30,
        per_network=300,
    ),
    # The join form is sent at every change of a field, to keep it.
    Limit("typing", ("join", "join-several-answers"), per_person=1_000, per_network=5_000),
    Limit(
        "sending",
        (
            "join-check",
            "join-several-check",
            "my:reply",
            "my:withdraw",
            "my:confirm",
            "my:new-job",
            "my:new-work",
            "my:leave",
            "my:details",
            "my:preferences",
            "my:calendar",
            "my:meeting-answer",
        ),
        per_person=60,
        per_network=600,
    ),
    Limit(
        "uploads",
        (
            "admin:membership_listimport_add",
            "admin:membership_access_slack-upload",
            "admin:communities_meeting_zoom",
        ),
        per_person=30,
        per_network=100,
    ),
    Limit(
        "searches",
        ("changelists", "admin:autocomplete", "admin:history"),
        per_person=120,
        per_network=600,
        span=MINUTE,
        counts=_searches,
    ),
    Limit(
        "sheets",
        ("admin:roster_sheet", "admin:coverage_sheet", "admin:report_sheet"),
        per_person=30,
        per_network=100,
    ),
    Limit("calendars", ("calendar-feed",), 600, 600, counts=lambda request: True),
)


class Limits:
    """Looks each visit up in the table, once Django knows which page is asked for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Any, args: Any, kwargs: Any
    ) -> HttpResponse | None:
        match = request.resolver_match
        page = match.view_name if match else ""
        for limit in LIMITS:
            if limit.hits(request, page) and not may_go_on(request, limit, now=time.time()):
                return too_many(request, wait=seconds_left(limit, time.time()))
        return None


def may_go_on(request: HttpRequest, limit: Limit, *, now: float) -> bool:
    """Count this visit; False where it is one too many."""
    span = int(now // limit.span)
    for who, most in _counted(request, limit):
        key = hashlib.sha256(f"{limit.name} {who} {span}".encode()).hexdigest()
        if _count(f"limit:{key}", limit.span) > most * settings.LIMITS_TIMES:
            logger.info("The limit on %s was reached.", Word(limit.name))
            return False
    return True


def seconds_left(limit: Limit, now: float) -> int:
    """Until the span of the clock is over, in which too much was asked for."""
    return math.ceil(limit.span - now % limit.span)


def _counted(request: HttpRequest, limit: Limit) -> Iterator[tuple[str, int]]:
    yield f"network {network_of(client_address(request))}", limit.per_network
    person = _person(request)
    if person:
        yield person, limit.per_person


def _person(request: HttpRequest) -> str:
    if request.user.is_authenticated:
        return f"user {request.user.pk}"
    stage = get_pending_stage(request)
    waiting = stage.state.get("email") if stage else ""
    typed = request.POST.get("email") or waiting or ""
    return f"email {typed.strip().lower()}" if typed else ""


def _count(key: str, span: int) -> int:
    """One more; where the cache is away, none."""
    cache.add(key, 0, timeout=span)
    try:
        return cache.incr(key)
    except ValueError:
        return 0


def too_many(request: HttpRequest, *, wait: int) -> HttpResponse:
    """Later, please: when, and what was typed, to be sent again then."""
    again = datetime.fromtimestamp(math.ceil((time.time() + wait) / MINUTE) * MINUTE, UTC)
    typed = [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _NOT_KEPT
        for value in values
    ]
    context = {
        "again_at": timezone.localtime(again),
        "minutes": math.ceil(wait / MINUTE),
        "typed": typed,
        "has_files": bool(request.FILES),
        "to": request.get_full_path(),
    }
    page = render(request, "429.html", context, status=429)
    page["Retry-After"] = str(wait)
    return page


def too_many_for_sign_in(request: HttpRequest) -> HttpResponse:
    """For allauth's limits, which are all on the last minute or the last five."""
    return too_many(request, wait=MINUTE)
