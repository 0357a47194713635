"""Asking to join one community: the form with what the rules say, checking answers, and sending."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Exists, OuterRef, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
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
from requests.joining.forms import (
    Answers,
    JoinForm,
    answers_in_words,
    declaration_of,
    join_form_class,
    join_form_for,
)
from requests.joining.verdicts import verdicts_of
from requests.joining.windows import merge, sentence, shown
from requests.lifecycle import State
from requests.models import JoinRequest


@dataclass(frozen=True)
class CommunityStatus:
    """Whether a person is in a community, their open request or draft there, and their newest closed one."""

    community: CommunityOfPractice
    is_in: bool
    current: JoinRequest | None
    earlier: JoinRequest | None

    @property
    def asked(self) -> JoinRequest | None:
        return self.current if self.current and self.current.is_open else None

    @property
    def draft(self) -> JoinRequest | None:
        return self.current if self.current and not self.current.is_open else None

    @property
    def can_ask(self) -> bool:
        return not self.is_in and not self.asked

    def offered(self, person: Person) -> Answers:
        """The answers that the form opens with: their draft, or what they said before, with their name of today."""
        if self.draft:
            return self.draft.answers
        earlier = self.earlier.answers if self.earlier else {"phone": person.phone}
        return {**earlier, "name": person.name or earlier.get("name", "")}


def statuses_of(
    person: Person, communities: QuerySet[CommunityOfPractice]
) -> list[CommunityStatus]:
    """A person's status in each community, in one query besides the communities' own."""
    mine = JoinRequest.objects.filter(person=person).select_related("name_check").order_by("pk")
    # An open request takes precedence over an old draft.
    current = {r.community_id: r for r in sorted(mine, key=lambda r: r.is_open) if is_current(r)}
    # What someone else at this email has asked is not offered.
    earlier = {r.community_id: r for r in mine if not is_current(r) and not r.another_name}
    own = person.enrolments.filter(community=OuterRef("pk"), ended_on=None)
    return [
        CommunityStatus(one, one.is_in, current.get(one.pk), earlier.get(one.pk))
        for one in communities.annotate(is_in=Exists(own))
    ]


def is_current(join_request: JoinRequest) -> bool:
    """Whether it is a draft or open."""
    return join_request.is_open or join_request.state == State.DRAFT


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def join(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """The form, or one question of it from the check page. Saves a draft on every change with JavaScript,
    and on every button without."""
    person = person_of_user(request.user)
    status = _status(person, slug)
    community = status.community
    if not status.can_ask:
        return _nothing_to_ask(request, status)
    offered = status.offered(person)
    names = join_form_class(community).base_fields
    only = request.GET.get("question", "") if status.draft else ""
    only = only if only in names else ""
    if request.method != "POST":
        form = join_form_for(community, initial=offered, own=True, only=only)
        return _form_page(
            request,
            form,
            offered,
            status,
            person,
            as_shown=shown({**dict.fromkeys(names, ""), **offered}),
        )
    typed = posted(request)
    asked = [only] if only else names
    here = {**(offered if only else {}), **{name: typed.get(name, "") for name in asked}}
    # After a draft was discarded, what is still on a page begins another one.
    as_shown = typed.get("as_shown", "") if status.draft else ""
    answers, replaced = merge(here, saved=offered, as_shown=as_shown)
    form = join_form_for(community, answers, own=True, only=only)
    others = other_answers(join_form_for(community, offered, own=True), replaced)
    is_kept = keep_draft(status, person, answers, is_whole=not request.htmx and form.is_valid())
    if request.htmx:
        # The page still shows what it has sent.
        return _form_page(
            request,
            form,
            answers,
            status,
            person,
            is_kept=is_kept,
            as_shown=shown(here),
            others=others,
        )
    for other in others:
        messages.warning(request, other)
    if "several" in request.POST:
        # The draft is saved; its answers are filled in for the other communities.
        return redirect(f"{reverse('join-several')}?community={slug}")
    if form.is_valid():
        return redirect("join-check", slug=slug)
    return _form_page(
        request, form, answers, status, person, is_kept=is_kept, as_shown=shown(answers)
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: AuthenticatedRequest, slug: str) -> HttpResponse:
    """Check the answers, and send the request."""
    person = person_of_user(request.user)
    status = _status(person, slug)
    community = status.community
    if not status.draft:
        return redirect("join", slug=slug) if status.can_ask else _nothing_to_ask(request, status)
    answers = status.draft.answers
    form = join_form_for(community, answers, own=True)
    if not form.is_valid():
        return _form_page(request, form, answers, status, person, as_shown=shown(answers))
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
    assessment = assess_answers(
        answers, person=person, community=community, on=timezone.localdate()
    )
    context = {
        "community": community,
        "answers": answers_in_words(form),
        "assessment": assessment,
    }
    return render(request, "joining/check.html", context)


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
    """What the form's fields show, also what was typed before a session ended."""
    return {bound.name: bound.value() or "" for bound in form}


