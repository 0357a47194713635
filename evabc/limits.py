"""Rate limits: the table of limits, and the page for too many attempts.

Only forms that strangers can send, or that cost emails or storage, have a limit. Each limit counts per
person (the account, or the email typed) and per network (an IPv4 address or an IPv6 /64) in the shared
cache, so that all web servers count together. Counts start again at each hour of the clock. If the cache
is down, nothing is counted and everyone gets through: access matters more than a limit, and a code still
expires after three wrong attempts. allauth's own limits also apply, for a single minute.
"""

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from membership.accounts.adapter import client_address, email_of_pending_sign_in, network_of
from membership.forms import posted_fields

MINUTE, HOUR = 60, 3600  # seconds
_NOT_KEPT = {"csrfmiddlewaretoken", "code", "credential"}


@dataclass(frozen=True)
class Limit:
    """The number of forms that may be sent from these pages in an hour of the clock."""

    name: str
    pages: tuple[str, ...]
    per_person: int
    per_network: int


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
        "exports",
        ("admin:coverage_sheet", "admin:report_sheet", "admin:roster_sheet"),
        per_person=60,
        per_network=300,
    ),
)


class RateLimitMiddleware(MiddlewareMixin):
    """Applies the limits to each form that is sent."""

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        page = request.resolver_match.view_name if request.resolver_match else ""
        for limit in LIMITS:
            is_limited = request.method == "POST" and page in limit.pages
            if is_limited and not is_allowed(request, limit, now=time.time()):
                return too_many_attempts(request, wait=math.ceil(HOUR - time.time() % HOUR))
        return None


def is_allowed(request: HttpRequest, limit: Limit, *, now: float) -> bool:
    """Count this form. False if it is over a limit."""
    for subject, highest in _counted(request, limit):
        key = hashlib.sha256(f"{limit.name} {subject} {now // HOUR}".encode()).hexdigest()
        if _count(f"limit:{key}") > highest * settings.LIMITS_TIMES:
            return False
    return True


def _counted(request: HttpRequest, limit: Limit) -> Iterator[tuple[str, int]]:
    """The network and the person that this form counts for, each with their limit."""
    yield f"network {network_of(client_address(request))}", limit.per_network
    if request.user.is_authenticated:
        yield f"user {request.user.pk}", limit.per_person
    elif email := request.POST.get("email") or email_of_pending_sign_in(request):
        yield f"email {email.strip().lower()}", limit.per_person


def _count(key: str) -> int:
    """Add one to the count and return it; 0 if the cache is down."""
    cache.add(key, 0, timeout=HOUR)
    try:
        return cache.incr(key) or 0  # django-redis returns None while Redis is down
    except ValueError:  # expired since the line above
        return 0


def too_many_attempts(request: HttpRequest, *, wait: int) -> HttpResponse:
    """The page that says when to try again, with what was typed, so that it can be sent then."""
    again = datetime.fromtimestamp(math.ceil((time.time() + wait) / MINUTE) * MINUTE, UTC)
    context = {
        "again_at": timezone.localtime(again),
        "minutes": math.ceil(wait / MINUTE),
        "typed": posted_fields(request, without=_NOT_KEPT),
        "has_files": bool(request.FILES),
        "to": request.get_full_path(),
    }
    page = render(request, "429.html", context, status=429)
    page["Retry-After"] = str(wait)
    return page


def too_many_sign_in_attempts(request: HttpRequest) -> HttpResponse:
    """The page for allauth's own limits, which cover one or five minutes."""
    return too_many_attempts(request, wait=MINUTE)
