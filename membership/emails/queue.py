"""The outbox: queueing emails in the caller's transaction, and what staff do with one of them."""

import logging
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from urllib.parse import urlsplit

from celery import current_app
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone

from communities.models import SupportTeam
from membership.accounts.teams import require_team
from membership.emails.kinds import (
    SECURITY_NOTICES,
    TO_FIXED_ADDRESS,
    cancelled_by,
    is_still_wanted,
)
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Agency, Announcement, Bounce, OutboxEmail, Person, User

logger = logging.getLogger(__name__)

State = OutboxEmail.State


@dataclass(frozen=True)
class Email:
    """An email that is ready to be queued: its text, its recipient and the team that sends it.

    ``person`` is None for notices to the team's own mailbox, and where the register does not know the
    recipient.
    """

    kind: str
    team: SupportTeam
    person: Person | None
    subject: str
    body: str
    to_email: str
    announcement: Announcement | None = None


def queue(
    email: Email, *, about: str, event: int | str, now: datetime, wait: timedelta = timedelta()
) -> OutboxEmail:
    """Queue an email. A worker is asked to send it when the caller commits, or ``wait`` later.

    An event has one email of each kind. The database refuses a second one.
    """
    row = OutboxEmail(key=f"{about}:{event}:{email.kind}", **_row_values(email, about, now))
    row.due_at += wait
    row.save(force_insert=True)
    _deliver_on_commit(row, wait)
    return row


def queue_once(email: Email, *, key: str, about: str, now: datetime) -> bool:
    """Queue an email unless ``key`` was queued before. Returns whether this call queued it.

    Several workers may call it at the same time. Only the first call queues the email.
    """
    row, new = OutboxEmail.objects.get_or_create(key=key, defaults=_row_values(email, about, now))
    if new:
        _deliver_on_commit(row)
    return new


def queue_many(
    emails: Mapping[str, Email], *, about: str, now: datetime, wait: timedelta = timedelta()
) -> None:
    """Queue many emails by their keys, with the same number of queries however many they are."""
    rows = [
        OutboxEmail(key=key, **{**_row_values(email, about, now), "due_at": now + wait})
        for key, email in emails.items()
    ]
    pks = [row.pk for row in OutboxEmail.objects.bulk_create(rows)]
    transaction.on_commit(lambda: request_delivery(*pks, wait=wait), robust=True)


# The domain of Slack's invitation links. They are shown only after sign-in: an email can be forwarded.
SLACK_LINKS = "join.slack.com"
# Links that let anyone into a meeting. Those to a page where people register are something else.
_ZOOM_JOIN_LINK = re.compile(r"zoom\.us/(j|s|w|my)/", re.IGNORECASE)


def refuse_slack_link(text: str) -> None:
    """Raise ``RefusedError`` if a text has an invitation link of Slack."""
    if SLACK_LINKS in text.lower():
        raise RefusedError(
            "Do not put a Slack invitation link in an email. "
            "Members find it on My page after they sign in."
        )


def refuse_private_links(text: str) -> None:
    """Raise ``RefusedError`` if words of staff have a link that lets anyone into Slack or a meeting."""
    refuse_slack_link(text)
    if _ZOOM_JOIN_LINK.search(text):
        raise RefusedError(
            "Do not put a Zoom join link in an email. Members join from the meeting’s page after they sign in."
        )


# What the ready texts leave open, such as "[first day]".
_GAP = re.compile(r"\[[^\[\]\n]+\]")


def check_staff_words(*texts: str) -> None:
    """Raise ``RefusedError`` if words of staff can't go out: they have such a link, or something is still to be filled in."""
    for text in texts:
        refuse_private_links(text)
        if gap := _GAP.search(text):
            raise RefusedError(
                f"Replace “{gap[0]}” with your own words, or remove the square brackets."
            )


def _row_values(email: Email, about: str, now: datetime) -> dict[str, object]:
    refuse_slack_link(email.body)
    host = urlsplit(settings.PORTAL_URL).hostname
    return {
        **vars(email),
        "about": about,
        # Set here, so that mail programs recognize a copy that was sent twice after a crash.
        "message_id": f"<{secrets.token_hex(16)}@{host}>",
        "due_at": now,
        "queued_at": now,
    }


