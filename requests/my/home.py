"""What waits for somebody on their own page, the most pressing first."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.urls import reverse
from django.utils.formats import date_format

from membership.access.my_views import Place
from requests.clock.reminders import Wait
from requests.models import JoinRequest


@dataclass(frozen=True)
class Waiting:
    """One thing to do: what it is, the words of its link, and where that leads."""

    what: str
    do: str
    url: str


def what_waits(
    *, waits: Iterable[Wait], places: Iterable[Place], drafts: Iterable[JoinRequest]
) -> list[Waiting]:
    """Questions of staff by their last day, yearly questions, Slack, and what is not sent yet."""
    return [
        *(_question(wait) for wait in sorted(waits, key=lambda w: w.last_day)),
        *(_yearly(p) for p in places if p.enrolment.waits),  # type: ignore[attr-defined]
        *(_slack(p) for p in places if p.has_task),
        *(_draft(draft) for draft in drafts),
    ]


def _question(wait: Wait) -> Waiting:
    asked = wait.join_request
    return Waiting(
        f"EVA BC staff have asked you a question about your request for {asked.community.short_name}. "
        f"You can answer until the end of {date_format(wait.last_day, 'l, j F Y')}.",
        "Read it and answer",
        asked.get_absolute_url(),
    )


def _yearly(place: Place) -> Waiting:
    return Waiting(
        f"A year has passed. Is all still the same with you in {place.enrolment.community.short_name}?",
        "Please tell us whether all is still the same",
        reverse("my:confirm", args=[place.enrolment.pk]),
    )


def _slack(place: Place) -> Waiting:
    community = place.enrolment.community.short_name
    return Waiting(
        f"You are not in Slack yet, where {community} meets between the meetings.",
        f"See how to join Slack for {community}",
        reverse("my:slack", args=[place.enrolment.community.slug]),
    )


def _draft(draft: JoinRequest) -> Waiting:
    name = draft.community.name
    return Waiting(
        f"Your request for {name} is not sent yet.",
        f"Go on with your request for {name}",
        reverse("join", args=[draft.community.slug]),
    )
