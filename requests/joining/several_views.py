"""Asking to join several communities: choose, answer once, check, and send one request to each.

The address has the communities. Answers are saved as one draft for each community, so each
community's own form has them too.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import RefusedError
from membership.models import Person
from membership.register.person_records import person_of_user
from requests import workflow
from requests.answers import assess_answers
from requests.joining.forms import (
    Answers,
    JoinForm,
    Section,
    answers_in_words,
    declaration_of,
    join_form_class,
    join_form_for,
)
from requests.joining.views import CommunityStatus, keep_draft, posted, statuses_of, values_of


@dataclass(frozen=True)
class Part:
    """One community's own questions, and the answers so far to everything that it asks."""

    community: CommunityOfPractice
    fields: list[forms.BoundField]
    answers: Answers

    @property
    def answers_in_words(self) -> list[tuple[str, str]]:
        return answers_in_words(self.fields)


class SeveralForm(forms.Form):
    """The join forms of all ``communities`` in one: a shared field once, other fields with a prefix.

    ``answers_for`` gives the answers of one community in the shape of its own join form.
    """

    def __init__(
        self,
        data: Answers | None = None,
        *,
        communities: Iterable[CommunityOfPractice],
        initial: Answers | None = None,
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        about_you: dict[str, forms.Field] = {}
        differing: dict[str, forms.Field] = {}
        notes: dict[str, forms.Field] = {}
        # By community: the names here of the fields of its join form.
        self._keys: dict[CommunityOfPractice, dict[str, str]] = {}
        for community in communities:
            keys = self._keys[community] = _keys(community)
            for name, field in join_form_for(community).fields.items():
                if keys[name] != name:
                    # Errors name the community, because several questions are alike.
                    for code, text in field.error_messages.items():
                        field.error_messages[code] = f"{community.short_name}: {text}"
                    differing[keys[name]] = field
                elif _is_note(field):
                    notes[name] = field
                else:
                    about_you[name] = field
        self.fields |= about_you | differing | notes
        # Shared questions: before the communities, and after them.
        self.about_you = [self[name] for name in about_you]
        self.notes = [self[name] for name in notes]

    @property
    def parts(self) -> list[Part]:
        typed = values_of(self)
        return [
            Part(
                community,
                fields=[self[key] for name, key in keys.items() if key != name],
                answers=self.answers_for(community, typed),
            )
            for community, keys in self._keys.items()
        ]

    @property
    def shared_answers_in_words(self) -> list[tuple[str, str]]:
        return answers_in_words([*self.about_you, *self.notes])

    def answers_for(self, community: CommunityOfPractice, values: Answers) -> Answers:
        """The values of one community, under the names of its own form."""
        return {name: values.get(key, "") for name, key in self._keys[community].items()}


def _keys(community: CommunityOfPractice) -> dict[str, str]:
    """The names that the fields of a community's join form have in this form."""
    return {
        name: name if declaration_of(field).shared else f"{community.slug}-{name}"
        for name, field in join_form_class(community).base_fields.items()
    }


def _is_note(field: forms.Field) -> bool:
    return declaration_of(field).section == Section.NOTE


@login_required
@require_safe
def choose(request: AuthenticatedRequest) -> HttpResponse:
    """Choose communities. Those they are in or have asked to join are listed, and cannot be chosen."""
    statuses = statuses_of(person_of_user(request.user), _communities())
    return render(
        request,
        "joining/several/choose.html",
        {
            "askable": [status.community for status in statuses if status.can_ask],
            "taken": [status for status in statuses if not status.can_ask],
            "chosen": request.GET.getlist("community"),
        },
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: AuthenticatedRequest) -> HttpResponse:
    """The form. Saves drafts on every change with JavaScript, and on every button without."""
    person = person_of_user(request.user)
    statuses = _askable(request, person)
    communities = [status.community for status in statuses]
    if request.method != "POST":
        if len(statuses) < 2:
            return _not_several(request, statuses)
        form = SeveralForm(communities=communities, initial=_known(person, statuses))
        return _page(request, "answers", person, form)
    form = SeveralForm(posted(request), communities=communities)
    for part in form.parts:
        keep_draft(person, part.community, part.answers)
    if len(statuses) < 2:
        return _not_several(request, statuses)
    if request.htmx:
        return _page(request, "panels", person, form)
    if form.is_valid():
        return _onward("join-several-check", request)
    return _page(request, "answers", person, form)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: AuthenticatedRequest) -> HttpResponse:
    """Check the answers, and send one request to each community."""
    person = person_of_user(request.user)
    statuses = _askable(request, person)
    drafts = {status.community: status.draft for status in statuses if status.draft}
    if not statuses or len(drafts) < len(statuses):
        return _onward("join-several-answers" if statuses else "join-several-sent", request)
    form = SeveralForm(_known(person, statuses), communities=list(drafts))
    if not form.is_valid():
        return _page(request, "answers", person, form)
    if request.method != "POST":
        return _page(request, "check", person, form)
    for community, draft in drafts.items():
        # Each request separately: a refused one does not affect the others, and keeps its draft.
        try:
            workflow.submit(
                join_request_id=draft.pk,
                by=request.user,
                answers=form.answers_for(community, form.cleaned_data),
                now=timezone.now(),
            )
        except RefusedError as refusal:
            messages.warning(request, f"{community.short_name}: {refusal}")
    return _onward("join-several-sent", request)


