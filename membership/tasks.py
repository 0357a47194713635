"""What Celery runs for the rosters, the lists and the meetings. Messages carry row ids only."""

import logging

from celery import shared_task
from django.utils import timezone

from membership.access import reconciliation
from membership.importing import uploads
from membership.meetings.reminders import send_due_reminders
from membership.reassessment import reassess_if_due

logger = logging.getLogger(__name__)


@shared_task(name="membership.reassess_rosters")
def reassess_rosters() -> None:
    """Assess all open enrolments again, once a day."""
    done = reassess_if_due(now=timezone.now())
    if done:
        logger.info(
            "Reassessed %s enrolments: %s opened, %s changed, %s settled on the worklist.",
            done.looked_at,
            done.opened,
            done.changed,
            done.settled,
        )


@shared_task(name=uploads.CARRY_ON_TASK)
def carry_on_with_list(list_import_id: int) -> None:
    """Check a list that was uploaded, or write one that was confirmed."""
    uploads.carry_on(list_import_id=list_import_id, now=timezone.now())


@shared_task(name="membership.sweep_lists")
def sweep_lists() -> None:
    """Go on with lists whose worker died, and put aside what nobody works on any more."""
    now = timezone.now()
    for list_import_id in uploads.stalled(now=now):
        uploads.carry_on(list_import_id=list_import_id, now=now)
    uploads.discard_old(now=now)
    reconciliation.discard_old(now=now)


@shared_task(name="membership.remind_of_meetings")
def remind_of_meetings() -> None:
    """Queue the reminders that are due."""
    send_due_reminders(now=timezone.now())
