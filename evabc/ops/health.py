"""Health checks of the portal. Each one that fails says what is wrong and what to do."""

import os
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.core.cache import caches
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Count
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.formats import date_format
from django.views.decorators.http import require_safe

from evabc.ops.backup import last_backup
from evabc.ops.logging import refusal_of_redis
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import is_lead
from membership.base_admin import desk_page
from membership.emails.delivery import due_emails
from membership.models import Heartbeat, OutboxEmail

MAX_SILENCE = timedelta(minutes=2)  # beat sends a heartbeat every half minute
MAX_EMAIL_WAIT = timedelta(minutes=15)
MAX_BACKUP_AGE = timedelta(hours=36)
BROKER_SECONDS = 1
GIGABYTE = 1_000  # in megabytes
CACHE_SECONDS = 5  # anyone can call /readyz as often as they like


@dataclass(frozen=True)
class Check:
    """The state of one part of the portal.

    ``problem`` is empty when the part works, and ``caution`` says what is nevertheless not as it should be. ``good``
    is shown to people when both are empty; ``link`` is the page, and its name, where they can do something.
    """

    name: str
    problem: str = ""
    good: str = ""
    caution: str = ""
    link: tuple[str, str] | None = None

    @property
    def is_ok(self) -> bool:
        return not self.problem

    @property
    def title(self) -> str:
        return _TITLES[self.name]


# What the parts are called where people read about them. Monitoring tools know them by their keys.
_TITLES = {
    "database": "Database",
    "migrations": "Database version",
    "scheduler": "Reminders and nightly work",
    "worker": "Sending and importing",
    "emails": "Emails",
    "backup": "Backups",
    "broker": "Messages between the parts",
    "disk": "Disk space",
}


