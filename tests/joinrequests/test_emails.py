"""The emails about a request say what happens next, and lead to pages where it can be done."""

from datetime import timedelta

import pytest
from django.conf import settings

from membership.emails.message import first_name, text_blocks
from membership.models import OutboxEmail
from membership.rosters.leaving import leave
from requests import workflow
from requests.lifecycle import State
from tests import builders

pytestmark = pytest.mark.django_db


def test_the_receipt_says_when_and_where_the_answer_comes_and_repeats_the_answers_without_the_note():
    builders.sent(builders.worker(), note="My client told me about this.")

    body = OutboxEmail.objects.get(kind="receipt").body

    assert "We aim to answer within 7 business days, by Wednesday, May 13, 2026." in body
    assert "Do you work in a Stopping the Violence Counselling program? Yes\n" in body
    assert (
        "We will send our answer to dana@example.org. If you don’t see it, check your junk" in body
    )
    assert "Your full name: Dana Sample\n" in body
    assert "Do you carry a caseload in this program? Yes\n" in body
    assert "client" not in body


@pytest.mark.parametrize(
    ("slug", "labels"),
    [
        (
            "stvc",
            ["Join Slack", "See your meetings", "Add to your calendar", "Go to the community page"],
        ),
        ("icat", ["See your meetings", "Add to your calendar", "Go to the community page"]),
    ],
)
def test_the_welcome_leads_to_pages_that_open_for_the_new_member(client, slug, labels):
    dana, lead = builders.worker(), builders.lead()
    request = builders.sent(dana, slug)
    workflow.approve(join_request_id=request.pk, by=lead, reason="Known.", now=builders.NOW)
    builders.sign_in(client, dana)

    body = OutboxEmail.objects.get(kind="welcome").body

    links = [words for kind, words in text_blocks(body) if kind == "link"]
    assert [link.label for link in links] == labels
    pages = [client.get(link.removeprefix(settings.PORTAL_URL)) for link in links]
    assert {page.status_code for page in pages} == {200}
    assert ("Slack" in body) is (slug == "stvc")


def test_no_one_is_welcomed_who_has_left_since():
    worker = builders.worker()
    builders.request_in(State.APPROVED, worker, builders.staff())
    enrolment = worker.person.enrolments.get()
    leave(enrolment_id=enrolment.pk, by=worker, now=builders.NOW)

    welcome = OutboxEmail.objects.get(kind="welcome")
    builders.deliver(welcome.pk, now=builders.NOW + timedelta(minutes=1))

    welcome.refresh_from_db()
    assert welcome.state == OutboxEmail.State.CANCELLED


@pytest.mark.parametrize(
    ("name", "greeting"),
    [("Dana Sample", "Dana"), ("Sample, Dana Lee", "Dana"), ("Dana", "Dana"), ("", "there")],
)
def test_a_greeting_uses_the_first_name(name, greeting):
    assert first_name(name) == greeting
