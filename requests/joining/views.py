"""The worker's pages: asking to join, and following her requests."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import redirect_to_login
from django.db.models import Prefetch, QuerySet
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from communities.models import CommunityOfPractice
from membership.access.my_views import places_of
from membership.accounts.requests import AuthenticatedRequest
from membership.meetings.attendance import next_meetings
from membership.models import Person
from membership.privacy.consents import PURPOSES, agrees_to_what_counts
from membership.register.people import person_for
from membership.rosters.enrolments import is_enrolled
from requests import workflow
from requests.answers import assess_answers
from requests.clock.reminders import wait_of, waits_of
from requests.joining.forms import JoinForm, ReplyForm, join_form_for
from requests.lifecycle import OPEN, State, Verb, allows
from requests.models import JoinRequest, JoinRequestEvent
from requests.my.home import what_waits

STASH = "join_answers"


@require_http_methods(["GET", "HEAD", "POST"])
def join(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """The form. It keeps what is typed: on every change with JavaScript, on every button without."""
    community = _community(slug)
    if not request.user.is_authenticated:
        if request.method == "POST":
            # Her sign-in ended while she typed: what she typed waits in the session meanwhile.
            request.session[STASH] = {slug: _typed(request, community)}
        to_sign_in = redirect_to_login(request.path)
        return HttpResponseClientRedirect(to_sign_in.url) if request.htmx else to_sign_in
    person = person_for(request.user)
    current = _current(person, community)
    stashed = request.session.pop(STASH, {}).get(slug)
    already = _already_there(request, person, community, current)
    if already:
        return already
    if stashed:
        current = _keep(person, community, stashed)
    if request.method != "POST":
        known = current.answers if current else {"name": person.name, "phone": person.phone}
        return _show_form(request, person, join_form_for(community, initial=known))
    answers = _typed(request, community)
    _keep(person, community, answers)
    if request.htmx:
        return render(request, "joining/panel.html", _panel(person, community, answers))
    if "several" in request.POST:
        # Her answers are kept; they come along to the other communities.
        return redirect(f"{reverse('join-several')}?community={slug}")
    form = join_form_for(community, answers)
    if form.is_valid():
        return redirect("join-check", slug=slug)
    return _show_form(request, person, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Check your answers, and send."""
    community = _community(slug)
    person = person_for(request.user)
    draft = _current(person, community)
    if draft is None or draft.state != State.DRAFT:
        return _already_there(request, person, community, draft) or redirect("join", slug=slug)
    form = join_form_for(community, draft.answers)
    if not form.is_valid():
        return _show_form(request, person, form)
    if request.method == "POST":
        try:
            workflow.submit(
                join_request_id=draft.pk,
                by=request.user,
                answers=form.cleaned_data,
                now=timezone.now(),
            )
        except workflow.Refused as refusal:
            messages.warning(request, str(refusal))
            return redirect("my:home")
        return redirect("my:sent", pk=draft.pk)
    return render(
        request,
        "joining/check.html",
        {"form": form, **_panel(person, community, draft.answers)},
    )


