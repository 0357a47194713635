"""What Celery runs for the portal as a whole."""

import os
import socket

from celery import shared_task
from django.utils import timezone

from membership.heartbeats import worker_is_alive


@shared_task(name="evabc.say_that_you_live")
def say_that_you_live() -> None:
    """Beat rang and a worker came: both are there, and the broker between them."""
    worker_is_alive(owner=f"{socket.gethostname()}/{os.getpid()}", now=timezone.now())
