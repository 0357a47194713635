"""The emails about meetings. Their texts are in ``templates/email/``, until staff change them.

None carries Zoom's join link: only the portal's page, which asks for the sign-in first.
"""

from django.conf import settings
from django.urls import reverse
from django.utils.text import get_text_list

from communities.calendar import format_day
from communities.models import Meeting
from membership.emails.kinds import (
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
from membership.models import Person

REMINDER, MOVED, CANCELLED = "meeting-reminder", "meeting-moved", "meeting-cancelled"
_CANCELLED_BY = (Event.REPLACED, Event.NO_LONGER_INVITED)

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
        "Day and time",
        "Thursday, December 3, 2026, 10 to 11:30 a.m. Pacific time",
        needed=True,
    ),
)
_MEETING_LINK = link("meeting_link", "The meeting’s page", "/my/meetings/1/")

EMAIL_KINDS = (
    EmailKind(
        REMINDER,
        "Meeting reminder",
        TO_PERSON,
        "The day before a meeting",
        (*_MEETING, _MEETING_LINK),
        cancelled_by=_CANCELLED_BY,
    ),
    EmailKind(
        MOVED,
        "Meeting time changed",
        TO_PERSON,
        "When staff change the day or time, to people who plan to attend",
        (
            *_MEETING,
            Placeholder(
                "was",
                "Day and time before the change",
                "Wednesday, December 2, 2026, 10 to 11:30 a.m. Pacific time",
            ),
            _MEETING_LINK,
        ),
        cancelled_by=_CANCELLED_BY,
    ),
    EmailKind(
        CANCELLED,
        "Meeting cancelled",
        TO_PERSON,
        "When staff cancel a meeting, to people who plan to attend",
        (
            *_MEETING,
            staff_text("Why", "The speaker is ill."),
            link("meetings_link", "The page with all meetings", "/my/meetings/"),
        ),
        cancelled_by=_CANCELLED_BY,
    ),
)


def reminder(meeting: Meeting, person: Person) -> Email:
    """To a member who did not say no: the meeting is soon."""
    return _email(REMINDER, meeting, person)


def moved(meeting: Meeting, person: Person, *, was: str) -> Email:
    """To a person who plans to attend: the time has changed; ``was`` is the old time."""
    return _email(MOVED, meeting, person, was=was)


def cancelled(meeting: Meeting, person: Person, text: str) -> Email:
    """To a person who plans to attend: the meeting is cancelled; ``text`` says why."""
    others = settings.PORTAL_URL + reverse("my:meetings")
    return _email(CANCELLED, meeting, person, text=text.strip(), meetings_link=others)


def when(meeting: Meeting) -> str:
    """Day and time, for example "Thursday, December 3, 2026, 10 to 11:30 a.m. Pacific time"."""
    return f"{format_day(meeting.day)}, {meeting.clock}"


def link_to(name: str, meeting: Meeting) -> str:
    """A page of a meeting on the portal."""
    return settings.PORTAL_URL + reverse(name, args=[meeting.pk])


def _email(kind: str, meeting: Meeting, person: Person, **words: str) -> Email:
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
            **words,
        },
    )
