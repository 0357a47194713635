"""Requests to the servers on this machine, and how long they take."""

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from urllib.parse import urlencode, urlsplit

TIMEOUT = 60  # seconds
CSRF = "c" * 32  # valid because the cookie and the field are equal


@dataclass(frozen=True)
class Request:
    """One request on its own connection, and the status that is expected."""

    url: str
    session: str = ""
    fields: dict[str, str] | None = None
    status: int = 200

    def send(self) -> str:
        """Send it and return the page. Any other status raises, because a fast error would look like speed."""
        where = urlsplit(self.url)
        method, body = "GET", None
        headers = {"Host": where.netloc, "Connection": "close"}
        if self.session:
            headers["Cookie"] = f"sessionid={self.session}; csrftoken={CSRF}"
        if self.fields is not None:
            method, body = "POST", urlencode({**self.fields, "csrfmiddlewaretoken": CSRF})
            headers["Origin"] = f"{where.scheme}://{where.netloc}"
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        with closing(HTTPConnection("127.0.0.1", where.port, timeout=TIMEOUT)) as connection:
            connection.request(method, f"{where.path}?{where.query}", body, headers)
            answer = connection.getresponse()
            page = answer.read().decode()
        if answer.status != self.status:
            raise RuntimeError(f"{self.url} answered {answer.status}: {page[:400]}")
        return page


def seconds(work: Callable[[], object]) -> float:
    """The time that ``work`` takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def answers_a_second(request: Request, *, times: int) -> float:
    """Requests per second with four concurrent visitors."""
    with ThreadPoolExecutor(4) as pool:
        return times / seconds(lambda: list(pool.map(lambda _: request.send(), range(times))))
