"""What Celery runs for the requests."""

from celery import shared_task
from django.utils import timezone

from requests.digest import send_digests
from requests.reminders import lapse_overdue, send_due_reminders


@shared_task(name="joinrequests.remind_and_lapse")
def remind_and_lapse() -> None:
    """Do what is due and not yet done for the requests that wait for a reply."""
    now = timezone.now()
    send_due_reminders(now=now)
    lapse_overdue(now=now)


@shared_task(name="joinrequests.morning_digest")
def morning_digest() -> None:
    """Tell each team what waits for it too long, once a working day."""
    send_digests(now=timezone.now())
