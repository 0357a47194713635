"""Holding every open enrolment against the rules again."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from membership.models import Enrolment
from membership.reassessment import CHUNK, reassess
from tests.bench.figures import Figure, seconds
from tests.bench.province import build

PROMISED = 60.0  # seconds for 100,000 enrolments


def measure(enrolments: int, *, now: datetime) -> Iterator[Figure]:
    """The first night, which fills the worklists, and the next, on which nothing has changed."""
    # Those of the roster that was imported before count too.
    build(enrolments - Enrolment.objects.count(), on=timezone.localdate(now))
    first = seconds(lambda: reassess(now=now))
    next_night = now + timedelta(days=1)
    second = seconds(lambda: reassess(now=next_night))
    at_most = PROMISED * enrolments / 100_000
    yield Figure(f"reassess {enrolments:,} enrolments, first night", first, "s", at_most)
    yield Figure(f"reassess {enrolments:,} enrolments, nothing changed", second, "s", at_most)
    # Asked of a full chunk and of a small one: the number is the same whatever the size.
    for size in (10, CHUNK):
        yield Figure(f"queries for a chunk of {size}", _queries(size, now=next_night), "queries")


def _queries(size: int, *, now: datetime) -> int:
    keys = list(Enrolment.objects.order_by("pk").values_list("pk", flat=True)[:size])
    with CaptureQueriesContext(connection) as captured:
        reassess(now=now, enrolments=Enrolment.objects.filter(pk__in=keys))
    return len(captured)
