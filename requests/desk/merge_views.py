"""The pages on which staff merge two records of one person, and undo it."""

from collections import Counter
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods, require_safe

from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import desk_page
from membership.errors import RefusedError, refusal_as_form_error, refusal_as_warning
from membership.models import Person, PersonMerge, User
from membership.people.merging import Chosen, emails_to_choose, have_heard, why_no_undo
from membership.people.near import near_record
from membership.people.near_views import page_before
from membership.register.kept import at_kept_record
from requests.merging import merge_people, require_may_merge_now, undo_merge, what_happens
from requests.models import JoinRequest

FOUND_LIMIT = 20
_EMAIL_HELP = "If they have an account, they sign in with it. The other one stays on record as another email, and opens nothing."


class ChosenForm(forms.Form):
    """What stays where two records differ. What is the same is not asked."""

    name = forms.ChoiceField(label="Which name stays?", required=False)
    email = forms.ChoiceField(label="Which email stays?", required=False)
    phone = forms.ChoiceField(label="Which phone stays?", required=False)

    def __init__(self, data: QueryDict | None, *, kept: Person, merged: Person) -> None:
        super().__init__(data)
        given = {name: [getattr(p, name) for p in (kept, merged)] for name in ("name", "phone")}
        for name, values in {**given, "email": emails_to_choose(kept, merged)}.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)  # noqa: S101  (for the type checker)
            choices = list(dict.fromkeys(value for value in values if value)) or [""]
            field.choices = [(value, value) for value in choices]
            field.initial, field.required = choices[0], choices != [""]
            field.widget = forms.RadioSelect() if len(choices) > 1 else forms.HiddenInput()
            field.widget.choices = field.choices
        self.fields["name"].help_text = "The other one stays on record as another name."
        self.fields["email"].help_text = _EMAIL_HELP


