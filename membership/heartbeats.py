"""Signs of life, as rows: who acts as beat, and whether a worker does its tasks."""

from datetime import datetime, timedelta

from django.db.models import Q

from membership.models import Heartbeat

# How long nobody else may act as beat after its last sign of life.
LEASE = timedelta(seconds=60)


def act_as_beat(*, owner: str, now: datetime) -> bool:
    """Whether `owner` is the one beat that acts; it is, when nobody else was it within the LEASE.

    A sign of life from beyond the LEASE ahead was left by a clock that was wrong, and does not count.
    """
    silent = Q(seen_at__lt=now - LEASE) | Q(seen_at__gt=now + LEASE)
    free_or_mine = Q(owner=owner) | silent
    mine = Heartbeat.objects.filter(free_or_mine, part=Heartbeat.Part.BEAT)
    if mine.update(owner=owner, seen_at=now):
        return True
    _, is_first = Heartbeat.objects.get_or_create(
        part=Heartbeat.Part.BEAT, defaults={"owner": owner, "seen_at": now}
    )
    return is_first


def worker_is_alive(*, owner: str, now: datetime) -> None:
    """A worker did its task of being alive."""
    Heartbeat.objects.update_or_create(
        part=Heartbeat.Part.WORKER, defaults={"owner": owner, "seen_at": now}
    )