def checks(*, now: datetime) -> list[Check]:
    """The state of every part, in the order to look at them. Without a database, only of those that need none."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        working = f"The database answers ({connection.display_name})."
        first = [Check("database", good=working), _migrations()]
    except Error:
        problem = (
            "The database is not answering. Check that it is running and that its disk is not full."
        )
        return [Check("database", problem), _broker(), _disk()]
    return [*first, _beat(now), _worker(now), _emails(now), _backup(now), _broker(), _disk()]


def _migrations() -> Check:
    executor = MigrationExecutor(connection)
    missing = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
    problem = f"Migrations not applied: {missing}. Run: python manage.py migrate."
    good = "The database fits this version of the portal."
    return Check("migrations", problem if missing else "", good)


def _beat(now: datetime) -> Check:
    seen = _seen(Heartbeat.Part.BEAT, now)
    if seen and now - seen < MAX_SILENCE:
        good = f"Reminders, retries and backups start on time. The last task started {_clock(seen)}"
        return Check("scheduler", good=good)
    return Check(
        "scheduler",
        f"The scheduler has not run {_since(seen)}, so reminders, retries and backups have stopped. "
        "Restart it.",
    )


def _worker(now: datetime) -> Check:
    seen, sent = _seen(Heartbeat.Part.WORKER, now), _seen(Heartbeat.Part.BEAT, now)
    # Compared with beat's last task: while beat is silent, the state of the workers is unknown.
    if seen and sent and sent - seen < MAX_SILENCE:
        good = f"Emails and imports are being worked on. The last task was done {_clock(seen)}"
        return Check("worker", good=good)
    return Check(
        "worker",
        f"No worker has run a task {_since(seen)}, so emails are waiting. Restart the worker.",
    )


def _emails(now: datetime) -> Check:
    oldest = due_emails(now - MAX_EMAIL_WAIT).order_by("due_at").first()
    if oldest is None:
        states = OutboxEmail.objects.filter(state__in=("queued", "failed")).values_list("state")
        number = dict(states.order_by().annotate(Count("pk")))
        waiting, failed = number.get("queued", 0), number.get("failed", 0)
        caution = (
            f"{failed} email{'' if failed == 1 else 's'} could not be delivered. Open each one to see "
            "why, and send it again or correct the address."
        )
        page = f"{reverse('admin:membership_outboxemail_changelist')}?state__exact=failed"
        return Check(
            "emails",
            good=f"No email is late. {waiting} {'is' if waiting == 1 else 'are'} waiting to be sent.",
            caution=caution if failed else "",
            link=(page, "Failed emails") if failed else None,
        )
    return Check(
        "emails",
        f"Emails are late (the oldest was due {_clock(oldest.due_at)}). "
        "Check that a worker is running and that the mail server accepts emails.",
    )


def _backup(now: datetime) -> Check:
    if not settings.BACKUP_RECIPIENT:
        missing = "No backups are made because EVABC_BACKUP_RECIPIENT is not set."
        how = "Run python manage.py setup_portal and follow its instructions."
        if settings.LOCAL:
            here = f"{missing} If this computer is lost, so is all that is in the portal."
            return Check("backup", caution=f"{here} {how}")
        return Check("backup", f"{missing} {how}")
    made = last_backup(now=now)
    if made and now - made < MAX_BACKUP_AGE:
        return Check("backup", good=f"The last backup was made {_clock(made)}")
    return Check(
        "backup",
        f"No backup has been made {_since(made)}: run python manage.py backup and read its output.",
    )


def _broker() -> Check:
    if not settings.REDIS_URL:
        folder = settings.DATA_DIR
        is_there = os.access(folder, os.W_OK)
        problem = f"The portal cannot write to the folder for task messages, {folder}. Check its permissions."
        good = "The parts of the portal reach each other, by files in a folder."
        return Check("broker", "" if is_there else problem, good)
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL,
            socket_timeout=BROKER_SECONDS,
            socket_connect_timeout=BROKER_SECONDS,
        ) as broker:
            # Written, because a Redis that is full or a replica still answers to everything else.
            broker.set("readyz", 1, ex=CACHE_SECONDS)
    except redis.RedisError as error:
        refusal = refusal_of_redis(error)
        state = f"Redis refuses to work: “{refusal}”" if refusal else "Redis is not answering."
        return Check(
            "broker",
            f"{state} Emails go out up to half a minute late, and limits are not counted. Restart Redis.",
        )
    return Check("broker", good="The parts of the portal reach each other. Redis answers.")


def _disk() -> Check:
    free = shutil.disk_usage(settings.DATA_DIR).free // 1_000_000
    space = f"{free:,} MB" if free < GIGABYTE else f"{free // GIGABYTE:,} GB"
    problem = (
        f"The portal’s disk has only {free} MB free, less than EVABC_LEAST_FREE_MB "
        f"({settings.MIN_FREE_MB} MB). Free up space: delete old backups and images of earlier versions."
    )
    return Check("disk", problem if free < settings.MIN_FREE_MB else "", f"{space} are free.")


def _seen(part: Heartbeat.Part, now: datetime) -> datetime | None:
    """When this part was last alive. A time in the future, left by a wrong clock, does not count."""
    plausible = Heartbeat.objects.filter(part=part, seen_at__lt=now + MAX_SILENCE)
    return plausible.values_list("seen_at", flat=True).first()


def _clock(moment: datetime) -> str:
    return date_format(timezone.localtime(moment), "DATETIME_FORMAT")


def _since(moment: datetime | None) -> str:
    return f"since {_clock(moment)}" if moment else "yet"


@require_safe
def healthz(request: HttpRequest) -> HttpResponse:
    """The web server is alive. Does not look at the database or the mail server."""
    return HttpResponse("alive\n", content_type="text/plain; charset=utf-8")


def has_metrics_token(request: HttpRequest) -> bool:
    """Whether a monitoring tool asks, with the token EVABC_METRICS_TOKEN."""
    _, _, given = request.headers.get("Authorization", "").partition("Bearer ")
    return bool(settings.METRICS_TOKEN) and constant_time_compare(given, settings.METRICS_TOKEN)


@require_safe
def readyz(request: HttpRequest) -> HttpResponse:
    """Status 200 when every part works, else 503.

    With the token of the metrics, each part is "ok", or says what is wrong and what to do.
    """
    found: list[Check] | None = caches["pages"].get_or_set(
        "readyz", lambda: checks(now=timezone.now()), timeout=CACHE_SECONDS
    )
    assert found is not None  # noqa: S101  (get_or_set is typed for a default of None)
    is_ready = all(check.is_ok for check in found)
    status = 200 if is_ready else 503
    if has_metrics_token(request):
        parts = {check.name: check.problem or "ok" for check in found}
        told = {"ready": is_ready, "version": settings.VERSION, "parts": parts}
        return JsonResponse(told, status=status)
    words = "ok\n" if is_ready else "not ok\n"
    return HttpResponse(words, content_type="text/plain; charset=utf-8", status=status)


@require_safe
def system_status(request: AuthenticatedRequest) -> HttpResponse:
    """The same checks as a page, for leads."""
    if not is_lead(request.user):
        raise Http404
    found = checks(now=timezone.now())
    return desk_page(
        request,
        "desk/system_status.html",
        title="System status",
        checks=found,
        ill=[check.title for check in found if check.problem],
        careful=[check.title for check in found if check.caution],
        version=settings.VERSION,
    )
