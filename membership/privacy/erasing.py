"""Erasing a person, as far as the register and the outbox know them.

``requests.my.privacy.erase`` is the verb. It takes their requests first and then comes here: imports run
down only.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from communities.models import SupportTeam
from communities.rules.vocabulary import Evidence
from membership.access.verbs import GRANTED_STATES
from membership.accounts.teams import LEADS, families_of, is_lead
from membership.emails.queue import queue
from membership.errors import RefusedError
from membership.models import (
    Access,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    Person,
    ProgramPosition,
    SlackLinkOpening,
    User,
)
from membership.privacy import emails as privacy_emails
from membership.privacy import traces
from membership.rosters import emails as rosters_emails
from membership.rosters import enrolments as rosters

Fact = ProgramPosition | CoordinationRole | EvaMembership
FACTS: tuple[type[Fact], ...] = (ProgramPosition, CoordinationRole, EvaMembership)


def lists_naming(person: Person) -> list[str]:
    """The lists of EVA BC that name this person, each in words: what erasing leaves."""
    return sorted({fact.source for model in FACTS for fact in _listed(model, person)})


def lock_for_erasing(*, person_id: int, by: User) -> Person:
    """The person, held until the caller's transaction ends, where ``by`` may erase them."""
    person = Person.objects.select_for_update(of=("self",)).get(pk=person_id)
    if person.erased_on:
        raise RefusedError("Nobody is known here any more. Nothing was changed.")
    if person.user_id != by.pk:
        _check_may_erase_other(person, by)
    if person.user and is_lead(person.user):
        _check_not_last_lead(person.user)
    return person


def _check_may_erase_other(person: Person, by: User) -> None:
    families = families_of(by)
    if not families:
        raise RefusedError("This is somebody else’s account.")
    if person.user and person.user.is_staff and not is_lead(by):
        raise RefusedError("This person works for EVA BC. A lead can erase their account.")
    places = person.enrolments.filter(ended_on__isnull=True)
    if places.exclude(community__team__family__in=families).exists():
        raise RefusedError(
            "This person is in a community of the other team. Ask a lead to erase them."
        )


def _check_not_last_lead(user: User) -> None:
    # All of them, in one order: of two leads who go at once, one stays.
    leads = User.objects.select_for_update(of=("self",)).filter(is_active=True, is_staff=True)
    in_group = User.groups.through.objects.filter(user=OuterRef("pk"), group__name=LEADS)
    keys = set(
        leads.filter(Q(is_superuser=True) | Exists(in_group))
        .order_by("pk")
        .values_list("pk", flat=True)
    )
    if keys == {user.pk}:
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
    addresses = traces.addresses_of(person)
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
    traces.remove_from_enrolments(enrolments)
    traces.remove_from_emails(
        person=person,
        addresses=addresses,
        abouts=[*abouts, *corrections, *(e.about for e in enrolments)],
    )
    traces.remove_from_log(Person, [person.pk])
    traces.remove_from_slack(addresses)
    traces.remove_from_imports(name=name, addresses=addresses)
    if user:
        traces.remove_sessions(user, addresses)
        traces.delete_user(user)
    traces.remove_mail_files(addresses)


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
    there = (*GRANTED_STATES, Access.State.TO_REMOVE)
    teams = SupportTeam.objects.filter(
        pk__in=person.accesses.filter(state__in=there).values("team")
    )
    for team in teams.order_by("pk"):
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
        traces.remove_from_log(model, rows.values_list("pk", flat=True))
        rows.delete()
