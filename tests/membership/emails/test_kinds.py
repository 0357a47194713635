"""A kind of email is one entry and its text: staff find it, it is sent, and its entry says what cancels it."""

import pytest
from django.core import mail
from django.core.checks import run_checks

from membership.emails.kinds import (
    KINDS,
    NAME,
    REFERENCE,
    TEAM,
    TO_PERSON,
    EmailKind,
    cancelled_by,
    link,
)
from membership.emails.message import compose
from membership.emails.queue import queue
from membership.emails.templates import original_template
from membership.models import OutboxEmail
from requests import workflow
from requests.lifecycle import Verb
from tests import builders

pytestmark = pytest.mark.django_db

NOW = builders.NOW
TEXT = "A place to wait ({reference})\n\nHello {name},\n\nyou wait here:\n\n{request_link}\n"


@pytest.fixture
def kind(tmp_path, monkeypatch):
    """A kind of email that only this test declares."""
    placeholders = (
        NAME,
        REFERENCE,
        TEAM,
        link("request_link", "The request", "/my/requests/1/", "See"),
    )
    kind = EmailKind(
        "waiting-list",
        "A place on the waiting list",
        TO_PERSON,
        "When this test says so",
        placeholders,
        cancelled_by=(Verb.WITHDRAW,),
        folder=tmp_path,
    )
    kind.text_file.write_text(TEXT)
    monkeypatch.setitem(KINDS, kind.key, kind)
    original_template.cache_clear()
    return kind


def queued(kind):
    request = builders.sent(builders.worker())
    words = {
        "name": request.person.name,
        "reference": request.reference,
        "request_link": "http://testserver" + request.get_absolute_url(),
    }
    email = compose(kind.key, team=request.community.team, person=request.person, words=words)
    return request, queue(email, about=request.about, event=99, now=NOW)


def test_staff_find_it_in_the_list_and_see_its_preview(kind, client):
    builders.sign_in(client, builders.lead())

    listed = client.get("/admin/membership/letterwording/").content.decode()
    page = client.get(f"/admin/membership/letterwording/{kind.key}/").content.decode()

    assert "A place on the waiting list" in listed
    assert "Hello Dana," in page


def test_it_is_sent(kind):
    request, row = queued(kind)

    assert builders.deliver(row.pk, now=NOW) is True

    [message] = mail.outbox
    assert message.subject == f"A place to wait ({request.reference})"
    assert message.body.startswith("Hello Dana,\n\nyou wait here:")


def test_only_the_verb_that_its_entry_names_cancels_it(kind):
    request, row = queued(kind)
    staff = builders.staff()

    workflow.ask(join_request_id=request.pk, by=staff, text="Which program?", now=NOW)
    assert OutboxEmail.objects.get(pk=row.pk).state == "queued"

    workflow.withdraw(join_request_id=request.pk, by=request.person.user, now=NOW)
    assert OutboxEmail.objects.get(pk=row.pk).state == "cancelled"
    assert builders.deliver(row.pk, now=NOW) is False


def test_outbox_kinds_that_share_a_template_are_cancelled_together():
    assert {"question", "reminder-7", "reminder-21"} <= set(cancelled_by(Verb.REPLY))


@pytest.mark.parametrize(
    ("text", "id"),
    [(None, "membership.E010"), ("Subject\n\nHello {nobody}", "membership.E011")],
)
def test_a_missing_or_impossible_text_is_an_error_at_start(kind, text, id):
    kind.text_file.unlink()
    if text:
        kind.text_file.write_text(text)
    original_template.cache_clear()

    found = [error for error in run_checks() if error.id == id]

    assert found
    assert all("waiting-list" in error.msg for error in found)
