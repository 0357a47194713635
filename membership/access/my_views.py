"""A member's own access and Slack page, while they are enrolled."""

from dataclasses import dataclass
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from membership.access import slack_link as links
from membership.access import verbs
from membership.access.slack_link import SlackPage
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import RefusedError, refusal_as_warning
from membership.models import Access, Enrolment, Person
from membership.rosters.confirmations import has_open_confirmation
from membership.sharing.members import Member, members_only


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


@require_safe
@members_only
def slack(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """How to join Slack. The link is shown once they have asked for it."""
    page = _slack_page(member)
    return render(request, "my/slack.html", {"community": member.community, "slack_page": page})


@require_POST
@members_only
def slack_link(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Show the invitation link, which is one use of it."""
    _slack_page(member)
    with refusal_as_warning(request):
        links.open_link(person=member.person, community=member.community, now=timezone.now())
    return redirect("my:slack", slug=member.community.slug)


@require_POST
@members_only
def slack_joined(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Record that they have joined."""
    _slack_page(member)
    with refusal_as_warning(request):
        team = member.community.team
        verbs.report_joined(person=member.person, team=team, now=timezone.now())
        messages.success(request, "Thank you for letting us know. Welcome to Slack!")
    return redirect("my:slack", slug=member.community.slug)


def _slack_page(member: Member) -> SlackPage:
    """Their page, or 404 if the community has no Slack."""
    try:
        return links.slack_page_of(
            person=member.person, community=member.community, on=timezone.localdate()
        )
    except RefusedError as refusal:
        raise Http404(str(refusal)) from refusal
