"""Who is coming to a meeting, and who attended.

Enrolment at the moment of asking decides: people who have left see nothing, and their answers no longer
count; people who join late see everything.
"""

from collections.abc import Collection
from datetime import date, datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from communities.models import Meeting
from communities.rules.vocabulary import MeetingKind
from membership.accounts.teams import require_team
from membership.emails.kinds import Event, cancelled_by
from membership.emails.queue import cancel
from membership.errors import RefusedError
from membership.history import log_change
from membership.meetings import emails
from membership.models import Attendance, Enrolment, OutboxEmail, Person, User

Answer = Attendance.Answer


def meetings_of(person: Person) -> QuerySet[Meeting]:
    """The meetings of the communities they are enrolled in now, including cancelled ones."""
    enrolled_in = Enrolment.objects.filter(person=person, ended_on__isnull=True).values("community")
    # Through the table between them, because a join would return a meeting of two communities twice.
    links = Meeting.communities.through.objects.filter(communityofpractice__in=enrolled_in)
    meetings = Meeting.objects.filter(pk__in=links.values("meeting"))
    return meetings.select_related("team").prefetch_related("communities")


def meetings_with_answers(person: Person) -> QuerySet[Meeting]:
    """The same, each with their own answer, if any, in the list ``own_attendances``."""
    own = Attendance.objects.filter(person=person)
    return meetings_of(person).prefetch_related(
        Prefetch("attendances", queryset=own, to_attr="own_attendances")
    )


def next_meetings(person: Person, *, now: datetime) -> QuerySet[Meeting]:
    """The next three meetings for their own page, soonest first."""
    return meetings_with_answers(person).filter(ends_at__gt=now, cancelled_at__isnull=True)[:3]


@transaction.atomic
def answer(*, meeting_id: int, person: Person, answer: str, now: datetime) -> None:
    """Record whether they are coming. The newest answer counts."""
    meeting = Meeting.objects.select_for_update().get(pk=meeting_id)
    if not meetings_of(person).filter(pk=meeting_id).exists():
        raise RefusedError("This meeting is only for members of its community.")
    if meeting.is_cancelled:
        raise RefusedError("This meeting has been cancelled.")
    if not meeting.is_to_come(now):
        raise RefusedError("This meeting is over.")
    if answer not in Answer.values:
        raise RefusedError("Choose whether you are coming.")
    Attendance.objects.update_or_create(
        meeting=meeting, person=person, defaults={"answer": answer, "answered_at": now}
    )


def lock_meeting(meeting_id: int, by: User) -> Meeting:
    """Lock a meeting of this staff member's team. Runs inside the caller's transaction."""
    meetings = Meeting.objects.select_for_update(of=("self",)).select_related("team")
    meeting = meetings.get(pk=meeting_id)
    require_team(meeting.team, by, "meeting")
    return meeting


def eligible_people(meeting: Meeting) -> QuerySet[Person]:
    """People on its communities' rosters on the day, and people already recorded as having come."""
    on_the_roster = _enrolled(meeting).filter(
        Q(ended_on__isnull=True) | Q(ended_on__gte=meeting.day), started_on__lte=meeting.day
    )
    recorded = Attendance.objects.filter(meeting=meeting, person=OuterRef("pk"), came=True)
    return Person.objects.filter(Exists(on_the_roster) | Exists(recorded)).order_by("name", "pk")


def expected_people(meeting: Meeting, *, on: date) -> list[Person]:
    """People who said yes or maybe, or who had an email with its time and did not say no."""
    emailed = OutboxEmail.objects.filter(
        about=meeting.about,
        kind__in=[emails.ANNOUNCED, emails.REMINDER, emails.MOVED],
        person=OuterRef("pk"),
        wanted=True,
    )
    said_yes = _answers(meeting).filter(answer__in=[Answer.YES, Answer.MAYBE])
    return list(emailable_people(meeting, on=on).filter(Q(Exists(said_yes)) | Q(Exists(emailed))))


