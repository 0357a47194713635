"""What holds for every request of the portal: its lines in the log, and the headers of its answer."""

import logging
import time
from collections.abc import Callable
from http import HTTPMethod

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers

from membership.accounts.security_events import log_security_event

access_log = logging.getLogger("evabc.requests")

_METHODS = {method.value for method in HTTPMethod}
# Machines ask for these all day.
_NOT_LOGGED = {"healthz", "readyz", "metrics", "static"}
_REFUSALS = {403: "Refused", 404: "Not found", 429: "Too many tries"}


class PrivateResponseMiddleware:
    """Pages made for somebody signed in are kept in no cache, not even the browser's own.

    The browser clears what it cached anyway when the person signs out or is signed out.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        response = self.get_response(request)
        is_signed_in = request.user.is_authenticated
        if was_signed_in or is_signed_in:
            add_never_cache_headers(response)
        if was_signed_in and not is_signed_in:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class RejectNullBytesMiddleware:
    """PostgreSQL keeps no NUL in a text, so it must not come as far as a question to it.

    Forms refuse one by themselves; addresses are looked at here, for every page at once.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            raise Http404("No address of the portal has a NUL in it.")
        if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
            raise BadRequest("There is a NUL in the address.")
        return self.get_response(request)


class SecurityHeadersMiddleware:
    """The protecting headers that Django has no setting for."""

    HEADERS = {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Permitted-Cross-Domain-Policies": "none",
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in self.HEADERS.items():
            response[name] = value
        return response


class AccessLogMiddleware:
    """One line for each answer, without who asked: by the name of the page, as a path may hold secrets."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        if (view := view_of(request)) not in _NOT_LOGGED:
            fields = {
                "method": method_of(request),
                "view": view,
                "status": response.status_code,
                "ms": round((time.monotonic() - started) * 1000, 1),
            }
            access_log.info("Answered", extra=fields)
        return response


class RefusalLogMiddleware:
    """A security event where a limit was reached, or somebody signed in was refused a page.

    Refused is also who asks for a page that is not theirs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        event = _REFUSALS.get(response.status_code)
        if event and (request.user.is_authenticated or response.status_code == 429):
            view, status = view_of(request), response.status_code
            log_security_event(event, user=request.user.pk, view=view, status=status)
        return response


def view_of(request: HttpRequest) -> str:
    """The name of the page, which says nothing about anybody."""
    if request.resolver_match:
        return request.resolver_match.view_name
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"


def method_of(request: HttpRequest) -> str:
    """One of the known methods, or "other": a visitor may send any word."""
    return request.method if request.method in _METHODS else "other"
