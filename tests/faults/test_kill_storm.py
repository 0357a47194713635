"""Workers, beat and the mail server are killed while emails are sent, and the broker is emptied."""

from functools import partial
from random import Random

import pytest
import redis

from evabc import celery_app
from membership.models import OutboxEmail
from tests import builders
from tests.faults.mail_stack import count_emails, until
from tests.servers import redis_server

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core, pytest.mark.slow]

EMAILS, WORKER_KILLS, MAIL_KILLS = 300, 20, 2
BATCH = EMAILS // WORKER_KILLS


@pytest.fixture
def own_redis(stack, tmp_path, monkeypatch):
    """A Redis server of this test alone, used by its processes and by what it enqueues itself."""
    with redis_server.running(tmp_path) as address:
        url = f"{address}/0"
        monkeypatch.setenv("REDIS_URL", url)
        with celery_app.connection_for_write(url) as connection:
            send_task = partial(celery_app.send_task, connection=connection)
            monkeypatch.setattr(celery_app, "send_task", send_task)
            yield url
        stack.stop_all()


def test_no_email_is_lost_and_copies_are_no_more_than_kills(stack, own_redis):
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
            with redis.Redis.from_url(own_redis) as broker:
                broker.flushall()
            stack.kill(beat)
            beat = stack.beat()

    stack.drain()
    stack.stop_all()
    count = count_emails(stack.mail)
    assert OutboxEmail.objects.filter(state="sent").count() == count.emails >= EMAILS
    assert (count.lost, count.strange) == (0, 0)
    assert count.extra <= WORKER_KILLS + MAIL_KILLS
