"""An email in the outbox is sent once, retried, stopped, cancelled or taken over. With a real server."""

import smtplib
import socket
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.core import checks
from django.core.mail.backends.base import BaseEmailBackend

from evabc import celery_app
from evabc.settings import CELERY_BEAT_SCHEDULE
from membership import tasks
from membership.emails import backends, delivery, sending
from membership.emails.queue import cancel, request_delivery
from membership.emails.sending import Trouble
from membership.models import OutboxEmail, SampleProvince
from membership.tasks import deliver_emails, sweep_emails
from requests import workflow
from requests.lifecycle import Verb
from requests.models import JoinRequest
from tests import builders
from tests.evabc import log_lines
from tests.membership.emails.conftest import send_to
from tests.servers.certificates import certificate
from tests.servers.smtp import SmtpServer

pytestmark = pytest.mark.django_db

NOW = builders.NOW
State = OutboxEmail.State


def test_an_email_is_sent_as_plain_text_and_html_from_its_team(email, to_server):
    assert builders.deliver(email.pk, now=NOW) is True

    email.refresh_from_db()
    mail = to_server.wait_for(to="dana@example.org")
    assert (email.state, email.sent_at, email.attempts) == (State.SENT, NOW, 1)
    assert mail["From"] == "EVA BC program support <programsupport@endingviolence.org>"
    assert mail["Reply-To"] == mail["From"]
    assert mail["Message-ID"] == email.message_id
    assert mail.get_body(("plain",)).get_content().splitlines() == email.body.splitlines()
    html = mail.get_body(("html",)).get_content()
    assert '<a href="http://testserver/my/requests/' in html
    assert "Hello Dana," in html


@pytest.mark.core
def test_a_team_can_send_from_an_address_other_than_its_mailbox(email, to_server):
    email.team.name = "Support, EVA BC"  # a comma would separate two senders
    email.team.sender_email = "portal@example.org"
    email.team.save()

    builders.deliver(email.pk, now=NOW)

    mail = to_server.wait_for(to="dana@example.org")
    assert mail["From"] == '"Support, EVA BC" <portal@example.org>'
    assert mail["Reply-To"] == '"Support, EVA BC" <programsupport@endingviolence.org>'


def test_the_server_learns_the_portals_host_and_that_the_email_is_automatic(email, to_server):
    builders.deliver(email.pk, now=NOW)

    mail = to_server.wait_for(to="dana@example.org")
    assert to_server.hosts == {"testserver"}
    assert mail["Message-ID"].endswith("@testserver>")
    assert mail["Auto-Submitted"] == "auto-generated"


def test_the_team_gets_its_news_without_a_name(to_server):
    builders.sent(builders.worker())
    news = OutboxEmail.objects.get(kind="news-submit")

    builders.deliver(news.pk, now=NOW)

    mail = to_server.wait_for(to="programsupport@endingviolence.org")
    assert "Dana" not in mail.as_string()
    assert JoinRequest.objects.get().reference in mail["Subject"]


def test_a_sent_email_is_not_sent_again(email, to_server):
    builders.deliver(email.pk, now=NOW)

    assert builders.deliver(email.pk, now=NOW + timedelta(days=1)) is False
    assert len(to_server.messages) == 1


@pytest.mark.parametrize(
    ("code", "state", "due_at"),
    [(451, State.QUEUED, NOW + timedelta(minutes=1)), (550, State.FAILED, NOW)],
)
def test_a_4xx_answer_is_tried_again_later_and_a_5xx_answer_stops_the_email_and_shows_it(
    email, to_server, code, state, due_at
):
    to_server.refusals = {email.to_email: f"{code} 5.1.1 <{email.to_email}> not now"}

    builders.deliver(email.pk, now=NOW)

    email.refresh_from_db()
    assert (email.state, email.due_at) == (state, due_at)
    assert email.last_error == f"SMTPRecipientsRefused {code} 5.1.1"
    assert list(email.failed_attempts.values_list("at", "code", "status", "answer")) == [
        (NOW, code, "5.1.1", "5.1.1 <[address]> not now")
    ]


def test_an_answer_without_a_reply_code_is_no_smtp_and_is_tried_again(email, to_server):
    to_server.refusals = {email.to_email: "What?"}

    builders.deliver(email.pk, now=NOW)

    email.refresh_from_db()
    assert (email.state, email.last_error) == (State.QUEUED, "SMTPRecipientsRefused")
    assert [attempt.code for attempt in email.failed_attempts.all()] == [None]


@pytest.mark.parametrize(
    "wrong",
    [{"EMAIL_HOST": "mail..example.org"}, {"EMAIL_HOST_USER": "eva", "EMAIL_HOST_PASSWORD": "été"}],
)
def test_a_mail_server_that_python_cannot_name_is_one_that_is_away(client, email, settings, wrong):
    server = SmtpServer(auth_require_tls=False)
    server.start()
    send_to(server, settings)
    for name, value in wrong.items():
        setattr(settings, name, value)

    builders.deliver(email.pk, now=NOW)

    email.refresh_from_db()
    assert (email.state, email.last_error) == (State.QUEUED, "ConnectionError")
    page = client.post("/accounts/login/", {"email": "dana@example.org"})
    server.stop()
    assert Trouble.AWAY.value in page.text


