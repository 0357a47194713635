"""Asking to join several communities in one sitting: choose, answer once, check, send one request each.

The communities stand in the address. What she types is kept as her draft of each community, so her
answers are also on the page of each community alone.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.models import Person
from membership.refusal import Refused
from membership.register.people import person_for
from membership.rosters.enrolments import enrolled_in
from requests import workflow
from requests.answers import assess_answers
from requests.joining.several_forms import Answers, SeveralForm, as_typed
from requests.joining.views import STASH
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest


@dataclass(frozen=True)
class Place:
    """A community as it stands for her."""

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


@login_required
@require_safe
def choose(request: AuthenticatedRequest) -> HttpResponse:
    """Which communities? Those she is in or has asked for are named, and cannot be ticked."""
    places = _places(person_for(request.user))
    return render(
        request,
        "joining/several/choose.html",
        {
            "askable": [place.community for place in _askable(places)],
            "taken": [place for place in places if not place.can_ask],
            "ticked": request.GET.getlist("community"),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: AuthenticatedRequest) -> HttpResponse:
    """The form. It keeps what is typed: on every change with JavaScript, on every button without."""
    if not request.user.is_authenticated:
        return _to_sign_in(request)
    person = person_for(request.user)
    places = _askable(_chosen(request, person))
    stashed = request.session.pop(STASH, {})
    if stashed:
        _keep(person, places, stashed)
        places = _askable(_chosen(request, person))
    if request.method != "POST":
        if len(places) < 2:
            return _not_several(request, places)
        return _show_form(request, person, _form(places, initial=_known(person, places)))
    form = _form(places, _typed(request))
    _keep(person, places, _answers_of(form))
    if len(places) < 2:
        return _not_several(request, places)
    if request.htmx:
        return _page(request, "panels", person, form)
    if form.is_valid():
        return _onward("join-several-check", request)
    return _show_form(request, person, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: AuthenticatedRequest) -> HttpResponse:
    """Check the answers, and send one request to each community."""
    person = person_for(request.user)
    chosen = _chosen(request, person)
    places = _askable(chosen)
    if not places or any(place.draft is None for place in places):
        return _onward("join-several-sent" if not places else "join-several-answers", request)
    form = _form(places, _known(person, places))
    if not form.is_valid():
        return _show_form(request, person, form)
    if request.method == "POST":
        for place in places:
            _send(request, place, form.answers_for(place.community, form.cleaned_data))
        return _onward("join-several-sent", request)
    return _page(request, "check", person, form)


@login_required
@require_safe
def sent(request: AuthenticatedRequest) -> HttpResponse:
    """What has come of each of them: its reference, or that it was not sent."""
    places = _chosen(request, person_for(request.user))
    if not any(place.current or place.is_in for place in places):
        return redirect("join-several")
    teams = {place.community.team for place in places if place.asked}
    return render(
        request,
        "joining/several/sent.html",
        {"places": places, "teams": sorted(teams, key=str)},
    )


def _send(request: AuthenticatedRequest, place: Place, said: Answers) -> None:
    """One request, by itself: what is refused here leaves the others alone, and her draft as it is."""
    if place.draft is None:
        return
    try:
        workflow.submit(
            join_request_id=place.draft.pk, by=request.user, answers=said, now=timezone.now()
        )
    except Refused as refusal:
        messages.warning(request, f"{place.community.short_name}: {refusal}")


def _places(person: Person) -> list[Place]:
    """All communities, as they stand for her."""
    mine = JoinRequest.objects.filter(person=person, state__in=[State.DRAFT, *OPEN])
    # An open request counts before a draft that was left behind.
    current = {r.community_id: r for r in sorted(mine, key=lambda r: r.is_open)}
    inside = enrolled_in(person)
    return [
        Place(community, community.pk in inside, current.get(community.pk))
        for community in CommunityOfPractice.objects.select_related("team").prefetch_related(
            "criteria"
        )
    ]


def _chosen(request: AuthenticatedRequest, person: Person) -> list[Place]:
    slugs = request.GET.getlist("community")
    return [place for place in _places(person) if place.community.slug in slugs]


def _askable(places: Iterable[Place]) -> list[Place]:
    return [place for place in places if place.can_ask]


def _not_several(request: AuthenticatedRequest, places: list[Place]) -> HttpResponse:
    """One community has its own page; where there is none, she chooses."""
    if places:
        to = redirect("join", slug=places[0].community.slug)
    else:
        messages.warning(request, "Tick the communities that you ask to join.")
        to = redirect("join-several")
    return HttpResponseClientRedirect(to.url) if request.htmx else to


def _form(places: Iterable[Place], data: Any = None, **kwargs: Any) -> SeveralForm:
    return SeveralForm(data, communities=[place.community for place in places], **kwargs)


def _known(person: Person, places: Iterable[Place]) -> Answers:
    drafts = {place.community: place.draft.answers for place in places if place.draft}
    return as_typed(drafts, name=person.name, phone=person.phone)


def _typed(request: AuthenticatedRequest) -> dict[str, str]:
    """What came in, as typed; PostgreSQL cannot keep NUL in a text."""
    return {name: str(said).replace("\x00", "") for name, said in request.POST.items()}


def _answers_of(form: SeveralForm) -> dict[str, Answers]:
    return {part.community.slug: part.answers for part in form.parts}


def _keep(person: Person, places: Iterable[Place], typed: dict[str, Answers]) -> None:
    """As her drafts, one of each community."""
    for place in places:
        if place.community.slug in typed:
            workflow.save_draft(
                person=person,
                community=place.community,
                answers=typed[place.community.slug],
                now=timezone.now(),
            )


def _to_sign_in(request: AuthenticatedRequest) -> HttpResponse:
    """Her sign-in may have ended while she typed: what she typed waits in the session meanwhile."""
    if request.method == "POST":
        slugs = request.GET.getlist("community")
        communities = CommunityOfPractice.objects.select_related("team").filter(slug__in=slugs)
        form = SeveralForm(_typed(request), communities=communities)
        request.session[STASH] = _answers_of(form)
    to_sign_in = redirect_to_login(request.get_full_path())
    return HttpResponseClientRedirect(to_sign_in.url) if request.htmx else to_sign_in


def _onward(name: str, request: AuthenticatedRequest) -> HttpResponseRedirect:
    """To another page of the same sitting."""
    return HttpResponseRedirect(f"{reverse(name)}?{_sitting(request)}")


def _sitting(request: AuthenticatedRequest) -> str:
    """The communities, as they stand in the address."""
    sitting = QueryDict(mutable=True)
    sitting.setlist("community", request.GET.getlist("community"))
    return sitting.urlencode()


def _show_form(request: AuthenticatedRequest, person: Person, form: SeveralForm) -> HttpResponse:
    return _page(request, "answers", person, form)


def _page(
    request: AuthenticatedRequest, name: str, person: Person, form: SeveralForm
) -> HttpResponse:
    """A page with the rules of each community, as they come out on what is answered."""
    on = timezone.localdate()
    parts = [
        (part, assess_answers(part.answers, person=person, community=part.community, on=on))
        for part in form.parts
    ]
    return render(
        request,
        f"joining/several/{name}.html",
        {"form": form, "parts": parts, "sitting": _sitting(request)},
    )
