"""The first to see a request: a page that is kept in memory is given before Django begins to work."""

import time
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.utils.http import parse_etags

from communities.public_pages import KeptPage, KeptPages, place_of
from evabc.metrics import count

Environ = dict[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]
# All that comes with "you have it already".
_OF_304 = {"Cache-Control", "ETag", "Vary"}


class KeptPagesFirst:
    """The application, with the public pages for visitors without a session in front of it.

    A page from memory has no line in the log, which would take longer than the page; it is counted.
    """

    def __init__(self, application: Callable[..., Any]) -> None:
        self.application = application
        self.kept = KeptPages()

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        started, place = time.monotonic(), place_of(environ)
        if place is None:
            return self.application(environ, start_response)
        edition = self.kept.edition()
        page = self.kept.find(place, edition)
        if page is None:
            response = self.application(environ, start_response)
            self.kept.keep(place, edition, response)
            return response
        status, content = _given(page, environ, start_response)
        if settings.METRICS_TOKEN:
            count(environ["REQUEST_METHOD"], page.name, status, started)
        return content


def _given(
    page: KeptPage, environ: Environ, start_response: StartResponse
) -> tuple[int, list[bytes]]:
    etags = environ.get("HTTP_IF_NONE_MATCH")
    if etags and page.headers["ETag"] in parse_etags(etags):
        headers = [(name, value) for name, value in page.headers.items() if name in _OF_304]
        start_response("304 Not Modified", headers)
        return 304, []
    start_response("200 OK", list(page.headers.items()))
    return 200, [] if environ["REQUEST_METHOD"] == "HEAD" else [page.content]
