"""Meetings and people on rosters for tests. All of it is invented."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils import timezone

from communities.models import Meeting
from membership.meetings.planning import MeetingPlan, plan_meeting
from membership.models import Enrolment, OutboxEmail, Person, User
from tests import builders

NOW = datetime(2026, 5, 4, 17, 0, tzinfo=UTC)
JUNE = date(2026, 6, 16)
ZOOM = "https://zoom.example.org/j/123456789?pwd=secret"


def at(day: date, clock: str) -> datetime:
    """A time of day in Vancouver."""
    return timezone.make_aware(datetime.combine(day, time.fromisoformat(clock)))


def a_plan(*slugs: str, day: date = JUNE, start: str = "10:00", **more: Any) -> MeetingPlan:
    starts_at = at(day, start)
    fields: dict[str, Any] = {
        "communities": tuple(builders.community(slug) for slug in slugs or ["stvc"]),
        "kind": "regular",
        "topic": "Staying well in this work",
        "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=90),
        "join_link": ZOOM,
    }
    return MeetingPlan(**{**fields, **more})


def planned(*slugs: str, by: User | None = None, now: datetime = NOW, **more: Any) -> Meeting:
    by = by or User.objects.filter(is_staff=True).first() or builders.lead()
    return plan_meeting(plan=a_plan(*slugs, **more), by=by, now=now)


def enrolled(user: User, slug: str = "stvc", since: date = date(2026, 1, 5)) -> Person:
    """Put a person with an account on a roster."""
    Enrolment.objects.create(
        person=user.person, community=builders.community(slug), started_on=since
    )
    return user.person


def member(name: str = "Dana Sample", slug: str = "stvc", **more: Any) -> Person:
    """A new person with this name on a roster."""
    return enrolled(builders.worker(f"{name.split()[0].lower()}@example.org", name), slug, **more)


def queued_emails(kind: str = "") -> list[tuple[str, str]]:
    """The queued emails about meetings: (kind, recipient)."""
    rows = OutboxEmail.objects.filter(kind__startswith=f"meeting-{kind}", wanted=True)
    return [(row.kind, row.to_email) for row in rows.order_by("pk")]
