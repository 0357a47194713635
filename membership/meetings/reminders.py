"""One reminder of each meeting, on the day before.

Nothing is dated: a reminder is due from the day before until the meeting starts, and is queued once.
So an hour that was missed is made up for by the next one. Its key names the meeting's day: a meeting
that moves to another day has a reminder of its own, one that moves within its day has none, because
whoever was reminded of the old time gets the email with the new one.
"""

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from communities.models import Meeting
from membership.emails.queue import queue_once
from membership.meetings import emails
from membership.meetings.attendance import emailable_people
from membership.models import OutboxEmail
from membership.register.person_records import wants_reminders


def send_due_reminders(*, now: datetime) -> int:
    """Queue every reminder that is due and not yet there. Gives their number."""
    return sum(_remind(meeting_id, now) for meeting_id in _soon(now))


def _soon(now: datetime) -> list[int]:
    """The meetings that start today or tomorrow."""
    # Two days hold every start until tomorrow night; the day itself is asked of Vancouver's clock.
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    soon = Meeting.objects.filter(
        cancelled_at__isnull=True, starts_at__gt=now, starts_at__lt=now + timedelta(days=2)
    )
    return [meeting.pk for meeting in soon.only("starts_at") if meeting.day <= tomorrow]


@transaction.atomic
def _remind(meeting_id: int, now: datetime) -> int:
    # Locked, so that a meeting moved or cancelled meanwhile is not reminded of as it was.
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("team")
    meeting = rows.get(pk=meeting_id)
    if meeting_id not in _soon(now):
        return 0
    emails_of_meeting = OutboxEmail.objects.filter(about=meeting.about, kind=emails.REMINDER)
    queued = set(emails_of_meeting.values_list("key", flat=True))
    count = 0
    for person in emailable_people(meeting):
        key = f"{meeting.about}:{meeting.day}:{emails.REMINDER}:{person.pk}"
        if key not in queued and wants_reminders(person):
            email = emails.reminder(meeting, person)
            count += queue_once(email, key=key, about=meeting.about, now=now)
    return count
