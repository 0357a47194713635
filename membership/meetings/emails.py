"""The emails about meetings. Their texts are in ``templates/email/``, until staff change them.

None carries Zoom's join link: only the portal's page, which asks for the sign-in first.
"""

from django.conf import settings
from django.urls import reverse

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
    Placeholder("communities", "The communities that meet", "STVC and ORS"),
    Placeholder("topic", "What the meeting is about", "Working with interpreters"),
    Placeholder(
        "when",
        "Day and time",
        "Thursday, 3 December 2026, 10:00 to 11:30 Pacific time",
        needed=True,
    ),
)
_MEETING_LINK = link("meeting_link", "The page of the meeting", "/my/meetings/1/")

EMAIL_KINDS = (
    EmailKind(
        REMINDER,
        "Reminder of a meeting",
        TO_PERSON,
        "The day before a meeting",
        (*_MEETING, _MEETING_LINK),
        cancelled_by=_CANCELLED_BY,
    ),
    EmailKind(
        MOVED,
        "A meeting has another time",
        TO_PERSON,
        "When staff change its day or time, to those who count on it",
        (
            *_MEETING,
            Placeholder("was", "Day and time before", "Wednesday, 2 December 2026, 10:00"),
            _MEETING_LINK,
        ),
        cancelled_by=_CANCELLED_BY,
    ),
    EmailKind(
        CANCELLED,
        "A meeting is cancelled",
        TO_PERSON,
        "When staff cancel it, to those who count on it",
        (
            *_MEETING,
            staff_text("Why", "The speaker is ill."),
            link("meetings_link", "The page of all meetings", "/my/meetings/"),
        ),
        cancelled_by=_CANCELLED_BY,
    ),
)


def reminder(meeting: Meeting, person: Person) -> Email:
    """To somebody enrolled who did not say no: it is soon."""
    return _email(REMINDER, meeting, person)


def moved(meeting: Meeting, person: Person, *, was: str) -> Email:
    """To somebody who counts on it: it has another time; ``was`` says the old one."""
    return _email(MOVED, meeting, person, was=was)


def cancelled(meeting: Meeting, person: Person, text: str) -> Email:
    """To somebody who counts on it: it does not take place; ``text`` says why."""
    others = settings.PORTAL_URL + reverse("my:meetings")
    return _email(CANCELLED, meeting, person, text=text.strip(), meetings_link=others)


def when(meeting: Meeting) -> str:
    """Day and time, for example "Thursday, 3 December 2026, 10:00 to 11:30 Pacific time"."""
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
            "communities": meeting.community_names,
            "topic": meeting.topic,
            "when": when(meeting),
            "meeting_link": link_to("my:meeting", meeting),
            **words,
        },
    )
