"""Beat is killed, and its clock was wrong. The next one sends what is due, and readiness notices."""

import pytest
import redis
from django.utils import timezone

from evabc.ops import health
from membership.models import OutboxEmail
from tests import builders
from tests.faults.mail_stack import Count, State, count_emails, until, without_delivery_tasks

pytestmark = pytest.mark.django_db(transaction=True)


def silent():
    """Which of beat and worker are missing for readiness."""
    checks = health.checks(now=timezone.now())
    return {check.name for check in checks if check.problem} & {"scheduler", "worker"}


def test_the_next_beat_has_what_is_due_sent(stack, redis_url):
    ahead = stack.beat(EVABC_TEST_CLOCK_HOURS="24")
    until(lambda: "say-that-you-live" in stack.log_of(ahead))
    stack.kill(ahead)
    assert silent() == {"scheduler", "worker"}
    with redis.Redis.from_url(redis_url) as broker:
        broker.flushdb()  # what it sent itself is gone
    with without_delivery_tasks():
        builders.sent(builders.worker())

    stack.ready(stack.worker())
    stack.beat()
    until(lambda: not OutboxEmail.objects.exclude(state=State.SENT).exists())
    until(lambda: not silent())

    stack.stop_all()
    assert count_emails(stack.mail) == Count(emails=2, lost=0, extra=0)
