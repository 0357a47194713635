"""The pages for errors, also those that Django has none for: no database, no space, and a form that is too large."""

import sys
from contextlib import suppress

from django.core.exceptions import (
    RequestDataTooBig,
    SuspiciousOperation,
    TooManyFieldsSent,
    TooManyFilesSent,
)
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.http.multipartparser import MultiPartParserError
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_safe

from evabc.context_processors import last_known_teams
from evabc.ops.health import healthz
from evabc.ops.space import is_full
from membership.accounts import typed
from membership.forms import posted_fields

RETRY_SECONDS = 60
# Classes of PostgreSQL's error codes: connections, resources, orders to stop.
_OUT_OF_SERVICE = {"08", "53", "57"}


def is_outage(error: BaseException | None) -> bool:
    """Whether the database is away or a disk is full, so that the portal is right again once that is mended."""
    if isinstance(error, OperationalError):
        code = getattr(error.__cause__, "pgcode", "")  # None if the server did not answer
        return code is None or code[:2] in _OUT_OF_SERVICE or is_full(error)
    return isinstance(error, InterfaceError) or is_full(error)


def server_error(request: HttpRequest) -> HttpResponse:
    """The page for an error; in an outage, one with status 503 that has what was typed."""
    if not is_outage(sys.exc_info()[1]):
        return _page("500.html", 500)
    if request.path == reverse("healthz"):
        return healthz(request)
    fields: list[tuple[str, str]] = []
    # The button must not send what another site has filled in.
    if request.method == "POST" and typed.is_from_here(request):
        with suppress(SuspiciousOperation, MultiPartParserError, OSError):
            fields = posted_fields(request, without=typed.NOT_KEPT)
    context = {
        "typed": fields,
        "has_files": bool(fields and request.FILES),
        "to": request.get_full_path(),
        "csrf_token": get_token(request) if fields else "",
    }
    response = _page("503.html", 503, **context)
    response["Retry-After"] = str(RETRY_SECONDS)
    add_never_cache_headers(response)
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page for a request that cannot be read; status 413 if it is too large."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _page("413.html", 413)
    return _page("400.html", 400)


@require_safe
def too_large(request: HttpRequest) -> HttpResponse:
    """What Caddy shows to someone whose upload is too large to reach the portal."""
    return _page("413.html", 413)


def _page(template: str, status: int, **context: object) -> HttpResponse:
    """A page that needs no database, because it may be what failed."""
    words = render_to_string(template, {"support_teams": last_known_teams, **context})
    return HttpResponse(words, status=status)