def test_after_the_last_retry_the_email_is_shown_to_staff(email, settings):
    settings.EMAIL_BACKEND = "membership.emails.backends.SMTPBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", closed_port()
    now = NOW
    for minutes in delivery.RETRY_MINUTES:
        builders.deliver(email.pk, now=now)
        now += timedelta(minutes=minutes)
    email.refresh_from_db()
    assert (email.state, email.due_at) == (State.QUEUED, now)

    builders.deliver(email.pk, now=now)

    email.refresh_from_db()
    assert (email.state, email.last_error) == (State.FAILED, "ConnectionRefusedError")
    assert email.failed_attempts.count() == email.attempts == len(delivery.RETRY_MINUTES) + 1


def closed_port():
    """A port that no server listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def test_an_email_that_somebody_is_sending_is_left_alone_until_the_lease_ends(email, to_server):
    OutboxEmail.objects.filter(pk=email.pk).update(
        state=State.SENDING, lease_owner="a worker that died", lease_until=NOW + delivery.LEASE
    )

    assert builders.deliver(email.pk, now=NOW) is False
    assert builders.deliver(email.pk, now=NOW + delivery.LEASE + timedelta(seconds=1)) is True
    assert len(to_server.messages) == 1


def test_a_worker_that_lost_its_lease_writes_nothing(email):
    class Slow(BaseEmailBackend):
        """A mail server that takes longer than the lease. No real one is that slow."""

        def send_messages(self, messages):
            OutboxEmail.objects.filter(pk=email.pk).update(lease_owner="the next worker")

    delivery.deliver(email.pk, connection=Slow(), now=NOW)

    email.refresh_from_db()
    assert (email.state, email.lease_owner) == (State.SENDING, "the next worker")


def test_a_decision_cancels_the_emails_it_contradicts(to_server):
    worker, staff = builders.worker(), builders.staff()
    pk = builders.sent(worker).pk
    workflow.ask(join_request_id=pk, by=staff, text="Which program?", now=NOW)
    question = OutboxEmail.objects.get(kind="question")

    workflow.approve(join_request_id=pk, by=staff, now=NOW)

    assert builders.deliver(question.pk, now=NOW) is False
    question.refresh_from_db()
    assert (question.state, to_server.messages) == (State.CANCELLED, [])


def test_an_email_cancelled_while_its_sender_died_is_not_tried_again(email, to_server):
    OutboxEmail.objects.filter(pk=email.pk).update(
        state=State.SENDING, lease_owner="us", lease_until=NOW + delivery.LEASE
    )
    cancel(about=email.about, event=Verb.WITHDRAW)

    assert builders.deliver(email.pk, now=NOW + delivery.LEASE + timedelta(seconds=1)) is False
    email.refresh_from_db()
    assert (email.state, to_server.messages) == (State.CANCELLED, [])


@pytest.mark.parametrize(
    ("address", "goes_to"),
    [
        ("programsupport@endingviolence.org", "programsupport@example.org"),
        ("CCSS@EndingViolence.org", "CCSS@example.org"),
        ("x@mail.endingviolence.org", "x@example.org"),
        ("EVA BC <ccss@endingviolence.org>", "EVA BC <ccss@example.org>"),
        ("dana@example.org", "dana@example.org"),
        ("x@notendingviolence.org", "x@notendingviolence.org"),
    ],
)
def test_sample_data_never_writes_to_a_real_mailbox_of_eva_bc(address, goes_to, to_server):
    SampleProvince.objects.create(loaded_at=NOW)

    with sending.connection() as opened:
        opened.send_messages(
            [backends.EmailMessage("News", "Hello", address, [address], reply_to=[address])]
        )

    mail = to_server.wait_for()
    assert mail["X-Envelope-To"] in goes_to
    assert (mail["To"], mail["From"], mail["Reply-To"]) == (goes_to, goes_to, goes_to)


def test_the_sweep_sends_emails_without_a_task(to_server):
    builders.sent(builders.worker())

    sweep_emails()

    assert set(OutboxEmail.objects.values_list("state", flat=True)) == {State.SENT}
    assert len(to_server.messages) == 2


@pytest.mark.parametrize(("limit", "counts"), [(25, [4]), (3, [3, 1]), (1, [1, 1, 1, 1])])
def test_a_batch_goes_over_one_connection_and_over_the_next_where_the_server_ends_it(
    to_server, limit, counts
):
    for email in ("dana@example.org", "amal@example.org"):
        builders.sent(builders.worker(email))
    to_server.emails_per_connection = limit

    deliver_emails(*OutboxEmail.objects.values_list("pk", flat=True))

    assert list(OutboxEmail.objects.values_list("state", "attempts")) == [(State.SENT, 1)] * 4
    assert to_server.counts == counts


@pytest.fixture(params=["smtp+tls", "smtp+ssl"])
def encrypting_server(request, tmp_path, settings):
    """A server that accepts only encrypted connections, and the file with its certificate."""
    shown, context = certificate(tmp_path)
    is_tls = request.param == "smtp+tls"
    starts = {"tls_context": context, "require_starttls": True}
    server = SmtpServer(**(starts if is_tls else {"ssl_context": context}))
    server.start()
    send_to(server, settings)
    settings.EMAIL_USE_TLS, settings.EMAIL_USE_SSL = is_tls, not is_tls
    yield server, shown
    server.stop()


def test_emails_go_over_an_encrypted_connection_to_a_server_that_is_trusted(
    encrypting_server, monkeypatch
):
    server, shown = encrypting_server
    monkeypatch.setenv("SSL_CERT_FILE", str(shown))
    builders.sent(builders.worker())

    deliver_emails(*OutboxEmail.objects.values_list("pk", flat=True))

    assert set(OutboxEmail.objects.values_list("state", flat=True)) == {State.SENT}
    assert len(server.messages) == 2


def test_a_mail_server_elsewhere_without_encryption_is_warned_about(settings):
    def found():
        return [message.id for message in checks.run_checks() if message.id == "evabc.W003"]

    for address, warnings in (
        ("smtp://127.0.0.1:25", []),
        ("smtp://mail.example.org", ["evabc.W003"]),
        ("smtp+tls://mail.example.org", []),
    ):
        settings.MAIL_SERVER = urlsplit(address)
        assert found() == warnings


def test_a_server_that_is_not_trusted_gets_no_email(encrypting_server, email):
    server, _ = encrypting_server

    builders.deliver(email.pk, now=NOW)

    email.refresh_from_db()
    assert (email.state, email.last_error) == (State.QUEUED, "SSLCertVerificationError")
    assert server.messages == []


def test_the_next_email_of_a_batch_goes_out_after_one_that_was_refused(email, to_server):
    news = OutboxEmail.objects.get(kind="news-submit")
    to_server.refusals = {email.to_email: "550 no such mailbox"}

    deliver_emails(email.pk, news.pk)

    email.refresh_from_db()
    news.refresh_from_db()
    assert (email.state, news.state) == (State.FAILED, State.SENT)


def test_an_email_that_failed_before_is_sent_after_new_ones(to_server):
    builders.sent(builders.worker())
    first, second = OutboxEmail.objects.order_by("due_at", "pk")
    OutboxEmail.objects.filter(pk=first.pk).update(attempts=1)

    sweep_emails()

    assert [mail["X-Envelope-To"] for mail in to_server.messages] == [
        second.to_email,
        first.to_email,
    ]


@pytest.mark.parametrize(
    "error",
    [
        smtplib.SMTPConnectError(554, b"5.7.1 blocked"),
        smtplib.SMTPAuthenticationError(535, b"5.7.8 wrong password"),
        smtplib.SMTPNotSupportedError("no STARTTLS"),
    ],
)
def test_a_server_that_turns_the_portal_away_before_any_message_stops_no_email(email, error):
    class TurnedAway(BaseEmailBackend):
        """The errors of smtplib. tests/slow/test_postfix.py has a server that causes them."""

        def send_messages(self, messages):
            raise error

    delivery.deliver(email.pk, connection=TurnedAway(), now=NOW)

    email.refresh_from_db()
    assert email.state == State.QUEUED


def test_the_log_has_the_servers_answer_and_no_address(email, to_server):
    to_server.refusals = {email.to_email: f"550 5.1.1 <{email.to_email}> unknown"}

    with log_lines.written() as log:
        builders.deliver(email.pk, now=NOW)

    [line] = log_lines.of("membership.emails.delivery", log.getvalue())
    assert line["message"] == (
        f"Email {email.pk} was not taken, attempt 1, again: False: SMTPRecipientsRefused 550 5.1.1"
    )
    assert "example.org" not in log.getvalue()


def test_a_large_sweep_is_shared_among_the_workers(monkeypatch, to_server):
    monkeypatch.setattr(tasks, "BATCH", 1)
    asked = []
    # There is no worker. The test is about the tasks.
    monkeypatch.setattr(tasks, "request_delivery", lambda *ids: asked.append(ids))
    builders.sent(builders.worker())
    first, second = OutboxEmail.objects.order_by("due_at", "pk")

    sweep_emails()

    first.refresh_from_db()
    assert (first.state, asked) == (State.SENT, [(second.pk,)])


def test_beat_sends_the_sweep_every_half_minute():
    assert CELERY_BEAT_SCHEDULE["sweep-letters"] == {"task": sweep_emails.name, "schedule": 30.0}


def test_without_a_broker_the_email_is_still_queued(monkeypatch):
    def no_broker(*args, **options):
        raise ConnectionError("the broker is away")

    monkeypatch.setattr(celery_app, "send_task", no_broker)

    request_delivery(
        1
    )  # must not raise: the decision is committed, and the sweep will send its emails
