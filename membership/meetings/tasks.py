"""What Celery runs for the meetings."""

from celery import shared_task
from django.utils import timezone

from membership.meetings.reminders import send_due_reminders


@shared_task(name="membership.remind_of_meetings")
def remind_of_meetings() -> None:
    """Queue the reminders that are due."""
    send_due_reminders(now=timezone.now())
