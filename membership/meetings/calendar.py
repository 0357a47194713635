"""Meetings for calendar apps (RFC 5545): one meeting as a file, or all of a person's as a feed.

Times are in UTC. With TZID=America/Vancouver, an app uses its own zone data and ignores the VTIMEZONE in
the file. Zone data from before 2026 still has British Columbia change its clocks in November, so such an
app would place every winter meeting an hour off. In UTC the moment is right everywhere without a
VTIMEZONE, and reminders come on time even if an app with old data shows another hour. For those apps the
description gives the time in words.

Calendars are often shared and appear on locked screens. So the summary is neutral, there is no organizer
and no name, and the link leads to the portal, which checks the roster when it is opened.
"""

import secrets
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.urls import reverse
from icalendar import Calendar, Event

from communities.models import Meeting
from membership.meetings.attendance import meetings_of
from membership.meetings.emails import link_to
from membership.models import CalendarFeed, Person

CONTENT_TYPE = "text/calendar; charset=utf-8"
# How often apps should refresh: a changed time shows the same day.
ASK_AGAIN = timedelta(hours=6)
FEED_GOES_BACK = timedelta(days=365)


def meeting_file(meeting: Meeting) -> bytes:
    """The calendar file of one meeting, to download."""
    return _calendar([meeting]).to_ical()


def feed_file(meetings: Iterable[Meeting]) -> bytes:
    """A calendar to subscribe to. The same meetings give the same bytes."""
    calendar = _calendar(meetings)
    calendar.add("name", "EVA BC Communities of Practice")
    calendar.add("x-wr-calname", "EVA BC Communities of Practice")
    calendar.add("refresh-interval", ASK_AGAIN, parameters={"VALUE": "DURATION"})
    # The same for Outlook, which does not support REFRESH-INTERVAL.
    calendar.add("x-published-ttl", "PT6H")
    return calendar.to_ical()


def _calendar(meetings: Iterable[Meeting]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", "-//EVA BC//Communities of Practice//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    for meeting in meetings:
        calendar.add_component(_event(meeting))
    return calendar


def _event(meeting: Meeting) -> Event:
    # Many apps keep showing a cancelled event as any other, so its title says so, and no one is led to it.
    if meeting.is_cancelled:
        cancelled, page = "Cancelled: ", link_to("my:meeting", meeting)
        last_line = "This meeting has been cancelled."
    else:
        cancelled, page = "", link_to("my:meeting-join", meeting)
        last_line = f"To join: {page}"
    event = Event()
    # The UID never changes: a changed meeting replaces the earlier event, by its higher SEQUENCE.
    event.add("uid", str(meeting.uid))
    event.add("sequence", meeting.sequence)
    event.add("dtstamp", _utc(meeting.changed_at))
    event.add("dtstart", _utc(meeting.starts_at))
    event.add("dtend", _utc(meeting.ends_at))
    event.add("summary", f"{cancelled}EVA BC, {meeting.community_names}: {meeting.kind_name}")
    if not meeting.is_cancelled:
        event.add("location", "Zoom")
    event.add("url", page)
    event.add("description", f"{meeting.topic}\n{meeting.clock}\n{last_line}")
    event.add("status", "CANCELLED" if meeting.is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    return event


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC).replace(microsecond=0)


# -- The secret address of a person's calendar -----------------------------------------------------


_signer = Signer(sep=".", salt="calendar feed")


def renew_feed(*, person: Person, now: datetime) -> CalendarFeed:
    """Create a new address for a person. The old one stops working at once."""
    feed, _ = CalendarFeed.objects.update_or_create(
        person=person, defaults={"key": secrets.token_urlsafe(16), "made_at": now}
    )
    return feed


def feed_address(feed: CalendarFeed) -> str:
    """The address to paste into a calendar app."""
    return settings.PORTAL_URL + reverse("calendar-feed", args=[_signer.sign(feed.key)])


def meetings_for_token(token: str, *, now: datetime) -> QuerySet[Meeting] | None:
    """The meetings of the calendar at an address; None if there is no such calendar.

    There is none for an invented or old address, for a deactivated account, or for a person who is not in
    a community now. Communities that they have left are not shown.
    """
    try:
        key = _signer.unsign(token)
    except BadSignature:
        return None
    feed = (
        CalendarFeed.objects.filter(key=key, person__user__is_active=True)
        .select_related("person")
        .first()
    )
    if not feed or not feed.person.enrolments.filter(ended_on__isnull=True).exists():
        return None
    return meetings_of(feed.person).filter(ends_at__gt=now - FEED_GOES_BACK)
