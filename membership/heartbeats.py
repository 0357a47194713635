"""Signs of life, as rows: when beat last sent a task, and when a worker last did one."""

import os
import socket
from datetime import datetime

from membership.models import Heartbeat


def note_alive(part: Heartbeat.Part, *, now: datetime) -> None:
    """This process did its part just now."""
    owner = f"{socket.gethostname()}/{os.getpid()}"
    Heartbeat.objects.update_or_create(part=part, defaults={"owner": owner, "seen_at": now})
