"""My page: what applicants and members have to do, the most urgent first."""

from collections.abc import Iterable, Iterator

from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_safe

from communities.calendar import format_day
from membership.access.my_views import CommunityAccess, community_accesses
from membership.accounts.requests import AuthenticatedRequest
from membership.meetings.attendance import next_meetings, trainings_of
from membership.privacy import consents
from membership.register.person_records import person_of_user
from requests.clock.reminders import waits_of
from requests.lifecycle import State
from requests.models import JoinRequest
from requests.my.own_requests import with_steps

TRAININGS_SHOWN = 5


@login_required
@require_safe
def home(request: AuthenticatedRequest) -> HttpResponse:
    """Their tasks, communities, upcoming meetings and requests."""
    person = person_of_user(request.user)
    join_requests = list(with_steps(person.join_requests.all()).order_by("-pk"))
    now = timezone.now()
    accesses = community_accesses(person, on=timezone.localdate(now))
    is_agreed = person.consents.filter(version=consents.VERSION).exists()
    return render(
        request,
        "my/home.html",
        {
            "person": person,
            "purposes": () if is_agreed else consents.PURPOSES,
            "join_requests": [r for r in join_requests if r.state != State.DRAFT],
            "drafts": [r for r in join_requests if r.state == State.DRAFT],
            "today": timezone.localdate(now),
            "tasks": list(_tasks(join_requests, accesses)),
            "accesses": accesses,
            "next_meetings": next_meetings(person, now=now),
            # without the communities, which only the whole list names
            "trainings": trainings_of(person).prefetch_related(None)[:TRAININGS_SHOWN],
        },
    )


def _tasks(
    join_requests: Iterable[JoinRequest], accesses: Iterable[CommunityAccess]
) -> Iterator[tuple[str, str, str]]:
    """Questions from staff by their last day, yearly questions, and Slack."""
    awaited = [r for r in join_requests if r.state == State.AWAITING_REPLY]
    waits = waits_of(awaited, timezone.localdate())
    for wait in sorted(waits, key=lambda wait: wait.last_day):
        yield (
            "EVA BC staff have asked you a question about your request for "
            f"{wait.join_request.community.short_name}. "
            f"Please answer by the end of {format_day(wait.last_day)}.",
            "Read and answer the question",
            wait.join_request.get_absolute_url(),
        )
    for access in accesses:
        if access.enrolment.waits and not access.is_on_leave:  # type: ignore[attr-defined]
            community = access.enrolment.community.short_name
            yield (
                f"It’s time for your yearly check-in. Has anything changed in your work for {community}?",
                "Complete your yearly check-in",
                reverse("my:confirm", args=[access.enrolment.pk]),
            )
    for access in accesses:
        if access.has_task:
            community = access.enrolment.community.short_name
            yield (
                f"You have not joined Slack yet. {community} members talk there between meetings.",
                f"See how to join Slack for {community}",
                reverse("my:slack", args=[access.enrolment.community.slug]),
            )
