"""Erasing a person from the register, the outbox, the history, sessions, lists and mail files.

``requests.my.privacy.erase`` is the verb. It erases their requests first and then calls this module, because
imports run down only. Each ``remove_`` function covers one kind of data, inside the caller's transaction.
Files are deleted after it commits.
"""

import functools
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from email import message_from_bytes, policy
from itertools import product
from operator import or_
from pathlib import Path
from typing import Any

from allauth.account.models import EmailAddress
from django.apps import apps
from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from communities.email_addresses import unicode_spelling
from communities.models import Meeting, SupportTeam
from communities.rules.vocabulary import Evidence
from membership.access.verbs import GRANTED_STATES
from membership.accounts.sessions import end_sessions
from membership.accounts.teams import LEADS, is_lead
from membership.emails.queue import queue
from membership.errors import RefusedError
from membership.imports.undoing import forget_in_changes
from membership.models import (
    Access,
    AdmissionException,
    Agency,
    AgencyMerge,
    Announcement,
    Bounce,
    CoordinationRole,
    Correction,
    Enrolment,
    EvaMembership,
    Introduction,
    Leaving,
    LetterAttempt,
    ListImport,
    ListImportRow,
    NameCheck,
    OutboxEmail,
    Person,
    PersonMerge,
    ProgramPosition,
    Resource,
    RosterConfirmation,
    SharedMailbox,
    SlackExport,
    SlackLinkOpening,
    SomeoneElse,
    StoredFile,
    Topic,
    TopicOutcome,
    User,
    WorklistRow,
    WorklistStep,
    YearlyConfirmation,
    ZoomExport,
)
from membership.people.permission import require_may_change
from membership.privacy import emails as privacy_emails
from membership.register.merging import forget_in_merges, merges_naming
from membership.register.models import ERASED_PERSON
from membership.resources import files
from membership.resources.verbs import delete_rows
from membership.rosters import enrolments as rosters
from membership.topics.raising import let_go

Fact = ProgramPosition | CoordinationRole | EvaMembership
FACTS: tuple[type[Fact], ...] = (ProgramPosition, CoordinationRole, EvaMembership)
# What people write about others: it may name them.
TEXTS: dict[type[Model], tuple[str, ...]] = {
    OutboxEmail: ("subject", "body"),
    AdmissionException: ("reason",),
    Announcement: ("subject", "text"),
    Correction: ("text", "answer"),
    Introduction: ("role", "talks_about", "workplace"),
    Leaving: ("reason",),
    LogEntry: ("object_repr", "change_message"),
    Meeting: ("topic", "agenda", "notes", "speaker", "about_speaker", "cancelled_why"),
    Resource: ("title", "description", "tags", "link", "reason"),
    StoredFile: ("name",),
    Topic: ("title", "text", "hidden_why"),
    SharedMailbox: ("reason",),
    TopicOutcome: ("text",),
    WorklistStep: ("text",),
}
# Stands for erased people who worked for EVA BC: what they did for others stays, without their name.
FORMER_COLLEAGUE = "former-colleague@erased.invalid"


def lists_naming(person: Person) -> list[str]:
    """The names of EVA BC's lists that include this person: erasing keeps what they say."""
    return sorted({fact.source for model in FACTS for fact in _listed(model, person)})


def lock_for_erasing(*, person_id: int, by: User) -> Person:
    """Lock the person until the caller's transaction ends. Raises ``RefusedError`` if ``by`` may not erase them."""
    person = Person.objects.select_for_update(of=("self",)).get(pk=person_id)
    if person.erased_on:
        raise RefusedError("This person has already been erased. Nothing was changed.")
    if person.user_id != by.pk:
        require_may_change(person, by)
    if person.user and is_lead(person.user):
        _require_another_lead(person.user)
    return person


def _require_another_lead(user: User) -> None:
    # All of them, in one order: if two leads go at the same time, one of them stays.
    leads = User.objects.select_for_update(of=("self",)).filter(is_active=True, is_staff=True)
    in_group = User.groups.through.objects.filter(user=OuterRef("pk"), group__name=LEADS)
    leads = leads.filter(Q(is_superuser=True) | Exists(in_group)).order_by("pk")
    if list(leads.values_list("pk", flat=True)) == [user.pk]:
        raise RefusedError(
            "This is the only lead. Make someone else a lead first, so that someone can look after "
            "the portal. Then you can delete this account."
        )


