"""What Celery runs for the requests and the yearly question."""

from celery import shared_task
from django.utils import timezone

from requests.clock.digest import send_digests
from requests.clock.reminders import lapse_overdue, send_due_reminders
from requests.clock.retention import retain
from requests.clock.yearly import ask_yearly
from requests.desk.review import update_open_verdicts


@shared_task(name="joinrequests.remind_and_lapse")
def remind_and_lapse() -> None:
    """Do what is due and not yet done for the requests that wait for a reply."""
    now = timezone.now()
    send_due_reminders(now=now)
    lapse_overdue(now=now)


@shared_task(name="joinrequests.ask_yearly")
def ask_yearly_questions() -> None:
    """Do what is due and not yet done for the yearly question to people on rosters."""
    ask_yearly(now=timezone.now())


@shared_task(name="joinrequests.look_at_the_open_ones")
def update_verdicts() -> None:
    """Keep the verdicts of the queue up to what the register knows."""
    update_open_verdicts(now=timezone.now())


@shared_task(name="joinrequests.morning_digest")
def morning_digest() -> None:
    """Email each team what has waited too long, once a working day."""
    send_digests(now=timezone.now())


@shared_task(name="joinrequests.retain")
def apply_retention() -> None:
    """Delete what has been kept for long enough."""
    retain(now=timezone.now())
