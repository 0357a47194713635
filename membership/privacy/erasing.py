"""Erasing a person from the register, the outbox, the history, sessions, lists and mail files.

``requests.my.privacy.erase`` is the verb. It takes their requests first and then comes here: imports run
down only. Each ``remove_`` function takes a person out of one place, inside the caller's transaction; files
go after it commits.
"""

import functools
import json
from collections.abc import Iterable
from datetime import datetime
from email import message_from_bytes, policy
from pathlib import Path

from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils import timezone

from communities.models import SupportTeam
from communities.rules.vocabulary import Evidence
from membership.access.verbs import GRANTED_STATES
from membership.accounts.teams import LEADS, families_of, is_lead
from membership.emails.queue import queue
from membership.errors import RefusedError
from membership.models import (
    Access,
    Bounce,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    Leaving,
    LetterAttempt,
    ListImportRow,
    OutboxEmail,
    Person,
    ProgramPosition,
    SlackExport,
    SlackLinkOpening,
    User,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
)
from membership.privacy import emails as privacy_emails
from membership.register.models import ERASED_PERSON
from membership.rosters import emails as rosters_emails
from membership.rosters import enrolments as rosters

Fact = ProgramPosition | CoordinationRole | EvaMembership
FACTS: tuple[type[Fact], ...] = (ProgramPosition, CoordinationRole, EvaMembership)
# Whoever worked for EVA BC and was erased: what they did for others stays, without them.
FORMER_COLLEAGUE = "former-colleague@erased.invalid"


def lists_naming(person: Person) -> list[str]:
    """The lists of EVA BC that name this person, each in words: what erasing leaves."""
    return sorted({fact.source for model in FACTS for fact in _listed(model, person)})


def lock_for_erasing(*, person_id: int, by: User) -> Person:
    """The person, held until the caller's transaction ends, where ``by`` may erase them."""
    person = Person.objects.select_for_update(of=("self",)).get(pk=person_id)
    if person.erased_on:
        raise RefusedError("Nobody is known here any more. Nothing was changed.")
    if person.user_id != by.pk:
        _require_may_erase(person, by)
    if person.user and is_lead(person.user):
        _require_another_lead(person.user)
    return person


def _require_may_erase(person: Person, by: User) -> None:
    families = families_of(by)
    if not families:
        raise RefusedError("This is somebody else’s account.")
    if person.user and person.user.is_staff and not is_lead(by):
        raise RefusedError("This person works for EVA BC. A lead can erase their account.")
    open_enrolments = person.enrolments.filter(ended_on__isnull=True)
    if open_enrolments.exclude(community__team__family__in=families).exists():
        raise RefusedError(
            "This person is in a community of the other team. Ask a lead to erase them."
        )


def _require_another_lead(user: User) -> None:
    # All of them, in one order: of two leads who go at once, one stays.
    leads = User.objects.select_for_update(of=("self",)).filter(is_active=True, is_staff=True)
    in_group = User.groups.through.objects.filter(user=OuterRef("pk"), group__name=LEADS)
    leads = leads.filter(Q(is_superuser=True) | Exists(in_group)).order_by("pk")
    if list(leads.values_list("pk", flat=True)) == [user.pk]:
        raise RefusedError(
            "This is the only lead. Make somebody else a lead first, so that the portal stays in "
            "somebody’s care. Then this account can be deleted."
        )


def erase_person(
    person: Person, *, abouts: list[str], by: User | None, now: datetime, keep_listed: bool = True
) -> None:
    """Take a locked person out of the register, the outbox and the sign-ins.

    Their times in communities end and stay, without them. Where a list of EVA BC names them, the register
    keeps what the list says, as of somebody without a sign-in, unless ``keep_listed`` is False.
    ``abouts`` are what the emails about their requests are about. Runs inside the caller's transaction.
    """
    name, email, user = person.name, person.email, person.user
    addresses = addresses_of(person)
    person.name = person.email = person.phone = ""
    person.user, person.erased_on = None, timezone.localdate(now)
    person.save()
    corrections = [correction.about for correction in person.corrections.all()]
    enrolments = _end_enrolments(person, by=None if by == user else by, now=now)
    _notify_teams(person, now)
    _remove_facts(person, name=name, email=email, keep_listed=keep_listed)
    for rows in (
        person.attendances,
        person.accesses,
        person.consents,
        person.corrections,
        SlackLinkOpening.objects.filter(person=person),
    ):
        rows.all().delete()
    if hasattr(person, "calendar_feed"):
        person.calendar_feed.delete()
    remove_from_enrolments(enrolments)
    remove_from_emails(
        person=person,
        addresses=addresses,
        abouts=[*abouts, *corrections, *(e.about for e in enrolments)],
    )
    remove_from_log(Person, [person.pk])
    remove_from_slack(addresses)
    remove_from_imports(name=name, addresses=addresses)
    if user:
        remove_sessions(user, addresses)
        delete_user(user)
    remove_mail_files(addresses)


def _end_enrolments(person: Person, *, by: User | None, now: datetime) -> list[Enrolment]:
    open_ones = person.enrolments.filter(ended_on__isnull=True).order_by("pk")
    for pk in open_ones.values_list("pk", flat=True):
        enrolment = rosters.lock_enrolment(pk)
        # Their email is gone by now, so no email goes out.
        email = rosters_emails.left(enrolment)
        rosters.close_enrolment(enrolment, email=email, by=by, text="Erased.", now=now)
    return list(person.enrolments.select_related("community"))


def _notify_teams(person: Person, now: datetime) -> None:
    """Ask each team to compare Slack and Zoom with its roster: no task may name an erased person."""
    not_removed = (*GRANTED_STATES, Access.State.TO_REMOVE)
    accesses = person.accesses.filter(state__in=not_removed)
    for team in SupportTeam.objects.filter(pk__in=accesses.values("team")).order_by("pk"):
        queue(privacy_emails.news_erased(team), about=f"erased:{person.pk}", event=team.pk, now=now)


def _listed(model: type[Fact], person: Person) -> QuerySet[Fact]:
    return model._default_manager.filter(person=person, evidence=Evidence.LISTED)


def _remove_facts(person: Person, *, name: str, email: str, keep_listed: bool) -> None:
    if keep_listed and any(_listed(model, person).exists() for model in FACTS):
        entry = Person.objects.create(name=name, email=email, known_since=person.known_since)
        for model in FACTS:
            _listed(model, person).update(person=entry)
    for model in FACTS:
        rows = model._default_manager.filter(person=person)
        remove_from_log(model, rows.values_list("pk", flat=True))
        rows.delete()


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
    found = OutboxEmail.objects.annotate(lower=Lower("to_email")).filter(theirs)
    pks = list(found.order_by("pk").values_list("pk", flat=True))
    emails = OutboxEmail.objects.filter(pk__in=pks)
    emails.filter(state=OutboxEmail.State.QUEUED).update(state=OutboxEmail.State.CANCELLED)
    emails.update(wanted=False, to_email="", body="", last_error="")
    LetterAttempt.objects.filter(letter__in=pks).delete()
    Bounce.objects.filter(letter__in=pks).delete()
    remove_from_log(OutboxEmail, pks)


def remove_from_log(model: type[Model], pks: Iterable[object]) -> None:
    """The admin's history of these rows keeps who acted when, and no words."""
    kind = ContentType.objects.get_for_model(model)
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
        content = json.dumps(kept, default=str, ensure_ascii=False).lower()
        is_theirs = user is not None and str(kept.get("_auth_user_id")) == str(user.pk)
        if is_theirs or any(address in content for address in addresses):
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
