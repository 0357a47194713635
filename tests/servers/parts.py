"""Where the servers of this run are, and helpers to start and stop them."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The controller hands this to the xdist workers, which inherit its environment.
VARIABLE = "EVABC_TEST_SERVERS"


class MissingPart(Exception):
    """A server is not available on this machine. The message says why, and how to get it."""


class NotReady(Exception):
    """A server that we started ended or did not answer. The message has the end of its log."""


@dataclass(frozen=True)
class Servers:
    """The servers of one run. Without a PostgreSQL server, the run uses SQLite."""

    folder: str
    redis_url: str
    database_url: str | None = None

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Servers":
        return cls(**json.loads(text))


def servers_of_this_run() -> Servers:
    return Servers.from_json(os.environ[VARIABLE])


def settings_environment(data: Path) -> dict[str, str]:
    """The environment for the portal's settings. Everything it writes goes to the folder `data`.

    The addresses of servers lead nowhere until a test sets real ones. They never lead to the developer's
    own servers, because tests empty what they use.
    """
    return {
        "EVABC_TEST": "1",
        "EVABC_LOCAL": "0",
        "EVABC_DATA_DIR": str(data),
        "SECRET_KEY": "only-for-tests-" + "0123456789" * 5,
        "PORTAL_URL": "http://testserver",
        # Django keeps the emails of a test in memory. Tests that really send use `smtp_server`.
        "EMAIL_URL": "smtp://127.0.0.1:1",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": f"sqlite:///{data}/portal.sqlite3",
    }


def wait_until_ready(
    process: subprocess.Popen[bytes],
    *,
    ready: Callable[[], bool],
    log: Path,
    seconds: float = 30,
) -> None:
    """Poll `ready` until it is true. Raises NotReady if the process ends or the time is up."""
    deadline = time.monotonic() + seconds
    while not ready():
        # Waiting for the process is the pause between two polls, and notices at once if it ends.
        with suppress(subprocess.TimeoutExpired):
            code = process.wait(timeout=0.05)
            raise NotReady(f"it ended with code {code}:\n{_end_of(log)}")
        if time.monotonic() > deadline:
            raise NotReady(f"it was not ready after {seconds:.0f} s:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:])


def stop(process: subprocess.Popen[bytes], *, signal: int, seconds: float = 10) -> None:
    """End a process with a signal, and kill it after `seconds`."""
    process.send_signal(signal)
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def on_free_port(
    start: Callable[[int], subprocess.Popen[bytes]], *, tries: int = 3
) -> tuple[subprocess.Popen[bytes], int]:
    """Start a server that needs to know its port. Try again if the port was taken in the meantime."""
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
