"""Start the portal on this machine: web server, worker and beat, with sample data.

Called by `make run`. Ctrl-C ends everything; the data stays.
"""

import fcntl
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from honcho.manager import Manager

from evabc import env
from membership.sample import STAFF, load_sample_province
from requests.sample import live_a_sample_year

WORKER_OPTIONS = (
    "--pool threads --concurrency 2 --without-gossip --without-mingle --without-heartbeat"
)


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        if not settings.LOCAL:
            raise CommandError(
                "This is for local mode only. Use `make run`, or docker-compose.yml."
            )
        with only_one(settings.DATA_DIR / "running"):
            self._prepare()
            self._say_where()
            manager = Manager()
            for name, command in self._processes().items():
                manager.add_process(name, command, quiet=name != "web", env=dict(os.environ))
            try:
                manager.loop()
            finally:
                # A second signal can break into honcho's answer to the first; nothing may stay behind.
                signal.signal(signal.SIGINT, signal.SIG_IGN)
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                manager.kill()
        sys.exit(manager.returncode)

    def _prepare(self) -> None:
        call_command("migrate", verbosity=0)
        call_command("createcachetable", verbosity=0)
        call_command("seed_communities")
        with transaction.atomic():
            now = timezone.now()
            if load_sample_province(now=now, today=timezone.localdate(now)):
                live_a_sample_year(now=now)

    def _say_where(self) -> None:
        mail = (
            f"{settings.PORTAL_URL}/mailbox/ (files in {settings.MAIL_FOLDER})"
            if settings.MAIL_IS_FILES
            else f"the server {settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
        )
        lines = ["", f"The portal is at {settings.PORTAL_URL}/", f"Mail goes to {mail}", ""]
        lines += ["Sign in with any email; the code comes by mail. Sample staff:"]
        lines += [f"  {s.email:22} {s.group}" for s in STAFF]
        lines += [
            f"The staff desk is at {settings.PORTAL_URL}/admin/",
            "Ctrl-C ends everything.",
            "",
        ]
        self.stdout.write("\n".join(lines))
        self.stdout.flush()

    def _reload(self) -> str:
        """Start the web server anew when code or a template changes."""
        templates = (settings.BASE_DIR / "templates").rglob("*.*")
        return " --reload" + "".join(f" --reload-extra-file {file}" for file in templates)

    def _processes(self) -> dict[str, str]:
        python = sys.executable
        beat_file = settings.DATA_DIR / "beat"
        return {
            "web": f"{python} -m gunicorn evabc.wsgi --worker-class gthread --threads 4 "
            f"--no-control-socket --log-level warning --bind 127.0.0.1:{env.number('PORT')}"
            + (self._reload() if settings.DEV else ""),
            "worker": f"{python} -m celery -A evabc worker {WORKER_OPTIONS} --loglevel WARNING",
            "beat": f"{python} -m celery -A evabc beat --pidfile= --schedule {beat_file} "
            "--loglevel WARNING",
        }


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold the data folder: a second start in it says who has it."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CommandError(
                f"The portal is running already with this data folder (process {file.read().strip()}). "
                "End it there with Ctrl-C, or set EVABC_DATA_DIR to another folder."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield
