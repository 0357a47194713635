"""Rate limits: the table of limits, and the page for too many attempts.

Only forms that strangers can send, or that cost emails or storage, have a limit. Each limit counts per
person and per network (an IPv4 address or an IPv6 /48) in the shared cache, so that all web servers count
together. Counts start again at each hour of the clock. If the cache is down, nothing is counted and
everyone gets through: access matters more than a limit. allauth's own limits are off.

No one uses up the count of someone else. Users of a network have another count than strangers in it. An
email that is typed to get a code counts for each network, so that strangers elsewhere cannot use up its
codes, except by asking from several networks at once. Even then it is open to browsers in which its owner
has signed in before. The page for the code has no limit here: its row in the database counts the tries.
"""

import hashlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from communities.email_addresses import normalize_email
from membership.accounts import typed
from membership.accounts.adapter import (
    browser_mark,
    client_address,
    is_known_browser,
    network_of,
    user_of_pending_sign_in,
)
from membership.forms import posted_fields

MINUTE, HOUR = 60, 3600  # seconds


@dataclass(frozen=True)
class Limit:
    """The number of forms that may be sent from these pages in an hour of the clock.

    On the page that asks for an email, ``per_person`` is for one email in one network, and ``per_email`` for
    the same email in all networks together.
    """

    name: str
    pages: tuple[str, ...]
    per_person: int
    per_network: int
    per_email: int = 0


LIMITS = (
    Limit("codes", ("account_login",), per_person=8, per_network=200, per_email=24),
    Limit("new-emails", ("my:new-email",), per_person=8, per_network=60),
    Limit(
        "tries",
        (
            "account_confirm_it_is_you",
            "my:new-email-code",
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
            "admin:membership_access_zoom-upload",
            "admin:communities_meeting_zoom",
            "admin:membership_resource_add",
            "my:offer-resource",
        ),
        per_person=30,
        per_network=100,
    ),
    Limit(
        "exports",
        (
            "admin:coverage_sheet",
            "admin:report_sheet",
            "admin:roster_sheet",
            "admin:membership_agency_sheet",
            "admin:membership_program_sheet",
            "admin:membership_coordinationinitiative_sheet",
            "admin:membership_person_sheet",
            "admin:membership_worklistrow_sheet",
        ),
        per_person=60,
        per_network=300,
    ),
)

# Sessions that visitors of one network, or one browser that has signed in before, begin in an hour by opening a
# page. Each is a row of the database.
NEW_SESSIONS = 600


class RateLimitMiddleware(MiddlewareMixin):
    """Applies the limits to each form that is sent, and to the sessions of visitors."""

    def process_view(
        self, request: HttpRequest, view: object, args: object, kwargs: object
    ) -> HttpResponse | None:
        page = request.resolver_match.view_name if request.resolver_match else ""
        for limit in LIMITS:
            is_limited = request.method == "POST" and page in limit.pages
            if is_limited and not is_allowed(request, limit, now=time.time()):
                return too_many_attempts(request)
        return None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Refuse what a visitor who is not signed in would make the portal keep beyond its limits."""
        session = request.session
        if not session.modified or session.is_empty() or request.user.is_authenticated:
            return response
        if typed.kept_forms(request):
            return response
        visitor = browser_mark(request) or network_of(client_address(request))
        # A form that begins one is counted above, so that no one is kept from entering their code.
        begins_uncounted = request.method != "POST" and not session.session_key
        if begins_uncounted and not _is_within("sessions", visitor, NEW_SESSIONS, now=time.time()):
            session.flush()
            return too_many_attempts(request)
        if len(session.encode(dict(session.items()))) > settings.STRANGER_SESSION_BYTES:
            session.flush()
            return render(request, "400.html", status=400)
        return response


def is_allowed(request: HttpRequest, limit: Limit, *, now: float) -> bool:
    """Count this form. False if it is over a limit."""
    return all(
        _is_within(limit.name, subject, highest, now=now)
        for subject, highest in _counted(request, limit)
    )


def _is_within(name: str, subject: str, highest: int, *, now: float) -> bool:
    key = hashlib.sha256(f"{name} {subject} {now // HOUR}".encode()).hexdigest()
    return _count(f"limit:{key}") <= highest * settings.LIMITS_TIMES


def _counted(request: HttpRequest, limit: Limit) -> Iterator[tuple[str, int]]:
    """Who this form counts for, each with their limit. Those who are over one do not count for the next."""
    network = network_of(client_address(request))
    user = request.user if request.user.is_authenticated else user_of_pending_sign_in(request)
    email = _typed_email(request) if limit.per_email else ""
    if user:
        yield f"user {user.pk}", limit.per_person
        yield f"users in {network}", limit.per_network
    elif email and is_known_browser(request, email):
        yield f"browsers of {email}", limit.per_person
    else:
        if email:
            yield f"email {email} in {network}", limit.per_person
        yield f"strangers in {network}", limit.per_network
        if email:
            yield f"email {email}", limit.per_email


def _typed_email(request: HttpRequest) -> str:
    """The email in its normal form, so that every spelling of it counts; empty if the form refuses it."""
    try:
        return normalize_email(request.POST.get("email", ""))
    except ValidationError:
        return ""


def _count(key: str) -> int:
    """Add one to the count and return it; 0 if the cache is down."""
    cache.add(key, 0, timeout=HOUR)
    try:
        return cache.incr(key) or 0  # django-redis returns None while Redis is down
    except ValueError:  # expired since the line above
        return 0


def too_many_attempts(request: HttpRequest) -> HttpResponse:
    """The page that says when to try again, with what was typed, so that it can be sent then."""
    now = time.time()
    next_hour = (now // HOUR + 1) * HOUR
    wait = math.ceil(next_hour - now)
    context = {
        "again_at": timezone.localtime(datetime.fromtimestamp(next_hour, UTC)),
        "minutes": math.ceil(wait / MINUTE),
        # A code is never kept, and without it there is nothing to send again.
        "typed": posted_fields(request, without=typed.NOT_KEPT)
        if "code" not in request.POST
        else (),
        "has_files": bool(request.FILES),
        "to": request.get_full_path(),
    }
    page = render(request, "429.html", context, status=429)
    page["Retry-After"] = str(wait)
    return page
