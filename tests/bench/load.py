"""Requests to the servers on this machine, one connection each.

An answer that is not the expected one ends the run: a fast error looks like speed.
"""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

TIMEOUT = 60  # seconds for an answer
CSRF = "c" * 32  # the cookie and the field agree, which is all that the middleware asks


@dataclass(frozen=True)
class Request:
    """One request to a server on this machine, and the status that its answer must have."""

    url: str
    session: str = ""
    fields: dict[str, str] | None = None
    status: int = 200

    def send(self) -> str:
        """The whole page."""
        where = urlsplit(self.url)
        method, body = "GET", None
        headers = {"Host": where.netloc, "Connection": "close"}
        if self.session:
            headers["Cookie"] = f"sessionid={self.session}; csrftoken={CSRF}"
        if self.fields is not None:
            method, body = "POST", urlencode({**self.fields, "csrfmiddlewaretoken": CSRF})
            headers["Origin"] = f"{where.scheme}://{where.netloc}"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = HTTPConnection("127.0.0.1", where.port, timeout=TIMEOUT)
        with closing(connection):
            connection.request(method, f"{where.path}?{where.query}", body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        if answer.status != self.status:
            raise RuntimeError(
                f"{self.url} answered {answer.status}, not {self.status}: {page[:400]}"
            )
        return page


def milliseconds(request: Request) -> float:
    """How long one answer takes, for one visitor alone."""
    started = time.perf_counter()
    request.send()
    return (time.perf_counter() - started) * 1_000


def a_second(request: Request, *, times: int, visitors: int = 4) -> float:
    """How many answers a second, with so many visitors at once."""
    started = time.perf_counter()
    with ThreadPoolExecutor(visitors) as pool:
        for _ in pool.map(lambda _: request.send(), range(times)):
            pass
    return times / (time.perf_counter() - started)
