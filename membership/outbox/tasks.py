"""What Celery runs for the emails. Messages carry row ids only; the rows are the truth."""

from celery import shared_task
from django.utils import timezone

from membership.outbox.delivery import deliver_batch, due_letters
from membership.outbox.queue import DELIVERY_TASK, request_delivery

SWEEP_AT_MOST = 500  # emails in one sweep; the next one follows in half a minute
BATCH = 25  # emails that go over one connection; many mail servers end a longer one


@shared_task(name=DELIVERY_TASK)
def deliver_letter(*outbox_email_ids: int) -> None:
    """Send these emails over one connection to the mail server, those of them that are due."""
    deliver_batch(outbox_email_ids)


@shared_task(name="membership.sweep_letters")
def sweep_letters() -> None:
    """Send whatever is due: retries, emails whose task was lost, and orphans of dead workers.

    The first batch is sent right here; the others are shared among all workers.
    """
    due = due_letters(timezone.now()).order_by("due_at", "pk").values_list("pk", flat=True)
    ids = list(due[:SWEEP_AT_MOST])
    for start in range(BATCH, len(ids), BATCH):
        request_delivery(*ids[start : start + BATCH])
    deliver_batch(ids[:BATCH])
