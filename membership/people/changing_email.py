"""Changing a person's email: in the register, for their sign-in, and for the emails that wait to be sent."""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from allauth.account.models import EmailAddress
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from communities.email_addresses import NORMAL_FORM, normalize_email
from membership.accounts.security_events import log_security_event
from membership.accounts.sessions import end_sessions
from membership.emails.kinds import (
    NAME,
    TEAM,
    TO_FIXED_ADDRESS,
    TO_FORMER_ADDRESS,
    TO_PERSON,
    EmailKind,
    Placeholder,
)
from membership.emails.message import compose
from membership.emails.queue import queue_once
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Introduction, OtherEmail, OutboxEmail, Person, PersonMerge, User
from membership.people.permission import require_may_change
from membership.people.shared_mailboxes import require_own_email
from membership.people.sign_ins import emails_in_use
from membership.rosters.enrolments import team_of

EMAIL_KINDS = (
    EmailKind(
        "email-changed",
        "Email changed",
        TO_PERSON,
        "When their email changes: to the new address",
        (NAME, TEAM, Placeholder("email", "Their new email", "dana@example.org")),
    ),
    EmailKind(
        TO_FORMER_ADDRESS,
        "Email changed (to the former address)",
        TO_PERSON,
        "When their email changes: to the address they had before. It does not say the new one",
        (NAME, TEAM),
    ),
)


def change_email(*, person_id: int, to: str, by: User, now: datetime) -> Person:
    """Change a person's email. They sign in with the new address from then on, and with the old one no longer.

    Emails that wait to be sent go to the new address. All sessions of their account end, and codes that
    wait. If they have an account, the new and the old address get a notice. The old one stays as a former one,
    so that lists still find them. ``by`` is the person or staff. Without an account, the email may be empty. Raises
    ``RefusedError``.
    """
    to = normalize_email(to) if to else ""
    try:
        with transaction.atomic():
            return _change(_locked(person_id, by), to=to, by=by, now=now)
    except IntegrityError as error:
        raise RefusedError("Someone has just started to use this email. Try again.") from error


def _locked(person_id: int, by: User) -> Person:
    people = Person.objects.select_for_update(of=("self",)).select_related("user")
    person = people.get(pk=person_id)
    if person.erased_on:
        raise RefusedError("This person has been erased. Nothing was changed.")
    if person.user_id != by.pk:
        require_may_change(person, by)
    return person


def _change(person: Person, *, to: str, by: User, now: datetime) -> Person:
    user, before = person.user, person.email
    if to == before and (user is None or user.email == to):
        raise RefusedError("This is already their email.")
    if user == by:
        require_own_email(person, to)
    if to:
        require_free(to, person, by)
    elif user:
        raise RefusedError("They sign in with their email, so it cannot be empty.")
    former = sorted(emails_in_use(person) - {to})
    set_email(person, to, former=former, now=now)
    hide_email_from_members(person)
    follow_email(person, former=former, by=by, now=now)
    log_change(person, by=by, words="Changed the email.")
    return person


def set_email(person: Person, to: str, *, former: Iterable[str], now: datetime) -> None:
    """Give a locked person this email in the register. The ``former`` ones still find them."""
    OtherEmail.objects.filter(person=person, email=to).delete()
    for email in former:
        if re.search(NORMAL_FORM, email):  # others cannot be stored, and no list can name them
            OtherEmail.objects.update_or_create(
                person=person, email=email, defaults={"until": timezone.localdate(now)}
            )
    person.email, person.email_is_odd = to, False
    person.save(update_fields=["email", "email_is_odd"])


def hide_email_from_members(person: Person) -> None:
    """Someone who chose to show one email to other members has not said so about another one."""
    Introduction.objects.filter(enrolment__person=person).update(shows_email=False)


def send_waiting_to(person: Person) -> None:
    """Let the emails to a locked person that wait to be sent go to the email that they have now."""
    waiting = OutboxEmail.objects.filter(person=person, state=OutboxEmail.State.QUEUED)
    waiting.exclude(kind__in=TO_FIXED_ADDRESS).update(to_email=person.email)


def follow_email(person: Person, *, former: Iterable[str], by: User, now: datetime) -> None:
    """Let the sign-in and waiting emails of a locked person follow to the email that they have now.

    It and the ``former`` ones get a notice if there is an account.
    """
    send_waiting_to(person)
    if person.user:
        _move_sign_in(person.user, person.email, is_proven=person.user == by)
        _notify(person, former, now)


def require_free(to: str, person: Person, by: User) -> None:
    """No one else has this email. An account that no one has ever signed in to makes way for it."""
    other = Person.objects.filter(Q(email=to) | Q(user__email=to)).exclude(pk=person.pk).first()
    account = User.objects.filter(email=to).exclude(person=person).first()
    if other and person.user_id == by.pk:
        raise RefusedError(
            "EVA BC already has another record with this email. Email EVA BC staff, so that they can check it."
        )
    if other:
        raise RefusedError(
            f"{other} already has this email. Check which of the two records is right."
        )
    merges = PersonMerge.objects.filter(kept=person, undone_at=None)
    if account and merges.filter(closed_account=account).exists():
        # Their own, closed by a merge. It stays for the history of what they did.
        EmailAddress.objects.filter(user=account).delete()
        account.email = f"account-{account.pk}@merged.invalid"
        account.save(update_fields=["email"])
    elif account and (account.last_login or account.is_staff or not account.is_active):
        raise RefusedError("Another account already uses this email.")
    elif account:
        account.delete()


def _move_sign_in(user: User, to: str, *, is_proven: bool) -> None:
    user.email, user.email_is_odd = to, False
    user.save(update_fields=["email", "email_is_odd"])
    EmailAddress.objects.filter(user=user).delete()
    EmailAddress.objects.create(user=user, email=to, primary=True, verified=is_proven)
    end_sessions(user)
    log_security_event("Email changed", user=user.pk)


def _notify(person: Person, former: Iterable[str], now: datetime) -> None:
    about, team = f"person:{person.pk}", team_of(person)
    words = {"name": person.name, "email": person.email}
    key = f"{about}:email:{now.timestamp()}"
    to_new = compose("email-changed", team=team, person=person, words=words)
    queue_once(to_new, key=f"{key}:new", about=about, now=now)
    to_old = compose(TO_FORMER_ADDRESS, team=team, person=person, words={"name": person.name})
    for number, email in enumerate(former):
        queue_once(replace(to_old, to_email=email), key=f"{key}:old:{number}", about=about, now=now)
