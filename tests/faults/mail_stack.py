"""The processes that send emails, what ends them, and the count of what they lost or doubled."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock

from django.utils import timezone

from membership.emails import queue
from membership.models import OutboxEmail
from membership.tasks import sweep_emails
from tests.servers import processes
from tests.servers.parts import ROOT, free_port, stop

State = OutboxEmail.State
ENDED = [State.SENT, State.FAILED, State.CANCELLED]
_never = threading.Event()


def until(holds: Callable[[], Any], *, seconds: float = 60, what: str = "") -> None:
    """Wait until ``holds`` is true, and fail if it does not become true in time."""
    for _ in range(int(seconds / 0.02)):
        if holds():
            return
        _never.wait(0.02)
    raise AssertionError(f"not in {seconds} s: {what or holds}")


class MailServer:
    """The process of mail_server.py, its rules and its log."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"smtp://127.0.0.1:{self.port}"
        self.log, self._rules = folder / "mail.log", folder / "rules.json"
        self.reset()
        self.start()

    def start(self) -> None:
        command = [sys.executable, "-m", "tests.faults.mail_server"]
        self._process = subprocess.Popen(
            [*command, str(self.port), str(self.log), str(self._rules)], cwd=ROOT
        )
        until(self._listens, what="the mail server listens")

    def reset(self) -> None:
        """Empty the log and the rules."""
        self.log.write_text("")
        self.behave()

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def behave(self, at: str = "", do: str = "") -> None:
        """From now on, ``do`` that at that step. Without arguments, the server works normally."""
        new = self._rules.with_suffix(".new")
        new.write_text(json.dumps({at: do}))
        new.rename(self._rules)

    def steps(self, step: str) -> list[dict[str, str]]:
        # The last line may be incomplete.
        lines = self.log.read_text().rpartition("\n")[0].splitlines()
        return [note for note in map(json.loads, lines) if note["step"] == step]

    def wait_for(self, step: str, times: int = 1) -> None:
        until(lambda: len(self.steps(step)) >= times, what=f"{times} × {step}")

    def accepted(self) -> Counter[str]:
        """How often each email was accepted, by its Message-ID."""
        return Counter(note["id"] for note in self.steps("accepted"))

    def taken(self) -> int:
        """How many copies of emails were accepted. This is cheap to ask."""
        return self.log.read_bytes().count(b'"step": "accepted"')

    def _listens(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False


class MailStack:
    """Celery workers and beat on the database of the test, with the short waits of settings.py."""

    def __init__(self, folder: Path, mail: MailServer) -> None:
        self.folder, self.mail = folder, mail
        self._numbers = count(1)
        self._running: list[subprocess.Popen[bytes]] = []
        self._logs: dict[int, Path] = {}

    def environment(self, **extra: str) -> dict[str, str]:
        return {
            "DJANGO_SETTINGS_MODULE": "tests.faults.settings",
            "EMAIL_URL": self.mail.url,
            **extra,
        }

    def worker(self, **extra: str) -> subprocess.Popen[bytes]:
        """Start another worker. `ready` waits until it takes tasks."""
        log = self.folder / f"worker-{next(self._numbers)}.log"
        return self._keep(processes.start_celery_worker(log, **self.environment(**extra)), log)

    def beat(self, **extra: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"beat-{next(self._numbers)}.log"
        return self._keep(processes.start_beat(log, **self.environment(**extra)), log)

    def _keep(self, process: subprocess.Popen[bytes], log: Path) -> subprocess.Popen[bytes]:
        self._running.append(process)
        self._logs[process.pid] = log
        return process

    def log_of(self, process: subprocess.Popen[bytes]) -> str:
        return self._logs[process.pid].read_text(errors="replace")

    def ready(self, worker: subprocess.Popen[bytes]) -> subprocess.Popen[bytes]:
        until(lambda: " ready." in self.log_of(worker), what="the worker is ready")
        return worker

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """End it with SIGKILL."""
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop_all(self) -> None:
        """End all with SIGTERM. Workers finish what they have begun."""
        for process in self._running:
            if process.poll() is None:
                stop(process, signal=signal.SIGTERM, seconds=20)
        self._running.clear()

    def drain(self, *, seconds: float = 90) -> None:
        """Wait until every email has ended. The minutes between two attempts pass at once."""
        looks = count()

        def all_ended() -> bool:
            if next(looks) % 50 == 0:
                sweep_emails.delay()  # as beat does
            open_rows = OutboxEmail.objects.exclude(state__in=ENDED)
            open_rows.filter(state=State.QUEUED).update(due_at=timezone.now())
            return not open_rows.exists()

        until(all_ended, seconds=seconds, what="every email has ended")


@contextmanager
def without_delivery_tasks() -> Iterator[None]:
    """Emails that are queued in the block get no task and wait for the next sweep."""
    with mock.patch.object(queue, "request_delivery"):
        yield


def expire_leases() -> None:
    """Let all leases end. Only while no worker sends, because then it is the same as waiting."""
    past = timezone.now() - timedelta(days=1)
    OutboxEmail.objects.filter(state=State.SENDING).update(lease_until=past)


@dataclass(frozen=True)
class Count:
    """The emails in the outbox compared with the mail server's log.

    ``lost`` emails have not ended, or are `sent` and were never accepted. ``extra`` are copies with the
    Message-ID of another. ``strange`` emails were accepted, and no row has them.
    """

    emails: int
    lost: int
    extra: int
    strange: int = 0


def count_emails(mail: MailServer) -> Count:
    rows = dict(OutboxEmail.objects.values_list("message_id", "state"))
    accepted = mail.accepted()
    lost = [
        m for m, s in rows.items() if s not in ENDED or (s == State.SENT and not accepted.get(m))
    ]
    return Count(
        emails=len(rows),
        lost=len(lost),
        extra=sum(accepted.values()) - len(accepted),
        strange=len(set(accepted) - set(rows)),
    )
