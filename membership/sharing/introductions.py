"""Members seeing each other: each one decides, for each community, and can take it back at once."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.accounts.teams import require_team
from membership.emails.kinds import (
    COMMUNITY,
    NAME,
    TEAM,
    TO_PERSON,
    UNDO_TIME,
    EmailKind,
    Event,
    link,
    staff_text,
)
from membership.emails.message import compose
from membership.emails.queue import Email, cancel, check_staff_words, queue
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Introduction, User
from membership.rosters.enrolments import lock_own_enrolment

REMOVED = "introduction-removed"


EMAIL_KINDS = (
    EmailKind(
        REMOVED,
        "Introduction removed",
        TO_PERSON,
        "When staff remove what a member shows to the other members",
        (
            NAME,
            TEAM,
            COMMUNITY,
            staff_text("The reason", "It named a person whom you serve."),
            link(
                "members_link",
                "The community’s page with its members",
                "/my/communities/stvc/members/",
                "Go to the members’ page",
            ),
        ),
        cancelled_by=(Event.INTRODUCTION_SHOWN, Event.ENROLMENT_ENDED),
    ),
)

# Kept for a moment longer than the enrolment, or than staff show it, so that both can be undone.
_KEPT = timedelta(days=1)


def introductions_to(community: CommunityOfPractice, *, on: date) -> QuerySet[Introduction]:
    """What the members of a community see of each other. Those on leave are not shown."""
    here = Q(enrolment__leave_until=None) | Q(enrolment__leave_until__lt=on)
    rows = Introduction.objects.filter(
        here, enrolment__community=community, enrolment__ended_on=None, removed_at=None
    )
    return rows.select_related("enrolment__person").order_by("enrolment__person__name", "pk")


@transaction.atomic
def introduce(*, enrolment_id: int, by: User, now: datetime, **words: object) -> Introduction:
    """Show ``words``, the columns of an introduction, to the members of the community from now on."""
    enrolment = lock_own_enrolment(enrolment_id, by)
    if enrolment.ended_on:
        raise RefusedError("You are no longer in this community.")
    introduction, _ = Introduction.objects.update_or_create(
        enrolment=enrolment, defaults={**words, "changed_at": now, "removed_at": None}
    )
    return introduction


@transaction.atomic
def take_back_introduction(*, enrolment_id: int, by: User) -> bool:
    """No longer show a member to the others, from this moment. Returns whether they were shown."""
    enrolment = lock_own_enrolment(enrolment_id, by)
    return bool(Introduction.objects.filter(enrolment=enrolment).delete()[0])


@transaction.atomic
def remove_introduction(*, introduction_id: int, text: str, by: User, now: datetime) -> None:
    """Staff remove an introduction. ``text`` says why, to the member, when this can no longer be undone by a button."""
    introduction = _lock_of_team(introduction_id, by)
    if introduction.removed_at:
        raise RefusedError("A colleague has just removed this. Nothing was changed.")
    text = text.strip()
    if not text:
        raise RefusedError("Enter the reason.")
    check_staff_words(text)
    introduction.removed_at = now
    introduction.save(update_fields=["removed_at"])
    enrolment = introduction.enrolment
    entry = log_change(enrolment, by=by, words=f"Introduction removed. {text}")
    if enrolment.person.email:
        email = removed_email(introduction, text)
        queue(email, about=enrolment.about, event=entry.pk, now=now, wait=UNDO_TIME)


@transaction.atomic
def show_introduction_again(*, introduction_id: int, by: User) -> None:
    """Undo ``remove_introduction``. The member gets no email, if that still waits."""
    introduction = _lock_of_team(introduction_id, by)
    if not introduction.removed_at:
        raise RefusedError("Members see this introduction already. Nothing was changed.")
    introduction.removed_at = None
    introduction.save(update_fields=["removed_at"])
    cancel(about=introduction.enrolment.about, event=Event.INTRODUCTION_SHOWN)
    log_change(introduction.enrolment, by=by, words="Introduction shown again.")


def _lock_of_team(introduction_id: int, by: User) -> Introduction:
    rows = Introduction.objects.select_for_update(of=("self",)).select_related(
        "enrolment__person", "enrolment__community__team"
    )
    introduction = rows.filter(pk=introduction_id).first()
    if introduction is None:
        raise RefusedError("The member has just removed this. Nothing was changed.")
    require_team(introduction.enrolment.community, by, "community")
    return introduction


def removed_email(introduction: Introduction, text: str) -> Email:
    """The email about an introduction that staff removed."""
    enrolment = introduction.enrolment
    members = reverse("my:members", args=[enrolment.community.slug])
    return compose(
        REMOVED,
        team=enrolment.community.team,
        person=enrolment.person,
        words={
            "name": enrolment.person.name,
            "community": enrolment.community.full_name,
            "text": text,
            "members_link": settings.PORTAL_URL + members,
        },
    )


def forget_introductions(*, now: datetime) -> int:
    """Delete the introductions of people who have left, and those that staff have removed."""
    left = Q(enrolment__ended_on__lt=timezone.localdate(now - _KEPT))
    return Introduction.objects.filter(left | Q(removed_at__lt=now - _KEPT)).delete()[0]
