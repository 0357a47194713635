"""Public pages for visitors without a session, from Django's cache."""

import hashlib
from collections.abc import Callable

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.cache import get_conditional_response

from communities.public_pages import content_version


class PublicPageCacheMiddleware:
    """Gives a public page before sessions, views or the database are asked.

    A view says by ``public_page`` that its page may be cached. The key holds the version of the
    content, so a page that was made before a change is never found after it.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        version = content_version() if _may_come_from_the_cache(request) else ""
        if not version:
            return self.get_response(request)
        request.get_host()  # refuses a host that is not ours, also for a cached page
        key = hashlib.sha256(f"{version} {request.path}".encode()).hexdigest()
        response = caches["pages"].get(key)
        if response is None:
            response = self.get_response(request)
            if not _may_be_cached(response):
                return response
            # Weak, because Caddy compresses.
            response["ETag"] = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            caches["pages"].set(key, response)
        else:
            request.resolver_match = resolve(request.path_info)  # for the log and the figures
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        return answer or response


def _may_come_from_the_cache(request: HttpRequest) -> bool:
    ours = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME, "messages"}
    is_plain = request.method in ("GET", "HEAD") and not request.META.get("QUERY_STRING")
    return is_plain and ours.isdisjoint(request.COOKIES)


def _may_be_cached(response: HttpResponse) -> bool:
    """A public page that sets no cookie; a nonce must not be given out twice."""
    return (
        response.status_code == 200
        and "public" in response.get("Cache-Control", "")
        and not response.cookies
        and "'nonce-" not in response.get("Content-Security-Policy", "")
    )
