"""Workers, beat and the mail server are killed while emails go out, and the broker is emptied."""

from random import Random

import pytest
import redis

from membership.models import OutboxEmail
from tests import builders
from tests.faults.counting import count_emails
from tests.faults.post import until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core, pytest.mark.slow]

EMAILS, WORKER_KILLS, MAIL_KILLS = 300, 20, 2
BATCH = EMAILS // WORKER_KILLS


def test_no_email_is_lost_and_copies_are_no_more_than_kills(post, redis_url):
    random = Random(7)  # noqa: S311  (a plan of kills, not a secret)
    workers = [post.worker() for _ in range(3)]
    beat = post.beat()
    post.mail.behave("rcpt", "pause")  # so that kills meet emails on their way

    for number in range(WORKER_KILLS):
        victim = post.ready(workers.pop(0))
        some = post.mail.taken() + random.randrange(BATCH)
        for request in range(number * BATCH, (number + 1) * BATCH, 2):
            builders.sent(builders.worker(f"w{request}@example.org"))
        until(lambda some=some: post.mail.taken() >= some)
        post.kill(victim)
        workers.append(post.worker())
        if number % (WORKER_KILLS // MAIL_KILLS) == 5:
            post.mail.kill()
            post.mail.start()
        if number == WORKER_KILLS // 2:
            with redis.Redis.from_url(redis_url) as broker:
                broker.flushdb()  # this portal's number; FLUSHALL would empty those of other tests
            post.kill(beat)
            beat = post.beat()

    post.drain()
    post.stop_all()
    count = count_emails(post.mail)
    assert OutboxEmail.objects.filter(state="sent").count() == count.emails >= EMAILS
    assert (count.lost, count.strange) == (0, 0)
    assert count.extra <= WORKER_KILLS + MAIL_KILLS
