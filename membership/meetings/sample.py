"""Meetings of the sample province, planned by the verbs themselves."""

from datetime import datetime, time, timedelta

from django.utils import timezone

from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import MeetingKind
from membership.meetings.attendance import Answer, answer, note_who_came, people_of
from membership.meetings.planning import Plan, plan_meeting
from membership.models import User
from membership.teams import TEAM_GROUPS

# days from today, kind, topic
_MEETINGS: list[tuple[int, MeetingKind, str]] = [
    (-45, MeetingKind.REGULAR, "What changed in our work this season"),
    (16, MeetingKind.REGULAR, "Staying well in this work"),
    (37, MeetingKind.TRAINING, "Safety planning with people in small towns"),
]
_ANSWERERS = 12
_AGENDA = "Welcome and a round of names\nThe topic, with time for your questions\nWhat we take up next time"
_NOTES = "We shared what helps when a colleague is away. The next meeting takes this up again."


def plan_sample_meetings(*, now: datetime) -> None:
    """For each community one meeting that was, with who came, and two to come."""
    staff = {
        family: User.objects.filter(is_staff=True, groups__name=group)[0]
        for group, family in TEAM_GROUPS.items()
    }
    for community in CommunityOfPractice.objects.select_related("team"):
        for days, kind, topic in _MEETINGS:
            _plan(community, days, kind, topic, staff[community.family], now)


def _plan(
    community: CommunityOfPractice,
    days: int,
    kind: MeetingKind,
    topic: str,
    by: User,
    now: datetime,
) -> None:
    day = timezone.localdate(now) + timedelta(days=days)
    starts_at = timezone.make_aware(datetime.combine(day, time(10)))
    is_over = days < 0
    planned_at = min(now, starts_at - timedelta(days=30))
    meeting = plan_meeting(
        plan=Plan(
            communities=(community,),
            kind=kind,
            topic=topic,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=90),
            join_link="https://zoom.example.org/j/0000000000",
            agenda=_AGENDA,
            notes=_NOTES if is_over else "",
        ),
        by=by,
        now=planned_at,
    )
    _answer(meeting, answered_at=planned_at)
    if is_over:
        there = set(people_of(meeting).values_list("pk", flat=True))
        note_who_came(meeting_id=meeting.pk, came=there, shown=there, by=by, now=now)


def _answer(meeting: Meeting, *, answered_at: datetime) -> None:
    """Every second person of the first few has answered: more would only slow down the start."""
    for place, person in enumerate(people_of(meeting)[:_ANSWERERS]):
        if place % 2 == 0:
            said = Answer.YES if place % 4 == 0 else Answer.MAYBE
            answer(meeting_id=meeting.pk, person=person, answer=said, now=answered_at)
