"""Workers, beat and the mail server are killed while emails go out, and the broker is emptied."""

from random import Random

import pytest
import redis

from membership.models import OutboxEmail
from tests import builders
from tests.faults.counting import count_emails
from tests.faults.mail_stack import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core, pytest.mark.slow]

EMAILS, WORKER_KILLS, MAIL_KILLS = 300, 20, 2
BATCH = EMAILS // WORKER_KILLS


def test_no_email_is_lost_and_copies_are_no_more_than_kills(stack, redis_url):
    random = Random(7)  # noqa: S311  (a plan of kills, not a secret)
    workers = [stack.worker() for _ in range(3)]
    beat = stack.beat()
    stack.mail.behave("rcpt", "pause")  # so that kills meet emails on their way

    for number in range(WORKER_KILLS):
        victim = stack.ready(workers.pop(0))
        some = stack.mail.taken() + random.randrange(BATCH)
        for request in range(number * BATCH, (number + 1) * BATCH, 2):
            builders.sent(builders.worker(f"w{request}@example.org"))
        until(lambda some=some: stack.mail.taken() >= some)
        stack.kill(victim)
        workers.append(stack.worker())
        if number % (WORKER_KILLS // MAIL_KILLS) == 5:
            stack.mail.kill()
            stack.mail.start()
        if number == WORKER_KILLS // 2:
            with redis.Redis.from_url(redis_url) as broker:
                broker.flushdb()  # this portal's number; FLUSHALL would empty those of other tests
            stack.kill(beat)
            beat = stack.beat()

    stack.drain()
    stack.stop_all()
    count = count_emails(stack.mail)
    assert OutboxEmail.objects.filter(state="sent").count() == count.emails >= EMAILS
    assert (count.lost, count.strange) == (0, 0)
    assert count.extra <= WORKER_KILLS + MAIL_KILLS