def _deliver_on_commit(row: OutboxEmail, wait: timedelta = timedelta()) -> None:
    transaction.on_commit(lambda: request_delivery(row.pk, wait=wait), robust=True)


def cancel(
    *, about: str, event: str, person: Person | None = None, step: int | None = None
) -> None:
    """Cancel the emails of the kinds that ``event`` cancels, if they have not been sent.

    A failed email stays failed and can no longer be tried again. ``person`` limits it to the emails to
    one person. ``step`` is the key by which ``uncancel`` finds them.
    """
    rows = OutboxEmail.objects.filter(about=about, kind__in=cancelled_by(event), wanted=True)
    if person:
        rows = rows.filter(person=person)
    no_more = {"wanted": False, "cancelled_by": step}
    rows.filter(state=State.QUEUED).update(state=State.CANCELLED, **no_more)
    rows.filter(state__in=[State.SENDING, State.FAILED]).update(**no_more)
    # What staff had cancelled stays cancelled, also if this step is undone.
    rows.filter(state=State.CANCELLED).update(wanted=False)


def uncancel(*, about: str, step: int) -> None:
    """Send the emails after all that ``step`` cancelled. Runs inside the caller's transaction."""
    rows = OutboxEmail.objects.filter(about=about, cancelled_by=step)
    waiting = list(rows.filter(state=State.CANCELLED).values_list("pk", flat=True))
    rows.filter(pk__in=waiting).update(state=State.QUEUED)
    rows.update(wanted=True, cancelled_by=None)
    if waiting:
        transaction.on_commit(lambda: request_delivery(*waiting), robust=True)


def take_back(*, about: str, event: int | str) -> bool:
    """Cancel every email of an event. Returns False if a worker has one already: roll back then.

    Runs inside the caller's transaction.
    """
    rows = OutboxEmail.objects.filter(key__startswith=f"{about}:{event}:")
    rows.filter(state=State.CANCELLED).update(wanted=False)  # staff had cancelled it
    rows = rows.exclude(state=State.CANCELLED)
    expected = rows.count()
    cancelled = rows.filter(state=State.QUEUED, attempts=0).update(
        state=State.CANCELLED, wanted=False
    )
    return cancelled == expected


DELIVERY_TASK = "membership.deliver_letter"
BATCH = 25  # emails over one connection; many mail servers close it after more


def request_delivery(*outbox_email_ids: int, wait: timedelta = timedelta()) -> None:
    """Ask the workers to send these emails. Without a broker the sweep finds them soon after."""
    try:
        for start in range(0, len(outbox_email_ids), BATCH):
            current_app.send_task(
                DELIVERY_TASK,
                args=outbox_email_ids[start : start + BATCH],
                countdown=wait.total_seconds() or None,
            )
    except Exception as error:
        # Any error will do: emails are rows, and the next sweep sends them.
        ids, cause = ", ".join(map(str, outbox_email_ids)), error.__cause__ or error
        logger.warning("The broker did not take the task for emails %s: %s", ids, cause)


# -- What staff do with an email ------------------------------------------------------------------

_TEXT_DELETED = "The text of this email has been deleted, so it cannot be sent. Write a new email."


@transaction.atomic
def retry(*, email_id: int, by: User, now: datetime) -> OutboxEmail:
    """Try a failed email again, with all its retries, at the address that the recipient has now."""
    email = _locked(email_id, by)
    if email.state != State.FAILED:
        raise RefusedError(f"You can only retry a failed email. This one is {_state_words(email)}.")
    if not email.body:
        raise RefusedError(_TEXT_DELETED)
    if not is_still_wanted(email, now):
        raise RefusedError(
            "A later change has made this email out of date, so it will not be sent."
        )
    email.state, email.due_at, email.attempts = State.QUEUED, now, 0
    email.to_email = _current_address(email)
    email.save(update_fields=["state", "due_at", "attempts", "to_email"])
    _deliver_on_commit(email)
    log_change(email, by=by, words="Retried.")
    return email


