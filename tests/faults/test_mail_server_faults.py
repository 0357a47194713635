"""A mail server refuses, hangs, hangs up or is slow at each step. Then it works normally again."""

from datetime import timedelta

import pytest

from membership.models import OutboxEmail
from tests import builders
from tests.faults.mail_server import STEPS
from tests.faults.mail_stack import State, count_emails

pytestmark = [pytest.mark.django_db, pytest.mark.core]

NOW = builders.NOW
BEHAVIOURS = ["451 later please", "550 never", "hang", "drop", "drip"]


@pytest.fixture
def mail_goes_out(settings, mail):
    settings.EMAIL_BACKEND = "membership.emails.backends.SMTPBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", mail.port
    settings.EMAIL_TIMEOUT = settings.EMAIL_DEADLINE = 5


def state_after(do, at):
    """The state of an email after a conversation with this fault."""
    if at == "quit":
        return State.SENT
    # A server that turns the portal away before any message says nothing about this one.
    is_refused = do.startswith("550") and at not in ("connect", "helo")
    return State.FAILED if is_refused else State.QUEUED


@pytest.mark.usefixtures("mail_goes_out")
@pytest.mark.parametrize("at", STEPS)
@pytest.mark.parametrize("do", BEHAVIOURS)
def test_an_email_is_sent_tried_again_or_shown_to_staff(mail, do, at, settings):
    builders.sent(builders.worker())
    email = OutboxEmail.objects.get(kind="receipt")
    news = OutboxEmail.objects.get(kind="news-submit")
    mail.behave(at, do)
    usual = settings.EMAIL_DEADLINE
    if do in ("hang", "drip"):
        settings.EMAIL_DEADLINE = 0.3

    builders.deliver(email.pk, now=NOW)

    settings.EMAIL_DEADLINE = usual  # a busy machine may be slow to answer, too

    email.refresh_from_db()
    assert email.state == state_after(do, at)
    mail.behave()
    an_hour_later = NOW + timedelta(hours=1)
    for row in (email, news):
        builders.deliver(row.pk, now=an_hour_later)
    # If it accepted the email and did not say so, we cannot know. The copy has the same Message-ID.
    silent = (at, do) == ("dot", "hang") or (at == "accepted" and not do.startswith("550"))
    count = count_emails(mail)
    assert (count.emails, count.lost, count.strange) == (2, 0, 0)
    assert count.extra <= int(silent)
