"""Topics on the pages of a community for its members."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from communities.models import Meeting
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_form_error
from membership.models import Person, Topic
from membership.sharing.members import Member, members_button, members_only
from membership.topics import raising
from membership.topics.forms import TopicForm
from membership.topics.models import OPEN_STATES
from membership.topics.raising import MAX_OPEN, open_topics_of, topics_for

PER_PAGE = 20


def open_topics(member: Member) -> QuerySet[Topic]:
    """The open topics of a community, those that concern most members first."""
    shown = topics_for(member.community, member.person).filter(state__in=OPEN_STATES)
    return shown.order_by("-supporters", "-raised_at", "-pk")


def topics_of_meeting(meeting: Meeting, person: Person) -> QuerySet[Topic]:
    """What is on the agenda of a meeting from the communities that this person is in."""
    theirs = person.enrolments.filter(ended_on=None).values("community")
    topics = meeting.topics.filter(community__in=theirs, hidden_at=None, merged_into=None)
    return topics.select_related("community").order_by("raised_at", "pk")


@require_safe
@members_only
def topics(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """The open topics, those that concern most people first; or with ``?show=settled`` what came of the others."""
    rows, is_settled = open_topics(member), request.GET.get("show") == "settled"
    if is_settled:
        settled = topics_for(member.community, member.person).exclude(state__in=OPEN_STATES)
        rows = settled.order_by("-raised_at", "-pk")
    return render(
        request,
        "my/community/topics/list.html",
        {
            "member": member,
            "topics": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
            "is_settled": is_settled,
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@members_only
def new_topic(request: AuthenticatedRequest, member: Member) -> HttpResponse:
    """Raise a topic."""
    form = TopicForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            topic = raising.raise_topic(
                person=member.person,
                community=member.community,
                now=timezone.now(),
                **form.cleaned_data,
            )
            messages.success(request, "Your topic is on the page. We email you what came of it.")
            return redirect("my:topic", member.community.slug, topic.pk)
    has_most = open_topics_of(member.person).count() >= MAX_OPEN
    return render(
        request,
        "my/community/topics/new.html",
        {"member": member, "form": form, "has_most": has_most, "most": MAX_OPEN},
    )


@require_safe
@members_only
def topic(request: AuthenticatedRequest, member: Member, pk: int) -> HttpResponse:
    """One topic and where it stands. The person who raised a hidden one sees why; one that was merged leads to the other."""
    own = Topic.objects.filter(pk=pk, community=member.community)
    if merged := own.filter(merged_into__isnull=False).first():
        return redirect("my:topic", member.community.slug, merged.merged_into_id)
    found = topics_for(member.community, member.person).filter(pk=pk).first()
    if found is None:
        found = get_object_or_404(own, raised_by=member.person, hidden_at__isnull=False)
    return render(
        request,
        "my/community/topics/topic.html",
        {
            "member": member,
            "topic": found,
            "is_own": found.raised_by_id == member.person.pk,
            "outcomes": found.outcomes.filter(taken_back_at=None).select_related("meeting"),
        },
    )


def _after(request: AuthenticatedRequest, member: Member, topic: Topic) -> HttpResponse:
    """To the topic's page or its place in the list; to the list if it is gone or hidden."""
    topic = topic.merged_into or topic
    address = reverse("my:topics", args=[member.community.slug])
    if request.POST.get("from") == "list":
        return redirect(f"{address}#topic-{topic.pk}")
    is_there = Topic.objects.filter(pk=topic.pk, hidden_at=None).exists()
    return redirect("my:topic", member.community.slug, topic.pk) if is_there else redirect(address)


# Staff may have hidden or merged it a moment ago.
_button = members_button(
    lambda member: member.community.topics.select_related("merged_into"), _after
)


@_button
def support(request: AuthenticatedRequest, member: Member, topic: Topic) -> str:
    """Say that a topic concerns them too, or no longer."""
    pk = topic.merged_into_id or topic.pk
    if "no" in request.POST:
        raising.take_back_support(topic_id=pk, person=member.person)
        return "You are no longer counted. We won’t email you about it."
    raising.support(topic_id=pk, person=member.person, now=timezone.now())
    return "You are counted. We email you what came of it."


@_button
def withdraw(request: AuthenticatedRequest, member: Member, topic: Topic) -> str:
    """Withdraw a topic."""
    if raising.withdraw(topic_id=topic.pk, person=member.person):
        return "You withdrew your topic. It is no longer on the page."
    return (
        "You withdrew your topic. It stays on the page without you, because it concerns others too."
    )


@_button
def show_name(request: AuthenticatedRequest, member: Member, topic: Topic) -> str:
    """Show their name beside their topic, or no longer."""
    shows = "no" not in request.POST
    raising.show_name(topic_id=topic.pk, person=member.person, shows=shows)
    return "Members now see your name." if shows else "Members no longer see your name."
