"""Asking to join one community: the form with the findings panel, checking answers, and sending."""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import refusal_as_warning
from membership.models import Agency, Person
from membership.register.names import fold
from membership.register.person_records import person_of_user
from membership.search import filter_by_words
from requests import workflow
from requests.answers import assess_answers
from requests.joining.forms import Answers, JoinForm, join_form_class, join_form_for
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest


@dataclass(frozen=True)
class CommunityStatus:
    """Whether a person is in a community, and their open request or draft there."""

    community: CommunityOfPractice
    is_in: bool
    current: JoinRequest | None

    @property
    def asked(self) -> JoinRequest | None:
        return self.current if self.current and self.current.is_open else None

    @property
    def draft(self) -> JoinRequest | None:
        return self.current if self.current and not self.current.is_open else None

    @property
    def can_ask(self) -> bool:
        return not self.is_in and not self.asked


def statuses_of(
    person: Person, communities: Iterable[CommunityOfPractice]
) -> list[CommunityStatus]:
    """A person's status in each community, in two queries besides the communities' own."""
    mine = JoinRequest.objects.filter(person=person, state__in=[State.DRAFT, *OPEN])
    # An open request takes precedence over an old draft.
    current = {r.community_id: r for r in sorted(mine, key=lambda r: r.is_open)}
    own = person.enrolments.filter(ended_on__isnull=True)
    enrolled = set(own.values_list("community_id", flat=True))
    return [
        CommunityStatus(community, community.pk in enrolled, current.get(community.pk))
        for community in communities
    ]


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """The form. Saves a draft on every change with JavaScript, and on every button without."""
    community = _community(slug)
    typed = posted(request)
    answers = {name: typed.get(name, "") for name in join_form_class(community).base_fields}
    person = person_of_user(request.user)
    [status] = statuses_of(person, [community])
    if not status.can_ask:
        return _nothing_to_ask(request, status)
    if request.method != "POST":
        known = {"name": person.name, "phone": person.phone}
        initial = status.draft.answers if status.draft else known
        return _page(request, person, join_form_for(community, initial=initial))
    keep_draft(person, community, answers)
    form = join_form_for(community, answers)
    if request.htmx:
        return _page(request, person, form, "panel")
    if "several" in request.POST:
        # The draft is saved; its answers are filled in for the other communities.
        return redirect(f"{reverse('join-several')}?community={slug}")
    if form.is_valid():
        return redirect("join-check", slug=slug)
    return _page(request, person, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Check the answers, and send the request."""
    community = _community(slug)
    person = person_of_user(request.user)
    [status] = statuses_of(person, [community])
    if not status.draft:
        return redirect("join", slug=slug) if status.can_ask else _nothing_to_ask(request, status)
    form = join_form_for(community, status.draft.answers)
    if not form.is_valid():
        return _page(request, person, form)
    if request.method == "POST":
        with refusal_as_warning(request):
            workflow.submit(
                join_request_id=status.draft.pk,
                by=request.user,
                answers=form.cleaned_data,
                now=timezone.now(),
            )
            return redirect("my:sent", pk=status.draft.pk)
        return redirect("my:home")
    return _page(request, person, form, "check")


@require_POST
def agencies(request: HttpRequest) -> HttpResponse:
    """Suggestions for the agency field: at most ten names with the typed words, from three letters on.

    A POST, because a workplace stays out of addresses, which logs keep; it changes nothing. Once the session
    has ended there are none, instead of a redirect that would take the rest of the form with it.
    """
    typed, found = request.POST.get("agency", ""), Agency.objects.none()
    if request.user.is_authenticated and len(fold(typed)) >= 3:
        found = filter_by_words(Agency.objects.all(), typed)
    found = found.prefetch_related("aliases")[:10]
    return render(request, "joining/agencies.html", {"agencies": found})


def posted(request: AuthenticatedRequest) -> dict[str, str]:
    """The posted values, without NUL, which PostgreSQL cannot store."""
    return {name: str(value).replace("\x00", "") for name, value in request.POST.items()}


def values_of(form: forms.Form) -> Answers:
    """What the form's fields show."""
    return {bound.name: bound.value() or "" for bound in form}


def keep_draft(person: Person, community: CommunityOfPractice, answers: Answers) -> None:
    """Save these answers as the person's draft."""
    workflow.save_draft(person=person, community=community, answers=answers, now=timezone.now())


def _community(slug: str) -> CommunityOfPractice:
    return get_object_or_404(CommunityOfPractice.objects.select_related("team"), slug=slug)


def _nothing_to_ask(request: AuthenticatedRequest, status: CommunityStatus) -> HttpResponse:
    """Redirect to the open request, or a member to My page."""
    if status.asked:
        messages.info(
            request, "You have already asked to join this community. This is your request."
        )
        return redirect(status.asked)
    messages.info(request, f"You are already a member of {status.community.short_name}.")
    return redirect("my:home")


def _page(
    request: AuthenticatedRequest, person: Person, form: JoinForm, name: str = "join"
) -> HttpResponse:
    """The page with the findings on the answers so far, or only the findings with ``panel``."""
    assessment = assess_answers(
        values_of(form),
        person=person,
        community=form.community,
        on=timezone.localdate(),
    )
    return render(
        request,
        f"joining/{name}.html",
        {"form": form, "community": form.community, "assessment": assessment},
    )
