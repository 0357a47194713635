"""A worker is killed before and after the claim, in DATA, after the email was accepted, after the commit."""

import os
import signal

import pytest

from membership.emails.queue import request_delivery
from membership.models import OutboxEmail
from tests import builders
from tests.faults.mail_stack import (
    Count,
    State,
    count_emails,
    expire_leases,
    until,
    without_delivery_tasks,
)

pytestmark = pytest.mark.django_db(transaction=True)


def queued_receipt(name):
    """The receipt of a request, without a delivery task; the news to staff is queued too."""
    with without_delivery_tasks():
        builders.sent(builders.worker(f"{name}@example.org"))
    return OutboxEmail.objects.get(kind="receipt", to_email=f"{name}@example.org")


def state_of(email):
    email.refresh_from_db()
    return email.state


def before_the_claim(stack, email, worker):
    os.kill(worker.pid, signal.SIGSTOP)
    request_delivery(email.pk)
    stack.kill(worker)
    assert (state_of(email), email.attempts) == (State.QUEUED, 0)


def after_the_claim(stack, email, worker):
    stack.mail.behave("connect", "hang")
    request_delivery(email.pk)
    until(lambda: state_of(email) == State.SENDING)
    stack.kill(worker)


def in_data(stack, email, worker):
    stack.mail.behave("data", "hang")
    request_delivery(email.pk)
    stack.mail.wait_for("data")
    stack.kill(worker)


def after_it_was_taken_before_the_commit(stack, email, worker):
    # The server has the email, and no row says so yet.
    stack.mail.behave("accepted", "hang")
    request_delivery(email.pk)
    stack.mail.wait_for("accepted")
    stack.kill(worker)
    assert state_of(email) == State.SENDING


def after_the_commit(stack, email, worker):
    request_delivery(email.pk)
    until(lambda: state_of(email) == State.SENT)
    stack.kill(worker)
    request_delivery(email.pk)  # as the broker does for a message that was not acknowledged


EXTRA = {
    before_the_claim: 0,
    after_the_claim: 0,
    in_data: 0,
    after_it_was_taken_before_the_commit: 1,
    after_the_commit: 0,
}


# On both databases where the claim stands in the row and nothing else does.
CORE = [after_the_claim, after_it_was_taken_before_the_commit]


@pytest.mark.parametrize(
    "killed",
    [pytest.param(one, marks=[pytest.mark.core] if one in CORE else []) for one in EXTRA],
)
def test_the_next_worker_sends_what_a_killed_one_left(stack, killed):
    email, victim = queued_receipt("dana"), stack.ready(stack.worker())

    killed(stack, email, victim)

    stack.mail.behave()
    expire_leases()
    stack.ready(stack.worker())
    stack.drain()
    stack.stop_all()
    assert count_emails(stack.mail) == Count(emails=2, lost=0, extra=EXTRA[killed])
    assert state_of(email) == State.SENT