def cancel_emails_to_leaver(person: Person, *, on: date) -> None:
    """Cancel queued emails about meetings that are no longer theirs, because an enrolment ended or is paused.

    Runs inside the caller's transaction.
    """
    waiting = OutboxEmail.objects.filter(
        person=person,
        kind__in=cancelled_by(Event.NO_LONGER_INVITED),
        state__in=[OutboxEmail.State.QUEUED, OutboxEmail.State.SENDING],
    )
    enrolled_in = Enrolment.objects.filter(_not_away(on), person=person).values("community")
    links = Meeting.communities.through.objects.filter(communityofpractice__in=enrolled_in)
    theirs = Meeting.objects.filter(pk__in=links.values("meeting"))
    still_theirs = {meeting.about for meeting in theirs}
    for about in set(waiting.values_list("about", flat=True)) - still_theirs:
        cancel(about=about, event=Event.NO_LONGER_INVITED, person=person)


def emailable_people(meeting: Meeting, *, on: date) -> QuerySet[Person]:
    """Of the people who can be reached, those who did not say no."""
    said_no = Exists(_answers(meeting).filter(answer=Answer.NO))
    return reachable_people(meeting, on=on).filter(~said_no)


def reachable_people(meeting: Meeting, *, on: date) -> QuerySet[Person]:
    """People who are enrolled now and not on leave, have an email and can sign in."""
    enrolled_now = Exists(_enrolled(meeting).filter(_not_away(on)))
    people = Person.objects.filter(enrolled_now).exclude(email="")
    return people.exclude(user__is_active=False).order_by("pk")


def people_who_missed(meeting: Meeting, *, on: date) -> QuerySet[Person]:
    """People on its rosters then and now who did not come, can be reached and want reminders."""
    came = Exists(_answers(meeting).filter(came=True))
    members = eligible_people(meeting).order_by().values("pk")
    people = reachable_people(meeting, on=on).filter(~came, pk__in=members)
    return people.filter(wants_reminders=True)


def trainings_of(person: Person) -> QuerySet[Meeting]:
    """The training sessions that they attended, newest first, also of communities that they have left."""
    attended = Attendance.objects.filter(person=person, came=True).values("meeting")
    rows = Meeting.objects.filter(kind=MeetingKind.TRAINING, pk__in=attended)
    return rows.prefetch_related("communities").order_by("-starts_at", "-pk")


@transaction.atomic
def record_attendance(
    *,
    meeting_id: int,
    came: Collection[int],
    shown: Collection[int],
    by: User,
    now: datetime,
    source: str = "by hand",
) -> str:
    """Record that of the people ``shown``, those in ``came`` were there and the others were not.

    Returns what has changed, in words.
    """
    meeting = lock_meeting(meeting_id, by)
    if meeting.is_cancelled:
        raise RefusedError("This meeting was cancelled, so you can’t record attendance.")
    if now < meeting.starts_at:
        raise RefusedError("This meeting has not started yet. Record attendance after it starts.")
    known = set(eligible_people(meeting).filter(pk__in=shown).values_list("pk", flat=True))
    rows = meeting.attendances.filter(came=True, person__in=known)
    before = set(rows.values_list("person_id", flat=True))
    present = known & set(came)
    rows.exclude(person__in=present).update(came=False)
    Attendance.objects.bulk_create(
        (Attendance(meeting=meeting, person_id=pk, came=True) for pk in present - before),
        update_conflicts=True,
        unique_fields=["meeting", "person"],
        update_fields=["came"],
    )
    change = f"{len(present - before)} added, {len(before - present)} removed"
    if present != before:
        log_change(meeting, by=by, words=f"Attendance recorded {source}: {change}.")
    return change


def _not_away(on: date) -> Q:
    return Q(Q(leave_until__isnull=True) | Q(leave_until__lt=on), ended_on__isnull=True)


def _enrolled(meeting: Meeting) -> QuerySet[Enrolment]:
    """Enrolments of the outer query's person in this meeting's communities."""
    return Enrolment.objects.filter(
        person=OuterRef("pk"), community__in=meeting.communities.values("pk")
    )


def _answers(meeting: Meeting) -> QuerySet[Attendance]:
    """The outer query's person's answer to this meeting."""
    return Attendance.objects.filter(meeting=meeting, person=OuterRef("pk"))
