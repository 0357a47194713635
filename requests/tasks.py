"""Celery tasks for requests and the yearly check-in."""

from celery import shared_task
from django.utils import timezone

from requests.clock.digest import send_digests
from requests.clock.earlier_approvals import keep_missing_exceptions
from requests.clock.reminders import lapse_overdue, send_due_reminders
from requests.clock.renewals import send_due_renewals
from requests.clock.retention import retain
from requests.clock.yearly import ask_yearly
from requests.desk.review import update_open_verdicts


@shared_task(name="joinrequests.remind_and_lapse")
def remind_and_lapse() -> None:
    """Send the reminders that are due, and close requests that got no reply."""
    now = timezone.now()
    send_due_reminders(now=now)
    lapse_overdue(now=now)


@shared_task(name="joinrequests.remind_of_renewals")
def remind_of_renewals() -> None:
    """Send the emails about EVA BC memberships that end soon."""
    send_due_renewals(now=timezone.now())


@shared_task(name="joinrequests.ask_yearly")
def ask_yearly_questions() -> None:
    """Send the yearly check-ins that are due."""
    ask_yearly(now=timezone.now())


@shared_task(name="joinrequests.look_at_the_open_ones")
def update_verdicts() -> None:
    """Update the verdicts of open requests from the register."""
    now = timezone.now()
    update_open_verdicts(now=now)
    keep_missing_exceptions(now=now)


@shared_task(name="joinrequests.morning_digest")
def morning_digest() -> None:
    """Email each team what has been waiting too long, once each business day."""
    send_digests(now=timezone.now())


@shared_task(name="joinrequests.retain")
def apply_retention() -> None:
    """Delete what has passed its retention period."""
    retain(now=timezone.now())
