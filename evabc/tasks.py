"""What Celery runs for the portal as a whole."""

from celery import shared_task
from celery.signals import before_task_publish
from django.conf import settings
from django.db import close_old_connections
from django.utils import timezone

from evabc.ops.backup import last_backup, make_backup
from membership.models import Heartbeat

HEARTBEAT = "evabc.say_that_you_live"


@before_task_publish.connect(sender=HEARTBEAT)
def beat_is_alive(**_: object) -> None:
    """Beat sends the heartbeat. Nobody else does, so the readiness page can tell it from a worker."""
    close_old_connections()  # Celery does so around a worker's tasks only
    Heartbeat.record(Heartbeat.Part.BEAT, now=timezone.now())


@shared_task(name=HEARTBEAT)
def send_heartbeat() -> None:
    """Beat sent the heartbeat and a worker took it: both are there, and the broker between them."""
    Heartbeat.record(Heartbeat.Part.WORKER, now=timezone.now())


@shared_task(name="evabc.nightly_backup")
def nightly_backup() -> None:
    """The first run of a day makes its backup, where there is a public key to make it with."""
    now = timezone.now()
    last = last_backup()
    is_made = last is not None and timezone.localdate(last) == timezone.localdate(now)
    if settings.BACKUP_RECIPIENT and not is_made:
        make_backup(now=now)
