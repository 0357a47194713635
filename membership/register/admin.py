"""Agencies, programs, memberships, people, positions and roles."""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Exists, Max, Model, OuterRef, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html

from membership.accounts.fresh_code import address_to_confirm, has_fresh_code
from membership.accounts.team_admin import TeamModelAdmin
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
from membership.register.evidence_admin import FactAdmin, FactInline, NamedListFilter, StampsChecks
from membership.register.names import name_key
from membership.search_admin import SearchableAdmin


def current(on: date) -> Q:
    return Q(is_held=True, starts_on__lte=on, ends_on__gte=on)


class EndingFilter(admin.SimpleListFilter):
    """Memberships that run, that end soon, that have ended."""

    title = "period"
    parameter_name = "period"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [
            ("current", "Current"),
            ("30", "Ends within 30 days"),
            ("60", "Ends within 60 days"),
            ("ended", "Has ended"),
            ("none", "Checked: there is none"),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        today = timezone.localdate()
        match self.value():
            case "current":
                return queryset.filter(current(today))
            case "30" | "60" as days:
                last = today + timedelta(days=int(days))
                return queryset.filter(current(today), ends_on__lte=last)
            case "ended":
                return queryset.filter(is_held=True, ends_on__lt=today)
            case "none":
                return queryset.filter(is_held=False)
        return queryset


class HolderFilter(admin.SimpleListFilter):
    """Agencies with and without a current membership."""

    title = "EVA BC membership"
    parameter_name = "membership"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("current", "Current"), ("none", "None that is current")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        held = Exists(
            EvaMembership.objects.filter(current(timezone.localdate()), agency=OuterRef("pk"))
        )
        match self.value():
            case "current":
                return queryset.filter(held)
            case "none":
                return queryset.filter(~held)
        return queryset


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
    search_fields = ["search_text"]
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
    search_fields = ["agency__search_text", "community_served"]
    autocomplete_fields = ["agency"]


@admin.register(EvaMembership)
class EvaMembershipAdmin(FactAdmin):
    list_display = ["holder", "starts_on", "ends_on", "is_held", "how_known"]
    list_filter = [EndingFilter, "evidence", NamedListFilter]
    list_select_related = ["agency", "person", "confirmed_by__person"]
    search_fields = ["agency__search_text", "person__search_text"]
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


class PersonForm(forms.ModelForm):
    """Letters go to the email, so another one asks for a fresh code; what was typed stays."""

    has_fresh_code = False

    def clean_email(self) -> str:
        email: str = self.cleaned_data["email"]
        if self.instance.pk and email != self.instance.email and not self.has_fresh_code:
            page = reverse("admin:membership_person_change", args=[self.instance.pk])
            raise ValidationError(
                format_html(
                    'Letters go to this address, so <a href="{}" target="_blank">confirm that it is '
                    "you</a> first. That opens in a new tab; then come back here and save again.",
                    address_to_confirm(page),
                )
            )
        return email


@admin.register(Person)
class PersonAdmin(StampsChecks):
    form = PersonForm

    list_display = ["name", "email"]
    list_filter = [
        ("positions__program__type", titled("type of program")),
        ("positions__evidence", titled("how we know the caseload")),
        ("roles__evidence", titled("how we know the role")),
    ]
    search_fields = [
        "search_text",
        "positions__agency__search_text",
        "positions__program__agency__search_text",
    ]
    search_help_text = "Name, email, phone or agency"
    autocomplete_fields = ["user"]
    readonly_fields = ["came_back"]
    inlines = [PositionInline, RoleInline, PersonMembershipInline]

    def get_form(
        self, request: HttpRequest, obj: Person | None = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        form = super().get_form(request, obj, change=change, **kwargs)
        return type(form.__name__, (form,), {"has_fresh_code": has_fresh_code(request)})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Person]:
        # Who was erased is nobody: there is nothing to open.
        return super().get_queryset(request).filter(erased_on__isnull=True)

    @admin.display(description="letters that came back")
    def came_back(self, person: Person) -> str:
        """From the address that they have now; a new email ends it."""
        if person.pk is None:
            return "–"
        return "; ".join(bounce.in_words for bounce in Bounce.of(person)) or "None"


@admin.register(CoordinationInitiative)
class InitiativeAdmin(SearchableAdmin):
    list_display = ["name", "kind", "community_served", "region"]
    list_filter = ["kind", "region", ("roles__evidence", titled("how we know its roles"))]
    search_fields = ["search_text"]


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
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        links = [("Save a roster as a sheet", reverse("admin:roster_sheet"))]
        return super().changelist_view(request, {"links": links})

    @admin.display(description="left by themselves")
    def left_because(self, enrolment: Enrolment) -> str:
        if not hasattr(enrolment, "leaving"):
            return ""
        return enrolment.leaving.reason or "without a reason given"