def erase_person(
    person: Person, *, abouts: list[str], by: User | None, now: datetime, keep_listed: bool = True
) -> set[str]:
    """Erase a locked person from the register, the outbox and the accounts.

    Their enrolments end and stay, without their name. If a list of EVA BC includes them, the register keeps
    what the list says, as a person without an account, unless ``keep_listed`` is False. ``abouts`` are the
    keys of the emails about their requests. Runs inside the caller's transaction. Returns the names and
    emails that others' texts may have.
    """
    name, email, user = person.name, person.email, person.user
    addresses, names = addresses_of(person), names_of(person)
    words = addresses | (names - ambiguous_names(person))
    abouts = [*abouts, *_remove_merges(person, addresses)]
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
        person.other_emails,
        person.other_names,
        SomeoneElse.objects.filter(Q(person=person) | Q(other=person)),
        person.shared_mailboxes,
        NameCheck.objects.filter(Q(person=person) | Q(holder=person)),
        SlackLinkOpening.objects.filter(person=person),
    ):
        rows.all().delete()
    _remove_topics(person)
    if hasattr(person, "calendar_feed"):
        person.calendar_feed.delete()
    remove_from_enrolments(enrolments)
    remove_from_emails(
        person=person,
        addresses=addresses,
        abouts=[*abouts, *corrections, *(e.about for e in enrolments)],
    )
    remove_from_log(Person, [person.pk])
    remove_deleted_from_log({*names, *addresses})
    contacts = Agency.objects.filter(contact_email__in=addresses)
    contacts.update(contact_name="", contact_email="")
    kept_for_undo = [merge.pk for merge in merges_naming(addresses)]
    AgencyMerge.objects.filter(pk__in=kept_for_undo).update(changes={})
    _forget_in_merges_of_others(person, names)
    remove_from_services(addresses)
    remove_from_imports(names=names, addresses=addresses)
    remove_from_resources(person, words)
    remove_from_texts(words, TEXTS)
    # What Django's own forms note is JSON, in which a letter with an accent is a code.
    remove_from_texts({json.dumps(word)[1:-1] for word in words}, {LogEntry: ("change_message",)})
    forget_in_changes(person, names=names, addresses=addresses)
    if user:
        remove_sessions(user, addresses)
        delete_user(user)
    remove_mail_files(addresses)
    return words


def _end_enrolments(person: Person, *, by: User | None, now: datetime) -> list[Enrolment]:
    rosters.end_open_enrolments(person, by=by, text="Erased.", now=now)
    return list(person.enrolments.select_related("community"))


def _remove_merges(person: Person, addresses: set[str]) -> list[str]:
    """Remove what is kept for undoing merges, with the merged records and the closed accounts.

    Returns the keys of emails about rows that the merges removed.
    """
    merges = PersonMerge.objects.filter(Q(kept=person) | Q(merged=person))
    gone = [
        (apps.get_model(row["model"]), row["pk"])
        for merge in merges
        for row in merge.changes.get("rows", ())
        if row["after"] is None
    ]
    for model, pk in gone:
        remove_from_log(model, [pk])
    for merge in merges.select_related("closed_account"):
        if merge.closed_account and not merge.undone_at:
            addresses.add(merge.closed_account.email)
            remove_sessions(merge.closed_account, {merge.closed_account.email})
            delete_user(merge.closed_account)
    merged = person.merged_records.all()
    remove_from_log(Person, merged.values_list("pk", flat=True))
    merges.delete()
    merged.delete()
    return [f"{model._meta.model_name}:{pk}" for model, pk in gone]


def _forget_in_merges_of_others(person: Person, names: set[str]) -> None:
    """Remove what is kept for undoing merges in which two name checks became one, if they name this person."""
    label = NameCheck._meta.label_lower
    for merge in PersonMerge.objects.exclude(changes={}):
        rows = [r["before"] for r in merge.changes["rows"] if r["model"] == label and r["before"]]
        if any(r.get("name") in names or r.get("holder") == str(person.pk) for r in rows):
            PersonMerge.objects.filter(pk=merge.pk).update(changes={})


def _notify_teams(person: Person, now: datetime) -> None:
    """Ask each team to compare Slack and Zoom with its roster, because no task may name an erased person."""
    not_removed = (*GRANTED_STATES, Access.State.TO_REMOVE)
    accesses = person.accesses.filter(state__in=not_removed)
    for team in SupportTeam.objects.filter(pk__in=accesses.values("team")).order_by("pk"):
        news = privacy_emails.news(
            "news-erased", team, reverse("admin:membership_access_changelist")
        )
        queue(news, about=f"erased:{person.pk}", event=team.pk, now=now)


def _listed(model: type[Fact], person: Person) -> QuerySet[Fact]:
    return model._default_manager.filter(person=person, evidence=Evidence.LISTED)


