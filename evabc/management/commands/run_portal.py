"""Start the portal on this machine: web server, worker and beat, with sample data.

Used by `make run`. Ctrl-C stops everything; the data stays.
"""

import fcntl
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, transaction
from django.utils import timezone

from evabc import celery_app, env
from evabc.ops.processes import Service, keep_running, screen
from evabc.ops.space import NoSpaceError, is_full
from evabc.sample.province import STAFF, load_sample_province
from evabc.sample.year import load_sample_year

WORKER_OPTIONS = (
    "--pool threads --concurrency 2 --without-gossip --without-mingle --without-heartbeat"
)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        if not settings.LOCAL:
            raise CommandError(
                "This command is for local mode only. Use `make run` here, or Docker Compose in production."
            )
        with data_folder_lock(settings.DATA_DIR / "running"), listening_socket() as listener:
            try:
                self._prepare()
            except (OSError, DatabaseError) as error:
                if not is_full(error):
                    raise
                raise CommandError(str(NoSpaceError(settings.DATA_DIR).strerror)) from error
            self._announce()
            services = self._services(listener.fileno())
            show = screen([service.name for service in services], write=self._write)
            sys.exit(keep_running(services, show=show))

    def _prepare(self) -> None:
        call_command("migrate", stdout=self.stdout, skip_checks=False)
        call_command("createcachetable", verbosity=0)
        call_command("seed_communities")
        with transaction.atomic():
            now = timezone.now()
            is_new = load_sample_province(now=now, today=timezone.localdate(now))
            if is_new:
                self._write("Loading a year of sample data …")
                load_sample_year(now=now)
        if is_new:
            # The emails of the sample year are marked as sent, so their tasks are not needed.
            celery_app.control.purge()

    def _announce(self) -> None:
        mail = (
            f"{settings.PORTAL_URL}/mailbox/ (stored in {settings.MAIL_FOLDER})"
            if settings.MAIL_IS_FILES
            else f"the mail server {settings.MAIL_SERVER.hostname}"
        )
        lines = ["", f"The portal is at {settings.PORTAL_URL}/", f"Emails go to {mail}", ""]
        lines += ["Sign in with any email address. The code arrives by email. Sample staff:"]
        lines += [f"  {email:22} {group}" for _, email, group in STAFF]
        lines += [
            f"The staff desk is at {settings.PORTAL_URL}/admin/",
            "Press Ctrl-C to stop everything.",
            "",
        ]
        self._write("\n".join(lines))

    def _services(self, listener: int) -> list[Service]:
        web = f"gunicorn evabc.wsgi --worker-class gthread --threads 4 --no-control-socket --log-level warning --bind fd://{listener}"
        celery = [sys.executable, "-m", "celery", "-A", "evabc", "--quiet"]
        worker = [*celery, "worker", *WORKER_OPTIONS.split(), "--loglevel", "WARNING"]
        beat = [*celery, "beat", "--pidfile=", "--loglevel", "WARNING"]
        reload = []
        if settings.DEV:  # restart the web server when code or a template changes
            templates = (settings.BASE_DIR / "templates").rglob("*.*")
            reload = ["--reload", *(f"--reload-extra-file={file}" for file in templates)]
        return [
            Service("web", [sys.executable, "-m", *web.split(), *reload], pass_fds=(listener,)),
            Service(
                "worker",
                worker,
                without_it="Emails and imports wait; nothing is lost.",
            ),
            Service(
                "scheduler",
                beat,
                without_it="Reminders and retries of emails wait; nothing is lost.",
            ),
        ]

    def _write(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


@contextmanager
def listening_socket() -> Iterator[socket.socket]:
    """The socket of the web server. It stays open while the web server restarts, so visitors wait a moment."""
    port = env.number("PORT")
    try:
        listener = socket.create_server(("127.0.0.1", port))
    except OSError as error:
        raise CommandError(
            f"Port {port} cannot be used: {os.strerror(error.errno or 0)}. Stop the program that uses it, "
            f"or choose another port: PORT={port + 1} make run"
        ) from error
    with listener:
        yield listener


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
