"""What Celery runs for the requests and the yearly question."""

from celery import shared_task
from django.utils import timezone

from requests.reminders import lapse_overdue, send_due_reminders
from requests.yearly import ask_yearly


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
