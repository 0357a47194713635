"""A member's own access and Slack page, while they are enrolled."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from communities.models import CommunityOfPractice
from membership.access import slack_link as links
from membership.access import verbs
from membership.access.slack_link import SlackPage
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import RefusedError, refusal_as_warning
from membership.models import Access, Enrolment, Person
from membership.register.person_records import person_of_user
from membership.rosters.confirmations import has_open_confirmation


@dataclass(frozen=True)
class CommunityAccess:
    """A community they are in, with their access. ``slack`` is None if the community has no Slack."""

    enrolment: Enrolment
    slack: Access | None
    zoom: Access | None
    is_on_leave: bool

    @property
    def has_task(self) -> bool:
        """True while they have not joined Slack."""
        is_missing = self.slack is not None and self.slack.state != Access.State.JOINED
        return is_missing and not self.is_on_leave


def community_accesses(person: Person, *, on: date) -> list[CommunityAccess]:
    """The communities they are in now, in two queries. ``enrolment.waits`` is for the yearly check-in."""
    enrolments = person.enrolments.filter(ended_on__isnull=True).annotate(
        waits=has_open_confirmation()
    )
    slack: dict[int, Access] = {}
    zoom: dict[int | None, Access] = {}
    for access in person.accesses.all():
        if access.kind == Access.Kind.SLACK:
            slack[access.team_id] = access
        else:
            zoom[access.community_id] = access
    return [
        CommunityAccess(
            enrolment=enrolment,
            slack=slack.get(enrolment.community.team_id) if enrolment.community.has_slack else None,
            zoom=zoom.get(enrolment.community_id),
            is_on_leave=enrolment.is_on_leave(on),
        )
        for enrolment in enrolments.select_related("community__team")
    ]


@login_required
@require_safe
def slack(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """How to join Slack. The link is shown once they have asked for it."""
    community, _, page = _slack_page(request, slug)
    return render(request, "my/slack.html", {"community": community, "slack_page": page})


@login_required
@require_POST
def slack_link(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Show the invitation link, which is one use of it."""
    community, person, _ = _slack_page(request, slug)
    with refusal_as_warning(request):
        links.open_link(person=person, community=community, now=timezone.now())
    return redirect("my:slack", slug=slug)


@login_required
@require_POST
def slack_joined(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Record that they have joined."""
    community, person, _ = _slack_page(request, slug)
    with refusal_as_warning(request):
        verbs.report_joined(person=person, team=community.team, now=timezone.now())
        messages.success(request, "Thank you for letting us know. Welcome to Slack!")
    return redirect("my:slack", slug=slug)


def _slack_page(
    request: AuthenticatedRequest, slug: str
) -> tuple[CommunityOfPractice, Person, SlackPage]:
    """The community, the member and their page. Answers 404 if they are not enrolled there."""
    communities = CommunityOfPractice.objects.select_related("team")
    community = get_object_or_404(communities, slug=slug)
    person, on = person_of_user(request.user), timezone.localdate()
    try:
        return community, person, links.slack_page_of(person=person, community=community, on=on)
    except RefusedError as refusal:
        raise Http404(str(refusal)) from refusal