@transaction.atomic
def cancel_by_hand(*, email_id: int, by: User, now: datetime) -> OutboxEmail:
    """Cancel an email that waits or has failed. It stays ``wanted``, so that ``restore`` can undo this."""
    email = _locked(email_id, by)
    if email.state not in (State.QUEUED, State.FAILED):
        words = _state_words(email)
        raise RefusedError(
            f"You can only cancel an email that waits or failed. This one is {words}."
        )
    if email.kind in SECURITY_NOTICES:
        raise RefusedError(
            "This email tells someone that their sign-in changed, so it must go out."
        )
    email.state = State.CANCELLED
    email.save(update_fields=["state"])
    log_change(email, by=by, words="Cancelled.")
    return email


@transaction.atomic
def restore(*, email_id: int, by: User, now: datetime) -> OutboxEmail:
    """Undo ``cancel_by_hand``. An email that had failed is failed again, and one that waited for another attempt waits."""
    email = _locked(email_id, by)
    if email.state != State.CANCELLED or not is_still_wanted(email, now):
        raise RefusedError("This email cannot be sent any more: something has changed since.")
    last = email.failed_attempts.last()
    waits = not email.attempts or (last is not None and email.due_at > last.at)
    email.state = State.QUEUED if waits else State.FAILED
    email.save(update_fields=["state"])
    if email.state == State.QUEUED:
        _deliver_on_commit(email, max(email.due_at - now, timedelta()))
    log_change(email, by=by, words="No longer cancelled.")
    return email


@transaction.atomic
def send_again(*, email_id: int, by: User, now: datetime) -> OutboxEmail:
    """Send the same text as a new email, to the address that the recipient has now."""
    email = _locked(email_id, by)
    if email.state != State.SENT:
        raise RefusedError(
            f"You can only send an email again after it was sent. This one is {_state_words(email)}."
        )
    if not email.body:
        raise RefusedError(_TEXT_DELETED)
    again = OutboxEmail.objects.filter(key__startswith=f"again:{email.pk}:")
    if again.filter(state__in=[State.QUEUED, State.SENDING]).exists():
        raise RefusedError("This email is already on its way again. Nothing else was sent.")
    to_email = _current_address(email)
    copy = Email(email.kind, email.team, email.person, email.subject, email.body, to_email)
    key = f"again:{email.pk}:{again.count() + 1}"
    queue_once(copy, key=key, about=email.about, now=now)
    log_change(email, by=by, words="Sent again.")
    return OutboxEmail.objects.get(key=key)


def mark_bounced(*, email_id: int, by: User, on: date, why: str, today: date) -> Bounce:
    """Record that an email bounced. It shows on the person's page until it is cleared."""
    try:
        with transaction.atomic():
            email = _locked(email_id, by)
            if email.state != State.SENT or email.person is None or email.sent_at is None:
                raise RefusedError(
                    "You can only record a bounce for an email that was sent to a person."
                )
            if not timezone.localdate(email.sent_at) <= on <= today:
                raise RefusedError("Enter a date between the day the email was sent and today.")
            log_change(email, by=by, words="Bounce recorded.")
            return Bounce.objects.create(letter=email, on=on, why=why, marked_by=by)
    except IntegrityError as error:
        raise RefusedError("A bounce is already recorded for this email.") from error


@transaction.atomic
def clear_bounce(*, email_id: int, by: User, now: datetime) -> None:
    """Clear a bounce because the address works. It no longer shows on the person's page."""
    email = _locked(email_id, by)
    cleared = Bounce.objects.filter(letter=email, cleared_at=None).update(
        cleared_at=now, cleared_by=by
    )
    if not cleared:
        raise RefusedError("There is no bounce to clear.")
    log_change(email, by=by, words="Bounce cleared.")


def _locked(email_id: int, by: User) -> OutboxEmail:
    emails = OutboxEmail.objects.select_for_update(of=("self",)).select_related("team", "person")
    email = emails.get(pk=email_id)
    require_team(email.team, by, "email")
    return email


def _current_address(email: OutboxEmail) -> str:
    """The address that the recipient has now, or the former one that the email is about."""
    if email.kind in TO_FIXED_ADDRESS:
        return email.to_email
    address = email.person.email if email.person else email.team.mailbox
    subject, _, pk = email.about.partition(":")
    if subject == "evamembership" and email.person is None:
        agency = Agency.objects.filter(eva_memberships=int(pk)).first()
        address = agency.contact_email if agency else ""
    if not address:
        raise RefusedError("The register has no email for this person. Add one first.")
    return address


def _state_words(email: OutboxEmail) -> str:
    return email.get_state_display().lower()
