"""The emails about meetings. Their texts are in ``templates/email/`` until staff change them.

None of them holds the Zoom link, only the portal's page, which asks people to sign in first.
"""

from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils.text import get_text_list

from communities.calendar import format_day
from communities.models import Meeting
from membership.emails.kinds import (
    MEETINGS_LINK,
    NAME,
    TEAM,
    TO_PERSON,
    EmailKind,
    Event,
    Placeholder,
    link,
    staff_text,
)
from membership.emails.message import compose
from membership.emails.queue import Email
from membership.models import Attendance, OutboxEmail, Person

ANNOUNCED, REMINDER = "meeting-announcement", "meeting-reminder"
MOVED, CANCELLED = "meeting-moved", "meeting-cancelled"
MISSED = "meeting-missed"
CANCELLED_BY = (Event.REPLACED, Event.NO_LONGER_INVITED)

_MEETING = (
    NAME,
    TEAM,
    Placeholder(
        "communities",
        "The communities that meet",
        "Stopping the Violence Counselling programs (STVC) and Outreach services (ORS)",
    ),
    Placeholder("topic", "The topic of the meeting", "Working with interpreters"),
    Placeholder(
        "when",
        "The date and time",
        "Thursday, December 3, 2026, 10 to 11:30 a.m. Pacific time",
        needed=True,
    ),
)
MEETING_LINK = link("meeting_link", "The page of the meeting", "/my/meetings/1/", "See the meeting")


def _still_counts_as_missed(email: OutboxEmail, now: datetime) -> bool:
    """Whether they are still not recorded as having come."""
    meeting = int(email.about.partition(":")[2])
    came = Attendance.objects.filter(meeting=meeting, person=email.person_id, came=True)
    return not came.exists()


EMAIL_KINDS = (
    EmailKind(
        REMINDER,
        "Meeting reminder",
        TO_PERSON,
        "The day before a meeting",
        (*_MEETING, MEETING_LINK),
        cancelled_by=CANCELLED_BY,
    ),
    EmailKind(
        MOVED,
        "Meeting moved",
        TO_PERSON,
        "When staff change the date or time, to everyone who said yes or maybe or had an email with the time",
        (
            *_MEETING,
            Placeholder(
                "was",
                "The date and time before the change",
                "Wednesday, December 2, 2026, 1 to 2:30 p.m. Pacific time",
            ),
            MEETING_LINK,
        ),
        cancelled_by=CANCELLED_BY,
    ),
    EmailKind(
        CANCELLED,
        "Meeting cancelled",
        TO_PERSON,
        "When staff cancel a meeting, to everyone who said yes or maybe or had an email with the time",
        (
            *_MEETING,
            staff_text("The reason", "The speaker is ill."),
            MEETINGS_LINK,
        ),
        cancelled_by=CANCELLED_BY,
    ),
    EmailKind(
        MISSED,
        "What they missed",
        TO_PERSON,
        "After a meeting, when staff tell those who missed it what is on its page",
        (
            *_MEETING,
            Placeholder("found", "What is on its page", "the notes, the recording and 2 materials"),
            MEETING_LINK,
        ),
        cancelled_by=(Event.NO_LONGER_INVITED,),
        is_still_wanted=_still_counts_as_missed,
    ),
)


def when(meeting: Meeting) -> str:
    """For example "Thursday, December 3, 2026, 10 to 11:30 a.m. Pacific time"."""
    return f"{format_day(meeting.day)}, {meeting.clock}"


def link_to(name: str, meeting: Meeting) -> str:
    """The URL of a page of a meeting."""
    return settings.PORTAL_URL + reverse(name, args=[meeting.pk])


def email_of(kind: str, meeting: Meeting, person: Person, **words: str) -> Email:
    """The email of a kind about a meeting; ``words`` are what only this kind can say."""
    return compose(
        kind,
        team=meeting.team,
        person=person,
        words={
            "name": person.name,
            "communities": get_text_list([c.full_name for c in meeting.communities.all()], "and"),
            "topic": meeting.topic,
            "when": when(meeting),
            "meeting_link": link_to("my:meeting", meeting),
            "meetings_link": settings.PORTAL_URL + reverse("my:meetings"),
            **words,
        },
    )
