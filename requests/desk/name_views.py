"""Name checks on the staff desk: the list, and the page on which staff answer one."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods, require_POST

from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of, is_lead
from membership.base_admin import (
    CustomPageAdmin,
    FilterWithDefault,
    TeamFilter,
    desk_page,
    with_undo,
)
from membership.errors import refusal_as_form_error, refusal_as_warning
from membership.forms import message_field
from membership.models import NameCheck, Person, User
from membership.people.near import NearRecord, near_record
from membership.people.sign_ins import closed_by_lead, email_that_remains, emails_in_use
from requests.desk.name_answers import ASK_FOR_OWN_EMAIL, answer, undo_answer
from requests.lifecycle import State

LEDE = (
    "Each account is for one person. Until you answer, the register stays as it is, and nothing under the "
    "other name is used."
)
OPENS = "The account with this email is closed. It will be reopened for the new holder"
ONLY_A_LEAD = "Only a lead can choose this, because a lead has closed the account with this email"


class NameAnswerForm(forms.Form):
    """Whose name it is. An applicant who is someone else gets the message."""

    answer = forms.TypedChoiceField(
        label="Who is it?",
        coerce=NameCheck.State,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose who it is."},
    )
    text = message_field(
        "Message to the applicant",
        "We email it as a question if you choose “Someone else”.",
        required=False,
    )

    def __init__(
        self, data: QueryDict | None, *, check: NameCheck, has_requests: bool, by: User
    ) -> None:
        super().__init__(data, initial={"text": ASK_FOR_OWN_EMAIL})
        known, other = check.person, check.name
        if check.email not in emails_in_use(known):
            leaves = f"and {known} keeps everything but this former email"
        elif stays := email_that_remains(known, without=check.email):
            leaves = f"and {known} keeps everything else and signs in with {stays} from then on"
        else:
            leaves = f"and {known} leaves: their enrolments and sign-in end, without an email"
        if closed_by_lead(check.email):
            leaves += ". " + (OPENS if is_lead(by) else ONLY_A_LEAD)
        self.fields["answer"].choices = [  # type: ignore[attr-defined]
            (
                "same",
                f"Same person, new name: {known} becomes {other}, and the former name is kept",
            ),
            (
                "holder",
                f"New holder of this mailbox: a new record begins for {other}, {leaves}",
            ),
            ("else", f"Someone else: {known} keeps this email, and {other} needs their own"),
        ]
        if not has_requests:
            del self.fields["text"]


def checks_of_team(request: HttpRequest) -> QuerySet[NameCheck]:
    """The name checks of the viewer's teams, and those that concern both."""
    families = families_of(request.user)
    theirs = Q(team__isnull=True) | Q(team__family__in=families)
    rows = NameCheck.objects.filter(theirs) if families else NameCheck.objects.none()
    return rows.defer("changes").select_related(
        "person__user", "team", "holder", "answered_by__person"
    )


@require_http_methods(["GET", "HEAD", "POST"])
def name_check_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Both names side by side, and the answer."""
    if request.POST.get("answer") == NameCheck.State.HOLDER:
        return fresh_code_required(_page)(request, pk)
    return _page(request, pk)


def _page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    check = get_object_or_404(checks_of_team(request), pk=pk)
    person, families = check.person, families_of(request.user)
    requests = person.join_requests.filter(community__team__family__in=families)
    requests = requests.exclude(state=State.DRAFT).select_related("community", "name_check")
    under_it = [r for r in requests if r.name_check_id == pk]
    form = None
    if check.is_unsettled:
        has_requests = any(r.state == State.AWAITING_REVIEW for r in under_it)
        data = request.POST if request.method == "POST" else None
        form = NameAnswerForm(data, check=check, has_requests=has_requests, by=request.user)
    if form and form.is_valid():
        with refusal_as_form_error(form):
            state, text = form.cleaned_data["answer"], form.cleaned_data.get("text", "")
            opens = state == NameCheck.State.HOLDER and closed_by_lead(check.email)
            done = answer(check_id=pk, state=state, by=request.user, now=timezone.now(), text=text)
            again = " Import the list again to use its rows." if check.where else ""
            again += " The account with this email is open again." if opens else ""
            words = f"Answered: {done.get_state_display()}.{again}"
            if done.changes:
                words = with_undo(words, _undo_address(done))
            messages.success(request, words)
            if "list" in request.GET:
                return redirect(checks_shown(request))
            if under_it:
                return redirect("admin:joinrequests_joinrequest_change", under_it[0].pk)
            return redirect("admin:membership_person_change", (done.holder or person).pk)
    enrolments = person.enrolments.filter(ended_on__isnull=True)
    own = enrolments.filter(community__team__family__in=families).select_related("community")
    checks = reverse("admin:membership_namecheck_changelist")
    return desk_page(
        request,
        "desk/name_check.html",
        title=f"Name check: {check.email}",
        lede=LEDE if form else "",
        check=check,
        person=person,
        also=_also_known(check, request.user) if form else [],
        enrolments=own,
        other_enrolments=enrolments.count() - len(own),
        requests=[r for r in requests if r.name_check_id != pk],
        under_it=under_it,
        form=form,
        action=reverse("admin:membership_namecheck_answer", args=[pk])
        if form
        else _undo_address(check),
        button="Save answer" if form else "Undo this answer" if check.changes else "",
        back=("Cancel", checks),
    )


def _undo_address(check: NameCheck) -> str:
    return reverse("admin:membership_namecheck_undo", args=[check.pk])


@require_POST
def undo_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take back the answer "same person", and show the question again."""
    get_object_or_404(checks_of_team(request), pk=pk)
    with refusal_as_warning(request):
        check = undo_answer(check_id=pk, by=request.user, now=timezone.now())
        messages.success(request, f"Undone. {check.person} has their former name again.")
    return redirect("admin:membership_namecheck_change", pk)


