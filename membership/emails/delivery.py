"""Sending emails to the mail server, one after the other: claim, send, record the outcome.

The claim is a compare-and-set with a lease, because SQLite ignores SKIP LOCKED. If a worker dies, another
one takes its email when the lease ends. No transaction is open during the SMTP conversation.
"""

import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from membership.emails.kinds import is_still_wanted
from membership.emails.message import build_message
from membership.emails.sending import Answer, connection
from membership.models import LetterAttempt, OutboxEmail

logger = logging.getLogger(__name__)

State = OutboxEmail.State

LEASE = timedelta(seconds=settings.EMAIL_DEADLINE * 3)
# Minutes until the next attempt after the first failure, the second and so on. After that, staff decide.
RETRY_MINUTES = (1, 5, 15, 60, 180, 360, 720, 1440)


def due_emails(now: datetime) -> QuerySet[OutboxEmail]:
    """Queued emails that are due, and emails whose worker's lease has ended."""
    return OutboxEmail.objects.filter(
        Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.SENDING, lease_until__lt=now)
    )


_RELEASED = {"lease_owner": "", "lease_until": None}


def _claimed_row(email: OutboxEmail) -> QuerySet[OutboxEmail]:
    """The row of ``email``, if this worker still holds its claim."""
    return OutboxEmail.objects.filter(
        pk=email.pk, state=State.SENDING, lease_owner=email.lease_owner
    )


def deliver_batch(outbox_email_ids: Iterable[int]) -> None:
    """Send these emails over one connection to the mail server, those of them that are due."""
    with connection() as opened:
        for outbox_email_id in outbox_email_ids:
            deliver(outbox_email_id, connection=opened, now=timezone.now())


def deliver(outbox_email_id: int, *, connection: BaseEmailBackend, now: datetime) -> bool:
    """Send one email if it is due and no other worker has it. Returns whether it was sent."""
    email = _claim(outbox_email_id, now)
    if email is None:
        return False
    try:
        connection.send_messages([build_message(email)])
    except Exception as error:
        _note_failure(email, Answer.of(error), now)
        return False
    _claimed_row(email).update(state=State.SENT, sent_at=now, last_error="", **_RELEASED)
    return True


def _claim(outbox_email_id: int, now: datetime) -> OutboxEmail | None:
    """Claim an email. None if another worker has it, or it is no longer wanted."""
    due = due_emails(now).filter(pk=outbox_email_id)
    owner = str(uuid.uuid4())
    claimed = due.filter(wanted=True).update(
        state=State.SENDING,
        lease_owner=owner,
        lease_until=now + LEASE,
        attempts=F("attempts") + 1,
    )
    if not claimed:
        # Its worker died, and a decision made it out of date: do not try it again.
        due.filter(wanted=False).update(state=State.CANCELLED, **_RELEASED)
        return None
    rows = OutboxEmail.objects.filter(pk=outbox_email_id, lease_owner=owner)
    email = rows.select_related("team").first()
    if email and not is_still_wanted(email, now):
        _claimed_row(email).update(state=State.CANCELLED, wanted=False, **_RELEASED)
        return None
    return email


def _note_failure(email: OutboxEmail, answer: Answer, now: datetime) -> None:
    """Schedule another attempt, or stop and show the failure to staff."""
    will_retry = not answer.is_permanent and email.attempts <= len(RETRY_MINUTES)
    outcome = {"last_error": str(answer), **_RELEASED}
    row = _claimed_row(email)
    with transaction.atomic():
        if will_retry:
            due_at = now + timedelta(minutes=RETRY_MINUTES[email.attempts - 1])
            ended = row.filter(wanted=True).update(state=State.QUEUED, due_at=due_at, **outcome)
            ended += row.filter(wanted=False).update(state=State.CANCELLED, **outcome)
        else:
            ended = row.update(state=State.FAILED, **outcome)
        # If another worker has the email by now, it records its own outcome. If the person has been
        # erased meanwhile, the server's answer is not kept.
        if ended and OutboxEmail.objects.exclude(to_email="").filter(pk=email.pk).exists():
            LetterAttempt.objects.create(
                letter=email,
                at=now,
                trouble=answer.name[:60],
                code=answer.code,
                status=answer.status,
                answer=answer.words_without_addresses[:300],
            )
    logger.warning(
        "Email %s was not taken, attempt %s, again: %s: %s",
        email.pk,
        email.attempts,
        will_retry,
        str(answer),
    )
