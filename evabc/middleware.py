"""Middleware for every request: log lines, and headers of the response."""

import logging
import time
from collections.abc import Callable
from http import HTTPMethod

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.cache import add_never_cache_headers
from django.utils.deprecation import MiddlewareMixin

from membership.accounts.security_events import log_security_event

access_log = logging.getLogger("evabc.requests")

_METHODS = {method.value for method in HTTPMethod}
_PRESENCE = "admin:joinrequests_joinrequest_presence"
# Requested by machines all day, or by an open page.
_NOT_LOGGED = {"healthz", "readyz", "metrics", "static", _PRESENCE}
_REFUSALS = {403: "Refused", 404: "Not found", 429: "Too many attempts"}


class PrivateResponseMiddleware(MiddlewareMixin):
    """Pages for someone who is signed in are never cached, not even by the browser.

    When a session ends, the browser is told to clear its cache as well.
    """

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        was_signed_in = request.user.is_authenticated
        response = self.get_response(request)
        is_signed_in = request.user.is_authenticated
        if was_signed_in or is_signed_in:
            add_never_cache_headers(response)
        if was_signed_in and not is_signed_in:
            response["Clear-Site-Data"] = '"cache", "storage"'
        return response


class RejectNullBytesMiddleware(MiddlewareMixin):
    """Refuses NUL characters in URLs, which PostgreSQL cannot store or compare.

    Forms refuse them already; this covers the path and the query of every page.
    """

    def process_request(self, request: HttpRequest) -> None:
        if "\0" in request.path:
            raise Http404("The address contains a NUL character.")
        if any("\0" in text for name, values in request.GET.lists() for text in (name, *values)):
            raise BadRequest("The address contains a NUL character.")


class SecurityHeadersMiddleware(MiddlewareMixin):
    """Security headers that Django has no setting for."""

    HEADERS = {
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
        "X-Permitted-Cross-Domain-Policies": "none",
    }

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        for name, value in self.HEADERS.items():
            response[name] = value
        return response


class AccessLogMiddleware(MiddlewareMixin):
    """Logs one line for each response, without the user. It has the URL name, because a path may contain secrets.

    A security event says when a limit is reached, or when someone signed in is refused a page (403 or 404).
    """

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        view, status = view_of(request), response.status_code
        if view not in _NOT_LOGGED:
            ms = round((time.monotonic() - started) * 1000, 1)
            fields = {"method": method_of(request), "view": view, "status": status, "ms": ms}
            access_log.info("Answered", extra=fields)
        user = getattr(request, "user", None)  # some answers come before Django knows who asks
        if status in _REFUSALS and user and (user.is_authenticated or status == 429):
            log_security_event(_REFUSALS[status], user=user.pk, view=view, status=status)
        return response


def view_of(request: HttpRequest) -> str:
    """The URL name, which contains no personal data."""
    if request.resolver_match:
        return request.resolver_match.view_name
    return "static" if request.path.startswith(settings.STATIC_URL) else "none"


def method_of(request: HttpRequest) -> str:
    """The HTTP method, or "other" for an unknown one: a visitor may send any word."""
    return request.method if request.method in _METHODS else "other"
