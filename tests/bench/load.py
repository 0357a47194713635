"""A load generator of few lines: whole requests as bytes, whole answers read, nothing kept alive.

Gunicorn's sync workers close each connection anyway. An answer that is not the expected one ends the
run: a fast error looks like speed.
"""

import select
import socket
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from urllib.parse import urlencode, urlsplit

LONGEST = 60  # seconds for an answer
CSRF = "c" * 32  # cookie and field agree: that is all the middleware asks


@dataclass(frozen=True)
class Ask:
    """One request to a server, and the status it must answer."""

    url: str
    raw: bytes
    status: int = 200

    @cached_property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", urlsplit(self.url).port or 80

    @cached_property
    def begins(self) -> bytes:
        """The first words of the right answer."""
        return f"HTTP/1.1 {self.status} ".encode()

    def send(self) -> bytes:
        """The whole answer."""
        with socket.create_connection(self.address, timeout=LONGEST) as line:
            line.sendall(self.raw)
            parts = []
            while part := line.recv(65_536):
                parts.append(part)
        return self.checked(b"".join(parts))

    def checked(self, answer: bytes) -> bytes:
        """The answer, where it is the right one."""
        if not answer.startswith(self.begins):
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

    One thread looks after all of them, with nothing around the calls to the kernel: what this side
    takes of the two cores, the servers do not get.
    """
    waiting, lines, started = iter(asks), _Lines(), time.perf_counter()
    with closing(lines):
        for ask in islice(waiting, visitors):
            lines.begin(ask)
        while lines.are_open:
            for ask in islice(waiting, lines.ended()):
                lines.begin(ask)
    return len(asks) / (time.perf_counter() - started)


class _Lines:
    """The open connections to the servers."""

    def __init__(self) -> None:
        self._poll = select.epoll()
        self._open: dict[int, tuple[socket.socket, Ask, list[bytes]]] = {}

    @property
    def are_open(self) -> bool:
        return bool(self._open)

    def begin(self, ask: Ask) -> None:
        line = socket.socket()
        line.connect(ask.address)
        line.sendall(ask.raw)
        self._open[line.fileno()] = line, ask, []
        self._poll.register(line, select.EPOLLIN)

    def ended(self) -> int:
        """Wait until something comes; how many lines the servers have ended."""
        events = self._poll.poll(LONGEST)
        if not events:
            raise TimeoutError(f"No server answered for {LONGEST} seconds.")
        before = len(self._open)
        for number, _ in events:
            line, ask, parts = self._open[number]
            part = line.recv(65_536)
            parts.append(part)
            if not part:
                del self._open[number]
                line.close()
                ask.checked(b"".join(parts))
        return before - len(self._open)

    def close(self) -> None:
        for line, _, _ in self._open.values():
            line.close()
        self._poll.close()


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
