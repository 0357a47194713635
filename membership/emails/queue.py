"""Putting emails into the outbox, inside the caller's transaction."""

import logging
import secrets
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db import transaction

from communities.models import SupportTeam
from membership.emails.kinds import cancelled_by
from membership.errors import RefusedError
from membership.models import OutboxEmail, Person

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Email:
    """A follow-up email, ready to go out: who gets it, from which team, and its words.

    ``person`` is None for news to the team's own mailbox. ``address`` is set where the email goes
    to somebody whom the register need not know.
    """

    kind: str
    team: SupportTeam
    person: Person | None
    subject: str
    body: str
    address: str = ""

    @property
    def to_email(self) -> str:
        if self.address:
            return self.address
        return self.person.email if self.person else self.team.mailbox


def queue(email: Email, *, about: str, event: int, now: datetime) -> OutboxEmail:
    """Queue an email; a worker is asked to send it when the caller commits.

    One event has one email of a kind: the database refuses a second.
    """
    row = OutboxEmail.objects.create(
        key=f"{about}:{event}:{email.kind}", **_row_values(email, about, now)
    )
    _deliver_on_commit(row)
    return row


def queue_once(email: Email, *, key: str, about: str, now: datetime) -> bool:
    """Queue an email that is due, unless ``key`` was queued before. True when this call queued it.

    May be called as often as one likes and by several workers at once: the first one queues, the
    others change nothing.
    """
    row, new = OutboxEmail.objects.get_or_create(key=key, defaults=_row_values(email, about, now))
    if new:
        _deliver_on_commit(row)
    return new


# Where Slack's invitation links lead. They are shown after sign-in only: an email can be passed on.
SLACK_LINKS = "join.slack.com"


def _row_values(email: Email, about: str, now: datetime) -> dict[str, object]:
    if SLACK_LINKS in email.body.lower():
        raise RefusedError(
            "An invitation link of Slack does not belong in a letter. "
            "People on the roster find it on their own page."
        )
    host = urlsplit(settings.PORTAL_URL).hostname
    return {
        "kind": email.kind,
        "about": about,
        "team": email.team,
        "person": email.person,
        "to_email": email.to_email,
        "subject": email.subject,
        "body": email.body,
        # Fixed here, so that an email sent twice after a crash is one email to mail programs.
        "message_id": f"<{secrets.token_hex(16)}@{host}>",
        "due_at": now,
        "queued_at": now,
    }


def requeue(row: OutboxEmail, *, to_email: str, now: datetime) -> None:
    """Send a failed row after all, with all its tries. Runs inside the transaction that locked it."""
    row.state, row.due_at, row.to_email = OutboxEmail.State.QUEUED, now, to_email
    row.attempts = 0
    row.save(update_fields=["state", "due_at", "to_email", "attempts"])
    _deliver_on_commit(row)


def _deliver_on_commit(row: OutboxEmail) -> None:
    transaction.on_commit(lambda: request_delivery(row.pk), robust=True)


def cancel(*, about: str, event: str, person: Person | None = None) -> None:
    """Keep back the emails of the kinds that say that ``event`` contradicts them.

    One that failed stays failed, and can no longer be tried again. ``person`` narrows them to those
    to one person.
    """
    open_rows = OutboxEmail.objects.filter(about=about, kind__in=cancelled_by(event))
    if person:
        open_rows = open_rows.filter(person=person)
    open_rows.filter(state=OutboxEmail.State.QUEUED).update(
        state=OutboxEmail.State.CANCELLED, wanted=False
    )
    open_rows.filter(state__in=[OutboxEmail.State.SENDING, OutboxEmail.State.FAILED]).update(
        wanted=False
    )


DELIVERY_TASK = "membership.deliver_letter"


def request_delivery(*outbox_email_ids: int) -> None:
    """Ask a worker to send these emails. Without a broker the sweep finds them soon after."""
    try:
        current_app.send_task(DELIVERY_TASK, args=outbox_email_ids)
    except Exception:
        # Whatever the broker's trouble is, emails are rows and the sweep will send them.
        ids = ", ".join(map(str, outbox_email_ids))
        logger.warning("The broker did not take the task for emails %s.", ids)
