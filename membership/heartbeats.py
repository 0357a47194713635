"""When beat and the workers last reported."""

import os
import socket
from datetime import datetime

from django.db import models


class Heartbeat(models.Model):
    """A background part (beat, the workers) and when it last did something."""

    class Part(models.TextChoices):
        BEAT = "beat", "beat"
        WORKER = "worker", "worker"

    part = models.CharField(max_length=10, choices=Part.choices, primary_key=True)
    owner = models.CharField(max_length=100)
    seen_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.get_part_display()} by {self.owner}"


def record_heartbeat(part: Heartbeat.Part, *, now: datetime) -> None:
    """Record that this process was active at ``now``."""
    owner = f"{socket.gethostname()}/{os.getpid()}"
    Heartbeat.objects.update_or_create(part=part, defaults={"owner": owner, "seen_at": now})
