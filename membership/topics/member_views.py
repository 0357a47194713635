"""Topics on the pages of a community for its members."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from communities.models import Meeting
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.models import Person, Topic
from membership.sharing.members import Member, members_only
from membership.topics import raising
from membership.topics.forms import TopicForm
from membership.topics.models import OPEN_STATES
from membership.topics.raising import MAX_OPEN, open_topics_of, topics_for

ON_HOME = 3
PER_PAGE = 20


def topics_on_home(member: Member) -> QuerySet[Topic]:
    """The open topics that concern most people, for the home of a community."""
    return _open_topics(member)[:ON_HOME]


def _open_topics(member: Member) -> QuerySet[Topic]:
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
    rows, is_settled = _open_topics(member), request.GET.get("show") == "settled"
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
            return _to(topic)
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
    if merged := own.filter(merged_into__isnull=False).select_related("merged_into").first():
        return _to(merged.merged_into or merged)
    hidden = own.filter(raised_by=member.person, hidden_at__isnull=False)
    found = topics_for(member.community, member.person).filter(pk=pk).first() or hidden.first()
    if found is None:
        raise Http404("No such topic.")
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


@require_POST
@members_only
def support(request: AuthenticatedRequest, member: Member, pk: int) -> HttpResponse:
    """Say that a topic concerns them too, or no longer."""
    topic = _topic(member, pk)
    topic = topic.merged_into or topic
    with refusal_as_warning(request):
        if "no" in request.POST:
            raising.take_back_support(topic_id=topic.pk, person=member.person)
            messages.success(request, "You are no longer counted. We won’t email you about it.")
        else:
            raising.support(topic_id=topic.pk, person=member.person, now=timezone.now())
            messages.success(request, "You are counted. We email you what came of it.")
    if request.POST.get("from") == "list":
        return HttpResponseRedirect(
            f"{reverse('my:topics', args=[member.community.slug])}#topic-{topic.pk}"
        )
    return _to(topic)


@require_POST
@members_only
def withdraw(request: AuthenticatedRequest, member: Member, pk: int) -> HttpResponse:
    """Withdraw a topic."""
    topic = _topic(member, pk)
    with refusal_as_warning(request):
        if raising.withdraw(topic_id=pk, person=member.person):
            messages.success(request, "You withdrew your topic. It is no longer on the page.")
            return redirect("my:topics", member.community.slug)
        messages.success(
            request,
            "You withdrew your topic. It stays on the page without you, because it concerns others too.",
        )
    return _to(topic)


@require_POST
@members_only
def show_name(request: AuthenticatedRequest, member: Member, pk: int) -> HttpResponse:
    """Show their name beside their topic, or no longer."""
    topic = _topic(member, pk)
    with refusal_as_warning(request):
        shows = "no" not in request.POST
        raising.show_name(topic_id=pk, person=member.person, shows=shows)
        said = "Members now see your name." if shows else "Members no longer see your name."
        messages.success(request, said)
    return _to(topic)


def _topic(member: Member, pk: int) -> Topic:
    """A topic of this community, which staff may have hidden or merged a moment ago; 404 for any other."""
    return get_object_or_404(member.community.topics.select_related("merged_into"), pk=pk)


def _to(topic: Topic) -> HttpResponse:
    if topic.hidden_at:  # its page opens only for the person who raised it
        return redirect("my:topics", topic.community.slug)
    return redirect("my:topic", topic.community.slug, topic.pk)
