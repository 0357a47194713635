"""Is the portal ready for people? Each check says in a sentence what is wrong and what to do."""

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import redis
from django.conf import settings
from django.contrib import admin
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from evabc.ops.backup import last_backup
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import is_lead
from membership.emails.delivery import due_emails
from membership.models import Heartbeat, OutboxEmail

SILENT = timedelta(minutes=2)  # beat sends a heartbeat every half minute
EMAIL_WAIT = timedelta(minutes=15)
BACKUP_AGE = timedelta(hours=36)
BROKER_SECONDS = 2


@dataclass(frozen=True)
class Check:
    """One part of the portal. ``problem`` is empty when all is well; ``figure`` is for people."""

    name: str
    problem: str = ""
    figure: str = ""

    @property
    def is_well(self) -> bool:
        return not self.problem


def checks(*, now: datetime) -> list[Check]:
    """Every part, in the order in which one would look; without a database only what needs none."""
    try:
        first = [_database(), _migrations()]
    except Error:
        problem = "The database does not answer. Look whether it runs and whether its disk is full."
        return [Check("database", problem), _broker(), _disk()]
    return [*first, *(check(now) for check in _TIMED_CHECKS), _broker(), _disk()]


def _database() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return Check("database", figure=connection.vendor)


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    problem = f"{missing} migrations are not applied. Run: python manage.py migrate."
    return Check("migrations", problem if missing else "", "all applied")


def _beat(now: datetime) -> Check:
    seen = _seen(Heartbeat.Part.BEAT, now)
    if seen and now - seen < SILENT:
        return Check("beat", figure=f"sent a task at {_clock(seen)}")
    return Check(
        "beat",
        f"Beat has sent nothing {_since(seen)}: reminders, retries and backups stand still. "
        "Start beat again.",
    )


def _worker(now: datetime) -> Check:
    seen, sent = _seen(Heartbeat.Part.WORKER, now), _seen(Heartbeat.Part.BEAT, now)
    # Compared with beat's last task: while beat is silent, nobody can know how the workers are.
    if seen and sent and sent - seen < SILENT:
        return Check("worker", figure=f"did a task at {_clock(seen)}")
    return Check(
        "worker", f"No worker has done a task {_since(seen)}: letters wait. Start the worker again."
    )


def _emails(now: datetime) -> Check:
    oldest = due_emails(now - EMAIL_WAIT).order_by("due_at").first()
    if oldest is None:
        waiting = OutboxEmail.objects.filter(state=OutboxEmail.State.QUEUED).count()
        return Check("letters", figure=f"{waiting} wait, none for long")
    return Check(
        "letters",
        f"A letter has waited to be sent since {_clock(oldest.due_at)}. "
        "Look whether a worker runs and whether the mail server takes letters.",
    )


def _backup(now: datetime) -> Check:
    if not settings.BACKUP_RECIPIENT:
        missing = "No backups are made: EVABC_BACKUP_RECIPIENT is not set."
        how = "Run: python manage.py setup_portal, and do what it says."
        return Check("backup", "" if settings.LOCAL else f"{missing} {how}", missing)
    made = last_backup()
    if made and now - made < BACKUP_AGE:
        return Check("backup", figure=f"made at {_clock(made)}")
    return Check(
        "backup",
        f"There is no good backup {_since(made)}. Run: python manage.py backup, and read what it says.",
    )


def _broker() -> Check:
    if not settings.REDIS_URL:
        folder = settings.DATA_DIR
        is_there = os.access(folder, os.W_OK)
        problem = f"The folder of the task messages, {folder}, cannot be written."
        return Check("broker", "" if is_there else problem, "a folder")
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=BROKER_SECONDS,
            socket_connect_timeout=BROKER_SECONDS,
        ) as broker:
            broker.ping()
    except redis.RedisError:
        return Check(
            "broker",
            "Redis does not answer: letters go out up to half a minute later, and limits do not "
            "count. Start Redis again.",
        )
    return Check("broker", figure="Redis answers")


def _disk() -> Check:
    free = shutil.disk_usage(settings.DATA_DIR).free // 1_000_000
    problem = (
        f"Only {free} MB are free on the disk of the portal, and EVABC_LEAST_FREE_MB is "
        f"{settings.LEAST_FREE_MB}. Make room: old backups and images of earlier versions go first."
    )
    return Check("disk", problem if free < settings.LEAST_FREE_MB else "", f"{free:,} MB free")


_TIMED_CHECKS: list[Callable[[datetime], Check]] = [_beat, _worker, _emails, _backup]


def _seen(part: Heartbeat.Part, now: datetime) -> datetime | None:
    """When it was last alive. What a clock left that was ahead proves nothing."""
    believable = Heartbeat.objects.filter(part=part, seen_at__lt=now + SILENT)
    return believable.values_list("seen_at", flat=True).first()


def _clock(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _since(moment: datetime | None) -> str:
    return f"since {_clock(moment)}" if moment else "yet"


CACHE_SECONDS = 5  # seconds: anybody may ask as often as they like


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """Alive. Says nothing of the database or the mail server."""
    return HttpResponse("alive\n", content_type="text/plain")


@require_safe
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when all is well, else 503; each part with "ok" or with what is wrong and what to do."""
    found = _cached_checks(int(time.monotonic()) // CACHE_SECONDS)
    parts = {check.name: check.problem or "ok" for check in found}
    is_ready = all(check.is_well for check in found)
    return JsonResponse({"ready": is_ready, "parts": parts}, status=200 if is_ready else 503)


@require_safe
def system_status(request: AuthenticatedRequest) -> HttpResponse:
    """The same as a page, for leads."""
    if not is_lead(request.user):
        raise Http404
    context = {
        **admin.site.each_context(request),
        "title": "How the portal is doing",
        "checks": checks(now=timezone.now()),
    }
    return render(request, "desk/system_status.html", context)


@lru_cache(maxsize=1)
def _cached_checks(_period: int) -> list[Check]:
    return checks(now=timezone.now())