@at_kept_record(Person)
@require_safe
def choose(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Find the other record of a person."""
    person = _person(request, pk)
    words = request.GET.get("q", "").strip()
    others = Person.objects.filter(erased_on=None, merged_into=None).exclude(pk=pk)
    found: Iterable[Person] = []
    if words:
        rows, _ = admin.site.get_model_admin(Person).get_search_results(request, others, words)
        found = rows.distinct()[:FOUND_LIMIT]

    def link(other: Person, detail: str) -> tuple[str, Person, str]:
        return reverse("admin:membership_person_merge", args=[pk, other.pk]), other, detail

    near = near_record(person, viewer=request.user)
    return desk_page(
        request,
        "desk/merge_choose.html",
        title=f"Merge {person} with another record",
        crumbs=_crumbs(person),
        lede="Find the other record of the same person. Before anything changes, you see both side by side.",
        near_heading="Maybe the same person",
        near=[link(one.person, f"{one.person.email} ({one.why})".strip()) for one in near],
        search_label="Name, email or phone",
        words=words,
        found=[link(other, other.email) for other in found],
        nothing_found="No one was found.",
    )


@at_kept_record(Person)
@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def merge(request: AuthenticatedRequest, pk: int, other: int) -> HttpResponse:
    """Show two records side by side, what happens to them, and then make them one."""
    kept, merged = _person(request, pk), _person(request, other)
    page, now = page_before(request, pk), timezone.now()
    try:
        require_may_merge_now(kept, merged, by=request.user)
    except RefusedError as refusal:
        messages.warning(request, str(refusal))
        return redirect(page)
    form = ChosenForm(request.POST or None, kept=kept, merged=merged)
    if form.is_valid():
        with refusal_as_form_error(form):
            merge_people(
                keep_id=pk,
                merge_id=other,
                chosen=Chosen(**form.cleaned_data),
                by=request.user,
                now=now,
            )
            words = 'The two records are now one. You can undo the merge on <a href="{}">the person’s page</a>.'
            messages.success(request, format_html(words, _crumbs(kept)[0][1]))
            return redirect(page)
    return desk_page(
        request,
        "desk/merge.html",
        title=f"Merge {kept} and {merged}?",
        crumbs=_crumbs(kept),
        lede="Are these two records of the same person? If you are not sure, ask them first.",
        headings=[
            f"Record {kept.pk}, which you keep",
            f"Record {merged.pk}, which is merged into it",
        ],
        rows=side_by_side(kept, merged, by=request.user),
        instead=(
            f"Keep record {merged.pk} instead",
            f"{reverse('admin:membership_person_merge', args=[other, pk])}?{urlencode({'next': page})}",
        ),
        sentences=[
            f"Everything in record {merged.pk} moves to record {kept.pk}: requests, communities, programs, "
            "roles, emails, meetings, topics, resources, Slack and Zoom.",
            *what_happens(kept, merged, by=request.user, now=now),
            *_accounts(kept, merged),
            "You can undo this until something is built on it, such as a new request.",
        ],
        form=form,
        button="Merge the two records",
        back=("Cancel", page),
    )


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def undo(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Undo a merge, after a page that says what comes back."""
    if not families_of(request.user):
        raise Http404("There is no such merge.")
    done = get_object_or_404(PersonMerge.objects.select_related("kept", "merged"), pk=pk)
    page = reverse("admin:membership_person_change", args=[done.kept_id])
    if request.method == "POST":
        with refusal_as_warning(request):
            undo_merge(merge_id=pk, by=request.user, now=timezone.now())
            messages.success(request, "The merge is undone. Both records are as they were before.")
        return redirect(page)
    if why_not := why_no_undo(done):
        messages.warning(request, why_not)
        return redirect(page)
    return desk_page(
        request,
        "desk/form.html",
        title=f"Undo the merge of {done.kept} and {done.merged_name or done.merged}?",
        crumbs=_crumbs(done.kept),
        lede=f"There will be two records again, each with its own name, email and account. {_what_comes_back(done)} "
        + (
            "Anyone with an account gets an email."
            if have_heard(done)
            else "No email about the merge has gone out, so none goes out now."
        ),
        button="Undo the merge",
        back=("Cancel", page),
    )


def _person(request: HttpRequest, pk: int) -> Person:
    people = Person.objects.select_related("user").filter(erased_on=None)
    person = get_object_or_404(people, pk=pk)
    if not families_of(request.user):
        raise Http404("There is no such person.")
    return person


def _crumbs(person: Person) -> list[tuple[str, str]]:
    page = reverse("admin:membership_person_change", args=[person.pk])
    return [(str(person), page)]


def _accounts(kept: Person, merged: Person) -> list[str]:
    if kept.user and merged.user:
        return [
            "Both have an account. The one with the email that stays keeps working. The other one is closed and "
            "signed out, and both addresses get an email."
        ]
    return ["The account stays, and they get an email."] if kept.user or merged.user else []


def _what_comes_back(done: PersonMerge) -> str:
    rows = (apps.get_model(row["model"]) for row in done.changes["rows"] if row["before"])
    kinds = Counter(model for model in rows if model not in (Person, PersonMerge, User))
    named = [
        f"{number} {model._meta.verbose_name if number == 1 else model._meta.verbose_name_plural}"
        for model, number in kinds.items()
    ]
    return f"What goes back to where it was: {', '.join(named)}." if named else ""


# -- Side by side --------------------------------------------------------------------------------------


def side_by_side(
    kept: Person, merged: Person, *, by: User
) -> list[tuple[str, list[str], list[str]]]:
    """What the two records hold, by kind. Of the other team's rows only how many there are."""
    mine = families_of(by)

    def own(rows: QuerySet[Any], team: str, words: Callable[[Any], str]) -> list[str]:
        shown = rows.filter(**{f"{team}__family__in": mine})
        others = rows.count() - len(shown)
        return [words(row) for row in shown] + ([f"{others} with the other team"] if others else [])

    def of(p: Person) -> dict[str, list[str]]:
        requests = p.join_requests.select_related("community")
        places = p.enrolments.select_related("community")
        accesses = p.accesses.select_related("team", "community")
        return {
            "Name": [p.name],
            "Other names": [str(other) for other in p.other_names.all()],
            "Email": [p.email],
            "Other emails": [str(other) for other in p.other_emails.all()],
            "Account": [_account(p.user)] if p.user else [],
            "Phone": [p.phone],
            "Requests": own(requests, "community__team", _state),
            "Communities": own(places, "community__team", attrgetter("since")),
            "Programs": [_after_name(row) for row in p.positions.select_related("program__agency")],
            "Roles": [_after_name(row) for row in p.roles.select_related("initiative")],
            "EVA BC memberships": [_after_name(row) for row in p.eva_memberships.all()],
            "Slack and Zoom": own(
                accesses, "team", lambda a: f"{a.service}: {a.state_words.lower()}"
            ),
            "Meetings": _number(
                p.attendances.count(), "answer or attendance", "answers or attendances"
            ),
            "Topics": _number(p.topics.count(), "topic", "topics"),
            "Resources": _number(p.resources.count(), "resource", "resources"),
            "Emails": _number(p.letters.count(), "email", "emails"),
            "Consent": [str(consent) for consent in p.consents.all()],
            "Correction requests": own(
                p.corrections.all(), "team", lambda c: c.get_state_display()
            ),
        }

    rows = zip(of(kept).items(), of(merged).values(), strict=True)
    both = [(label, [*filter(None, a)], [*filter(None, b)]) for (label, a), b in rows]
    return [row for row in both if row[1] or row[2]]


def _number(number: int, one: str, many: str) -> list[str]:
    return [f"{number} {one if number == 1 else many}"] if number else []


def _account(user: User) -> str:
    if not user.is_active:
        return f"{user.email}, closed"
    last = user.last_login
    when = (
        f"last sign-in {date_format(timezone.localtime(last))}" if last else "has never signed in"
    )
    return f"{user.email}, {when}"


def _state(join_request: JoinRequest) -> str:
    return f"{join_request}, {join_request.get_state_display().lower()}"


def _after_name(fact: Model) -> str:
    """A fact without the name of the person before it."""
    return str(fact).partition(": ")[2]
