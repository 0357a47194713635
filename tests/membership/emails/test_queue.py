"""What staff do with an email: retry it, send it again, record a bounce. With a real mail server."""

import re
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from membership.emails import queue
from membership.errors import RefusedError
from membership.models import Bounce, LetterAttempt, OutboxEmail, Person
from requests import workflow
from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db

NOW = builders.NOW
TODAY = date(2026, 5, 4)
State = OutboxEmail.State
EMAILS = "/admin/membership/outboxemail/"


@pytest.fixture
def failed(email):
    """The same email after the mail server refused it."""
    OutboxEmail.objects.filter(pk=email.pk).update(state=State.FAILED, attempts=9)
    email.refresh_from_db()
    return email


@pytest.fixture
def sent(email):
    OutboxEmail.objects.filter(pk=email.pk).update(state=State.SENT, sent_at=NOW, attempts=1)
    email.refresh_from_db()
    return email


def test_emails_are_narrowed_to_a_kind(email, client):
    builders.sign_in(client, builders.staff())
    for kind, shown in (("receipt", True), ("welcome", False)):
        page = client.get(f"/admin/membership/outboxemail/?kind={kind}").content.decode()
        assert (f'href="{email.pk}/change/' in page) is shown


def test_a_failed_email_is_tried_again_and_reaches_the_new_address(failed, to_server, client):
    Person.objects.filter(pk=failed.person_id).update(email="new@example.org")
    builders.sign_in(client, builders.staff())
    page = f"/admin/membership/outboxemail/{failed.pk}"

    assert f'action="{page}/retry/"' in client.get(f"{page}/change/").content.decode()
    assert "on its way again" in client.post(f"{page}/retry/", follow=True).content.decode()
    assert builders.deliver(failed.pk, now=timezone.now()) is True

    failed.refresh_from_db()
    mail = to_server.wait_for(to="new@example.org")
    assert mail["Message-ID"] == failed.message_id
    assert (failed.state, failed.attempts) == (State.SENT, 1)


def test_a_failed_email_that_is_out_of_date_is_not_tried_again():
    worker, priya = builders.worker(), builders.staff()
    pk = builders.sent(worker).pk
    workflow.ask(join_request_id=pk, by=priya, text="Which program?", now=NOW)
    question = OutboxEmail.objects.get(kind="question")
    OutboxEmail.objects.filter(pk=question.pk).update(state=State.FAILED)

    workflow.decline(join_request_id=pk, by=priya, text="Not this time.", now=NOW)

    with pytest.raises(RefusedError, match="A later change has made this email out of date"):
        queue.retry(email_id=question.pk, by=priya, now=NOW)
    assert OutboxEmail.objects.get(pk=question.pk).state == State.FAILED


def test_only_a_failed_email_is_tried_again(sent):
    with pytest.raises(RefusedError, match="You can only retry a failed email"):
        queue.retry(email_id=sent.pk, by=builders.staff(), now=NOW)


def test_sending_again_makes_one_new_email_with_the_same_text(sent):
    priya = builders.staff()

    again = queue.send_again(email_id=sent.pk, by=priya, now=NOW)
    with pytest.raises(RefusedError, match="already on its way again"):
        queue.send_again(email_id=sent.pk, by=priya, now=NOW)

    assert (again.subject, again.body, again.state) == (sent.subject, sent.body, State.QUEUED)
    assert again.message_id != sent.message_id
    assert OutboxEmail.objects.filter(kind="receipt").count() == 2


@pytest.mark.parametrize("verb", ["retry", "send_again"])
def test_without_an_email_nothing_is_sent(failed, verb):
    state = State.FAILED if verb == "retry" else State.SENT
    OutboxEmail.objects.filter(pk=failed.pk).update(state=state, sent_at=NOW)
    Person.objects.filter(pk=failed.person_id).update(email="")

    with pytest.raises(RefusedError, match="no email for this person"):
        getattr(queue, verb)(email_id=failed.pk, by=builders.staff(), now=NOW)

    assert OutboxEmail.objects.filter(kind="receipt", state=State.QUEUED).count() == 0


