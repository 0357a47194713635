"""What Celery runs for the portal as a whole."""

import os
import socket
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from evabc.ops.backup import last_backup, make_backup
from membership.heartbeats import worker_is_alive


@shared_task(name="evabc.say_that_you_live")
def say_that_you_live() -> None:
    """Beat rang and a worker came: both are there, and the broker between them."""
    worker_is_alive(owner=f"{socket.gethostname()}/{os.getpid()}", now=timezone.now())


@shared_task(name="evabc.nightly_backup")
def nightly_backup() -> None:
    """A backup, unless there is one of this night already or no public key to make it with."""
    now = timezone.now()
    last = last_backup()
    if settings.BACKUP_RECIPIENT and (last is None or now - last > timedelta(hours=20)):
        make_backup(now=now)
