"""What staff do with an email: try a failed one again, send one again, note that one came back."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from membership.accounts.teams import families_of
from membership.emails.queue import Email, queue_once, requeue
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Bounce, OutboxEmail, User

State = OutboxEmail.State
_OPEN_STATES = (State.QUEUED, State.SENDING)
_TEXT_DELETED = (
    "The words of this letter are no longer kept, so it cannot be sent. Write a new one."
)


@transaction.atomic
def retry(*, email_id: int, by: User, now: datetime) -> OutboxEmail:
    """Try a failed email again, to the address that its receiver has today."""
    email = _locked(email_id, by)
    if email.state != State.FAILED:
        raise RefusedError(f"Only a failed letter is tried again; this one: {_state_words(email)}.")
    if not email.body:
        raise RefusedError(_TEXT_DELETED)
    if not email.wanted:
        raise RefusedError("A later decision contradicts this letter, so it is not sent any more.")
    requeue(email, to_email=_current_address(email), now=now)
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
    if again.filter(state__in=_OPEN_STATES).exists():
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
    email = (
        OutboxEmail.objects.select_for_update(of=("self",))
        .select_related("team", "person")
        .get(pk=email_id)
    )
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
