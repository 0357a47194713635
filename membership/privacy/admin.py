"""Requests for corrections, and the data retention log."""

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.text import Truncator
from django.views.decorators.http import require_POST

from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import is_lead
from membership.base_admin import CustomPageAdmin, TeamFilter, TeamModelAdmin, desk_page
from membership.errors import refusal_as_form_error
from membership.forms import message_field
from membership.models import Correction, RetentionDay
from membership.privacy.corrections import State, answer, corrections_of


class AnswerForm(forms.Form):
    """The answer to a correction request."""

    state = forms.ChoiceField(
        label="Outcome",
        choices=[(state.value, state.label) for state in (State.DONE, State.DECLINED)],
        error_messages={"required": "Choose the outcome."},
    )
    text = message_field(
        "What you corrected, or why you did not",
        help_text="This text appears in the email to the person.",
        missing="Explain what you corrected, or why you did not.",
    )


def correction_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """What someone asks a team to correct, and the form for the answer."""
    correction = get_object_or_404(corrections_of(request.user), pk=pk)
    form = AnswerForm(request.POST or None)
    if form.is_valid():
        with refusal_as_form_error(form):
            answer(correction_id=pk, by=request.user, now=timezone.now(), **form.cleaned_data)
            messages.success(request, "Answer saved. The email is on its way.")
            return redirect("admin:membership_correction_changelist")
    return desk_page(
        request,
        "desk/correction.html",
        title=f"Correction request from {correction.person}",
        correction=correction,
        form=form,
    )


@admin.register(Correction)
class CorrectionAdmin(CustomPageAdmin):
    """The correction requests of a team, oldest first."""

    list_display = ["person", "text_in_short", "asked_at", "state"]
    list_select_related = ["person"]
    list_filter = ["state", TeamFilter]
    search_fields = ["person"]
    actions = None
    own_page = staticmethod(correction_page)
    row_views = {"answer": require_POST(correction_page)}

    @admin.display(description="what to correct")
    def text_in_short(self, correction: Correction) -> str:
        return Truncator(correction.text).chars(120)


@admin.register(RetentionDay)
class RetentionDayAdmin(TeamModelAdmin):
    """The number of rows deleted each night. Only leads see it."""

    list_display = ["on", "let_go", "finished_at"]
    fields = ["on", "let_go", "finished_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RetentionDay]:
        return RetentionDay.objects.all() if is_lead(request.user) else RetentionDay.objects.none()

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return is_lead(request.user)

    @admin.display(description="deleted")
    def let_go(self, day: RetentionDay) -> str:
        numbers = [f"{number} {kind}" for kind, number in sorted(day.counts.items()) if number]
        return ", ".join(numbers) or "nothing"
