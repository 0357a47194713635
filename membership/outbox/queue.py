"""Putting letters into the outbox, inside the caller's transaction."""

import functools
import logging
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction

from communities.models import SupportTeam
from membership.models import OutboxEmail, Person

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Letter:
    """A follow-up email, ready to go out: who gets it, from which team, and its words.

    ``person`` is None for news to the team's own mailbox.
    """

    kind: str
    team: SupportTeam
    person: Person | None
    subject: str
    body: str

    @property
    def to_email(self) -> str:
        return self.person.email if self.person else self.team.mailbox


def queue(letter: Letter, *, about: str, event: int, now: datetime) -> OutboxEmail:
    """Queue a letter; the doorbell rings when the caller commits.

    One event has one letter of a kind: the database refuses a second.
    """
    host = urlsplit(settings.PORTAL_URL).hostname
    row = OutboxEmail.objects.create(
        key=f"{about}:{event}:{letter.kind}",
        kind=letter.kind,
        about=about,
        team=letter.team,
        person=letter.person,
        to_email=letter.to_email,
        subject=letter.subject,
        body=letter.body,
        # Fixed here, so that a letter sent twice after a crash is one letter to mail programs.
        message_id=f"<{secrets.token_hex(16)}@{host}>",
        due_at=now,
        queued_at=now,
    )
    transaction.on_commit(functools.partial(ring, row.pk), robust=True)
    return row


def cancel(*, about: str, kinds: Iterable[str]) -> None:
    """A decision contradicts these letters: those that have not gone out yet stay here."""
    open_rows = OutboxEmail.objects.filter(about=about, kind__in=list(kinds))
    open_rows.filter(state=OutboxEmail.State.QUEUED).update(
        state=OutboxEmail.State.CANCELLED, wanted=False
    )
    open_rows.filter(state=OutboxEmail.State.SENDING).update(wanted=False)


def ring(outbox_email_id: int) -> None:
    """Tell a worker that a letter is due. Without a broker the sweeper finds it soon after."""
    from membership.outbox.tasks import deliver_letter

    try:
        deliver_letter.delay(outbox_email_id)
    except Exception:
        # Whatever the broker's trouble is, the letter is a row and the sweeper will send it.
        logger.warning("The broker did not take the doorbell for letter %s.", outbox_email_id)
