"""Announcing: one email to each person on some rosters, which can be taken back for a short time."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import Family
from membership.accounts.teams import require_team
from membership.emails.kinds import UNDO_TIME
from membership.emails.queue import Email, check_staff_words, queue_many
from membership.emails.templates import cached_templates
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Announcement, Bounce, Enrolment, OutboxEmail, Person, User
from membership.sharing import emails

State = OutboxEmail.State

_TOO_LATE = "Some of these emails are already on their way, so they can’t be undone."


@dataclass(frozen=True)
class Draft:
    """What staff are about to announce, and to whom."""

    communities: tuple[CommunityOfPractice, ...]
    subject: str
    text: str
    with_leave: bool = False
    meeting: Meeting | None = None

    def email_to(self, person: Person) -> Email:
        """The email as this person will get it."""
        return emails.email_of(
            person,
            self.communities,
            subject=self.subject,
            text=self.text,
            meeting=self.meeting,
        )


@dataclass(frozen=True)
class Reach:
    """Who gets an announcement, and how many on the rosters do not, by the reason.

    ``bounced`` counts those of ``people`` whose address has returned an email.
    """

    people: Sequence[Person]
    on_leave: int
    no_email: int
    closed: int
    bounced: int


def reach(communities: Iterable[CommunityOfPractice], *, with_leave: bool, on: date) -> Reach:
    """Everybody on these rosters once, however many of them they are on.

    On leave is who is on leave from each of these communities that they are in.
    """
    theirs = Enrolment.objects.filter(
        person=OuterRef("pk"), community__in=list(communities), ended_on=None
    )
    here = theirs.filter(Q(leave_until=None) | Q(leave_until__lt=on))
    bounces = Bounce.that_count().filter(letter__person=OuterRef("pk"))
    members = (
        Person.objects.filter(Exists(theirs))
        .annotate(is_here=Exists(here), has_bounced=Exists(bounces))
        .annotate(is_open=F("user__is_active"))
    )
    people, on_leave, no_email, closed = [], 0, 0, 0
    for person in members.order_by("pk"):
        if not (person.is_here or with_leave):
            on_leave += 1
        elif not person.email:
            no_email += 1
        elif person.is_open is False:
            closed += 1
        else:
            people.append(person)
    return Reach(people, on_leave, no_email, closed, sum(p.has_bounced for p in people))


def check(draft: Draft, *, by: User, now: datetime) -> None:
    """Raise ``RefusedError`` if this cannot be announced."""
    if not draft.communities:
        raise RefusedError("Choose at least one community.")
    if len({community.team_id for community in draft.communities}) > 1:
        raise RefusedError(
            "Choose communities of one team. Write a separate announcement for the other team."
        )
    require_team(draft.communities[0], by, "community")
    check_staff_words(draft.subject, draft.text)
    if draft.meeting:
        if not draft.meeting.is_to_come(now):
            raise RefusedError("This meeting is over or cancelled, so you can’t announce it.")
        if not {c.pk for c in draft.communities} <= {c.pk for c in draft.meeting.communities.all()}:
            raise RefusedError(
                "Choose only communities that meet. To invite others, add them to the meeting first."
            )


@transaction.atomic
def announce(
    *, draft: Draft, uid: uuid.UUID, expected: int, by: User, now: datetime
) -> Announcement:
    """Queue one email to everybody it reaches, due when it can no longer be undone.

    ``expected`` is the number of people in the preview. ``uid`` came with it: the second form with one
    returns the announcement of the first.
    """
    check(draft, by=by, now=now)
    people = reach(
        draft.communities, with_leave=draft.with_leave, on=timezone.localdate(now)
    ).people
    announcement, is_new = Announcement.objects.get_or_create(
        uid=uid,
        defaults={
            "team": draft.communities[0].team,
            "meeting": draft.meeting,
            "subject": draft.subject,
            "text": draft.text,
            "with_leave": draft.with_leave,
            "recipients": len(people),
            "by": by,
            "at": now,
        },
    )
    if announcement.taken_back_at:
        raise RefusedError(
            "You undid this announcement, so nothing was sent. To send it after all, check the preview and send it again."
        )
    if not is_new:
        return announcement
    if not people:
        raise RefusedError("No one on these rosters can get this email.")
    if len(people) != expected:
        raise RefusedError(
            f"The rosters have just changed. Now {people_in_words(len(people))} will get this email, not "
            f"{expected}. Check the preview and send it again."
        )
    announcement.communities.set(draft.communities)
    key = f"announcement:{announcement.pk}"
    with cached_templates():
        queue_many(
            {
                f"{key}:{person.pk}": replace(draft.email_to(person), announcement=announcement)
                for person in people
            },
            about=draft.meeting.about if draft.meeting else key,
            now=now,
            wait=UNDO_TIME,
        )
    rosters = ", ".join(community.short_name for community in draft.communities)
    log_change(
        announcement,
        by=by,
        words=f"Announced to {people_in_words(len(people))}: {rosters}.",
        added=True,
    )
    return announcement


@transaction.atomic
def take_back(*, announcement_id: int, by: User, now: datetime) -> Announcement:
    """Cancel every email of an announcement that was sent a moment ago."""
    announcement = _lock_own(announcement_id, by)
    if announcement.taken_back_at:
        raise RefusedError("This announcement was already undone. No email went out.")
    waiting = announcement.letters.filter(state=State.QUEUED, attempts=0)
    waiting.update(state=State.CANCELLED, wanted=False)
    if (
        now >= announcement.at + UNDO_TIME
        or announcement.letters.exclude(state=State.CANCELLED).exists()
    ):
        raise RefusedError(_TOO_LATE)
    announcement.taken_back_at = now
    announcement.save(update_fields=["taken_back_at"])
    log_change(announcement, by=by, words="Undone. No email went out.")
    return announcement


@transaction.atomic
def hide(*, announcement_id: int, by: User, now: datetime) -> None:
    """Take an announcement off the members' page. Its emails that have not gone out yet are not sent any more."""
    announcement = _lock_own(announcement_id, by)
    if announcement.hidden_at or announcement.taken_back_at:
        raise RefusedError("Members no longer see this announcement. Nothing was changed.")
    announcement.hidden_at = now
    announcement.save(update_fields=["hidden_at"])
    log_change(announcement, by=by, words="Removed from the members’ page.")


@transaction.atomic
def show_again(*, announcement_id: int, by: User) -> None:
    """Undo ``hide``. No email goes out again."""
    announcement = _lock_own(announcement_id, by)
    if not announcement.hidden_at:
        raise RefusedError("Members see this announcement already. Nothing was changed.")
    announcement.hidden_at = None
    announcement.save(update_fields=["hidden_at"])
    log_change(announcement, by=by, words="Shown to members again.")


def _lock_own(announcement_id: int, by: User) -> Announcement:
    rows = Announcement.objects.select_for_update(of=("self",)).select_related("team")
    announcement = rows.get(pk=announcement_id)
    require_team(announcement.team, by, "announcement")
    return announcement


def announcements_of(families: Iterable[Family]) -> QuerySet[Announcement]:
    """The announcements of these teams."""
    rows = Announcement.objects.filter(team__family__in=list(families))
    return rows.select_related("team", "by__person", "meeting").prefetch_related("communities")


def people_in_words(count: int) -> str:
    """For example "12 people"."""
    return "1 person" if count == 1 else f"{count} people"
