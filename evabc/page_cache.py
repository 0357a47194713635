"""Public pages for visitors without a session, from Django's cache."""

import hashlib
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.cache import get_conditional_response

from communities.public_pages import find_page, keep_page
from evabc.ops.metrics import count


class PublicPageCacheMiddleware:
    """Gives a public page before any other middleware, the views or the database are asked.

    A view says by ``public_page`` that its page may be cached. It is cached with the
    version of the content, so a page that was made before a change is never given after it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        if not _may_come_from_the_cache(request):
            return self.get_response(request)
        request.get_host()  # refuses a host that is not ours, also for a cached page
        # By scheme too: over http there is a redirect, which is not cached, and over https a header.
        key = hashlib.sha256(f"{request.scheme} {request.path}".encode()).hexdigest()
        version, response = find_page(key)
        if response is None:
            response = self.get_response(request)
            if not version or not _may_be_cached(response):
                return response
            # Weak, because Caddy compresses.
            response["ETag"] = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            del response["X-Request-ID"]  # of the first visitor alone
            keep_page(key, version, response)
        elif settings.METRICS_TOKEN:
            request.resolver_match = resolve(request.path_info)
            count(request, response.status_code, started)
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        return answer or response


def _may_come_from_the_cache(request: HttpRequest) -> bool:
    ours = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages"}
    return (
        request.method in ("GET", "HEAD")
        and not request.META.get("QUERY_STRING")
        and not request.path.startswith(settings.STATIC_URL)
        and ours.isdisjoint(request.COOKIES)
    )


def _may_be_cached(response: HttpResponse) -> bool:
    """A public page that sets no cookie; a nonce must not be given out twice."""
    return (
        response.status_code == 200
        and "public" in response.get("Cache-Control", "")
        and not response.cookies
        and "'nonce-" not in response.get("Content-Security-Policy", "")
    )
