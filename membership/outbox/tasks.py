"""What Celery runs for the letters. Messages carry row ids only; the rows are the truth."""

from celery import shared_task
from django.utils import timezone

from membership.outbox.delivery import Trip, due_letters
from membership.outbox.queue import ring

SWEEP_AT_MOST = 500  # letters in one sweep; the next one follows in half a minute
IN_A_PARCEL = 25  # letters that go over one line; many mail servers end a longer one


@shared_task(name="membership.deliver_letter")
def deliver_letter(*outbox_email_ids: int) -> None:
    """Send these letters over one line to the mail server, those of them that are due."""
    with Trip() as trip:
        for outbox_email_id in outbox_email_ids:
            trip.deliver(outbox_email_id, now=timezone.now())


@shared_task(name="membership.sweep_letters")
def sweep_letters() -> None:
    """Send whatever is due: retries, letters whose doorbell was lost, and orphans of dead workers.

    The first parcel is sent right here; for the others all workers are rung.
    """
    due = due_letters(timezone.now()).order_by("due_at", "pk").values_list("pk", flat=True)
    ids = list(due[:SWEEP_AT_MOST])
    for start in range(IN_A_PARCEL, len(ids), IN_A_PARCEL):
        ring(*ids[start : start + IN_A_PARCEL])
    deliver_letter(*ids[:IN_A_PARCEL])
