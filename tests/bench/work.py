"""Background work: imports, reassessment, emails, and the start of the portal."""

import os
import signal
import smtplib
import socket
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

from django.db import connection
from django.utils import timezone

from communities.models import CommunityOfPractice, SupportTeam
from membership.emails.message import build_message
from membership.emails.queue import Email, queue
from membership.models import Enrolment, ListKind, OutboxEmail
from membership.rosters.reassessment import reassess
from membership.tasks import SWEEP_LIMIT, sweep_emails
from tests import builders, crowd
from tests.bench.conftest import QUICK, Measured
from tests.bench.measure import Request, seconds
from tests.membership.imports.lists import apply_list
from tests.servers.parts import ROOT, free_port, stop, wait_until_ready
from tests.servers.processes import celery_worker

TYPES = ["STVC", "STV ORS", "MORS", "CBVS", "SAS"]


def test_lists_and_reassessment(measured: Measured) -> None:
    """Lists at the design size: people, the next edition of the ministry's contracts, and a long list; a long roster."""
    requests, rows, enrolments = (200, 60, 60) if QUICK else (20_000, 20_000, 10_000)
    now = timezone.now()
    day = timezone.localdate(now)
    crowd.grow(0, requests, crowd.templates(now=now), now=now)
    short = _people(300)
    checked = seconds(lambda: _bring(ListKind.PEOPLE, short, day, dry_run=True))
    measured("a list of 300 people checked", checked, "s", at_most=1)
    written = seconds(lambda: _bring(ListKind.PEOPLE, short, day))
    measured("a list of 300 people written", written, "s", at_most=1)
    long = seconds(lambda: _bring(ListKind.PEOPLE, _people(rows), day))
    measured(f"a list of {rows:,} rows written", long, "s", at_most=60)
    on_roster = [f"Listed Sample {n},listed{n}@example.org,{day}" for n in range(enrolments)]
    community = builders.community()
    _bring(ListKind.ROSTER, ["Name,Email,Since", *on_roster], day, community)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")  # as autovacuum would do
    _bring(ListKind.PROGRAMS, _programs(300, day + timedelta(days=300)), day - timedelta(days=30))
    # Ten programs are left out, and a third of the others end in a month.
    edition = _programs(290, day + timedelta(days=300))
    edition[1::3] = _programs(290, day + timedelta(days=30))[1::3]
    checked = seconds(lambda: _bring(ListKind.PROGRAMS, edition, day, dry_run=True))
    measured("a list of 300 programs checked with its effect", checked, "s", at_most=1)
    written = seconds(lambda: _bring(ListKind.PROGRAMS, edition, day))
    measured("a list of 300 programs written", written, "s", at_most=1)
    roster = Enrolment.objects.filter(community=community)
    night = seconds(lambda: reassess(now=now + timedelta(days=1), enrolments=roster))
    measured(f"{roster.count():,} enrolments reassessed", night, "s", at_most=10)


def _programs(number: int, until: date) -> list[str]:
    """Those at which the people of ``_people`` work: five of an agency."""
    return [
        "Agency,Program type,Community served,Funder,Funded until",
        *(
            f"Example Agency {n // len(TYPES)},{TYPES[n % len(TYPES)]},Sampleton,PSSG,{until}"
            for n in range(number)
        ),
    ]


def _bring(
    kind: ListKind,
    lines: list[str],
    day: date,
    community: CommunityOfPractice | None = None,
    *,
    dry_run: bool = False,
) -> None:
    plan = apply_list(kind, *lines, as_of=day, community=community, dry_run=dry_run)
    if plan.errors:
        raise RuntimeError(f"The benchmark's list is wrong: {plan.errors[0].sentence}")


def _people(number: int) -> list[str]:
    return [
        "Name,Email,Agency,Program type,Community served,Carries a caseload",
        *(
            f"Listed Sample {n},listed{n}@example.org,Example Agency {n // 10},"
            f"{TYPES[n // 2 % len(TYPES)]},Sampleton,yes"
            for n in range(number)
        ),
    ]


def test_emails(measured: Measured, data_folder: Path) -> None:
    """One worker as in docker-compose.yml, compared with a plain loop over one connection."""
    port, log, ratios = free_port(), data_folder / "mail-server.log", []
    options = ["-n", "-l", f"127.0.0.1:{port}", "-c", "aiosmtpd.handlers.Sink"]
    with log.open("wb") as output:
        server = subprocess.Popen([sys.executable, "-m", "aiosmtpd", *options], stderr=output)
    try:
        wait_until_ready(server, ready=lambda: _listens(port), log=log)
        url = f"smtp://127.0.0.1:{port}"
        with celery_worker(data_folder / "bench-worker.log", 4, EMAIL_URL=url):
            for number in range(3):
                rows = _queued(number)
                bare = seconds(lambda rows=rows: _bare_loop(rows, port))  # type: ignore[misc]
                ratios.append(bare / seconds(_our_worker))
    finally:
        stop(server, signal=signal.SIGTERM)
    measured("emails of one worker / bare loop", statistics.median(ratios), "×", at_least=0.4)


def _queued(number: int) -> list[OutboxEmail]:
    """Queue as many emails as one sweep takes."""
    team, body = SupportTeam.objects.order_by("pk")[0], "Thank you for asking to join."
    email = Email("receipt", team, None, "Your request", body, "someone@example.org")
    return [
        queue(email, about=f"bench:{number}", event=n, now=timezone.now())
        for n in range(SWEEP_LIMIT)
    ]


def _bare_loop(rows: list[OutboxEmail], port: int) -> None:
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for row in rows:
            message = build_message(row)
            content = message.message().as_bytes(linesep="\r\n")
            connection.sendmail(message.from_email, message.to, content)


def _our_worker() -> None:
    """Run a sweep, and wait until every email is marked as sent."""
    sweep_emails.delay()
    while OutboxEmail.objects.exclude(state=OutboxEmail.State.SENT).exists():
        time.sleep(0.05)  # polling more often would slow the worker down


def test_starting(measured: Measured, tmp_path: Path) -> None:
    """From `make run` to the first page, with the sample province already loaded."""
    _first_page(tmp_path)
    took = statistics.median(_first_page(tmp_path) for _ in range(3))
    measured("from `make run` to the first page", took, "s", at_most=5)


def _first_page(folder: Path) -> float:
    """Start the portal and return the seconds until the first page."""
    port, log = free_port(), folder / "portal.log"
    # Only what is needed to find Python, so that the settings are those of `make run`.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"EVABC_LOCAL": "1", "EVABC_DATA_DIR": str(folder), "PORT": str(port)}
    command = [sys.executable, "manage.py", "run_portal"]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=output)
    try:
        started = time.perf_counter()
        wait_until_ready(process, ready=lambda: _listens(port), log=log, seconds=300)
        Request(f"http://localhost:{port}/").send()
        return time.perf_counter() - started
    finally:
        stop(process, signal=signal.SIGINT)


def _listens(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=10):
        return True
    return False
