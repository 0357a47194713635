"""Agencies, programs, memberships, people, positions and roles."""

from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max, Q, QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format

from membership.admin.evidenced import FactAdmin, FactInline, NamedListFilter, StampsChecks
from membership.admin.large import LargeTable
from membership.admin.periods import EndingFilter, HolderFilter
from membership.admin.teams import TeamsOwnRows
from membership.models import (
    Agency,
    Bounce,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
    YearlyConfirmation,
)
from membership.names import name_key


def titled(title: str) -> type[admin.ChoicesFieldListFilter]:
    """A filter of a column of another table, under a title that says of which."""

    class Titled(admin.ChoicesFieldListFilter):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return Titled


class ProgramInline(FactInline):
    model = Program


class AgencyMembershipInline(FactInline):
    model = EvaMembership
    exclude = [*FactInline.exclude, "person"]


class AgencyForm(forms.ModelForm):
    def clean_name(self) -> str:
        """Two spellings of one name are one agency; its key is no field of the form."""
        name: str = self.cleaned_data["name"]
        others = Agency.objects.exclude(pk=self.instance.pk)
        if same := others.filter(name_key=name_key(name)).first():
            raise ValidationError(f"The register has this agency already: {same.name}.")
        return name


@admin.register(Agency)
class AgencyAdmin(StampsChecks):
    form = AgencyForm
    list_display = ["name", "city", "membership_until"]
    list_filter = [HolderFilter]
    search_fields = ["name", "name_key", "city"]
    inlines = [ProgramInline, AgencyMembershipInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Agency]:
        last = Max("eva_memberships__ends_on", filter=Q(eva_memberships__is_held=True))
        return super().get_queryset(request).annotate(member_until=last)

    @admin.display(description="EVA BC membership until", ordering="member_until")
    def membership_until(self, agency: Any) -> str:
        return date_format(agency.member_until, "j F Y") if agency.member_until else "–"


@admin.register(Program)
class ProgramAdmin(FactAdmin):
    list_display = [
        "agency",
        "type",
        "community_served",
        "region",
        "funder",
        "funded_until",
        "how_known",
    ]
    list_filter = ["type", "region", "funder", "evidence", NamedListFilter]
    list_select_related = ["agency", "confirmed_by__person"]
    search_fields = ["agency__name", "agency__name_key", "community_served"]
    autocomplete_fields = ["agency"]


@admin.register(EvaMembership)
class EvaMembershipAdmin(FactAdmin):
    list_display = ["holder", "starts_on", "ends_on", "is_held", "how_known"]
    list_filter = [EndingFilter, "evidence", NamedListFilter]
    list_select_related = ["agency", "person", "confirmed_by__person"]
    search_fields = ["agency__name", "agency__name_key", "person__name"]
    autocomplete_fields = ["agency", "person"]

    @admin.display(description="holder")
    def holder(self, membership: EvaMembership) -> str:
        return str(membership.agency or membership.person)


class PositionInline(FactInline):
    model = ProgramPosition
    autocomplete_fields = ["program", "agency"]


class RoleInline(FactInline):
    model = CoordinationRole
    autocomplete_fields = ["initiative"]


class PersonMembershipInline(FactInline):
    model = EvaMembership
    exclude = [*FactInline.exclude, "agency"]


@admin.register(Person)
class PersonAdmin(StampsChecks):
    list_display = ["name", "email"]
    list_filter = [
        ("positions__program__type", titled("type of program")),
        ("positions__evidence", titled("how we know the caseload")),
        ("roles__evidence", titled("how we know the role")),
    ]
    search_fields = ["name", "email"]
    autocomplete_fields = ["user"]
    readonly_fields = ["came_back"]
    inlines = [PositionInline, RoleInline, PersonMembershipInline]

    @admin.display(description="letters that came back")
    def came_back(self, person: Person) -> str:
        """From the address that she has now; a new email ends it."""
        if person.pk is None:
            return "–"
        return "; ".join(bounce.in_words for bounce in Bounce.of(person)) or "None"


@admin.register(CoordinationInitiative)
class InitiativeAdmin(LargeTable):
    list_display = ["name", "kind", "community_served", "region"]
    list_filter = ["kind", "region", ("roles__evidence", titled("how we know its roles"))]
    search_fields = ["name", "community_served"]


class ConfirmationInline(admin.TabularInline):
    """What she answered each year; written by the verbs only."""

    model = YearlyConfirmation
    fields = ["asked_on", "reminded_on", "answered_on", "answer", "leave_until", "ask_again_on"]
    extra = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True  # whoever may see the enrolment

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Enrolment)
class EnrolmentAdmin(TeamsOwnRows):
    """The rosters. Enrolments open with a decision and end with a verb, never here."""

    list_display = ["person", "community", "started_on", "ended_on", "left_because"]
    list_filter = ["community"]
    list_select_related = ["person", "community", "leaving"]
    search_fields = ["person__name", "person__email"]
    readonly_fields = ["left_because"]
    inlines = [ConfirmationInline]
    team_path = "community__team"

    @admin.display(description="left by themselves")
    def left_because(self, enrolment: Enrolment) -> str:
        if not hasattr(enrolment, "leaving"):
            return ""
        return enrolment.leaving.reason or "without a reason given"
