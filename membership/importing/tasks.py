"""What Celery runs for lists. Messages carry row ids only; the rows are the truth."""

from celery import shared_task
from django.utils import timezone

from membership.access import reconciliation
from membership.importing import uploads


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