def test_a_bounce_shows_on_the_person_until_it_is_cleared(sent, client):
    priya, person = builders.staff(), sent.person
    builders.sign_in(client, priya)
    pages = [
        f"/admin/membership/person/{person.pk}/change/",
        f"/admin/joinrequests/joinrequest/{JoinRequest.objects.get().pk}/change/",
    ]

    queue.mark_bounced(email_id=sent.pk, by=priya, on=TODAY, why="Box is full", today=TODAY)
    shown = ["May 4, 2026: Box is full" in client.get(p).content.decode() for p in pages]
    listed = client.get("/admin/membership/outboxemail/?problem=bounced").context["cl"].result_list
    assert list(listed) == [sent]
    queue.clear_bounce(email_id=sent.pk, by=priya, now=NOW)

    assert shown == [True, True]
    assert ["Box is full" in client.get(p).content.decode() for p in pages] == [False, False]


def test_a_bounce_ends_when_their_email_changes(sent):
    queue.mark_bounced(
        email_id=sent.pk, by=builders.staff(), on=TODAY, why="Box is full", today=TODAY
    )
    same = Bounce.of(sent.person).count()
    Person.objects.filter(pk=sent.person_id).update(email="new@example.org")

    assert (same, Bounce.of(sent.person).count()) == (1, 0)


def test_a_bounce_is_recorded_once_and_only_for_an_email_to_a_person(sent):
    priya, news = builders.staff(), OutboxEmail.objects.get(kind="news-submit")
    how = {"by": priya, "why": "Box is full", "today": TODAY}
    for days in (-1, 1):
        with pytest.raises(RefusedError, match="between the day the email was sent and today"):
            queue.mark_bounced(email_id=sent.pk, on=TODAY + timedelta(days=days), **how)
    queue.mark_bounced(email_id=sent.pk, on=TODAY, **how)
    with pytest.raises(RefusedError, match="already recorded"):
        queue.mark_bounced(email_id=sent.pk, on=TODAY, **how)
    with pytest.raises(RefusedError, match="for an email that was sent to a person"):
        queue.mark_bounced(email_id=news.pk, on=TODAY, **how)


@pytest.mark.core
def test_the_database_refuses_a_bounce_without_a_reason(sent):
    with pytest.raises(IntegrityError, match="bounce_says_why"), transaction.atomic():
        Bounce.objects.create(letter=sent, on=TODAY, why="")


@pytest.mark.parametrize(
    "verb", ["retry", "send_again", "mark_bounced", "clear_bounce", "cancel_by_hand", "restore"]
)
def test_the_other_team_does_nothing_with_an_email(sent, verb, camille):
    how = {"on": TODAY, "why": "x", "today": TODAY} if verb == "mark_bounced" else {"now": NOW}

    with pytest.raises(RefusedError, match="belongs to the other team"):
        getattr(queue, verb)(email_id=sent.pk, by=camille, **how)


def test_the_page_shows_what_the_mail_server_answered(email, client):
    LetterAttempt.objects.create(letter=email, at=NOW, trouble="Lost")
    LetterAttempt.objects.create(letter=email, at=NOW, trouble="x", code=550, answer="No such box")
    builders.sign_in(client, builders.staff())

    page = client.get(f"/admin/membership/outboxemail/{email.pk}/change/").content.decode()

    assert "the mail server answered 550, <bdi>“No such box”</bdi>" in page
    assert "no answer from the mail server (Lost)" in page


def test_retrying_several_emails_reports_what_was_skipped(failed, client):
    builders.sign_in(client, builders.staff())
    news = OutboxEmail.objects.get(kind="news-submit")

    answer = client.post(
        "/admin/membership/outboxemail/",
        {"action": "retry_failed", "_selected_action": [failed.pk, news.pk]},
        follow=True,
    )

    assert [str(m) for m in answer.context["messages"]] == [
        "On the way again: 1 email.",
        "Left out: 1 email. You can only retry a failed email. This one is waiting to be sent.",
    ]