def _remove_facts(person: Person, *, name: str, email: str, keep_listed: bool) -> None:
    if keep_listed and any(_listed(model, person).exists() for model in FACTS):
        entry = Person.objects.create(name=name, email=email, known_since=person.known_since)
        for model in FACTS:
            _listed(model, person).update(person=entry)
    for model in FACTS:
        rows = model._default_manager.filter(person=person)
        forget_in_merges(model, rows.values_list("pk", flat=True))
        remove_from_log(model, rows.values_list("pk", flat=True))
        rows.delete()


def names_of(person: Person) -> set[str]:
    """Every name that the portal has for them."""
    return {person.name, *person.other_names.values_list("name", flat=True)} - {""}


def ambiguous_names(person: Person) -> set[str]:
    """Those of their names that may mean someone else in a text: of one word, or also another person's."""
    names = names_of(person)
    others = Person.objects.exclude(pk=person.pk).filter(merged_into=None, name__in=names)
    return {name for name in names if " " not in name} | set(others.values_list("name", flat=True))


def addresses_of(person: Person) -> set[str]:
    """Every email that the portal has for them."""
    found = {person.email, *person.accesses.values_list("address", flat=True)}
    found |= set(person.other_emails.values_list("email", flat=True))
    found |= set(OutboxEmail.objects.filter(person=person).values_list("to_email", flat=True))
    if person.user:
        found.add(person.user.email)
        found |= set(EmailAddress.objects.filter(user=person.user).values_list("email", flat=True))
    return found - {""}


def remove_from_emails(
    *, person: Person, addresses: Iterable[str] = (), abouts: Iterable[str] = ()
) -> None:
    """Cancel their queued emails, and remove the address, subject and text of all emails to or about them.

    If a worker is just sending an email, that worker records how it ended.
    """
    theirs = Q(person=person) | Q(about__in=list(abouts))
    theirs |= Q(person__isnull=True, to_email__in=list(addresses))
    found = OutboxEmail.objects.filter(theirs)
    pks = list(found.order_by("pk").values_list("pk", flat=True))
    emails = OutboxEmail.objects.filter(pk__in=pks)
    emails.filter(state=OutboxEmail.State.QUEUED).update(state=OutboxEmail.State.CANCELLED)
    emails.update(wanted=False, to_email="", subject=ERASED_PERSON, body="", last_error="")
    LetterAttempt.objects.filter(letter__in=pks).delete()
    Bounce.objects.filter(letter__in=pks).delete()
    remove_from_log(OutboxEmail, pks)


_NO_TEXT = {"object_repr": ERASED_PERSON, "change_message": ""}


def remove_from_log(model: type[Model], pks: Iterable[object]) -> None:
    """Remove the text from the admin's history of these rows. It keeps who acted, and when."""
    kind = ContentType.objects.get_for_model(model)
    of_rows = LogEntry.objects.filter(content_type=kind, object_id__in=[str(pk) for pk in pks])
    of_rows.update(**_NO_TEXT)


def remove_deleted_from_log(names: Iterable[str]) -> None:
    """Remove the text from the admin's history of facts about a person that are no longer in the register.

    The titles of such rows begin with the person's name, or with their email if they had none.
    """
    for name in names:
        is_named = Q(object_repr=name) | Q(object_repr__startswith=f"{name}: ")
        LogEntry.objects.filter(is_named).update(**_NO_TEXT)


def remove_from_enrolments(enrolments: Iterable[Enrolment]) -> None:
    """Remove what was said and written about these enrolments."""
    pks = [enrolment.pk for enrolment in enrolments]
    Enrolment.objects.filter(pk__in=pks).update(leave_until=None)
    Introduction.objects.filter(enrolment__in=pks).delete()
    Leaving.objects.filter(enrolment__in=pks).update(reason="")
    YearlyConfirmation.objects.filter(enrolment__in=pks).update(leave_until=None)
    AdmissionException.objects.filter(enrolment__in=pks).update(reason="", findings=[])
    WorklistRow.objects.filter(enrolment__in=pks).update(findings=[])
    WorklistStep.objects.filter(row__enrolment__in=pks).update(text="")
    RosterConfirmation.objects.filter(row__enrolment__in=pks).delete()
    remove_from_log(Enrolment, pks)
    for list_import in ListImport.objects.filter(effect__isnull=False).only("effect"):
        effect = dict(list_import.effect or {})
        kept = {
            key: [one for one in effect[key] if one.get("enrolment") not in pks]
            for key in ("on", "off")
        }
        if kept != {key: effect[key] for key in kept}:
            list_import.effect = {**effect, **kept}
            list_import.save(update_fields=["effect"])


def remove_from_services(addresses: set[str]) -> None:
    """Remove accounts that were found in Slack or Zoom, and entries of the lists that staff work on."""
    Access.objects.filter(person__isnull=True, address__in=addresses).delete()
    for export in (
        *SlackExport.objects.select_for_update(),
        *ZoomExport.objects.select_for_update(),
    ):
        others = {email: n for email, n in export.people.items() if email not in addresses}
        if len(others) != len(export.people):
            export.people = others
            export.save(update_fields=["people"])


