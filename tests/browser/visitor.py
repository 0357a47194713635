"""Somebody who uses the portal by plain HTTP: no JavaScript, a cookie jar, forms as the page has them."""

import re
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass, field
from http.cookiejar import Cookie, CookieJar


@dataclass
class Page:
    """What came back: where the visitor ended up, the status, and the text."""

    url: str
    status: int
    text: str
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def path(self) -> str:
        return urllib.parse.urlsplit(self.url).path

    @property
    def token(self) -> str:
        found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', self.text)
        assert found, f"no form on {self.url}"
        return found[1]


class Visitor:
    """Gets pages and sends their forms, following redirects."""

    def __init__(self, portal: str) -> None:
        self.portal = portal.rstrip("/")
        self._cookies = CookieJar()
        self._opener = urllib.request.build_opener(
            urllib.request.HTTPCookieProcessor(self._cookies),
            urllib.request.ProxyHandler({}),
        )
        self.page = Page("", 0, "")

    def come_back(self, session: str) -> None:
        """They signed in before, and their browser has kept the session."""
        rest = (None, False, "localhost.local", False, False, "/", True, False)
        self._cookies.set_cookie(
            Cookie(0, "sessionid", session, *rest, None, False, None, None, {})
        )

    def get(self, path: str) -> Page:
        return self._open(urllib.request.Request(self._full(path)))  # noqa: S310  (our own portal)

    def post(self, path: str = "", /, *, origin: str = "", **answers: str) -> Page:
        """Send the form of the page they are on, to ``path`` or to that page itself, as if from ``origin``."""
        data = urllib.parse.urlencode({"csrfmiddlewaretoken": self.page.token, **answers})
        url = self._full(path) if path else self.page.url
        headers = {"Referer": self.page.url, "Origin": origin or self.portal}
        return self._open(urllib.request.Request(url, data.encode(), headers))  # noqa: S310

    def _full(self, path: str) -> str:
        return path if path.startswith("http") else self.portal + path

    def _open(self, request: urllib.request.Request) -> Page:
        try:
            with self._opener.open(request, timeout=30) as answer:
                self.page = Page(
                    answer.url, answer.status, answer.read().decode(), dict(answer.headers)
                )
        except urllib.error.HTTPError as error:
            self.page = Page(error.url, error.code, error.read().decode(), dict(error.headers))
        return self.page