def other_answers(saved: Iterable[forms.BoundField], replaced: Sequence[str]) -> list[str]:
    """A sentence for each answer of another window that this one ``replaced``."""
    words = answers_in_words(saved)
    return [sentence(question, answer) for question, answer, name in words if name in replaced]


def keep_draft(
    status: CommunityStatus, person: Person, answers: Answers, *, is_whole: bool
) -> bool:
    """Save the answers as the person's draft. Returns whether there is one.

    A draft begins with the first answer of their own, or when they go on with what the form offered
    (``is_whole``): opening the form and moving through it makes none.
    """
    offered = status.offered(person)
    is_own = any(text and text != offered.get(name) for name, text in answers.items())
    if not (status.draft or is_whole or is_own):
        return False
    now = timezone.now()
    workflow.save_draft(
        person=person, community=status.community, answers=answers, now=now, draft=status.draft
    )
    return True


def show_verdicts(
    fields: Mapping[str, Any], answers: Answers, *, person: Person, status: CommunityStatus
) -> None:
    """Put what the rules say about each answer under its question; ``fields`` are by the name of the question."""
    community, before = status.community, status.draft.answers if status.draft else {}
    verdicts = verdicts_of(answers, person=person, community=community, on=timezone.localdate())
    for name, bound in fields.items():
        if declaration_of(bound.field).rule and not getattr(bound, "verdict", None):
            bound.has_verdict, bound.verdict = True, verdicts.get(name)
            bound.is_new = answers.get(name) != before.get(name)


def communities_with_rules() -> QuerySet[CommunityOfPractice]:
    """The communities as the forms need them."""
    return CommunityOfPractice.objects.select_related("team").prefetch_related("criteria")


def _status(person: Person, slug: str) -> CommunityStatus:
    """A person's status in the community of the address, or 404."""
    for status in statuses_of(person, communities_with_rules().filter(slug=slug)):
        return status
    raise Http404


def _nothing_to_ask(request: AuthenticatedRequest, status: CommunityStatus) -> HttpResponse:
    """Redirect to the open request, or a member to My page."""
    if status.asked:
        messages.info(
            request, "You have already asked to join this community. This is your request."
        )
        return redirect(status.asked)
    messages.info(request, f"You are already a member of {status.community.short_name}.")
    return redirect("my:home")


def _form_page(
    request: AuthenticatedRequest,
    form: JoinForm,
    answers: Answers,
    status: CommunityStatus,
    person: Person,
    *,
    is_kept: bool = False,
    **page: object,
) -> HttpResponse:
    community = form.community
    answers = {**answers, **values_of(form)}
    show_verdicts({b.name: b for b in form}, answers, person=person, status=status)
    return render_form(
        request,
        form,
        "join",
        to=reverse("join", args=[community.slug]),
        back=reverse("join-check", args=[community.slug]),
        draft_query=f"community={community.slug}",
        is_kept=is_kept or status.draft,
        community=community,
        earlier=status.earlier,
        **page,
    )


def render_form(
    request: AuthenticatedRequest, form: forms.Form, name: str, *, to: str, **context: object
) -> HttpResponse:
    """The form, a question of it, or for htmx only what the rules say and whether a draft is kept."""
    if len(form.fields) == 1:
        name, to = "question", request.get_full_path()
    if request.htmx:
        name = "verdicts"
    return render(request, f"joining/{name}.html", {"form": form, "to": to, **context})
