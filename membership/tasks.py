"""Celery tasks of the register. Their messages hold only the ids of rows."""

import logging

from celery import shared_task
from django.db import DatabaseError
from django.utils import timezone

from membership.access import service_lists
from membership.emails.delivery import deliver_batch, due_emails
from membership.emails.queue import BATCH, DELIVERY_TASK, request_delivery
from membership.imports import uploads, working
from membership.meetings.planning import send_due_reminders
from membership.rosters.reassessment import reassess_if_due

logger = logging.getLogger(__name__)

SWEEP_LIMIT = 500  # emails in one sweep; the next sweep is 30 seconds later


@shared_task(name=DELIVERY_TASK)
def deliver_emails(*outbox_email_ids: int) -> None:
    """Send the emails that are due, over one connection to the mail server."""
    deliver_batch(outbox_email_ids)


@shared_task(name="membership.sweep_letters")
def sweep_emails() -> None:
    """Send all emails that are due: retries, lost tasks, and emails of workers that died.

    This task sends the first batch. The other batches are shared among all workers. Emails that have failed
    before come last, so that one that hangs again holds up no new one.
    """
    due = (
        due_emails(timezone.now()).order_by("attempts", "due_at", "pk").values_list("pk", flat=True)
    )
    ids = list(due[:SWEEP_LIMIT])
    request_delivery(*ids[BATCH:])
    deliver_batch(ids[:BATCH])


@shared_task(name="membership.reassess_rosters")
def reassess_rosters() -> None:
    """Reassess all open enrolments, once a day."""
    if result := reassess_if_due(now=timezone.now()):
        logger.info(
            "Reassessed %s enrolments. Roster checks: %s opened, %s changed, %s resolved.",
            result.enrolments,
            result.opened,
            result.changed,
            result.resolved,
        )


@shared_task(name=working.CARRY_ON_TASK)
def continue_import(list_import_id: int) -> None:
    """Check a list that was uploaded, save one that was confirmed, or undo one."""
    try:
        uploads.carry_on(list_import_id=list_import_id, now=timezone.now())
    except DatabaseError:  # it may be away: the sweep goes on later
        raise
    except Exception:
        uploads.stop_after_error(list_import_id=list_import_id, now=timezone.now())
        raise


@shared_task(name="membership.sweep_lists")
def sweep_imports() -> None:
    """Continue imports whose worker died, and discard the ones that staff abandoned."""
    now = timezone.now()
    for list_import_id in working.stalled_imports(now=now):
        continue_import(list_import_id)
    uploads.discard_old(now=now)
    service_lists.discard_old_lists(now=now)


@shared_task(name="membership.remind_of_meetings")
def remind_of_meetings() -> None:
    """Queue the meeting reminders that are due."""
    send_due_reminders(now=timezone.now())