def checks_shown(request: HttpRequest) -> str:
    """The list of name checks, with the filters that it had."""
    filters = request.GET.get("_changelist_filters", "")
    checks = reverse("admin:membership_namecheck_changelist")
    return f"{checks}?{filters}" if filters else checks


def _also_known(check: NameCheck, viewer: User) -> list[NearRecord]:
    """Records of the other name: if it is one person, the two are merged instead."""
    near = near_record(Person(name=check.name), viewer=viewer)
    return [one for one in near if one.person.pk != check.person_id]


class AnswerFilter(FilterWithDefault):
    """By default, the list shows what waits for an answer."""

    title = "answer"
    parameter_name = "state"
    first_choice = "Open"
    options = [("all", "All"), *NameCheck.State.choices[1:]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[NameCheck]) -> QuerySet[NameCheck]:
        chosen = self.value() or NameCheck.State.OPEN
        return queryset if chosen == "all" else queryset.filter(state=chosen)


class TeamOrBothFilter(TeamFilter):
    """Of one team; what concerns both is shown for each."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        theirs = Q(team__isnull=True) | Q(team__family=self.value())
        return queryset.filter(theirs) if self.value() else queryset


class NameCheckAdmin(CustomPageAdmin):
    """Other names at known emails, the longest wait first."""

    list_display = ["email", "register_name", "name", "comes_from", "asked_at", "answers"]
    list_filter = [AnswerFilter, TeamOrBothFilter]
    search_fields = ["person", "name", "email"]
    own_page = staticmethod(name_check_page)
    row_views = {"answer": name_check_page, "undo": undo_page}
    team_path = "team"

    def get_queryset(self, request: HttpRequest) -> QuerySet[NameCheck]:
        return checks_of_team(request).order_by("asked_at", "pk")

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        changelist = super().get_changelist_instance(request)
        filters = self.get_preserved_filters(request)
        for check in changelist.result_list:
            check.filters = f"list&{filters}" if filters else "list"
        return changelist

    @admin.display(description="answer", ordering="state")
    def answers(self, check: NameCheck) -> SafeString | str:
        """What one press answers; the other answers need more, on the page of the check."""
        if not check.is_unsettled:
            return check.get_state_display()
        return format_html(
            '<button class="desk-small" name="answer" value="same" formaction="{}?{}">Same person, new name'
            '<span class="visually-hidden">: {} is {}</span></button> <a href="{}">Other answers'
            '<span class="visually-hidden">: {}</span></a>',
            reverse("admin:membership_namecheck_answer", args=[check.pk]),
            check.filters,  # type: ignore[attr-defined]
            check.person,
            check.name,
            reverse("admin:membership_namecheck_change", args=[check.pk]),
            check.name,
        )

    @admin.display(description="in the register")
    def register_name(self, check: NameCheck) -> str:
        return str(check.person)

    @admin.display(description="comes from")
    def comes_from(self, check: NameCheck) -> str:
        return check.source_in_words
