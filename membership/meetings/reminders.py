"""One reminder of each meeting, on the day before.

Nothing is dated: a reminder is due from the day before until the meeting starts, and is queued once.
So an hour that did not run is made up for by the next one. Its key names the meeting's day: a meeting
that moves to another day has a reminder of its own, one that moves within its day has none, because
whoever was reminded of the old time gets the letter with the new one.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from communities.models import Meeting
from membership.details import takes_reminders
from membership.meetings import letters
from membership.meetings.attendance import can_be_written_to
from membership.models import OutboxEmail, Person
from membership.outbox.queue import queue_once

CHUNK = 500  # people looked at together


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


def _remind(meeting_id: int, now: datetime) -> int:
    done, last = 0, 0
    while True:
        with transaction.atomic():
            # Locked, so that a meeting moved or cancelled meanwhile is not reminded of as it was.
            meeting = (
                Meeting.objects.select_for_update(of=("self",))
                .select_related("team")
                .get(pk=meeting_id)
            )
            if meeting_id not in _soon(now):
                return done
            people = list(can_be_written_to(meeting).filter(pk__gt=last)[:CHUNK])
            for person, key in _not_yet(meeting, people):
                letter = letters.reminder(meeting, person)
                done += queue_once(letter, key=key, about=meeting.about, now=now)
        if not people:
            return done
        last = people[-1].pk


def _not_yet(meeting: Meeting, people: list[Person]) -> Iterator[tuple[Person, str]]:
    keys = {
        f"{meeting.about}:{meeting.day}:{letters.REMINDER}:{person.pk}": person for person in people
    }
    there = set(OutboxEmail.objects.filter(key__in=keys).values_list("key", flat=True))
    for key, person in keys.items():
        if key not in there and takes_reminders(person):
            yield person, key
