"""Start the portal on this machine: web server, worker and beat, with sample data.

Used by `make run`. Ctrl-C stops everything; the data stays.
"""

import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from evabc import celery_app, env
from evabc.sample.province import STAFF, load_sample_province
from evabc.sample.year import load_sample_year

WORKER_OPTIONS = (
    "--pool threads --concurrency 2 --without-gossip --without-mingle --without-heartbeat"
)
RESTARTS = 3  # of one process that exits
STOP_SECONDS = 5  # for every process to stop without being killed


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        if not settings.LOCAL:
            raise CommandError(
                "This command is for local mode only. Use `make run` here, or Docker Compose in production."
            )
        with data_folder_lock(settings.DATA_DIR / "running"):
            self._prepare()
            self._announce()
            sys.exit(keep_running(self._processes(), say=self.stderr.write))

    def _prepare(self) -> None:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("seed_communities")
        with transaction.atomic():
            now = timezone.now()
            is_new = load_sample_province(now=now, today=timezone.localdate(now))
            if is_new:
                load_sample_year(now=now)
        if is_new:
            # The emails of the sample year are marked as sent, so their tasks are not needed.
            celery_app.control.purge()

    def _announce(self) -> None:
        mail = (
            f"{settings.PORTAL_URL}/mailbox/ (stored in {settings.MAIL_FOLDER})"
            if settings.MAIL_IS_FILES
            else f"the mail server {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        )
        lines = ["", f"The portal is at {settings.PORTAL_URL}/", f"Emails go to {mail}", ""]
        lines += ["Sign in with any email address. The code arrives by email. Sample staff:"]
        lines += [f"  {email:22} {group}" for _, email, group in STAFF]
        lines += [
            f"The staff desk is at {settings.PORTAL_URL}/admin/",
            "Press Ctrl-C to stop everything.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _processes(self) -> dict[str, list[str]]:
        port = env.number("PORT")
        web = f"gunicorn evabc.wsgi --worker-class gthread --threads 4 --no-control-socket --log-level warning --bind 127.0.0.1:{port}"
        celery = [sys.executable, "-m", "celery", "-A", "evabc", "--quiet"]
        reload = []
        if settings.DEV:  # restart the web server when code or a template changes
            templates = (settings.BASE_DIR / "templates").rglob("*.*")
            reload = ["--reload", *(f"--reload-extra-file={file}" for file in templates)]
        return {
            "web": [sys.executable, "-m", *web.split(), *reload],
            "worker": [*celery, "worker", *WORKER_OPTIONS.split(), "--loglevel", "WARNING"],
            "scheduler": [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"],
        }


def keep_running(commands: dict[str, list[str]], *, say: Callable[[str], object]) -> int:
    """Run these commands until a signal arrives, or one of them has exited more than RESTARTS times.

    They write to the terminal themselves, so it shows why one exited. Returns the status to exit with;
    on a signal, SystemExit carries it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    restarts = dict.fromkeys(commands, RESTARTS)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        while True:
            for name, command in commands.items():
                process = running.get(name)
                if process and process.poll() is None:
                    continue
                if process:
                    say(f"The {name} process stopped with status {process.returncode}.")
                    if not restarts[name]:
                        say(f"It was restarted {RESTARTS} times. Stopping everything.")
                        return process.returncode or 1
                    restarts[name] -= 1
                    say(f"Restarting the {name} process.")
                # In its own session, so that Ctrl-C reaches only this process, which stops the others.
                running[name] = subprocess.Popen(command, start_new_session=True)  # noqa: S603
            time.sleep(0.2)
    finally:
        # A second Ctrl-C must not leave processes behind.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        _end(running.values())


def _end(processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Stop the processes. A worker gets time to finish its task before it is killed."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for process in processes:
        try:
            process.wait(timeout=max(deadline - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def data_folder_lock(path: Path) -> Iterator[None]:
    """Lock the data folder. Refused if another process has it."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CommandError(
                f"The portal is already running with this data folder (process {file.read().strip()}). "
                "Stop it with Ctrl-C, or set EVABC_DATA_DIR to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
