"""With Postfix as the mail server: what the applicant, the operator and the log see when it refuses an email."""

import re
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from communities.models import SupportTeam
from membership.emails import backends
from membership.emails.sending import Trouble
from membership.models import LetterAttempt, OutboxEmail, User
from membership.tasks import deliver_emails
from tests import builders
from tests.evabc import log_lines
from tests.faults.mail_stack import until
from tests.servers import postfix
from tests.servers.parts import MissingPart, servers_of_this_run

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

LOGIN = "/accounts/login/"
State = OutboxEmail.State


@pytest.fixture(scope="module")
def server():
    try:
        with postfix.running(Path(servers_of_this_run().folder)) as running:
            yield running
    except MissingPart as error:
        pytest.fail(f"Postfix is missing: {error}.", pytrace=False)


@pytest.fixture
def relay(server, settings, monkeypatch):
    """Postfix is the portal's mail server, and the portal has a full host name."""
    settings.EMAIL_BACKEND = f"{backends.__name__}.SMTPBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
    monkeypatch.setattr(backends.DNS_NAME, "_fqdn", "portal.example.org")
    return server


def newest(relay, *, to):
    """The newest email that arrived for an address."""
    found = lambda: [m for m in relay.messages() if m["Delivered-To"] == to]  # noqa: E731
    until(found, seconds=20)
    return found()[-1]


def assert_no_code(client, email, trouble, answer):
    """The page says why, and keeps what was typed. The log has the answer, and no address."""
    with log_lines.written() as log:
        page = client.post(LOGIN, {"email": email, "next": "/my/meetings/"})
    assert page.status_code == 200
    assert trouble.value in page.text
    assert f'value="{email}"' in page.text
    assert '<input type="hidden" name="next" value="/my/meetings/">' in page.text
    [line] = log_lines.of("membership.emails.sending", log.getvalue())
    assert line["message"] == f"An email that someone waits for was not sent: {answer}"
    assert email.partition("@")[0] not in log.getvalue()


def test_a_code_arrives_with_the_portals_host_and_marked_as_automatic(client, relay):
    assert client.post(LOGIN, {"email": "dana@example.org"}).status_code == 302

    mail = newest(relay, to="dana@example.org")
    assert mail["Received"].startswith("from portal.example.org ")
    assert mail["Message-ID"].endswith("@portal.example.org>")
    assert mail["Auto-Submitted"] == "auto-generated"
    code = re.search(r"^\d{6}$", mail.get_body().get_content(), re.M)[0]
    assert client.post("/accounts/login/code/confirm/", {"code": code}).url == "/my/"


@pytest.mark.parametrize(
    ("email", "trouble", "answer"),
    [
        ("later@example.org", Trouble.LATER, "450 4.2.0"),
        ("unknown@example.org", Trouble.ADDRESS, "550 5.1.1"),
        ("dana@elsewhere.example", Trouble.AWAY, "554 5.7.1"),
    ],
)
def test_a_recipient_that_it_refuses(client, relay, email, trouble, answer):
    assert_no_code(client, email, trouble, f"SMTPRecipientsRefused {answer}")


def test_a_sender_that_it_refuses(client, relay, settings):
    settings.DEFAULT_FROM_EMAIL = "ccss@example.org"

    assert_no_code(client, "dana@example.org", Trouble.AWAY, "SMTPRecipientsRefused 553 5.7.1")


def test_a_host_name_that_it_refuses(client, relay, monkeypatch):
    monkeypatch.setattr(backends.DNS_NAME, "_fqdn", "portal")

    assert_no_code(client, "dana@example.org", Trouble.AWAY, "SMTPRecipientsRefused 504 5.5.2")


def test_a_certificate_of_its_own_is_refused_until_the_portal_knows_it(
    client, relay, settings, monkeypatch
):
    settings.EMAIL_USE_TLS = True
    assert_no_code(client, "lou@example.org", Trouble.AWAY, "SSLCertVerificationError")

    monkeypatch.setenv("SSL_CERT_FILE", str(relay.certificate))
    assert client.post(LOGIN, {"email": "lou@example.org"}).status_code == 302
    assert "ESMTPS" in newest(relay, to="lou@example.org")["Received"]  # encrypted


def test_no_code_goes_out_without_the_encryption_of_the_settings(client, relay, settings):
    settings.EMAIL_USE_TLS, settings.EMAIL_PORT = True, relay.plain_port

    assert_no_code(client, "dana@example.org", Trouble.AWAY, "SMTPNotSupportedError")


def test_the_operator_reads_its_words_for_each_sender(relay):
    answers = {
        "lead_email": "lou@example.org",
        "lead_name": "Lou Sample",
        "program_support_mailbox": "programsupport@endingviolence.org",
        "ccss_mailbox": "ccss@example.org",
        "test_email_to": "lou@example.org",
    }

    with pytest.raises(CommandError) as error:
        call_command("setup_portal", no_input=True, **answers)

    assert str(error.value) == (
        "The mail server did not take an email from ccss@example.org to lou@example.org: 5.7.1 "
        "<ccss@example.org>: Sender address rejected: not owned by user portal. Let the portal send "
        "from this address, or choose another one with --ccss-sender, and run this command again.\n"
        "Nothing was changed."
    )
    assert User.objects.count() == 0

    call_command("setup_portal", no_input=True, ccss_sender="portal@example.org", **answers)

    assert newest(relay, to="lou@example.org")["From"] == "portal@example.org"
    assert SupportTeam.objects.get(family="coordination").sender == "portal@example.org"


def test_an_email_that_it_refuses_holds_up_no_other(relay):
    """Three emails in one batch: one refused for good, one for now, one taken. Then the team's notices."""
    for email in ("unknown@example.org", "later@example.org", "dana@example.org"):
        builders.sent(builders.worker(email))

    deliver_emails(*OutboxEmail.objects.order_by("pk").values_list("pk", flat=True))

    receipts = OutboxEmail.objects.filter(kind="receipt").order_by("pk")
    assert list(receipts.values_list("state", flat=True)) == [
        State.FAILED,
        State.QUEUED,
        State.SENT,
    ]
    notices = OutboxEmail.objects.filter(kind="news-submit")
    assert list(notices.values_list("state", flat=True)) == [State.SENT] * 3
    assert set(LetterAttempt.objects.values_list("code", "status", "answer")) == {
        (
            550,
            "5.1.1",
            "5.1.1 <[address]>: Recipient address rejected: User unknown in virtual mailbox table",
        ),
        (450, "4.2.0", "4.2.0 <[address]>: Recipient address rejected: Greylisted"),
    }
