"""What Celery runs for the emails. Messages carry row ids only; the rows are the truth."""

import logging

from celery import shared_task
from django.utils import timezone

from membership.access import slack_members
from membership.emails.delivery import deliver_batch, due_emails
from membership.emails.queue import DELIVERY_TASK, request_delivery
from membership.imports import uploads
from membership.meetings.planning import send_due_reminders
from membership.rosters.reassessment import reassess_if_due

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 500  # emails in one sweep; the next one follows in half a minute
BATCH = 25  # emails that go over one connection; many mail servers end a longer one


@shared_task(name=DELIVERY_TASK)
def deliver_emails(*outbox_email_ids: int) -> None:
    """Send these emails over one connection to the mail server, those of them that are due."""
    deliver_batch(outbox_email_ids)


@shared_task(name="membership.sweep_letters")
def sweep_emails() -> None:
    """Send whatever is due: retries, emails whose task was lost, and orphans of dead workers.

    The first batch is sent right here; the others are shared among all workers.
    """
    due = due_emails(timezone.now()).order_by("due_at", "pk").values_list("pk", flat=True)
    ids = list(due[:SWEEP_LIMIT])
    for start in range(BATCH, len(ids), BATCH):
        request_delivery(*ids[start : start + BATCH])
    deliver_batch(ids[:BATCH])


@shared_task(name="membership.reassess_rosters")
def reassess_rosters() -> None:
    """Assess all open enrolments again, once a day."""
    if result := reassess_if_due(now=timezone.now()):
        logger.info(
            "Reassessed %s enrolments. Roster checks: %s opened, %s changed, %s resolved.",
            result.looked_at,
            result.opened,
            result.changed,
            result.settled,
        )


@shared_task(name=uploads.CARRY_ON_TASK)
def continue_import(list_import_id: int) -> None:
    """Check a list that was uploaded, or write one that was confirmed."""
    uploads.carry_on(list_import_id=list_import_id, now=timezone.now())


@shared_task(name="membership.sweep_lists")
def sweep_imports() -> None:
    """Continue imports whose worker died, and discard those that nobody works on any more."""
    now = timezone.now()
    for list_import_id in uploads.stalled_imports(now=now):
        uploads.carry_on(list_import_id=list_import_id, now=now)
    uploads.discard_old(now=now)
    slack_members.discard_old_exports(now=now)


@shared_task(name="membership.remind_of_meetings")
def remind_of_meetings() -> None:
    """Queue the reminders that are due."""
    send_due_reminders(now=timezone.now())
