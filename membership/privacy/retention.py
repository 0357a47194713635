"""Retention of personal data in this layer: how long each kind is kept, and deleting what is due.

Each function has its own transaction and returns the number of rows. ``requests.clock.retention`` calls
them.
"""

from calendar import monthrange
from datetime import datetime, timedelta

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from membership.append_only import history_released
from membership.models import (
    Announcement,
    Enrolment,
    Export,
    LetterAttempt,
    OutboxEmail,
    Person,
    SignInCode,
    Topic,
    TopicOutcome,
    User,
)
from membership.privacy import erasing

_State = OutboxEmail.State


def cutoff(now: datetime, kept: str) -> datetime:
    """The moment before which this kind of data, such as ``draft_days``, is no longer kept."""
    number = settings.RETENTION[kept]
    if kept.endswith("_days"):
        return now - timedelta(days=number)
    year, month = divmod(now.year * 12 + now.month - 1 - number, 12)
    day = min(now.day, monthrange(year, month + 1)[1])
    return now.replace(year=year, month=month + 1, day=day)


@history_released()
def delete_unconfirmed_sign_ups(*, now: datetime) -> int:
    """Delete accounts whose code was never entered: the email may not even be theirs."""
    confirmed = EmailAddress.objects.filter(user=OuterRef("pk"), verified=True)
    rows = User.objects.filter(
        ~Exists(confirmed),
        is_staff=False,
        is_superuser=False,
        last_login__isnull=True,
        person__isnull=True,
        date_joined__lt=cutoff(now, "signup_days"),
    ).exclude(email=erasing.FORMER_COLLEAGUE)
    users = list(rows.order_by("pk"))
    for user in users:
        erasing.remove_sessions(user, {user.email})
        erasing.delete_user(user)
    erasing.remove_mail_files({user.email for user in users})
    return len(users)


@history_released()
def delete_email_texts(*, now: datetime) -> int:
    """Remove the text of old emails. When and to whom they were sent stays, except for people we don't know."""
    old = cutoff(now, "letter_days")
    rows = OutboxEmail.objects.exclude(body="").filter(
        Q(state=_State.SENT, sent_at__lt=old)
        | Q(state__in=[_State.CANCELLED, _State.FAILED], queued_at__lt=old)
    )
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    emails = OutboxEmail.objects.filter(pk__in=pks)
    emails.update(body="")
    emails.filter(kind="successor", person__isnull=True).update(to_email="")
    LetterAttempt.objects.filter(letter__in=pks).update(answer="")
    return len(pks)


@history_released()
def delete_old_exports(*, now: datetime) -> int:
    """Delete the old part of the export log."""
    return Export.objects.filter(at__lt=cutoff(now, "export_months")).delete()[0]


@transaction.atomic
def delete_old_announcements(*, now: datetime) -> int:
    """Delete announcements whose time is over. That each member got an email stays."""
    rows = Announcement.objects.filter(at__lt=cutoff(now, "announcement_months"))
    return rows.delete()[1].get(Announcement._meta.label, 0)


@transaction.atomic
def delete_old_topics(*, now: datetime) -> int:
    """Delete topics that were raised long ago, and have had no outcome for as long."""
    old = cutoff(now, "topic_months")
    lately = TopicOutcome.objects.filter(topic=OuterRef("pk"), at__gte=old)
    # One that others were merged into is as young as the newest of them.
    merged = Topic.objects.filter(merged_into=OuterRef("pk"), raised_at__gte=old)
    rows = Topic.objects.filter(~Exists(lately), ~Exists(merged), raised_at__lt=old)
    pks = list(rows.order_by("pk").values_list("pk", flat=True))
    erasing.remove_from_log(Topic, pks)
    return Topic.objects.filter(pk__in=pks).delete()[1].get(Topic._meta.label, 0)


@transaction.atomic
def delete_ended_sessions(*, now: datetime) -> int:
    """Delete sessions that have expired, and emailed codes that expired a day ago."""
    SignInCode.objects.filter(expires_at__lt=now - timedelta(days=1)).delete()
    return Session.objects.filter(expire_date__lt=now).delete()[0]


@history_released()
def anonymize_old_enrolments(*, now: datetime) -> int:
    """Anonymize enrolments that ended long ago and came from an import, not from a request."""
    rows = Enrolment.objects.filter(
        ended_on__lt=cutoff(now, "request_months").date(),
        join_request__isnull=True,
        person__erased_on__isnull=True,
    )
    enrolments = list(rows.select_for_update(of=("self",)).order_by("pk"))
    for enrolment in enrolments:
        anonymize([enrolment], abouts=[], now=now)
    return len(enrolments)


def anonymize(enrolments: list[Enrolment], *, abouts: list[str], now: datetime) -> Person:
    """Move these enrolments, and the emails with the keys ``abouts``, to a new person without a name.

    Runs inside the caller's transaction, which has locked them.
    """
    unnamed = Person.objects.create(erased_on=now.date())
    abouts = [*abouts, *(enrolment.about for enrolment in enrolments)]
    Enrolment.objects.filter(pk__in=[e.pk for e in enrolments]).update(person=unnamed)
    erasing.remove_from_enrolments(enrolments)
    erasing.remove_from_emails(person=unnamed, abouts=abouts)
    OutboxEmail.objects.filter(about__in=abouts, person__isnull=False).update(person=unnamed)
    return unnamed


def inactive_people(now: datetime) -> QuerySet[Person]:
    """People without enrolments whom no list has included and who have not signed in for a long time.

    ``requests.clock.retention`` leaves out people who have a request.
    """
    old = cutoff(now, "person_months")
    seen = Coalesce("user__last_login", "user__date_joined")
    people = Person.objects.annotate(seen=seen).filter(
        Q(user__isnull=True) | Q(user__is_staff=False, seen__lt=old),
        erased_on__isnull=True,
        merged_into__isnull=True,
        known_since__lt=old,
        enrolments__isnull=True,
    )
    for model in erasing.FACTS:
        lately = model._default_manager.filter(person=OuterRef("pk"), list_as_of__gte=old.date())
        people = people.filter(~Exists(lately))
    return people
