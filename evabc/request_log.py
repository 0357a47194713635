"""What the log says of requests: one line each, and who signed in was refused."""

import logging
import time
from collections.abc import Callable
from http import HTTPMethod

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from evabc.logs import Word
from membership.signup.security_events import tell

logger = logging.getLogger("evabc.requests")

METHODS = {method.value for method in HTTPMethod}
# Machines ask for these all day.
_NOT_TOLD = {"healthz", "readyz", "metrics", "static"}
REFUSALS = {403: "Refused", 404: "Not found", 429: "Too many tries"}


class RequestsAreTold:
    """One line for each answer that Django makes, without who asked: the log follows nobody around."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        if logger.isEnabledFor(logging.INFO) and (view := view_of(request)) not in _NOT_TOLD:
            fields = {
                "method": Word(request.method if request.method in METHODS else "other"),
                "view": Word(view),
                "status": response.status_code,
                "ms": round((time.monotonic() - started) * 1000, 1),
            }
            logger.info("Answered", extra={"fields": fields})
        return response


class RefusalsAreTold:
    """Somebody signed in was refused a page, asked for one that is not hers, or tried too often."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        event = REFUSALS.get(response.status_code)
        if event and request.user.is_authenticated:
            view, status = Word(view_of(request)), response.status_code
            tell(event, user=request.user.pk, view=view, status=status)
        return response


def view_of(request: HttpRequest) -> str:
    """The name of the page, which says nothing of anybody; a path may."""
    if request.resolver_match:
        return request.resolver_match.view_name
    if request.path.startswith(settings.STATIC_URL):
        return "static"
    return "none"
