"""Taking a person out of what stays: emails, the history, sessions, mail files, lists.

Each function takes them out of one place, inside the caller's transaction; files go after it commits.
"""

import functools
import json
from collections.abc import Iterable
from email import message_from_bytes, policy
from pathlib import Path

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Model, Q
from django.db.models.functions import Lower

from membership.models import (
    Access,
    Bounce,
    Enrolment,
    Leaving,
    LetterAttempt,
    ListImportRow,
    OutboxEmail,
    Person,
    SlackExport,
    User,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
)
from membership.register.models import ERASED_PERSON

_State = OutboxEmail.State
# Whoever worked for EVA BC and was erased: what they did for others stays, without them.
FORMER_COLLEAGUE = "former-colleague@erased.invalid"


def addresses_of(person: Person) -> set[str]:
    """Every address that the portal has of them, in lower case."""
    found = {person.email, *person.accesses.values_list("address", flat=True)}
    found |= set(OutboxEmail.objects.filter(person=person).values_list("to_email", flat=True))
    if person.user:
        found.add(person.user.email)
        found |= set(EmailAddress.objects.filter(user=person.user).values_list("email", flat=True))
    return {address.lower() for address in found if address}


def remove_from_emails(
    *, person: Person, addresses: Iterable[str] = (), abouts: Iterable[str] = ()
) -> None:
    """Emails to them and about them: what waits is cancelled, and address and words go.

    Of an email that a worker is just handing over, that worker says how it ended.
    """
    theirs = Q(person=person) | Q(about__in=list(abouts))
    theirs |= Q(person__isnull=True, lower__in=list(addresses))
    pks = list(
        OutboxEmail.objects.annotate(lower=Lower("to_email"))
        .filter(theirs)
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    emails = OutboxEmail.objects.filter(pk__in=pks)
    emails.filter(state=_State.QUEUED).update(state=_State.CANCELLED)
    emails.update(wanted=False, to_email="", body="", last_error="")
    LetterAttempt.objects.filter(letter__in=pks).delete()
    Bounce.objects.filter(letter__in=pks).delete()
    remove_from_log(OutboxEmail, pks)


def remove_from_log(model: type[Model], pks: Iterable[object]) -> None:
    """The admin's history of these rows keeps who acted when, and no words."""
    kind = ContentType.objects.get(
        app_label=model._meta.app_label, model=model._meta.model_name or ""
    )
    of_rows = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in pks])
    of_rows.update(object_repr=ERASED_PERSON, change_message="")


def remove_from_enrolments(enrolments: Iterable[Enrolment]) -> None:
    """What was said and written about these times in a community."""
    pks = [enrolment.pk for enrolment in enrolments]
    Leaving.objects.filter(enrolment__in=pks).update(reason="")
    YearlyConfirmation.objects.filter(enrolment__in=pks).update(leave_until=None)
    WorklistRow.objects.filter(enrolment__in=pks).update(findings=[])
    WorklistStep.objects.filter(row__enrolment__in=pks).update(text="")
    remove_from_log(Enrolment, pks)


def remove_from_slack(addresses: set[str]) -> None:
    """Addresses that were found in Slack, and the list that staff work on."""
    strangers = Access.objects.filter(person__isnull=True).annotate(lower=Lower("address"))
    strangers.filter(lower__in=addresses).delete()
    for export in SlackExport.objects.select_for_update():
        others = {email: n for email, n in export.people.items() if email.lower() not in addresses}
        if len(others) != len(export.people):
            export.people = others
            export.save(update_fields=["people"])


def remove_from_imports(*, name: str, addresses: set[str]) -> None:
    """What staff read of a list before they confirm it. The file itself goes within a week."""
    is_named = Q()
    for words in {*addresses, name} - {""}:
        is_named |= Q(what__icontains=words) | Q(sentence__icontains=words)
    if is_named:
        ListImportRow.objects.filter(is_named).delete()


def remove_sessions(user: User | None, addresses: set[str]) -> None:
    """Their sessions on every device, and those of somebody who is just typing their address."""
    if user:
        UserSession.objects.filter(user=user).delete()
    theirs = []
    for session in Session.objects.iterator():
        kept = session.get_decoded()
        said = json.dumps(kept, default=str, ensure_ascii=False).lower()
        is_theirs = user is not None and str(kept.get("_auth_user_id")) == str(user.pk)
        if is_theirs or any(address in said for address in addresses):
            theirs.append(session.pk)
    Session.objects.filter(pk__in=theirs).delete()


def remove_mail_files(addresses: set[str]) -> None:
    """In local mode mail is files: those to them go when the caller's transaction commits."""
    if settings.MAIL_IS_FILES:
        transaction.on_commit(functools.partial(_delete_files, addresses))


def _delete_files(addresses: set[str]) -> None:
    for path in Path(settings.MAIL_FOLDER).glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        if any(address in str(mail["To"]).lower() for address in addresses):
            path.unlink(missing_ok=True)


def delete_user(user: User) -> None:
    """The sign-in with its addresses, factors and rights. What they did for others stays, without them."""
    their_actions = LogEntry.objects.filter(user=user)
    if their_actions.exists():
        former = User.objects.get_or_create(email=FORMER_COLLEAGUE, defaults={"is_active": False})
        their_actions.update(user=former[0])
    remove_from_log(User, [user.pk])
    user.delete()
