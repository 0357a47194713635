"""Workers, beat and the mail server are killed while letters go out, and the broker is emptied."""

import time
from random import Random

import pytest
import redis

from membership.models import OutboxEmail
from tests import builders
from tests.faults import IS_LONG
from tests.faults.counting import count_letters
from tests.faults.post import beat_is_missed, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core]

LETTERS, WORKER_KILLS, MAIL_KILLS = (1500, 100, 10) if IS_LONG else (300, 20, 2)
BATCH = LETTERS // WORKER_KILLS


def test_no_letter_is_lost_and_copies_are_no_more_than_kills(post, redis_url):
    random, started = Random(7), time.monotonic()  # noqa: S311  (a plan of kills, not a secret)
    workers = [post.worker() for _ in range(3)]
    beat = post.beat()
    post.mail.behave("rcpt", "pause")  # so that kills meet letters on their way

    for number in range(WORKER_KILLS):
        victim = post.ready(workers.pop(0))
        taken = post.mail.taken()
        some = taken + random.randrange(BATCH)
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
            beat_is_missed()
            beat = post.beat()

    post.drain()
    post.stop_all()
    tally = count_letters(
        "a storm of kills",
        post.mail,
        kills=WORKER_KILLS + MAIL_KILLS,
        seconds=time.monotonic() - started,
    )
    assert OutboxEmail.objects.filter(state="sent").count() == tally.letters >= LETTERS
    assert tally.holds, tally