def remove_from_imports(*, names: set[str], addresses: set[str]) -> None:
    """Remove the rows of imports that staff have not confirmed. The file itself is deleted within a week."""
    is_named = Q()
    for name in names:
        is_named |= Q(what__icontains=name) | Q(sentence__icontains=name)
    for address in addresses:
        is_named |= Q(what__contains=address) | Q(sentence__contains=address)
    if is_named:
        ListImportRow.objects.filter(is_named).delete()


def remove_from_texts(words: set[str], texts: Mapping[type[Model], Sequence[str]]) -> None:
    """Remove these names and emails from what others wrote, also in emails that still wait to be sent."""
    for model, columns in texts.items():
        for row in naming(words, model._default_manager.all(), *columns):
            for column in columns:
                text = without(words, getattr(row, column))
                longest = getattr(model._meta.get_field(column), "max_length", None)
                setattr(row, column, text[:longest])
            row.save(update_fields=columns)


def _remove_topics(person: Person) -> None:
    """Delete what they raised. Of a topic that concerns others too, the title stays for them."""
    for topic in person.topics.select_for_update(of=("self",)).order_by("pk"):
        remove_from_log(Topic, [topic.pk])
        if not let_go(topic, person):
            topic.text = ""
            topic.save(update_fields=["text"])
    person.topic_supports.all().delete()


def naming(words: set[str], rows: QuerySet[Any], *columns: str) -> QuerySet[Any]:
    """The rows that have one of these words in a column."""
    pairs = [Q(**{f"{column}__icontains": word}) for column, word in product(columns, words)]
    return rows.filter(functools.reduce(or_, pairs)) if pairs else rows.none()


def without(words: set[str], text: str) -> str:
    """The text without these names and emails."""
    # The longest first: one of their names can be the start of another. "Ana Lee" is not in "Joana Leeson".
    longest_first = sorted(words, key=len, reverse=True)
    return re.sub("|".join(map(_by_itself, longest_first)), "[removed]", text, flags=re.IGNORECASE)


def _by_itself(word: str) -> str:
    """A pattern for a name or an email that is not part of another one."""
    before = r"(?<![\w.+-])" if "@" in word else r"(?<!\w)"
    return rf"{before}{re.escape(word)}(?!\w)"


def remove_from_resources(person: Person, words: set[str]) -> None:
    """What is published stays, without their name. What is not goes, and so does a file of theirs that names them."""
    theirs = person.resources.all()
    gone = [
        resource.pk
        for resource in theirs.select_for_update(of=("self",)).select_related("file").order_by("pk")
        if resource.state != Resource.State.PUBLISHED
        or (resource.file and words and files.mentions(resource.file, words))
    ]
    remove_from_log(Resource, theirs.values_list("pk", flat=True))
    delete_rows(Resource.objects.filter(pk__in=gone))
    theirs.update(offered_by=None, shows_name=False)


def remove_sessions(user: User | None, addresses: set[str]) -> None:
    """Remove their sessions on every device, and sessions in which someone has just typed their email."""
    if user:
        end_sessions(user)
    # Kept as typed, maybe with the domain as people write it.
    spellings = addresses | {unicode_spelling(address) for address in addresses}
    theirs = []
    for session in Session.objects.iterator():
        kept = session.get_decoded()
        content = json.dumps(kept, default=str, ensure_ascii=False).lower()
        is_theirs = user is not None and kept.get("typed_by") == user.pk
        if is_theirs or any(address in content for address in spellings):
            theirs.append(session.pk)
    Session.objects.filter(pk__in=theirs).delete()


def remove_mail_files(addresses: set[str]) -> None:
    """In local mode emails are files: delete those to them when the caller's transaction commits."""
    if settings.MAIL_IS_FILES:
        transaction.on_commit(functools.partial(_delete_files, addresses))


def _delete_files(addresses: set[str]) -> None:
    for path in Path(settings.MAIL_FOLDER).glob("*.eml"):
        mail = message_from_bytes(path.read_bytes(), policy=policy.default)
        if any(address in str(mail["To"]).lower() for address in addresses):
            path.unlink(missing_ok=True)


def delete_user(user: User) -> None:
    """Delete the account with its emails, factors and permissions. What they did for others stays, without their name."""
    their_actions = LogEntry.objects.filter(user=user)
    if their_actions.exists():
        former = User.objects.get_or_create(email=FORMER_COLLEAGUE, defaults={"is_active": False})
        their_actions.update(user=former[0])
    remove_from_log(User, [user.pk])
    user.delete()
