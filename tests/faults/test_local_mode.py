"""Local mode keeps tasks and emails in files. One is broken, the folder is deleted, the disk is full."""

import resource
import shutil
import sqlite3
from pathlib import Path

import pytest
from django.utils import timezone

from membership.emails.backends import FolderBackend
from membership.models import OutboxEmail
from tests import builders
from tests.faults.mail_stack import State, until
from tests.faults.test_web_server import CHECK, RECEIVED, back_on, seed_portal
from tests.servers import processes


@pytest.mark.django_db(transaction=True)
def test_emails_go_out_despite_a_broken_task_message_and_a_folder_that_was_deleted(stack, tmp_path):
    file = tmp_path / "portal.sqlite3"
    extra = {"DATABASE_URL": f"sqlite:///{file}", "EVABC_DATA_DIR": str(tmp_path)}
    extra |= {"EVABC_LOCAL": "1", "REDIS_URL": "", "EMAIL_URL": ""}
    seeded = seed_portal(**extra)
    worker = stack.ready(stack.worker(**extra))
    beat = stack.beat(**extra)
    until(lambda: "Sending due task" in stack.log_of(beat))
    (tmp_path / "broker" / "1_x.celery.msg").touch()
    until((tmp_path / "broker" / "1_x.celery.unreadable").exists)
    with processes.portal(tmp_path / "web.log", **extra) as portal:
        dana = back_on(portal.url, seeded["sessions"]["dana"])
        dana.get(CHECK)
        shutil.rmtree(tmp_path / "broker")
        assert RECEIVED in dana.post().text

    def states():
        with sqlite3.connect(file) as connection:
            return connection.execute("SELECT state FROM membership_outboxemail").fetchall()

    until(lambda: set(states()) == {("sent",)})
    assert (worker.poll(), beat.poll()) == (None, None)
    stack.stop_all()
    files = list((tmp_path / "mail").glob("*.eml"))
    assert len(files) == len(states()) == 4


@pytest.fixture
def full_disk():
    """`full_disk(True)`: from now on no file of this process grows beyond 500 bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill(full):
        size = 500 if full else before[0]
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))

    yield fill
    fill(False)


# Not on SQLite, whose file could not grow either. A test of the web server covers that.
@pytest.mark.django_db
def test_an_email_that_does_not_fit_on_the_disk_is_tried_again_and_leaves_no_half(
    settings, tmp_path, full_disk
):
    settings.EMAIL_BACKEND = f"{FolderBackend.__module__}.{FolderBackend.__name__}"
    settings.MAIL_FOLDER = str(tmp_path / "mail")
    builders.sent(builders.worker())
    email = OutboxEmail.objects.get(kind="receipt")
    now = timezone.now()

    full_disk(True)
    builders.deliver(email.pk, now=now)
    full_disk(False)

    email.refresh_from_db()
    assert (email.state, email.last_error) == (State.QUEUED, "OSError")
    assert list(Path(settings.MAIL_FOLDER).iterdir()) == []
    builders.deliver(email.pk, now=email.due_at)
    [file] = Path(settings.MAIL_FOLDER).iterdir()
    assert file.read_text().count(email.message_id) == 1
