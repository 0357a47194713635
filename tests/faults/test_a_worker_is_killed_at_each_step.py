"""A worker is killed before the claim, after it, in DATA, after the letter was taken and after the commit."""

import os
import signal

import pytest

from membership.emails.queue import request_delivery
from membership.models import OutboxEmail
from tests import builders
from tests.faults.counting import Count, count_emails
from tests.faults.post import State, leases_pass, nobody_is_asked, until

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.core]


def a_letter(name):
    """The receipt of a request, for which no worker was asked yet; the news to staff waits too."""
    with nobody_is_asked():
        builders.sent(builders.worker(f"{name}@example.org"))
    return OutboxEmail.objects.get(kind="receipt", to_email=f"{name}@example.org")


def state_of(letter):
    letter.refresh_from_db()
    return letter.state


def before_the_claim(post, letter, worker):
    os.kill(worker.pid, signal.SIGSTOP)
    request_delivery(letter.pk)
    post.kill(worker)
    assert (state_of(letter), letter.attempts) == (State.QUEUED, 0)


def after_the_claim(post, letter, worker):
    post.mail.behave("connect", "hang")
    request_delivery(letter.pk)
    until(lambda: state_of(letter) == State.SENDING)
    post.kill(worker)


def in_data(post, letter, worker):
    post.mail.behave("data", "hang")
    request_delivery(letter.pk)
    post.mail.wait_for("data")
    post.kill(worker)


def after_it_was_taken_before_the_commit(post, letter, worker):
    # The letter is the server's, and nobody here has written that down.
    post.mail.behave("accepted", "hang")
    request_delivery(letter.pk)
    post.mail.wait_for("accepted")
    post.kill(worker)
    assert state_of(letter) == State.SENDING


def after_the_commit(post, letter, worker):
    request_delivery(letter.pk)
    until(lambda: state_of(letter) == State.SENT)
    post.kill(worker)
    request_delivery(letter.pk)  # as the broker does for a message that nobody has acknowledged


EXTRA = {
    before_the_claim: 0,
    after_the_claim: 0,
    in_data: 0,
    after_it_was_taken_before_the_commit: 1,
    after_the_commit: 0,
}


@pytest.mark.parametrize("killed", EXTRA)
def test_the_next_worker_sends_what_a_killed_one_left(post, killed):
    letter, victim = a_letter("dana"), post.ready(post.worker())

    killed(post, letter, victim)

    post.mail.behave()
    leases_pass()
    post.ready(post.worker())
    post.drain()
    post.stop_all()
    assert count_emails(post.mail) == Count(emails=2, lost=0, extra=EXTRA[killed])
    assert state_of(letter) == State.SENT
