"""What Celery runs for the letters. Messages carry row ids only; the rows are the truth."""

from celery import shared_task
from django.utils import timezone

from membership.outbox.delivery import deliver, due_letters

SWEEP_AT_MOST = 500  # letters in one sweep; the next one follows in half a minute


@shared_task(name="membership.deliver_letter")
def deliver_letter(outbox_email_id: int) -> None:
    """Send one letter, if it is due."""
    deliver(outbox_email_id, now=timezone.now())


@shared_task(name="membership.sweep_letters")
def sweep_letters() -> None:
    """Send whatever is due: retries, letters whose doorbell was lost, and orphans of dead workers."""
    ids = due_letters(timezone.now()).order_by("due_at").values_list("pk", flat=True)
    for outbox_email_id in list(ids[:SWEEP_AT_MOST]):
        deliver(outbox_email_id, now=timezone.now())
