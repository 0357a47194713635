"""Two staff members deciding at once, double submits, a second open request: one result and a clear message."""

from collections import Counter
from datetime import timedelta

import pytest
from django.db import transaction

from membership.emails.queue import queue_once
from membership.models import Enrolment, OutboxEmail
from requests import emails, workflow
from requests.clock.reminders import lapse_overdue, send_due_reminders
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent
from tests import builders
from tests.threads import all_at_once

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.core,
]


def test_one_of_twenty_decisions_on_a_request_wins_and_the_others_are_refused():
    worker, priya = builders.worker(), builders.staff()
    sam = builders.staff(email="sam@example.org")
    pk = builders.sent(worker).pk

    def approve():
        workflow.approve(join_request_id=pk, by=priya, now=builders.NOW)

    def decline():
        workflow.decline(join_request_id=pk, by=sam, text="Not this time.", now=builders.NOW)

    outcomes = Counter(all_at_once(*[approve, decline] * 10))

    decisions = JoinRequestEvent.objects.filter(verb__in=["approve", "decline"])
    decision_emails = OutboxEmail.objects.filter(kind__in=["welcome", "declined"])
    after = JoinRequest.objects.get(pk=pk)
    refusals = [words for words in outcomes if words != "done"]
    assert outcomes["done"] == 1
    assert decisions.count() == decision_emails.count() == 1
    assert Enrolment.objects.count() == (after.state == State.APPROVED)
    assert len(refusals) == 1
    assert f", {after.decided_by.person.name} (EVA BC)." in refusals[0]


def test_fifty_double_submits_make_one_request_and_one_receipt():
    worker = builders.worker()
    kept = builders.draft(worker)

    def submit():
        workflow.submit(join_request_id=kept.pk, by=worker, answers=kept.answers, now=builders.NOW)

    outcomes = Counter(all_at_once(*[submit] * 50))

    assert outcomes == {"done": 1, "This request has already been sent.": 49}
    assert JoinRequestEvent.objects.count() == 1
    assert sorted(OutboxEmail.objects.values_list("kind", flat=True)) == ["news-submit", "receipt"]


def test_withdrawing_while_staff_approve_has_one_outcome():
    worker, staff = builders.worker(), builders.staff()
    pk = builders.sent(worker).pk

    outcomes = all_at_once(
        lambda: workflow.withdraw(join_request_id=pk, by=worker, now=builders.NOW),
        lambda: workflow.approve(join_request_id=pk, by=staff, now=builders.NOW),
    )

    after = JoinRequest.objects.get(pk=pk)
    assert outcomes.count("done") == 1
    assert after.state == (State.WITHDRAWN if outcomes[0] == "done" else State.APPROVED)
    assert Enrolment.objects.exists() == (after.state == State.APPROVED)
    assert OutboxEmail.objects.filter(kind__in=["welcome", "withdrawn"]).count() == 1


def test_drafts_saved_at_the_same_time_become_one_draft():
    worker = builders.worker()
    person, community = worker.person, builders.community()

    def save():
        workflow.save_draft(person=person, community=community, answers={}, now=builders.NOW)

    assert all_at_once(*[save] * 10) == ["done"] * 10
    assert JoinRequest.objects.count() == 1


def test_workers_that_run_the_nightly_job_at_the_same_time_send_one_set_of_emails():
    staff = builders.staff()
    for number in range(10):
        user = builders.worker(f"w{number}@example.org")
        builders.request_in(State.AWAITING_REPLY, user, staff)
    remind_at, lapse_at = builders.NOW + timedelta(days=21), builders.NOW + timedelta(days=30)

    queued, lapsed = [], []
    remind = [lambda: queued.append(send_due_reminders(now=remind_at))] * 5
    assert all_at_once(*remind) == ["done"] * 5
    OutboxEmail.objects.update(state=OutboxEmail.State.SENT, sent_at=remind_at)
    lapse = [lambda: lapsed.append(lapse_overdue(now=lapse_at))] * 5
    assert all_at_once(*lapse) == ["done"] * 5

    kinds = Counter(OutboxEmail.objects.values_list("kind", flat=True))
    assert (sum(queued), sum(lapsed)) == (10, 10)
    assert (kinds["reminder-7"], kinds["reminder-21"], kinds["lapsed"]) == (0, 10, 10)


def test_one_key_queued_many_times_at_once_is_one_email():
    join_request = builders.sent(builders.worker())
    email = emails.email_of("receipt", join_request)
    queued = []

    def ask():
        with transaction.atomic():
            queued.append(queue_once(email, key="one", about="any", now=builders.NOW))

    assert all_at_once(*[ask] * 10) == ["done"] * 10
    assert sorted(queued) == [False] * 9 + [True]
    assert OutboxEmail.objects.filter(key="one").count() == 1


def test_replying_while_the_request_lapses_has_one_outcome():
    worker, staff = builders.worker(), builders.staff()
    pk = builders.request_in(State.AWAITING_REPLY, worker, staff).pk
    now = builders.NOW + timedelta(days=30)
    send_due_reminders(now=now - timedelta(days=9))
    OutboxEmail.objects.update(state=OutboxEmail.State.SENT, sent_at=builders.NOW)

    outcomes = all_at_once(
        lambda: workflow.reply(join_request_id=pk, by=worker, text="This one.", now=now),
        lambda: lapse_overdue(now=now),
    )

    after = JoinRequest.objects.get(pk=pk)
    assert outcomes[1] == "done"
    assert after.state == (State.AWAITING_REVIEW if outcomes[0] == "done" else State.LAPSED)
    assert OutboxEmail.objects.filter(kind__in=["news-reply", "lapsed"]).count() == 1


def test_reopening_while_a_new_request_is_sent_leaves_one_open():
    worker, staff = builders.worker(), builders.staff()
    declined = builders.request_in(State.DECLINED, worker, staff)
    again = builders.draft(worker)

    outcomes = all_at_once(
        lambda: workflow.reopen(join_request_id=declined.pk, by=staff, now=builders.NOW),
        lambda: workflow.submit(
            join_request_id=again.pk, by=worker, answers=again.answers, now=builders.NOW
        ),
    )

    refusal = next(words for words in outcomes if words != "done")
    assert outcomes.count("done") == 1
    assert "open request for this community" in refusal
    assert JoinRequest.objects.filter(state=State.AWAITING_REVIEW).count() == 1
