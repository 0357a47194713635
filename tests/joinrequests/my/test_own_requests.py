"""An applicant's own requests: reading, replying, withdrawing."""

from datetime import timedelta

import pytest
import time_machine

from membership.models import OutboxEmail
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.builders import text_of

pytestmark = pytest.mark.django_db


ANSWER_TIME = "within 7 business days, by Wednesday, May 13, 2026"


def test_staff_ask_and_the_applicant_answers_and_sees_the_history(signed_in, worker):
    staff = builders.staff()
    pk = builders.sent(worker).pk
    workflow.ask(join_request_id=pk, by=staff, text="Which days do you work?", now=builders.NOW)
    page = f"/my/requests/{pk}/"
    assert "Which days do you work?" in text_of(signed_in.get(page))

    answered = signed_in.post(page + "reply/", {"text": "Mondays <b>and</b> Fridays."})

    assert answered.url == page
    assert JoinRequest.objects.get().state == State.AWAITING_REVIEW
    assert "Mondays &lt;b&gt;and&lt;/b&gt; Fridays." in signed_in.get(page).content.decode()


def test_an_answer_that_comes_too_late_is_refused_and_still_there(signed_in, worker):
    staff = builders.staff()
    pk = builders.sent(worker).pk
    workflow.ask(join_request_id=pk, by=staff, text="Which days?", now=builders.NOW)
    workflow.decline(join_request_id=pk, by=staff, text="Not this time.", now=builders.NOW)

    page = text_of(signed_in.post(f"/my/requests/{pk}/reply/", {"text": "Mondays and Fridays."}))

    assert "This request has already been declined" in page
    assert "Mondays and Fridays." in page


@pytest.mark.parametrize(
    ("days", "sentence"),
    [
        (0, f"They usually email you the decision {ANSWER_TIME}."),
        (9, f"They usually email you the decision {ANSWER_TIME}."),
        (10, "This is taking longer than usual. You don’t need to do anything"),
    ],
)
def test_while_it_waits_the_pages_say_what_happens_next_and_by_when(worker, client, days, sentence):
    pk = builders.sent(worker).pk
    with time_machine.travel(builders.NOW + timedelta(days=days)):
        builders.sign_in(client, worker)
        for path in ("/my/", f"/my/requests/{pk}/"):
            assert sentence in text_of(client.get(path))


def test_every_page_and_email_after_sending_says_the_same_day(worker, client):
    asked = [builders.sent(worker, slug) for slug in ("stvc", "icat")]
    with time_machine.travel(builders.NOW):
        builders.sign_in(client, worker)
        for path in (
            f"/my/requests/{asked[0].pk}/sent/",
            "/join/sent/?community=stvc&community=icat",
        ):
            assert f"usually {ANSWER_TIME}." in text_of(client.get(path))
        workflow.decline(
            join_request_id=asked[0].pk, by=builders.staff(), text="No", now=builders.NOW
        )
        sent = text_of(client.get(f"/my/requests/{asked[0].pk}/sent/"))
    assert "usually within 7 business days." in sent
    for email in OutboxEmail.objects.filter(kind="receipt"):
        assert f"We aim to answer {ANSWER_TIME}." in email.body


def test_an_applicant_withdraws_their_request(signed_in, worker):
    pk = builders.sent(worker).pk
    page = f"/my/requests/{pk}/withdraw/"
    assert "Withdraw your request?" in text_of(signed_in.get(page))
    assert JoinRequest.objects.get().state == State.AWAITING_REVIEW

    signed_in.post(page)

    assert JoinRequest.objects.get().state == State.WITHDRAWN
