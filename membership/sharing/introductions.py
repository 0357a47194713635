"""Members seeing each other: each one decides, for each community, and can take it back at once."""

from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.accounts.teams import families_of
from membership.emails.kinds import COMMUNITY, NAME, TEAM, TO_PERSON, EmailKind, link, staff_text
from membership.emails.message import compose
from membership.emails.queue import Email, queue
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
    ),
)

# Kept for a moment longer than the enrolment, so that an undone ending brings it back.
_KEPT_AFTER_LEAVING = timedelta(days=1)


def introductions_to(community: CommunityOfPractice, *, on: date) -> QuerySet[Introduction]:
    """What the members of a community see of each other. Those on leave are not shown."""
    here = Q(enrolment__leave_until=None) | Q(enrolment__leave_until__lt=on)
    rows = Introduction.objects.filter(
        here, enrolment__community=community, enrolment__ended_on=None
    )
    return rows.select_related("enrolment__person").order_by("enrolment__person__name", "pk")


@transaction.atomic
def introduce(*, enrolment_id: int, by: User, now: datetime, **words: object) -> Introduction:
    """Show ``words``, the columns of an introduction, to the members of the community from now on."""
    enrolment = lock_own_enrolment(enrolment_id, by)
    if enrolment.ended_on:
        raise RefusedError("You are no longer in this community.")
    introduction, _ = Introduction.objects.update_or_create(
        enrolment=enrolment, defaults={**words, "changed_at": now}
    )
    return introduction


@transaction.atomic
def take_back_introduction(*, enrolment_id: int, by: User) -> bool:
    """No longer show a member to the others, from this moment. Returns whether they were shown."""
    enrolment = lock_own_enrolment(enrolment_id, by)
    return bool(Introduction.objects.filter(enrolment=enrolment).delete()[0])


@transaction.atomic
def remove_introduction(*, introduction_id: int, text: str, by: User, now: datetime) -> None:
    """Staff remove an introduction. ``text`` says why, to the member."""
    rows = Introduction.objects.select_for_update(of=("self",)).select_related(
        "enrolment__person", "enrolment__community__team"
    )
    introduction = rows.filter(pk=introduction_id).first()
    if introduction is None:
        raise RefusedError("The member has just removed this. Nothing was changed.")
    enrolment = introduction.enrolment
    if enrolment.community.family not in families_of(by):
        raise RefusedError("This community belongs to the other team.")
    if not text.strip():
        raise RefusedError("Enter the reason.")
    entry = log_change(enrolment, by=by, words=f"Introduction removed. {text.strip()}")
    introduction.delete()
    if enrolment.person.email:
        queue(removed_email(introduction, text), about=enrolment.about, event=entry.pk, now=now)


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
    """Delete the introductions of people who have left."""
    left = Introduction.objects.filter(
        enrolment__ended_on__lt=timezone.localdate(now - _KEPT_AFTER_LEAVING)
    )
    return left.delete()[0]
