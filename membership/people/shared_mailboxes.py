"""Allowing one named person to use a mailbox that looks shared, where their agency has no other."""

from contextlib import suppress
from datetime import datetime

from django import forms
from django.db import transaction

from communities.email_addresses import EmailFormField, normalize_email
from membership.accounts.sessions import end_sessions
from membership.accounts.shared_mailboxes import ASK_FOR_OWN, looks_shared
from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.forms import SingleLineField
from membership.history import log_change
from membership.models import Person, SharedMailbox, User
from membership.people.permission import require_may_change
from membership.register.matching import is_another_name
from membership.register.person_records import get_or_create_person


@transaction.atomic
def allow_mailbox(*, email: str, name: str, reason: str, by: User, now: datetime) -> SharedMailbox:
    """Agree that the person of this name signs in with this mailbox. The register gets them, if need be."""
    if not families_of(by):
        raise RefusedError("Only EVA BC staff can allow this.")
    person = get_or_create_person(email)
    others = person.other_names.values_list("name", flat=True)
    if is_another_name(name, [person.name, *others]):
        raise RefusedError(
            f"The register has {person} with this email. Allow it for them, or change their email first."
        )
    person.name = person.name or name
    person.save(update_fields=["name"])
    mailbox, _ = SharedMailbox.objects.update_or_create(
        email=email,
        defaults={"person": person, "reason": reason, "by": by, "at": now, "ended_at": None},
    )
    log_change(person, by=by, words="May use a shared mailbox.")
    return mailbox


@transaction.atomic
def stop_allowing_mailbox(*, mailbox_id: int, by: User, now: datetime) -> SharedMailbox:
    """No one can sign in with this mailbox any more, and anyone who is signed in with it is signed out."""
    rows = SharedMailbox.objects.select_for_update(of=("self",))
    mailbox = rows.select_related("person__user").get(pk=mailbox_id)
    person = mailbox.person
    require_may_change(person, by)
    if not mailbox.is_allowed:
        raise RefusedError("This mailbox is no longer allowed. Nothing was changed.")
    mailbox.ended_at = now
    mailbox.save(update_fields=["ended_at"])
    if person.user and person.user.email == mailbox.email:
        end_sessions(person.user)
    log_change(person, by=by, words="May no longer use a shared mailbox.")
    return mailbox


# -- The forms ------------------------------------------------------------------------------------


class SharedMailboxForm(forms.Form):
    """Who uses the mailbox, and why it has to be this one."""

    email = EmailFormField(
        label="Email of the mailbox",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the email of the mailbox."},
    )
    name = SingleLineField(
        label="Full name of the one person who uses it",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": "Enter the name of the person."},
    )
    reason = SingleLineField(
        label="Reason",
        help_text="For example: their agency has no other email.",
        max_length=300,
        error_messages={"required": "Enter the reason."},
    )


def require_own_email(person: Person, email: str) -> None:
    """Refuse a mailbox that looks shared, unless EVA BC has agreed that this person uses it."""
    is_allowed = person.shared_mailboxes.filter(email=email, ended_at=None).exists()
    if looks_shared(email) and not is_allowed:
        raise RefusedError(f"{ASK_FOR_OWN} If your agency has only this one, email EVA BC staff.")


def ask_if_shared(form: forms.Form) -> None:
    """Add a checkbox to a form of staff, if its email looks shared and no one may use it yet."""
    with suppress(forms.ValidationError):
        email = normalize_email(form.data.get("email", ""))
        if looks_shared(email) and not SharedMailbox.objects.filter(email=email).exists():
            form.fields["only_theirs"] = forms.BooleanField(
                label="Only this person uses this mailbox for EVA BC. Their agency has no other email for them.",
                error_messages={
                    "required": "This looks like a shared mailbox. Enter their own work email, or select the "
                    "checkbox to allow this one for them."
                },
            )


def allow_if_confirmed(form: forms.Form, *, name: str, by: User, now: datetime) -> None:
    """Allow the mailbox, if staff have selected the checkbox."""
    if form.cleaned_data.get("only_theirs"):
        email, reason = form.cleaned_data["email"], "Confirmed when staff entered it"
        allow_mailbox(email=email, name=name, reason=reason, by=by, now=now)
