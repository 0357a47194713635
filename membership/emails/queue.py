"""The outbox: queueing emails inside the caller's transaction, and what staff do with one of them."""

import logging
import secrets
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from communities.models import SupportTeam
from membership.accounts.teams import families_of
from membership.emails.kinds import cancelled_by
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Bounce, OutboxEmail, Person, User

logger = logging.getLogger(__name__)

State = OutboxEmail.State


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
    open_rows.filter(state=State.QUEUED).update(state=State.CANCELLED, wanted=False)
    open_rows.filter(state__in=[State.SENDING, State.FAILED]).update(wanted=False)


DELIVERY_TASK = "membership.deliver_letter"


def request_delivery(*outbox_email_ids: int) -> None:
    """Ask a worker to send these emails. Without a broker the sweep finds them soon after."""
    try:
        current_app.send_task(DELIVERY_TASK, args=outbox_email_ids)
    except Exception:
        # Whatever the broker's trouble is, emails are rows and the sweep will send them.
        ids = ", ".join(map(str, outbox_email_ids))
        logger.warning("The broker did not take the task for emails %s.", ids)


# -- What staff do with an email ------------------------------------------------------------------

_TEXT_DELETED = (
    "The words of this letter are no longer kept, so it cannot be sent. Write a new one."
)


@transaction.atomic
def retry(*, email_id: int, by: User, now: datetime) -> OutboxEmail:
    """Try a failed email again, with all its tries, to the address that its receiver has today."""
    email = _locked(email_id, by)
    if email.state != State.FAILED:
        raise RefusedError(f"Only a failed letter is tried again; this one: {_state_words(email)}.")
    if not email.body:
        raise RefusedError(_TEXT_DELETED)
    if not email.wanted:
        raise RefusedError("A later decision contradicts this letter, so it is not sent any more.")
    email.state, email.due_at, email.attempts = State.QUEUED, now, 0
    email.to_email = _current_address(email)
    email.save(update_fields=["state", "due_at", "attempts", "to_email"])
    _deliver_on_commit(email)
    log_change(email, by=by, words="Tried again.")
    return email


@transaction.atomic
def send_again(*, email_id: int, by: User, now: datetime) -> OutboxEmail:
    """Send the same words once more: a new email, to the address that its receiver has today."""
    email = _locked(email_id, by)
    if email.state != State.SENT:
        raise RefusedError(
            f"Only a letter that was sent is sent again; this one: {_state_words(email)}."
        )
    if not email.body:
        raise RefusedError(_TEXT_DELETED)
    again = OutboxEmail.objects.filter(key__startswith=f"again:{email.pk}:")
    if again.filter(state__in=[State.QUEUED, State.SENDING]).exists():
        raise RefusedError("This letter is on its way again already. Nothing more was sent.")
    _current_address(email)
    copy = Email(email.kind, email.team, email.person, email.subject, email.body)
    key = f"again:{email.pk}:{again.count() + 1}"
    queue_once(copy, key=key, about=email.about, now=now)
    log_change(email, by=by, words="Sent again.")
    return OutboxEmail.objects.get(key=key)


def mark_bounced(*, email_id: int, by: User, on: date, why: str, today: date) -> Bounce:
    """Note that an email came back; it shows on the person until it is cleared."""
    try:
        with transaction.atomic():
            email = _locked(email_id, by)
            if email.state != State.SENT or email.person is None or email.sent_at is None:
                raise RefusedError("Only a letter that was sent to a person can come back.")
            if not timezone.localdate(email.sent_at) <= on <= today:
                raise RefusedError("Give a day from the day it was sent until today.")
            log_change(email, by=by, words="Came back.")
            return Bounce.objects.create(letter=email, on=on, why=why, marked_by=by)
    except IntegrityError as error:
        raise RefusedError("It is noted already that this letter came back.") from error


@transaction.atomic
def clear_bounce(*, email_id: int, by: User, now: datetime) -> None:
    """The address works after all: it does not show on the person any more."""
    email = _locked(email_id, by)
    cleared = Bounce.objects.filter(letter=email, cleared_at=None).update(
        cleared_at=now, cleared_by=by
    )
    if not cleared:
        raise RefusedError("There is nothing to clear here.")
    log_change(email, by=by, words="Its coming back was cleared.")


def _locked(email_id: int, by: User) -> OutboxEmail:
    emails = OutboxEmail.objects.select_for_update(of=("self",)).select_related("team", "person")
    email = emails.get(pk=email_id)
    if email.team.family not in families_of(by):
        raise RefusedError("This letter belongs to the other team.")
    return email


def _current_address(email: OutboxEmail) -> str:
    """Where it would go now."""
    address = email.person.email if email.person else email.team.mailbox
    if not address:
        raise RefusedError("The register has no email of this person. Add one first.")
    return address


def _state_words(email: OutboxEmail) -> str:
    return email.get_state_display().lower()
