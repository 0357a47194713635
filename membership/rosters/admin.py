"""The rosters in the admin."""

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from membership.accounts.team_admin import TeamModelAdmin
from membership.models import Enrolment, YearlyConfirmation


class ConfirmationInline(admin.StackedInline):
    """What they answered each year; written by the verbs only."""

    model = YearlyConfirmation
    fields = ["asked_on", "reminded_on", "answered_on", "answer", "leave_until", "ask_again_on"]
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True  # whoever may see the enrolment

    def has_add_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return False


@admin.register(Enrolment)
class EnrolmentAdmin(TeamModelAdmin):
    """The rosters. Enrolments open with a decision and end with a verb, never here."""

    list_display = ["person", "community", "started_on", "ended_on", "left_because"]
    list_filter = ["community"]
    list_select_related = ["person", "community", "leaving"]
    search_fields = ["person__search_text"]
    readonly_fields = ["left_because"]
    inlines = [ConfirmationInline]
    team_path = "community__team"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        links = [("Save a roster as a sheet", reverse("admin:roster_sheet"))]
        return super().changelist_view(request, {"links": links})

    @admin.display(description="left by themselves")
    def left_because(self, enrolment: Enrolment) -> str:
        if not hasattr(enrolment, "leaving"):
            return ""
        return enrolment.leaving.reason or "without a reason given"
