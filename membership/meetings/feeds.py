"""The secret address of a person's calendar: made, renewed, and read back.

An address is a random key with its signature. Only the key is in the database, so a copy of that
opens no calendar, and she can still see her address again.
"""

import secrets
from datetime import datetime

from django.conf import settings
from django.core.signing import BadSignature, Signer
from django.db.models import QuerySet
from django.urls import reverse

from communities.models import Meeting
from membership.meetings.attendance import meetings_of
from membership.meetings.calendar import FEED_GOES_BACK
from membership.models import CalendarFeed, Enrolment, Person

_signer = Signer(sep=".", salt="calendar feed")


def renew_feed(*, person: Person, now: datetime) -> CalendarFeed:
    """Give her a new address; the one before stops at once."""
    feed, _ = CalendarFeed.objects.update_or_create(
        person=person, defaults={"key": secrets.token_urlsafe(16), "made_at": now}
    )
    return feed


def address_of(feed: CalendarFeed) -> str:
    """The address to paste into a calendar program."""
    return settings.PORTAL_URL + reverse("calendar-feed", args=[_signer.sign(feed.key)])


def meetings_at(token: str, *, now: datetime) -> QuerySet[Meeting] | None:
    """What the calendar at an address shows; None where there is none.

    There is none for a made-up or an old address, for a deactivated sign-in, and for somebody who is
    in no community now. Of a community she has left nothing is shown.
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
    if not feed or not _is_anywhere(feed.person):
        return None
    return meetings_of(feed.person).filter(ends_at__gt=now - FEED_GOES_BACK)


def _is_anywhere(person: Person) -> bool:
    return Enrolment.objects.filter(person=person, ended_on__isnull=True).exists()
