"""What staff edit of the public pages and the rules."""

from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest

from communities.models import (
    CommunityOfPractice,
    EligibilityCriterion,
    Passage,
    Question,
    SupportTeam,
)
from communities.vocabulary import InitiativeKind, ProgramType, RoleKind


def _choices(vocabulary: Any) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        choices=vocabulary.choices, required=False, widget=forms.CheckboxSelectMultiple
    )


class CriterionForm(forms.ModelForm):
    """The typed parts of a rule as boxes to tick."""

    program_types = _choices(ProgramType)
    roles = _choices(RoleKind)
    initiatives = _choices(InitiativeKind)
    roles_to_check = _choices(RoleKind)
    initiatives_to_check = _choices(InitiativeKind)

    class Meta:
        model = EligibilityCriterion
        fields = [
            "kind",
            "program_types",
            "funder",
            "roles",
            "initiatives",
            "roles_to_check",
            "initiatives_to_check",
            "source",
            "position",
        ]


class CriterionInline(admin.StackedInline):
    model = EligibilityCriterion
    form = CriterionForm
    extra = 0


class FixedRowsAdmin(admin.ModelAdmin):
    """Rows that the pages count on: staff change them, and neither add nor delete any."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(SupportTeam)
class SupportTeamAdmin(FixedRowsAdmin):
    list_display = ["name", "mailbox"]
    readonly_fields = ["family"]


@admin.register(CommunityOfPractice)
class CommunityAdmin(FixedRowsAdmin):
    list_display = ["short_name", "name", "team"]
    list_display_links = ["short_name", "name"]
    list_select_related = ["team"]
    readonly_fields = ["slug", "team"]
    inlines = [CriterionInline]


@admin.register(Question)
class QuestionAdmin(admin.ModelAdmin):
    list_display = ["question", "position"]
    prepopulated_fields = {"slug": ["question"]}


@admin.register(Passage)
class PassageAdmin(FixedRowsAdmin):
    list_display = ["heading", "key"]
    readonly_fields = ["key"]
