"""Asking to join several communities: choose, answer once, check, and send one request to each.

The address has the communities. Answers are saved as one draft for each community, so each
community's own form has them too.
"""

from collections.abc import Iterable
from datetime import date

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.text import get_text_list
from django.views.decorators.http import require_http_methods, require_safe
from django_htmx.http import HttpResponseClientRedirect

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.errors import RefusedError, refusal_as_warning
from membership.models import Person
from membership.register.person_records import person_of_user
from requests import workflow
from requests.answers import assess_answers
from requests.joining.forms import (
    NOTE,
    Answers,
    answers_in_words,
    declaration_of,
    join_form_class,
    join_form_for,
)
from requests.joining.views import (
    CommunityStatus,
    communities_with_rules,
    keep_draft,
    other_answers,
    posted,
    render_form,
    show_verdicts,
    statuses_of,
    values_of,
)
from requests.joining.windows import merge, shown


class ChooseForm(forms.Form):
    """The communities to ask to join."""

    community = forms.MultipleChoiceField(
        label="Which communities do you want to join?",
        widget=forms.CheckboxSelectMultiple,
        error_messages=dict.fromkeys(
            ("required", "invalid_choice"), "Choose at least one community."
        ),
    )


class SeveralForm(forms.Form):
    """The join forms of all ``communities`` in one: a shared field once, other fields with a prefix.

    ``answers_for`` gives the answers of one community in the shape of its own join form. ``only`` leaves
    one question.
    """

    def __init__(
        self,
        data: Answers | None = None,
        *,
        communities: Iterable[CommunityOfPractice],
        initial: Answers | None = None,
        only: str = "",
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        # By community: the names here of the fields of its join form.
        self._keys = {community: _keys(community) for community in communities}
        self._not_asked: dict[CommunityOfPractice, list[str]] = {}
        own = set()
        for community, keys in self._keys.items():
            form = join_form_for(community, own=True)
            self._not_asked[community] = form.not_asked
            for name, field in form.fields.items():
                self.fields[keys[name]] = field
                if keys[name] != name:
                    own.add(keys[name])
                    # Errors name the community, because several questions are alike.
                    for code, text in field.error_messages.items():
                        field.error_messages[code] = f"{community.short_name}: {text}"
        # Shared questions come before those of the communities, and the note comes last.
        self.order_fields(sorted(self.fields, key=lambda key: (key == NOTE, key in own)))
        self.about_you = [self[key] for key in self.fields if key != NOTE and key not in own]
        if only in self.fields:
            self.fields = {only: self.fields[only]}

    def fields_of(self, community: CommunityOfPractice) -> dict[str, forms.BoundField]:
        """Its questions here, under the names of its own form."""
        keys = self._keys[community].items()
        return {name: self[key] for name, key in keys if key in self.fields}

    @property
    def parts(self) -> list[tuple[CommunityOfPractice, list[forms.BoundField], list[str]]]:
        """Each community with the questions for it alone, and its rules that no question is about."""
        parts = []
        for community in self._keys:
            own = [b for name, b in self.fields_of(community).items() if b.name != name]
            parts.append((community, own, self._not_asked[community]))
        return parts

    @property
    def shared_answers(self) -> list[tuple[str, str, str]]:
        return answers_in_words([*self.about_you, self[NOTE]])

    def answers_for(self, community: CommunityOfPractice, values: Answers) -> Answers:
        """The values of one community, under the names of its own form."""
        return {name: values.get(key, "") for name, key in self._keys[community].items()}


def _keys(community: CommunityOfPractice) -> dict[str, str]:
    """The names that the fields of a community's join form have in this form."""
    return {
        name: name if declaration_of(field).shared else f"{community.slug}-{name}"
        for name, field in join_form_class(community).base_fields.items()
    }


@login_required
@require_safe
def choose(request: AuthenticatedRequest) -> HttpResponse:
    """Choose communities. Those they are in or have asked to join are listed, and cannot be chosen."""
    return _choose(request)


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def answers(request: AuthenticatedRequest) -> HttpResponse:
    """The form, or one question of it from the check page. Saves drafts on every change with JavaScript, and
    on every button without."""
    person = person_of_user(request.user)
    statuses = _askable(request, person)
    communities = [status.community for status in statuses]
    values = _known(person, statuses)
    if request.method != "POST":
        if len(statuses) < 2:
            return _not_several(request, statuses)
        only = _question(request, statuses)
        form = SeveralForm(communities=communities, initial=values, only=only)
        return _form_page(request, form, values, statuses, person, as_shown=shown(values))
    typed, only = posted(request), _question(request, statuses)
    saved, here = values, {**values, only: typed.get(only, "")} if only else typed
    has_draft = any(status.draft for status in statuses)
    as_shown = typed.get("as_shown", "") if has_draft else ""
    values, replaced = merge(here, saved=saved, as_shown=as_shown)
    form = SeveralForm(values, communities=communities, only=only)
    others = other_answers(SeveralForm(saved, communities=communities), replaced)
    is_whole = not request.htmx and form.is_valid()
    is_kept = [
        keep_draft(status, person, form.answers_for(status.community, values), is_whole=is_whole)
        for status in statuses
    ]
    if len(statuses) < 2:
        return _not_several(request, statuses)
    if request.htmx:
        # The page still shows what it has sent.
        page = {"as_shown": shown(here), "others": others}
        return _form_page(request, form, values, statuses, person, is_kept=any(is_kept), **page)
    for other in others:
        messages.warning(request, other)
    if is_whole:
        return _onward("join-several-check", request)
    return _form_page(
        request, form, values, statuses, person, is_kept=any(is_kept), as_shown=shown(values)
    )


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def check(request: AuthenticatedRequest) -> HttpResponse:
    """Check the answers, and send one request to each community."""
    person = person_of_user(request.user)
    statuses = _askable(request, person)
    drafts = {status.community: status.draft for status in statuses if status.draft}
    if not statuses or len(drafts) < len(statuses):
        return _onward("join-several-answers" if statuses else "join-several-sent", request)
    values = _known(person, statuses)
    form = SeveralForm(values, communities=list(drafts))
    if not form.is_valid():
        return _form_page(request, form, values, statuses, person, as_shown=shown(values))
    if request.method != "POST":
        on = timezone.localdate()
        parts = [
            (
                community,
                answers_in_words(fields),
                assess_answers(
                    form.answers_for(community, values), person=person, community=community, on=on
                ),
            )
            for community, fields, _ in form.parts
        ]
        context = {"form": form, "parts": parts, "query": _query(request)}
        return render(request, "joining/several/check.html", context)
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
@require_http_methods(["GET", "HEAD", "POST"])
def discard(request: AuthenticatedRequest) -> HttpResponse:
    """Delete the drafts for the communities in the address, after a page that asks."""
    statuses = statuses_of(person_of_user(request.user), _chosen(request))
    drafts = [status.draft for status in statuses if status.draft]
    if request.method == "POST":
        for draft in drafts:
            with refusal_as_warning(request):
                workflow.discard(join_request_id=draft.pk, by=request.user)
                messages.success(
                    request, f"Your answers for {draft.community.short_name} have been deleted."
                )
    if request.method == "POST" or not drafts:
        return redirect("my:home")
    names = get_text_list([draft.community.full_name for draft in drafts], "and")
    return render(
        request,
        "my/form.html",
        {
            "heading": "Discard your answers?",
            "lede": f"We will delete the answers that you saved for {names}. Nothing has been sent.",
            "button": "Discard answers",
            "is_dangerous": True,
            "back": ("Keep my answers", reverse("my:home")),
        },
    )


@login_required
@require_safe
def sent(request: AuthenticatedRequest) -> HttpResponse:
    """The outcome for each community: its reference, or that it was not sent."""
    statuses = statuses_of(person_of_user(request.user), _chosen(request))
    if not any(status.current or status.is_in for status in statuses):
        return redirect("join-several")
    asked = [status.asked for status in statuses if status.asked]
    teams = {status.community.team for status in statuses if status.asked}
    latest = max(asked, key=lambda one: one.answer_by or date.min, default=None)
    return render(
        request,
        "joining/several/sent.html",
        {
            "statuses": statuses,
            "teams": sorted(teams, key=str),
            "answer_time": latest and latest.answer_time,
        },
    )


def _chosen(request: AuthenticatedRequest) -> QuerySet[CommunityOfPractice]:
    return communities_with_rules().filter(slug__in=request.GET.getlist("community"))


def _askable(request: AuthenticatedRequest, person: Person) -> list[CommunityStatus]:
    """The chosen communities that this person can ask to join."""
    return [status for status in statuses_of(person, _chosen(request)) if status.can_ask]


def _question(request: AuthenticatedRequest, statuses: list[CommunityStatus]) -> str:
    """The one question to change, if all have answers to check."""
    wanted = request.GET.get("question", "")
    keys = {key for status in statuses for key in _keys(status.community).values()}
    return wanted if wanted in keys and all(status.draft for status in statuses) else ""


def _choose(request: AuthenticatedRequest, *, is_empty: bool = False) -> HttpResponse:
    """The choice of communities; ``is_empty`` after none was chosen."""
    statuses = statuses_of(person_of_user(request.user), communities_with_rules())
    askable = [status.community for status in statuses if status.can_ask]
    chosen = {"community": request.GET.getlist("community")}
    form = ChooseForm(chosen if is_empty and askable else None, initial=chosen)
    form.fields["community"].choices = [(one.slug, one.full_name) for one in askable]  # type: ignore[attr-defined]
    context = {"form": form, "taken": [status for status in statuses if not status.can_ask]}
    return render(request, "joining/several/choose.html", context)


def _not_several(request: AuthenticatedRequest, statuses: list[CommunityStatus]) -> HttpResponse:
    """Redirect one community to its own form; ask for a choice where there is none."""
    if statuses:
        to = redirect("join", slug=statuses[0].community.slug)
        return HttpResponseClientRedirect(to.url) if request.htmx else to
    if request.htmx:
        return HttpResponseClientRedirect(reverse("join-several"))
    return _choose(request, is_empty=True)


def _known(person: Person, statuses: Iterable[CommunityStatus]) -> Answers:
    """What the form opens with, as values of this form: the drafts, or what they said before.

    A shared answer comes from the first draft that has it. Different notes are joined.
    """
    known: dict[str, str] = {}
    notes: dict[str, None] = {}
    has_draft = any(status.draft for status in statuses)
    for status in sorted(statuses, key=lambda status: not status.draft):
        offered = status.offered(person)
        for name, key in _keys(status.community).items():
            answer = offered.get(name, "")
            if key == name and has_draft and not status.draft:
                continue  # shared, and their draft says it
            if name == NOTE:
                notes[answer] = None
            known[key] = known.get(key) or answer
    return known | {NOTE: "\n\n".join(filter(None, notes))}


def _onward(name: str, request: AuthenticatedRequest) -> HttpResponseRedirect:
    """Redirect to another page about the same communities."""
    return HttpResponseRedirect(f"{reverse(name)}?{_query(request)}")


def _query(request: AuthenticatedRequest) -> str:
    """The communities, as the query of an address."""
    return urlencode({"community": request.GET.getlist("community")}, doseq=True)


def _form_page(
    request: AuthenticatedRequest,
    form: SeveralForm,
    values: Answers,
    statuses: Iterable[CommunityStatus],
    person: Person,
    *,
    is_kept: bool = False,
    **page: object,
) -> HttpResponse:
    values = {**values, **values_of(form)}
    for status in statuses:
        answers = form.answers_for(status.community, values)
        fields = form.fields_of(status.community)
        show_verdicts(fields, answers, person=person, status=status)
    query = _query(request)
    return render_form(
        request,
        form,
        "several/answers",
        to=f"{reverse('join-several-answers')}?{query}",
        back=f"{reverse('join-several-check')}?{query}",
        draft_query=query,
        is_kept=is_kept or any(status.draft for status in statuses),
        **page,
    )
