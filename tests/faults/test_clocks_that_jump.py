"""One machine's clock is a day ahead, or a day behind: letters may come late or twice, never not."""

import os
import signal

import pytest
from django.utils import timezone

from membership.emails.queue import request_delivery
from membership.models import OutboxEmail
from membership.tasks import sweep_letters
from tests import builders
from tests.faults.counting import Count, count_emails
from tests.faults.post import State, nobody_is_asked, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core, pytest.mark.slow]


def test_a_clock_that_jumps_ahead_doubles_at_most_what_is_on_its_way(post):
    slow = post.ready(post.worker())
    with nobody_is_asked():
        builders.sent(builders.worker())
    letter = OutboxEmail.objects.get(kind="receipt")
    post.mail.behave("data", "hang")
    request_delivery(letter.pk)
    post.mail.wait_for("data")
    os.kill(slow.pid, signal.SIGSTOP)
    post.mail.behave()

    post.ready(post.worker(EVABC_TEST_CLOCK_HOURS="24"))  # to it, every lease has ended
    sweep_letters.delay()
    until(lambda: not OutboxEmail.objects.exclude(state=State.SENT).exists())
    sent_at = OutboxEmail.objects.get(pk=letter.pk).sent_at
    assert sent_at > timezone.now()
    os.kill(slow.pid, signal.SIGCONT)
    post.stop_all()

    count = count_emails(post.mail)
    assert (count.lost, count.strange) == (0, 0)
    assert count.extra <= 1
    letter.refresh_from_db()
    assert (letter.state, letter.sent_at) == (State.SENT, sent_at)


def test_a_clock_that_is_behind_delays_letters_until_another_worker_sweeps(post):
    behind = post.ready(post.worker(EVABC_TEST_CLOCK_HOURS="-24"))
    with nobody_is_asked():
        builders.sent(builders.worker())
    OutboxEmail.objects.update(due_at=timezone.now())
    for pk in OutboxEmail.objects.values_list("pk", flat=True):
        request_delivery(pk)
    until(lambda: post.log_of(behind).count("succeeded") == 2)
    assert set(OutboxEmail.objects.values_list("state", flat=True)) == {State.QUEUED}

    post.ready(post.worker())
    post.kill(behind)
    post.drain()
    post.stop_all()

    assert count_emails(post.mail) == Count(emails=2, lost=0, extra=0)
