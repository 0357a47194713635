"""Agencies, programs, memberships, people, positions and roles."""

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
    exclude = ["person"]
    extra = 0


@admin.register(Agency)
class AgencyAdmin(admin.ModelAdmin):
    list_display = ["name", "city"]
    search_fields = ["name", "name_key", "city"]
    inlines = [ProgramInline, AgencyMembershipInline]


@admin.register(Program)
class ProgramAdmin(admin.ModelAdmin):
    list_display = ["agency", "type", "community_served", "funder", "evidence"]
    list_filter = ["type", "funder", "evidence"]
    list_select_related = ["agency"]
    search_fields = ["agency__name", "community_served"]
    autocomplete_fields = ["agency", "confirmed_by"]


@admin.register(EvaMembership)
class EvaMembershipAdmin(admin.ModelAdmin):
    list_display = ["holder", "starts_on", "ends_on", "evidence"]
    list_filter = ["evidence"]
    list_select_related = ["agency", "person"]
    search_fields = ["agency__name", "person__name"]
    autocomplete_fields = ["agency", "person", "confirmed_by"]

    @admin.display(description="holder")
    def holder(self, membership: EvaMembership) -> str:
        return str(membership.agency or membership.person)


class PositionInline(admin.StackedInline):
    model = ProgramPosition
    extra = 0
    autocomplete_fields = ["program", "agency", "confirmed_by"]


class RoleInline(admin.StackedInline):
    model = CoordinationRole
    extra = 0
    autocomplete_fields = ["initiative", "confirmed_by"]


@admin.register(Person)
class PersonAdmin(admin.ModelAdmin):
    list_display = ["name", "email"]
    search_fields = ["name", "email"]
    autocomplete_fields = ["user"]
    inlines = [PositionInline, RoleInline]


@admin.register(CoordinationInitiative)
class InitiativeAdmin(admin.ModelAdmin):
    list_display = ["name", "kind", "community_served"]
    list_filter = ["kind"]
    search_fields = ["name", "community_served"]


@admin.register(Enrolment)
class EnrolmentAdmin(TeamsOwnRows):
    """The rosters. Enrolments open with a decision and end with a verb, never here."""

    list_display = ["person", "community", "started_on", "ended_on"]
    list_filter = ["community"]
    list_select_related = ["person", "community"]
    search_fields = ["person__name", "person__email"]
    team_path = "community__team"
