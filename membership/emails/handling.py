"""What staff do with a letter: try a failed one again, send one again, note that one came back."""

from datetime import date, datetime

from django.db import IntegrityError, transaction
from django.utils import timezone

from membership.accounts.teams import families_of
from membership.emails.queue import Letter, queue_once, requeue
from membership.history import record
from membership.models import Bounce, OutboxEmail, User
from membership.refusal import Refused

State = OutboxEmail.State
_ON_ITS_WAY = (State.QUEUED, State.SENDING)
_NO_WORDS = "The words of this letter are no longer kept, so it cannot be sent. Write a new one."


@transaction.atomic
def retry(*, letter_id: int, by: User, now: datetime) -> OutboxEmail:
    """Try a failed letter again, to the address that its receiver has today."""
    letter = _locked(letter_id, by)
    if letter.state != State.FAILED:
        raise Refused(f"Only a failed letter is tried again; this one: {_state(letter)}.")
    if not letter.body:
        raise Refused(_NO_WORDS)
    if not letter.wanted:
        raise Refused("A later decision contradicts this letter, so it is not sent any more.")
    requeue(letter, to_email=_address_of(letter), now=now)
    record(letter, by=by, words="Tried again.")
    return letter


@transaction.atomic
def send_again(*, letter_id: int, by: User, now: datetime) -> OutboxEmail:
    """Send the same words once more: a new letter, to the address that its receiver has today."""
    letter = _locked(letter_id, by)
    if letter.state != State.SENT:
        raise Refused(f"Only a letter that was sent is sent again; this one: {_state(letter)}.")
    if not letter.body:
        raise Refused(_NO_WORDS)
    again = OutboxEmail.objects.filter(key__startswith=f"again:{letter.pk}:")
    if again.filter(state__in=_ON_ITS_WAY).exists():
        raise Refused("This letter is on its way again already. Nothing more was sent.")
    _address_of(letter)
    copy = Letter(letter.kind, letter.team, letter.person, letter.subject, letter.body)
    key = f"again:{letter.pk}:{again.count() + 1}"
    queue_once(copy, key=key, about=letter.about, now=now)
    record(letter, by=by, words="Sent again.")
    return OutboxEmail.objects.get(key=key)


def mark_bounced(*, letter_id: int, by: User, on: date, why: str, today: date) -> Bounce:
    """Note that a letter came back; it shows on the person until it is cleared."""
    try:
        with transaction.atomic():
            letter = _locked(letter_id, by)
            if letter.state != State.SENT or letter.person is None or letter.sent_at is None:
                raise Refused("Only a letter that was sent to a person can come back.")
            if not timezone.localdate(letter.sent_at) <= on <= today:
                raise Refused("Give a day from the day it was sent until today.")
            record(letter, by=by, words="Came back.")
            return Bounce.objects.create(letter=letter, on=on, why=why, marked_by=by)
    except IntegrityError as error:
        raise Refused("It is noted already that this letter came back.") from error


@transaction.atomic
def clear_bounce(*, letter_id: int, by: User, now: datetime) -> None:
    """The address works after all: it does not show on the person any more."""
    letter = _locked(letter_id, by)
    cleared = Bounce.objects.filter(letter=letter, cleared_at=None).update(
        cleared_at=now, cleared_by=by
    )
    if not cleared:
        raise Refused("There is nothing to clear here.")
    record(letter, by=by, words="Its coming back was cleared.")


def _locked(letter_id: int, by: User) -> OutboxEmail:
    letter = (
        OutboxEmail.objects.select_for_update(of=("self",))
        .select_related("team", "person")
        .get(pk=letter_id)
    )
    if letter.team.family not in families_of(by):
        raise Refused("This letter belongs to the other team.")
    return letter


def _address_of(letter: OutboxEmail) -> str:
    """Where it would go now."""
    address = letter.person.email if letter.person else letter.team.mailbox
    if not address:
        raise Refused("The register has no email of this person. Add one first.")
    return address


def _state(letter: OutboxEmail) -> str:
    return letter.get_state_display().lower()
