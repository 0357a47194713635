"""Local mode's mail: one file each, read back as it was sent."""

from datetime import UTC, datetime

import pytest
import time_machine
from django.core.mail import EmailMessage

from membership.emails.backends import FolderBackend
from membership.emails.mailbox import read_mail

pytestmark = pytest.mark.django_db


def test_a_mail_is_read_back_with_the_moment_in_which_it_was_sent(settings, tmp_path):
    settings.MAIL_FOLDER = str(tmp_path)
    sent_at = datetime(2026, 12, 1, 6, 30, tzinfo=UTC)
    with time_machine.travel(sent_at, tick=False):
        mail = EmailMessage("News", "Hello Dana", "us@example.org", ["dana@example.org"])
        FolderBackend().send_messages([mail])

    [file] = tmp_path.glob("*.eml")
    found = read_mail(file)

    assert (found["at"], found["to"], found["subject"]) == (sent_at, "dana@example.org", "News")
    assert found["blocks"] == [("text", "Hello Dana")]
