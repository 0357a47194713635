"""Beat is killed, and its clock was wrong: the next one sends what is due, and readiness sees it."""

import pytest
import redis
from django.utils import timezone

from evabc.ops import health
from membership.models import OutboxEmail
from tests import builders
from tests.faults.counting import Count, count_emails
from tests.faults.post import State, nobody_is_asked, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core]


def silent():
    """Which of beat and worker readiness misses."""
    checks = health.checks(now=timezone.now())
    return {check.name for check in checks if check.problem} & {"beat", "worker"}


def test_the_next_beat_has_what_is_due_sent(post, redis_url):
    ahead = post.beat(EVABC_TEST_CLOCK_HOURS="24")
    until(lambda: "say-that-you-live" in post.log_of(ahead))
    post.kill(ahead)
    assert silent() == {"beat", "worker"}
    with redis.Redis.from_url(redis_url) as broker:
        broker.flushdb()  # what it sent itself is gone
    with nobody_is_asked():
        builders.sent(builders.worker())

    post.ready(post.worker())
    post.beat()
    until(lambda: not OutboxEmail.objects.exclude(state=State.SENT).exists())
    until(lambda: not silent())

    post.stop_all()
    assert count_emails(post.mail) == Count(emails=2, lost=0, extra=0)