def test_all_failed_emails_of_one_cause_are_retried_at_once(failed, client):
    refused, away = "SMTPRecipientsRefused 550 5.1.1", "ConnectionRefusedError"
    news = OutboxEmail.objects.get(kind="news-submit")
    others = [builders.sent(builders.worker(f"{n}@example.org")) for n in "ab"]
    for about, cause in [(failed.about, refused), *((o.about, away) for o in others)]:
        rows = OutboxEmail.objects.filter(about=about, kind="receipt")
        assert rows.update(state=State.FAILED, last_error=cause)
    builders.sign_in(client, builders.staff())
    page = client.get(EMAILS).content.decode()
    assert "The mail server refused the address (550 5.1.1)</bdi>: 1 email" in page
    assert "No answer from the mail server (ConnectionRefusedError)</bdi>: 2 emails" in page

    said = client.post(f"{EMAILS}retry-cause/", {"cause": away}, follow=True)
    assert "On the way again: 2 emails." in said.content.decode()
    failed.refresh_from_db()
    news.refresh_from_db()
    assert (failed.state, news.state) == (State.FAILED, State.QUEUED)
    assert OutboxEmail.objects.filter(state=State.FAILED).count() == 1

    other = Client()
    builders.sign_in(other, builders.staff(builders.CCSS, "camille@example.org"))
    assert "The mail server" not in other.get(EMAILS).content.decode()
    other.post(f"{EMAILS}retry-cause/", {"cause": refused})
    failed.refresh_from_db()
    assert failed.state == State.FAILED


def test_emails_are_cancelled_together_and_that_is_undone(failed, to_server, client):
    news = OutboxEmail.objects.get(kind="news-submit")
    builders.sign_in(client, builders.staff())
    chosen = {"action": "cancel_selected", "_selected_action": [failed.pk, news.pk]}
    said = client.post(EMAILS, chosen, follow=True).content.decode()
    assert "Cancelled: 2 emails." in said
    assert builders.deliver(news.pk, now=timezone.now()) is False

    keys = re.search(r'name="pk" value="([\d,]+)">Undo', said)[1]
    said = client.post(f"{EMAILS}restore/", {"pk": keys}, follow=True).content.decode()
    assert "No longer cancelled: 2 emails." in said
    failed.refresh_from_db()
    assert failed.state == State.FAILED
    assert builders.deliver(news.pk, now=timezone.now()) is True


def test_an_email_that_waited_for_another_attempt_waits_again_when_its_cancelling_is_undone(email):
    priya, later = builders.staff(), NOW + timedelta(minutes=5)
    LetterAttempt.objects.create(letter=email, at=NOW, trouble="x", code=451, answer="Try later")
    OutboxEmail.objects.filter(pk=email.pk).update(attempts=1, due_at=later)

    queue.cancel_by_hand(email_id=email.pk, by=priya, now=NOW)
    queue.restore(email_id=email.pk, by=priya, now=NOW)

    email.refresh_from_db()
    assert (email.state, email.due_at) == (State.QUEUED, later)
    assert builders.deliver(email.pk, now=later) is True


def test_a_notice_about_a_sign_in_is_not_cancelled(email):
    OutboxEmail.objects.filter(pk=email.pk).update(kind="email-replaced")
    with pytest.raises(RefusedError, match="it must go out"):
        queue.cancel_by_hand(email_id=email.pk, by=builders.staff(), now=NOW)


def test_a_cancelled_email_that_a_decision_made_out_of_date_is_not_restored():
    worker, priya = builders.worker(), builders.staff()
    pk = builders.sent(worker).pk
    workflow.ask(join_request_id=pk, by=priya, text="Which program?", now=NOW)
    question = OutboxEmail.objects.get(kind="question")
    queue.cancel_by_hand(email_id=question.pk, by=priya, now=NOW)
    workflow.decline(join_request_id=pk, by=priya, text="Not this time.", now=NOW)
    with pytest.raises(RefusedError, match="something has changed since"):
        queue.restore(email_id=question.pk, by=priya, now=NOW)


def test_an_approval_is_undone_although_its_email_was_cancelled():
    priya = builders.staff()
    pk = builders.sent(builders.worker()).pk
    workflow.approve(join_request_id=pk, by=priya, text="", reason="Known.", now=NOW)
    welcome = OutboxEmail.objects.get(kind="welcome")
    queue.cancel_by_hand(email_id=welcome.pk, by=priya, now=NOW)
    workflow.undo(join_request_id=pk, by=priya, now=NOW)
    assert JoinRequest.objects.get(pk=pk).state == "awaiting_review"
    with pytest.raises(RefusedError, match="something has changed since"):
        queue.restore(email_id=welcome.pk, by=priya, now=NOW)
