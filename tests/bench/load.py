"""Requests as whole bytes, answers read to their end, one connection each.

An answer that is not the expected one ends the run: a fast error looks like speed.
"""

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
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

    def send(self) -> bytes:
        """The whole answer."""
        address = ("127.0.0.1", urlsplit(self.url).port or 80)
        with socket.create_connection(address, timeout=TIMEOUT) as connection:
            connection.sendall(self._raw())
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        if not answer.startswith(f"HTTP/1.1 {self.status} ".encode()):
            raise RuntimeError(f"{self.url} answered {answer[:400]!r}, not {self.status}")
        return answer

    def _raw(self) -> bytes:
        where = urlsplit(self.url)
        method = "GET" if self.fields is None else "POST"
        lines = [
            f"{method} {where._replace(scheme='', netloc='').geturl()} HTTP/1.1",
            f"Host: {where.netloc}",
            "Connection: close",
        ]
        if self.session:
            lines.append(f"Cookie: sessionid={self.session}; csrftoken={CSRF}")
        if self.fields is None:
            return "\r\n".join([*lines, "", ""]).encode()
        body = urlencode({**self.fields, "csrfmiddlewaretoken": CSRF})
        lines += [
            f"Origin: {where.scheme}://{where.netloc}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
        ]
        return "\r\n".join([*lines, "", body]).encode()


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
