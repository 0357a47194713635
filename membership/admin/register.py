"""Agencies, programs, memberships, people, positions and roles."""

from typing import ClassVar

from django.contrib import admin

from membership.admin.teams import TeamsOwnRows
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)


class ProgramInline(admin.StackedInline):
    model = Program
    extra = 0


class AgencyMembershipInline(admin.StackedInline):
    model = EvaMembership
    exclude: ClassVar = ["person"]
    extra = 0


@admin.register(Agency)
class AgencyAdmin(admin.ModelAdmin):
    list_display: ClassVar = ["name", "city"]
    search_fields: ClassVar = ["name", "name_key", "city"]
    inlines: ClassVar = [ProgramInline, AgencyMembershipInline]


@admin.register(Program)
class ProgramAdmin(admin.ModelAdmin):
    list_display: ClassVar = ["agency", "type", "community_served", "funder", "evidence"]
    list_filter: ClassVar = ["type", "funder", "evidence"]
    list_select_related: ClassVar = ["agency"]
    search_fields: ClassVar = ["agency__name", "community_served"]
    autocomplete_fields: ClassVar = ["agency", "confirmed_by"]


@admin.register(EvaMembership)
class EvaMembershipAdmin(admin.ModelAdmin):
    list_display: ClassVar = ["holder", "starts_on", "ends_on", "evidence"]
    list_filter: ClassVar = ["evidence"]
    list_select_related: ClassVar = ["agency", "person"]
    search_fields: ClassVar = ["agency__name", "person__name"]
    autocomplete_fields: ClassVar = ["agency", "person", "confirmed_by"]

    @admin.display(description="holder")
    def holder(self, membership: EvaMembership) -> str:
        return str(membership.agency or membership.person)


class PositionInline(admin.StackedInline):
    model = ProgramPosition
    extra = 0
    autocomplete_fields: ClassVar = ["program", "agency", "confirmed_by"]


class RoleInline(admin.StackedInline):
    model = CoordinationRole
    extra = 0
    autocomplete_fields: ClassVar = ["initiative", "confirmed_by"]


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    list_display: ClassVar = ["name", "email"]
    search_fields: ClassVar = ["name", "email"]
    autocomplete_fields: ClassVar = ["user"]
    inlines: ClassVar = [PositionInline, RoleInline]


@admin.register(CoordinationInitiative)
class InitiativeAdmin(admin.ModelAdmin):
    list_display: ClassVar = ["name", "kind", "community_served"]
    list_filter: ClassVar = ["kind"]
    search_fields: ClassVar = ["name", "community_served"]


@admin.register(Enrolment)
class EnrolmentAdmin(TeamsOwnRows):
    """The rosters. Enrolments open with a decision and end with a verb, never here."""

    list_display: ClassVar = ["person", "community", "started_on", "ended_on"]
    list_filter: ClassVar = ["community"]
    list_select_related: ClassVar = ["person", "community"]
    search_fields: ClassVar = ["person__name", "person__email"]
    team_path = "community__team"
