"""Celery tasks of the whole portal."""

from celery import shared_task
from celery.signals import beat_init, before_task_publish
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from evabc.ops.backup import last_backup, make_backup
from membership.models import Heartbeat

HEARTBEAT = "evabc.say_that_you_live"


@before_task_publish.connect(sender=HEARTBEAT)
def beat_is_alive(**_: object) -> None:
    """Record that beat is alive: only beat sends this task, so the health check can tell it from a worker."""
    close_old_connections()  # Celery only does this around a worker's tasks
    Heartbeat.record(Heartbeat.Part.BEAT, now=timezone.now())


@shared_task(name=HEARTBEAT)
def send_heartbeat() -> None:
    """Record that a worker is alive, and that beat and the broker work."""
    Heartbeat.record(Heartbeat.Part.WORKER, now=timezone.now())


@beat_init.connect
def start_at_once(**_: object) -> None:
    """After an install or a restore, the portal is ready and has its first backup within a minute."""
    send_heartbeat.delay()
    nightly_backup.delay()


@shared_task(name="evabc.nightly_backup")
def nightly_backup() -> None:
    """Make a backup in the first run of each day, if there is a public key."""
    now = timezone.now()
    last = last_backup(now=now)
    is_made = last is not None and timezone.localdate(last) == timezone.localdate(now)
    if settings.BACKUP_RECIPIENT and not is_made:
        make_backup(now=now)