@login_required
@require_safe
def sent(request: AuthenticatedRequest) -> HttpResponse:
    """The outcome for each community: its reference, or that it was not sent."""
    statuses = statuses_of(person_of_user(request.user), _chosen(request))
    if not any(status.current or status.is_in for status in statuses):
        return redirect("join-several")
    teams = {status.community.team for status in statuses if status.asked}
    return render(
        request,
        "joining/several/sent.html",
        {
            "statuses": statuses,
            "teams": sorted(teams, key=str),
            "answer_days": settings.WAITING_LIMIT_DAYS["loud"],
        },
    )


def _communities() -> QuerySet[CommunityOfPractice]:
    return CommunityOfPractice.objects.select_related("team").prefetch_related("criteria")


def _chosen(request: AuthenticatedRequest) -> QuerySet[CommunityOfPractice]:
    return _communities().filter(slug__in=request.GET.getlist("community"))


def _askable(request: AuthenticatedRequest, person: Person) -> list[CommunityStatus]:
    """The chosen communities that this person can ask to join."""
    return [status for status in statuses_of(person, _chosen(request)) if status.can_ask]


def _not_several(request: AuthenticatedRequest, statuses: list[CommunityStatus]) -> HttpResponse:
    """Redirect one community to its own form, and none to the choice of communities."""
    if statuses:
        to = redirect("join", slug=statuses[0].community.slug)
    else:
        messages.warning(request, "Choose at least one community.")
        to = redirect("join-several")
    return HttpResponseClientRedirect(to.url) if request.htmx else to


def _known(person: Person, statuses: Iterable[CommunityStatus]) -> Answers:
    """The drafts as values of this form; without drafts, the person's name and phone.

    A shared answer comes from the first draft that has it. Different notes are joined.
    """
    drafts = {status.community: status.draft.answers for status in statuses if status.draft}
    known: dict[str, str] = {} if drafts else {"name": person.name, "phone": person.phone}
    for community, answers in drafts.items():
        for name, key in _keys(community).items():
            known[key] = known.get(key) or answers.get(name, "")
    for name in (name for name, field in JoinForm.base_fields.items() if _is_note(field)):
        notes = [answers.get(name, "") for answers in drafts.values()]
        known[name] = "\n\n".join(dict.fromkeys(filter(None, notes)))
    return known


def _onward(name: str, request: AuthenticatedRequest) -> HttpResponseRedirect:
    """Redirect to another page about the same communities."""
    return HttpResponseRedirect(f"{reverse(name)}?{_query(request)}")


def _query(request: AuthenticatedRequest) -> str:
    """The communities, as the query of an address."""
    return urlencode({"community": request.GET.getlist("community")}, doseq=True)


def _page(
    request: AuthenticatedRequest, name: str, person: Person, form: SeveralForm
) -> HttpResponse:
    """A page with the findings of each community on the answers so far."""
    on = timezone.localdate()
    parts = [
        (part, assess_answers(part.answers, person=person, community=part.community, on=on))
        for part in form.parts
    ]
    return render(
        request,
        f"joining/several/{name}.html",
        {"form": form, "parts": parts, "query": _query(request)},
    )
