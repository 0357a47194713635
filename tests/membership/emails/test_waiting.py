"""An email that waits before it goes out, with a real worker and without the sweep."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from membership.emails.queue import queue
from requests import emails
from tests import builders

WAIT = timedelta(seconds=2)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("celery_worker_process")
def test_a_worker_sends_an_email_when_its_wait_is_over(smtp_server):
    join_request = builders.sent(builders.worker())
    now = timezone.now()
    with transaction.atomic():
        queue(
            emails.email_of("withdrawn", join_request),
            about=join_request.about,
            event=0,
            now=now,
            wait=WAIT,
        )
    smtp_server.wait_for(to="dana@example.org", subject_contains="withdrew")
    assert timezone.now() >= now + WAIT
