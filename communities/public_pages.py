"""Public pages are kept whole, in the memory of each web server, until staff change their words.

A page is kept with the edition it was made from. The edition is one value in the shared cache: what
staff save makes a new one, and every web server sees that at its next visitor.
"""

import hashlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response

logger = logging.getLogger(__name__)

_EDITION = "edition-of-the-public-pages"
_MARK = "is_public_page"

View = Callable[..., HttpResponse]


def public_page(view: View) -> View:
    """Marks a page that is the same for every visitor without a session."""

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        setattr(response, _MARK, True)
        return response

    return marked


def renew_public_pages() -> None:
    """Their words have changed: when the caller commits, no kept page counts any more."""
    transaction.on_commit(_new_edition, robust=True)


def _new_edition() -> str:
    edition = uuid.uuid4().hex
    cache.set(_EDITION, edition, timeout=None)
    return edition


def _edition() -> str:
    """The edition of now; empty where the cache does not answer, and then nothing is kept."""
    try:
        return cache.get(_EDITION) or _new_edition()
    except Exception:
        # Whatever the cache's trouble is, the page can be made from the database.
        logger.warning("The cache did not say which edition of the public pages counts.")
        return ""


@dataclass(frozen=True)
class _Kept:
    edition: str
    content: bytes
    headers: dict[str, str]

    def answer(self) -> HttpResponse:
        return HttpResponse(self.content, headers=self.headers)


class PublicPagesAreKept:
    """Answers visitors without a session from memory, before anything else is done."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self.kept: dict[str, _Kept] = {}

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not _may_be_kept(request):
            return self.get_response(request)
        request.get_host()  # refuses a host that is not ours, as any other page does
        edition = _edition()
        kept = self.kept.get(request.path)
        if kept is None or kept.edition != edition:
            response = self.get_response(request)
            if not edition or response.status_code != 200 or not hasattr(response, _MARK):
                return response
            # Only pages with an address of their own come here, so the memory has an end.
            kept = self.kept[request.path] = _keep(response, edition)
        answer = kept.answer()
        return (
            get_conditional_response(request, etag=kept.headers["ETag"], response=answer) or answer
        )


def _may_be_kept(request: HttpRequest) -> bool:
    return (
        request.method in ("GET", "HEAD")
        and not request.META.get("QUERY_STRING")
        and settings.SESSION_COOKIE_NAME not in request.COOKIES
        and "messages" not in request.COOKIES
        and (request.is_secure() or not settings.SECURE_SSL_REDIRECT)
    )


def _keep(response: HttpResponse, edition: str) -> _Kept:
    # Weak, because the front server compresses. Browsers keep the page and ask each time.
    etag = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    headers = {**response.headers, "ETag": etag, "Cache-Control": "no-cache"}
    return _Kept(edition, response.content, headers)
