"""Letters handed to a mail server, against a bare smtplib loop with one connection to the same server."""

import signal
import smtplib
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from unittest import mock

from django.conf import settings

from communities.models import SupportTeam
from membership.models import OutboxEmail
from membership.outbox.message import message_of
from membership.outbox.queue import Letter, queue
from membership.outbox.tasks import SWEEP_AT_MOST, sweep_letters
from tests.bench.figures import Figure, seconds
from tests.servers.parts import free_port, stop, wait_until_ready
from tests.servers.processes import celery_worker

ROUNDS = 3
BODY = "Thank you for asking to join.\n\nStaff look at it within five working days."


def measure(*, now: datetime) -> Iterator[Figure]:
    """In turns, each round with letters of its own; the worker is as docker-compose.yml runs it."""
    ours, bare = [], []
    log = Path(settings.DATA_DIR) / "bench-worker.log"
    with (
        _mail_server() as port,
        celery_worker(log, 4, EMAIL_URL=f"smtp://127.0.0.1:{port}"),
    ):
        for place in range(ROUNDS):
            rows = _queued(place, now)
            bare.append(SWEEP_AT_MOST / seconds(partial(_bare, rows, port)))
            ours.append(SWEEP_AT_MOST / seconds(_ours))
    yield Figure("floor: letters by a bare loop", statistics.median(bare), "a second")
    ratio = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    yield Figure("letters of one worker / bare loop", ratio, "×", at_least=0.4)


@contextmanager
def _mail_server() -> Iterator[int]:
    """A process of its own: in ours it would share the interpreter with what is measured."""
    port, log = free_port(), Path(settings.DATA_DIR) / "mail-server.log"
    command = [sys.executable, "-m", "aiosmtpd", "-n", "-l", f"127.0.0.1:{port}"]
    with log.open("wb") as output:
        server = subprocess.Popen([*command, "-c", "aiosmtpd.handlers.Sink"], stderr=output)
    try:
        wait_until_ready(server, ready=lambda: _answers(port), log=log)
        yield port
    finally:
        stop(server, signal=signal.SIGTERM)


def _answers(port: int) -> bool:
    try:
        smtplib.SMTP("127.0.0.1", port).quit()
    except OSError:
        return False
    return True


def _queued(place: int, now: datetime) -> list[OutboxEmail]:
    """As many as one sweep takes."""
    team = SupportTeam.objects.order_by("pk")[0]
    letter = Letter("receipt", team, None, "Your request", BODY, "somebody@example.org")
    about = f"bench:{place}"
    with mock.patch("membership.outbox.queue.request_delivery"):
        return [queue(letter, about=about, event=n, now=now) for n in range(SWEEP_AT_MOST)]


def _bare(rows: list[OutboxEmail], port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as line:
        for row in rows:
            message = message_of(row)
            line.sendmail(
                message.from_email, message.to, message.message().as_bytes(linesep="\r\n")
            )


def _ours() -> None:
    """From the sweeper's task to the last row that says that its letter was sent."""
    sweep_letters.delay()
    while OutboxEmail.objects.exclude(state=OutboxEmail.State.SENT).exists():
        time.sleep(0.05)  # to ask oftener would take what is measured a tenth of the machine
