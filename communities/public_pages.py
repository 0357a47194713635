"""Public pages are kept whole, in the memory of each web server, until staff change their words.

A page is kept with the edition it was made from. The edition is one value in the shared cache: what
staff save makes a new one, and every web server has seen that a tenth of a second later.
"""

import hashlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import transaction
from django.http import HttpRequest, HttpResponse

logger = logging.getLogger(__name__)

_EDITION = "edition-of-the-public-pages"
_NAME = "name_of_public_page"
# Of all pages and hosts together: who asks under ever new names must not fill the memory.
_MOST_KEPT = 200
# To ask the shared cache takes longer than to give the page, so many visitors share an answer.
_SECONDS_TRUSTED = 0.1

View = Callable[..., HttpResponse]
Place = tuple[str, ...]


def public_page(view: View) -> View:
    """Marks a page that is the same for every visitor without a session.

    Browsers keep it too, and ask each time whether it is still the same.
    """

    @wraps(view)
    def marked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        if request.resolver_match and response.status_code == 200 and place_of(request.META):
            setattr(response, _NAME, request.resolver_match.view_name)
            # Weak, because the front server compresses.
            response["ETag"] = f'W/"{hashlib.sha256(response.content).hexdigest()[:32]}"'
            response["Cache-Control"] = "no-cache"
        return response

    return marked


def renew_public_pages() -> None:
    """Their words have changed: when the caller commits, no kept page counts any more."""
    transaction.on_commit(_new_edition, robust=True)


def _new_edition() -> str:
    edition = uuid.uuid4().hex
    cache.set(_EDITION, edition, timeout=None)
    return edition


def place_of(environ: dict[str, Any]) -> Place | None:
    """All that an answer from memory may depend on; None where there can be none.

    A page is kept only after Django has made it for the same host over the same line, and so found
    both right.
    """
    if environ["REQUEST_METHOD"] not in ("GET", "HEAD") or environ.get("QUERY_STRING"):
        return None
    cookies = environ.get("HTTP_COOKIE", "")
    if f"{settings.SESSION_COOKIE_NAME}=" in cookies or "messages=" in cookies:
        return None
    line = ("wsgi.url_scheme", "HTTP_X_FORWARDED_PROTO", "HTTP_HOST", "SCRIPT_NAME", "PATH_INFO")
    return tuple(environ.get(name, "") for name in line)


@dataclass(frozen=True)
class KeptPage:
    """One page as it goes over the wire, the name of its view, and the edition it was made from."""

    name: str
    edition: str
    headers: dict[str, str]
    content: bytes


class KeptPages:
    """The memory of one web server."""

    def __init__(self) -> None:
        self._pages: dict[Place, KeptPage] = {}
        self._edition, self._trusted_until = "", 0.0

    def edition(self) -> str:
        """The edition that counts; empty where the cache does not answer, and then nothing is kept."""
        now = monotonic()
        if now >= self._trusted_until:
            self._edition, self._trusted_until = _edition_of_now(), now + _SECONDS_TRUSTED
        return self._edition

    def find(self, place: Place, edition: str) -> KeptPage | None:
        page = self._pages.get(place)
        return page if page and page.edition == edition else None

    def keep(self, place: Place, edition: str, response: HttpResponse) -> None:
        """Nothing happens where it is no public page, or no edition is known."""
        name = getattr(response, _NAME, "")
        if not name or not edition or response.cookies:
            return
        if len(self._pages) >= _MOST_KEPT:
            self._pages.clear()
        # The id of the request that it was made for is in nobody's log a second time.
        headers = {n: v for n, v in response.items() if n != "X-Request-ID"}
        self._pages[place] = KeptPage(name, edition, headers, response.content)


def _edition_of_now() -> str:
    try:
        return cache.get(_EDITION) or _new_edition()
    except Exception:
        # Whatever the cache's trouble is, the page can be made from the database.
        logger.warning("The cache did not say which edition of the public pages counts.")
        return ""