@login_required
@require_safe
def sent(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """We have your request: its reference, and what happens next."""
    join_request = _own(request, pk)
    return render(request, "joining/sent.html", {"join_request": join_request})


@login_required
@require_safe
def home(request: AuthenticatedRequest) -> HttpResponse:
    """What waits for her, her communities and meetings, and how her requests went."""
    person = person_for(request.user)
    mine = list(_with_steps(person.join_requests.all()).order_by("-pk"))
    drafts = [r for r in mine if r.state == State.DRAFT]
    places = places_of(person)
    awaited = [r for r in mine if r.state == State.AWAITING_REPLY]
    return render(
        request,
        "my/home.html",
        {
            "person": person,
            "purposes": () if agrees_to_what_counts(person) else PURPOSES,
            "join_requests": [r for r in mine if r.state != State.DRAFT],
            "waiting": what_waits(
                waits=waits_of(awaited, timezone.localdate()), places=places, drafts=drafts
            ),
            "places": places,
            "next_meetings": next_meetings(person, now=timezone.now()),
        },
    )


@login_required
@require_safe
def join_request(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """One request: where it stands, what was said, and what she can do."""
    return _show_request(request, _own(request, pk), ReplyForm())


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def reply(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Answer a question of staff."""
    join_request = _own(request, pk)
    if request.method != "POST":
        return redirect(join_request)
    form = ReplyForm(request.POST)
    if form.is_valid():
        try:
            workflow.reply(
                join_request_id=pk,
                by=request.user,
                text=form.cleaned_data["text"],
                now=timezone.now(),
            )
        except workflow.Refused as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, "Thank you. Your answer is with EVA BC staff now.")
            return redirect(join_request)
    return _show_request(request, _own(request, pk), form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def withdraw(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take a request back: a page that asks, and a button that does."""
    join_request = _own(request, pk)
    if request.method == "POST":
        try:
            workflow.withdraw(join_request_id=pk, by=request.user, now=timezone.now())
        except workflow.Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "You took your request back.")
        return redirect(join_request)
    if not allows(join_request.state, Verb.WITHDRAW):
        return redirect(join_request)
    return render(
        request,
        "my/form.html",
        {
            "heading": "Take your request back?",
            "lede": f"EVA BC staff will not look at your request {join_request.reference} for "
            f"{join_request.community.name} any further. You can ask again at any time.",
            "button": "Take it back",
            "is_dangerous": True,
            "back": ("Keep it", join_request.get_absolute_url()),
        },
    )


def _community(slug: str) -> CommunityOfPractice:
    return get_object_or_404(CommunityOfPractice.objects.select_related("team"), slug=slug)


def _own(request: AuthenticatedRequest, pk: int) -> JoinRequest:
    """Her own request that was sent, by her or for her; anybody else's does not exist for her."""
    sent = JoinRequest.objects.filter(pk=pk, person=person_for(request.user))
    join_request = _with_steps(sent).exclude(state=State.DRAFT).select_related("person").first()
    if join_request is None:
        raise Http404("You have no such request.")
    return join_request


def _with_steps(join_requests: QuerySet[JoinRequest]) -> QuerySet[JoinRequest]:
    """With the steps that she may see, for the include ``timeline.html``."""
    hers = JoinRequestEvent.objects.exclude(verb=Verb.NOTE).order_by("pk")
    return join_requests.select_related("community__team").prefetch_related(
        Prefetch("events", hers, to_attr="steps")
    )


def _typed(request: AuthenticatedRequest, community: CommunityOfPractice) -> dict[str, str]:
    """What came in for the form's fields, as typed; PostgreSQL cannot keep NUL in a text."""
    fields = join_form_for(community).fields
    return {name: request.POST.get(name, "").replace("\x00", "") for name in fields}


def _keep(person: Person, community: CommunityOfPractice, answers: dict[str, str]) -> JoinRequest:
    return workflow.save_draft(
        person=person, community=community, answers=answers, now=timezone.now()
    )


def _show_form(request: AuthenticatedRequest, person: Person, form: JoinForm) -> HttpResponse:
    panel = _panel(person, form.community, form.data or form.initial)
    return render(request, "joining/join.html", {"form": form, **panel})


def _panel(person: Person, community: CommunityOfPractice, answers: Any) -> dict[str, Any]:
    """What the panel of the rules shows."""
    on = timezone.localdate()
    assessment = assess_answers(answers, person=person, community=community, on=on)
    return {"community": community, "assessment": assessment}


def _current(person: Person, community: CommunityOfPractice) -> JoinRequest | None:
    """Her open request there, else her draft."""
    mine = JoinRequest.objects.filter(
        person=person, community=community, state__in=[State.DRAFT, *OPEN]
    )
    return max(mine, key=lambda r: r.is_open, default=None)


def _already_there(
    request: AuthenticatedRequest,
    person: Person,
    community: CommunityOfPractice,
    current: JoinRequest | None,
) -> HttpResponse | None:
    """Where to go when there is nothing to ask for."""
    if current and current.is_open:
        messages.info(request, "You have asked to join this community. Here is where it stands.")
        return redirect(current)
    if is_enrolled(person, community):
        messages.info(request, f"You are in the {community.short_name} community already.")
        return redirect("my:home")
    return None


def _show_request(
    request: AuthenticatedRequest, join_request: JoinRequest, form: ReplyForm
) -> HttpResponse:
    said = join_form_for(join_request.community, join_request.answers).said
    return render(
        request,
        "my/request.html",
        {
            "join_request": join_request,
            "said": said,
            "form": form,
            "wait": wait_of(join_request, timezone.localdate())
            if join_request.state == State.AWAITING_REPLY
            else None,
            "can_withdraw": allows(join_request.state, Verb.WITHDRAW),
            "can_reply": allows(join_request.state, Verb.REPLY) or form.is_bound,
            "withdraw_url": reverse("my:withdraw", args=[join_request.pk]),
        },
    )
