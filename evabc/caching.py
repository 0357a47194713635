"""Caches: public pages, also while the database is away, and Redis that may be down."""

import hashlib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.core.cache import caches
from django.http import HttpRequest, HttpResponse
from django.urls import resolve
from django.utils.cache import get_conditional_response
from django.utils.deprecation import MiddlewareMixin
from django_redis.cache import RedisCache

# A change shows within a second, including the time to render the page.
SECONDS = 0.9
# How long the last copy of a page is shown if the database goes away.
COPY_SECONDS = 7 * 24 * 60 * 60


class PublicPageCacheMiddleware(MiddlewareMixin):
    """Serves cached public pages before sessions, views or the database are used.

    A view allows caching with ``public_page``. A page that sets a cookie or has a nonce is never cached,
    because it is meant for one visitor.

    While the database is away, everyone gets the last copy of such a page. The copies are files, so that
    all processes have them.
    """

    get_response: Callable[[HttpRequest], HttpResponse]

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # The scheme is part of the key: http gets a redirect, and https a header. An unknown host is refused,
        # so there is never a page for it.
        origin = f"{request.scheme} {request.META.get('HTTP_HOST')}"
        key = hashlib.sha256(f"{origin} {request.path}".encode()).hexdigest()
        is_for_all = _may_come_from_the_cache(request)
        response: HttpResponse | None = caches["pages"].get(key) if is_for_all else None
        if response is None:
            response = self.get_response(request)
            if response.status_code == 503 and request.method in ("GET", "HEAD"):
                return caches["copies"].get(key, response)
            if not (is_for_all and _may_be_cached(response)):
                return response
            # Weak, because Caddy compresses.
            response["ETag"] = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            del response["X-Request-ID"]  # of the first visitor only
            caches["pages"].set(key, response, timeout=SECONDS)
            with suppress(OSError):  # a full disk
                caches["copies"].set(key, response, timeout=COPY_SECONDS)
        else:
            request.resolver_match = resolve(request.path_info)  # for the metrics
        answer = get_conditional_response(request, etag=response["ETag"], response=response)
        return answer or response


def _may_come_from_the_cache(request: HttpRequest) -> bool:
    ours = {settings.SESSION_COOKIE_NAME, settings.CSRF_COOKIE_NAME}
    return (
        request.method in ("GET", "HEAD")
        and not request.META.get("QUERY_STRING")
        and not request.path.startswith(settings.STATIC_URL)
        and ours.isdisjoint(request.COOKIES)
    )


def _may_be_cached(response: HttpResponse) -> bool:
    return (
        response.status_code == 200
        and "public" in response.get("Cache-Control", "")
        and not response.cookies
        and "'nonce-" not in response.get("Content-Security-Policy", "")
    )


class FailOpenRedisCache(RedisCache):
    """With ``IGNORE_EXCEPTIONS``, ``add`` returns None while Redis is down.

    allauth would take that for a used code or a lock held by another process, and no one could sign in.
    True means that the key was not there before.
    """

    def add(self, *args: Any, **kwargs: Any) -> bool:
        added = super().add(*args, **kwargs)
        return True if added is None else added
