"""The list of ready reasons: leads keep it, each team reads its own and those of both."""

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse

from membership.accounts.teams import families_of, is_lead
from membership.base_admin import TeamModelAdmin
from membership.emails.templates import plain_text_problems
from membership.forms import ParagraphsField
from requests.models import ReasonText


class ReasonForm(forms.ModelForm):
    text = ParagraphsField(
        max_length=2_000,
        help_text="Goes into the letter as it stands. Say what the person can do next.",
        error_messages={"required": "Write the words for the letter."},
    )

    def clean_text(self) -> str:
        """Plain words only: nothing is filled into them."""
        text: str = self.cleaned_data["text"]
        if problems := plain_text_problems(text):
            raise ValidationError([*problems])
        return text


@admin.register(ReasonText)
class ReasonAdmin(TeamModelAdmin):
    form = ReasonForm
    fields = ["used_for", "family", "title", "text", "position", "is_active"]
    list_display = ["title", "used_for", "team", "is_active", "position"]
    list_filter = ["used_for", "is_active"]
    ordering = ["used_for", "position", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReasonText]:
        theirs = Q(family="") | Q(family__in=families_of(request.user))
        return ReasonText.objects.filter(theirs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_lead(request.user)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_lead(request.user)

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_lead(request.user)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        title = "Reasons for declining and for asking"
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    @admin.display(description="team", ordering="family")
    def team(self, reason: ReasonText) -> str:
        return reason.get_family_display() or "Both"
