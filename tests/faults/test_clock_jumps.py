"""The clock of one machine is a day ahead or behind. Emails may be late or doubled, but never lost."""

import os
import signal

import pytest
from django.utils import timezone

from membership.emails.queue import request_delivery
from membership.models import OutboxEmail
from membership.tasks import sweep_emails
from tests import builders
from tests.faults.mail_stack import Count, State, count_emails, until, without_delivery_tasks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core, pytest.mark.slow]


def test_a_clock_that_jumps_ahead_doubles_at_most_what_is_on_its_way(stack):
    slow = stack.ready(stack.worker())
    with without_delivery_tasks():
        builders.sent(builders.worker())
    email = OutboxEmail.objects.get(kind="receipt")
    stack.mail.behave("data", "hang")
    request_delivery(email.pk)
    stack.mail.wait_for("data")
    os.kill(slow.pid, signal.SIGSTOP)
    stack.mail.behave()

    stack.ready(stack.worker(EVABC_TEST_CLOCK_HOURS="24"))  # to it, every lease has ended
    sweep_emails.delay()
    until(lambda: not OutboxEmail.objects.exclude(state=State.SENT).exists())
    sent_at = OutboxEmail.objects.get(pk=email.pk).sent_at
    assert sent_at > timezone.now()
    os.kill(slow.pid, signal.SIGCONT)
    stack.stop_all()

    count = count_emails(stack.mail)
    assert (count.lost, count.strange) == (0, 0)
    assert count.extra <= 1
    email.refresh_from_db()
    assert (email.state, email.sent_at) == (State.SENT, sent_at)


def test_a_clock_that_is_behind_delays_emails_until_another_worker_sweeps(stack):
    behind = stack.ready(stack.worker(EVABC_TEST_CLOCK_HOURS="-24"))
    with without_delivery_tasks():
        builders.sent(builders.worker())
    OutboxEmail.objects.update(due_at=timezone.now())
    for pk in OutboxEmail.objects.values_list("pk", flat=True):
        request_delivery(pk)
    until(lambda: stack.log_of(behind).count("succeeded") == 2)
    assert set(OutboxEmail.objects.values_list("state", flat=True)) == {State.QUEUED}

    stack.ready(stack.worker())
    stack.kill(behind)
    stack.drain()
    stack.stop_all()

    assert count_emails(stack.mail) == Count(emails=2, lost=0, extra=0)
