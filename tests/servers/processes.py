"""The portal and its Celery worker as processes of their own, on the database of the tests."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import redis
from django.db import connection

from tests.servers.parts import ROOT, stop, wait_until_ready

WORKER = ["-A", "evabc", "worker", "--pool", "threads", "--loglevel", "INFO"]
WORKER += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--concurrency"]
BEAT = ["-A", "evabc", "beat", "--pidfile=", "--loglevel", "INFO"]
PORTAL = ["evabc.wsgi", "--worker-class", "gthread", "--threads", "4", "--no-control-socket"]


def process_environment(**extra: str) -> dict[str, str]:
    """The environment of a process that uses the same database, Redis and folder as this test.

    Django names the test database, so call it inside a test that uses the database.
    """
    # Set for the browser tests only. A real process must not need it.
    environment = {k: v for k, v in os.environ.items() if k != "DJANGO_ALLOW_ASYNC_UNSAFE"}
    return {**environment, "DATABASE_URL": _test_database_url(), **extra}


def _test_database_url() -> str:
    name = str(connection.settings_dict["NAME"])
    if connection.vendor == "sqlite":
        return f"sqlite:///{name}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()


@contextmanager
def celery_worker(
    log: Path, threads: int = 2, /, **extra: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Celery worker until the block ends. It takes tasks when the block begins.

    A test may kill it inside the block.
    """
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
        before = _listeners(broker)
        process = start_celery_worker(log, threads, **extra)
        try:
            wait_until_ready(process, ready=lambda: bool(_listeners(broker) - before), log=log)
            yield process
        finally:
            stop(process, signal=signal.SIGTERM)


def start_celery_worker(log: Path, threads: int = 2, /, **extra: str) -> subprocess.Popen[bytes]:
    """Start a Celery worker. The caller ends it."""
    return _run("celery", *WORKER, str(threads), log=log, environment=process_environment(**extra))


def start_beat(log: Path, **extra: str) -> subprocess.Popen[bytes]:
    """Start Celery beat. The caller ends it."""
    return _run("celery", *BEAT, log=log, environment=process_environment(**extra))


@contextmanager
def celery_beat(log: Path, **extra: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run Celery beat until the block ends. It has started when the block begins."""
    process = start_beat(log, **extra)
    try:
        wait_until_ready(process, ready=lambda: b"beat: Starting" in log.read_bytes(), log=log)
        yield process
    finally:
        stop(process, signal=signal.SIGTERM)


def _listeners(broker: redis.Redis) -> set[str]:
    """The connections that wait for a task in this run's database. A ready worker has one."""
    number = str(broker.get_connection_kwargs()["db"])
    clients = broker.client_list()
    return {c["id"] for c in clients if c["db"] == number and c["cmd"] == "brpop"}


@dataclass(frozen=True)
class Portal:
    url: str
    process: subprocess.Popen[bytes]


@contextmanager
def portal(log: Path, options: Sequence[str] = PORTAL, **extra: str) -> Iterator[Portal]:
    """Run the portal's web server until the block ends, as `make run` does, with ``extra`` settings.

    ``options`` are the arguments of gunicorn, with the application first.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # By name, because browsers do not allow passkeys for an IP address.
        url = f"http://localhost:{listener.getsockname()[1]}"
        process = _run(
            "gunicorn",
            *options,
            "--bind",
            f"fd://{listener.fileno()}",
            log=log,
            environment=process_environment(**{"EVABC_LOCAL": "1", "PORTAL_URL": url, **extra}),
            pass_fds=[listener.fileno()],
        )
    try:
        # The only page that answers over plain http too.
        wait_until_ready(process, ready=lambda: _responds(f"{url}/healthz"), log=log)
        yield Portal(url, process)
    finally:
        stop(process, signal=signal.SIGTERM)


def _responds(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=10).close()  # noqa: S310 - our own http address
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


def _run(
    module: str,
    *arguments: str,
    log: Path,
    environment: dict[str, str],
    pass_fds: Sequence[int] = (),
) -> subprocess.Popen[bytes]:
    # In its own session, so that Ctrl-C ends the test first, which then stops the process.
    with log.open("ab") as output:
        return subprocess.Popen(
            [*_leash(), sys.executable, "-m", module, *arguments],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=pass_fds,
        )


def _leash() -> list[str]:
    """A command that makes Linux end the process with ours, even if ours is killed.

    More precisely, with the thread that started it: start processes from the test's main thread.
    """
    return ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
