"""The pages for errors. They need no database, because it may be what failed."""

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


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """For a request that cannot be read. Status 413 if it is too large, else 400."""
    if isinstance(exception, RequestDataTooBig | TooManyFieldsSent | TooManyFilesSent):
        return _page("413.html", status=413)
    return _page("400.html", status=400)


@require_safe
def too_large(request: HttpRequest) -> HttpResponse:
    """What Caddy shows to someone whose upload is too large to reach the portal."""
    return _page("413.html", status=413)


def server_error(request: HttpRequest) -> HttpResponse:
    """Status 500; in an outage 503, with what was typed."""
    if not _is_outage(sys.exc_info()[1]):
        return _page("500.html", status=500)
    if request.path == reverse("healthz"):
        return healthz(request)
    fields: list[tuple[str, str]] = []
    # The button must not send what another site has filled in.
    if request.method == "POST" and typed.is_from_here(request):
        with suppress(SuspiciousOperation, MultiPartParserError, OSError):
            fields = posted_fields(request, without=typed.NOT_KEPT)
    response = _page(
        "503.html",
        status=503,
        typed=fields,
        has_files=bool(fields and request.FILES),
        to=request.get_full_path(),
        csrf_token=get_token(request) if fields else "",
    )
    response["Retry-After"] = str(RETRY_SECONDS)
    add_never_cache_headers(response)
    return response


def _is_outage(error: BaseException | None) -> bool:
    """Whether the database is away or a disk is full, so that the portal is right again once that is mended."""
    if isinstance(error, OperationalError):
        code = getattr(error.__cause__, "pgcode", "")  # None if the server did not answer
        return code is None or code[:2] in _OUT_OF_SERVICE or is_full(error)
    return isinstance(error, InterfaceError) or is_full(error)


def _page(template: str, *, status: int, **context: object) -> HttpResponse:
    page = render_to_string(template, {"support_teams": last_known_teams, **context})
    return HttpResponse(page, status=status)
