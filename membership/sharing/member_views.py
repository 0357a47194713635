"""What members find on their community's own pages: its home, its meetings, and what staff have announced."""

from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from communities.models import CommunityOfPractice
from membership.access.my_views import community_accesses
from membership.accounts.requests import AuthenticatedRequest
from membership.emails.kinds import UNDO_TIME
from membership.meetings.afterwards import with_materials
from membership.meetings.attendance import Answer, meetings_with_answers
from membership.models import Announcement
from membership.resources.verbs import published_in
from membership.sharing.members import Member, members_only
from membership.topics.member_views import open_topics

ON_HOME = 3
PER_PAGE = 20


@require_safe
@members_only
def home(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """What is new in the community, and the way to everything that members have there."""
    now = timezone.now()
    meetings = meetings_with_answers(member.person).filter(communities=member.community)
    accesses = community_accesses(member.person, on=timezone.localdate(now))
    return render(
        request,
        "my/community/home.html",
        {
            "member": member,
            "access": next(a for a in accesses if a.enrolment == member.enrolment),
            "next_meeting": meetings.filter(ends_at__gt=now, cancelled_at=None).first(),
            "answers": Answer.choices,
            "announcements": announcements_for(member.community, now=now)[:ON_HOME],
            "resources": published_in(member.community)[:ON_HOME],
            "today": timezone.localdate(now),
            "topics": open_topics(member)[:ON_HOME],
        },
    )


@require_safe
@members_only
def meetings(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """The community's meetings: those to come, and past ones with their notes, recording and materials."""
    now = timezone.now()
    own = meetings_with_answers(member.person).filter(communities=member.community)
    over = with_materials(own, member.person).filter(ends_at__lte=now, cancelled_at=None)
    pages = Paginator(over.order_by("-starts_at", "-pk"), PER_PAGE)
    return render(
        request,
        "my/community/meetings.html",
        {
            "member": member,
            "to_come": own.filter(ends_at__gt=now),
            "over": pages.get_page(request.GET.get("page")),
        },
    )


@require_safe
@members_only
def announcements(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Everything that was announced to this community, newest first."""
    pages = Paginator(announcements_for(member.community, now=timezone.now()), PER_PAGE)
    return render(
        request,
        "my/community/announcements.html",
        {"member": member, "announcements": pages.get_page(request.GET.get("page"))},
    )


def announcements_for(community: CommunityOfPractice, *, now: datetime) -> QuerySet[Announcement]:
    """What members of a community can read: it can no longer be undone, so its emails have gone out too."""
    sent = Announcement.objects.filter(
        communities=community, taken_back_at=None, hidden_at=None, at__lte=now - UNDO_TIME
    )
    return sent.select_related("meeting")
