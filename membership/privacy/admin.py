"""Corrections that people ask for, and what retention deleted each night."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import is_lead
from membership.base_admin import CustomPageAdmin, TeamFilter, TeamModelAdmin, desk_page
from membership.errors import refusal_as_form_error
from membership.forms import MAX_TEXT_LENGTH, ParagraphsField
from membership.models import Correction, RetentionDay
from membership.privacy.corrections import State, answer, corrections_of


class AnswerForm(forms.Form):
    """Done, or why not."""

    state = forms.ChoiceField(
        label="What came of it",
        choices=[(state.value, state.label) for state in (State.DONE, State.DECLINED)],
        error_messages={"required": "Choose what came of it."},
    )
    text = ParagraphsField(
        label="What you corrected, or why not",
        help_text="It appears in the letter to the person.",
        max_length=MAX_TEXT_LENGTH,
        error_messages={"required": "Write it in words for the person."},
    )


def correction_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What somebody asks a team to correct, and the form of the answer."""
    correction = get_object_or_404(corrections_of(request.user), pk=pk)
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            answer(correction_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, "Your answer is on its way.")
            return redirect("admin:membership_correction_changelist")
    return desk_page(
        request,
        "desk/correction.html",
        title=f"A correction for {correction.person}",
        correction=correction,
        form=form,
    )


@admin.register(Correction)
class CorrectionAdmin(CustomPageAdmin):
    """What people ask a team to correct, the oldest first."""

    list_display = ["who", "asked_at", "state"]
    list_display_links = ["who"]
    list_filter = ["state", TeamFilter]
    search_fields = ["person__search_text"]
    actions = None
    row_views = {"answer": require_POST(correction_page)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Correction]:
        return corrections_of(request.user)

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        return correction_page(request, pk)

    @admin.display(description="who", ordering="person__name")
    def who(self, correction: Correction) -> str:
        return str(correction.person)


@admin.register(RetentionDay)
class RetentionDayAdmin(TeamModelAdmin):
    """The number of rows that retention deleted each night; for leads."""

    list_display = ["on", "let_go", "finished_at"]
    fields = ["on", "let_go", "finished_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetentionDay]:
        return RetentionDay.objects.all() if is_lead(request.user) else RetentionDay.objects.none()

    def has_module_permission(self, request: HttpRequest) -> bool:
        return is_lead(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_lead(request.user)

    @admin.display(description="let go")
    def let_go(self, day: RetentionDay) -> str:
        numbers = [f"{number} {kind}" for kind, number in sorted(day.counts.items()) if number]
        return ", ".join(numbers) or "nothing"
