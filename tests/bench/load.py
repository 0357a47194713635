"""A load generator of few lines: whole requests as bytes, whole answers read, nothing kept alive.

Gunicorn's sync workers close each connection anyway. An answer that is not the expected one ends the
run: a fast error looks like speed.
"""

import selectors
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast
from urllib.parse import urlencode, urlsplit

CSRF = "c" * 32  # cookie and field agree: that is all the middleware asks


@dataclass(frozen=True)
class Ask:
    """One request to a server, and the status it must answer."""

    url: str
    raw: bytes
    status: int = 200

    def send(self) -> bytes:
        """The whole answer."""
        where = urlsplit(self.url)
        with socket.create_connection(("127.0.0.1", where.port or 80), timeout=60) as line:
            line.sendall(self.raw)
            parts = []
            while part := line.recv(65_536):
                parts.append(part)
        return self.checked(b"".join(parts))

    def checked(self, answer: bytes) -> bytes:
        """The answer, where it is the right one."""
        if not answer.startswith(f"HTTP/1.1 {self.status} ".encode()):
            raise RuntimeError(f"{self.url} answered {answer[:400]!r}, not {self.status}")
        return answer


def get(url: str, *, session: str = "") -> Ask:
    return Ask(url, _raw("GET", url, session))


def post(url: str, fields: dict[str, str], *, session: str = "", status: int = 302) -> Ask:
    body = urlencode({**fields, "csrfmiddlewaretoken": CSRF}).encode()
    return Ask(url, _raw("POST", url, session, body), status)


def milliseconds(ask: Ask) -> float:
    """How long one answer takes, for one visitor alone."""
    started = time.perf_counter()
    ask.send()
    return (time.perf_counter() - started) * 1_000


def a_second(asks: Sequence[Ask], *, visitors: int = 4) -> float:
    """How many answers a second, with so many visitors at once.

    One thread looks after all of them: threads of Python would take the time of the server's.
    """
    waiting, started = iter(asks), time.perf_counter()
    with selectors.DefaultSelector() as lines:
        for ask in islice(waiting, visitors):
            _begin(ask, lines)
        while lines.get_map():
            for key, _ in lines.select():
                if _is_over(key, lines):
                    for ask in islice(waiting, 1):
                        _begin(ask, lines)
    return len(asks) / (time.perf_counter() - started)


def _begin(ask: Ask, lines: selectors.BaseSelector) -> None:
    where = urlsplit(ask.url)
    line = socket.create_connection(("127.0.0.1", where.port or 80), timeout=60)
    line.sendall(ask.raw)
    lines.register(line, selectors.EVENT_READ, (ask, []))


def _is_over(key: selectors.SelectorKey, lines: selectors.BaseSelector) -> bool:
    """Take what has come on a line; it is over when the server has ended it."""
    line, (ask, parts) = cast(socket.socket, key.fileobj), key.data
    part = line.recv(65_536)
    if part:
        parts.append(part)
        return False
    lines.unregister(line)
    line.close()
    ask.checked(b"".join(parts))
    return True


def _raw(method: str, url: str, session: str, body: bytes = b"") -> bytes:
    where = urlsplit(url)
    target = f"{where.path}?{where.query}" if where.query else where.path
    lines = [f"{method} {target} HTTP/1.1", f"Host: {where.netloc}", "Connection: close"]
    cookies = [f"sessionid={session}"] if session else []
    if method == "POST":
        cookies.append(f"csrftoken={CSRF}")
        lines += [
            f"Origin: {where.scheme}://{where.netloc}",
            "Content-Type: application/x-www-form-urlencoded",
            f"Content-Length: {len(body)}",
        ]
    if cookies:
        lines.append(f"Cookie: {'; '.join(cookies)}")
    return "\r\n".join([*lines, "", ""]).encode() + body
