"""Each team's worklist: the enrolments to look at, and the pages on which staff act."""

from datetime import datetime

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from communities.models import CommunityOfPractice
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.team_admin import (
    CustomPageAdmin,
    FilterWithDefault,
    TeamFilter,
    TeamModelAdmin,
)
from membership.accounts.teams import families_of
from membership.imports.editions import known_lists
from membership.models import Export, NightlyReassessment, WorklistRow
from membership.rosters import roster_check_views
from membership.rosters.exporting import exports_of
from membership.rosters.roster_checks import worklist_of


class StateFilter(FilterWithDefault):
    """The worklist shows what is open, unless somebody looks for more."""

    title = "state"
    parameter_name = "state"
    first_choice = "Open"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        others = [s for s in WorklistRow.State if s != WorklistRow.State.OPEN]
        return [*((s.value, str(s.label)) for s in others), ("all", "All")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[WorklistRow]
    ) -> QuerySet[WorklistRow]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or WorklistRow.State.OPEN)


class RosterFilter(admin.SimpleListFilter):
    """The communities of the teams that this person belongs to."""

    title = "community"
    parameter_name = "community"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        mine = CommunityOfPractice.objects.filter(team__family__in=families_of(request.user))
        return [(c.slug, c.short_name) for c in mine]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[WorklistRow]
    ) -> QuerySet[WorklistRow]:
        return (
            queryset.filter(enrolment__community__slug=self.value()) if self.value() else queryset
        )


@admin.register(WorklistRow)
class WorklistAdmin(CustomPageAdmin):
    """The worklist of a team, oldest first. A row is not edited here: the buttons lead to the verbs."""

    list_display = ["who", "community_name", "since", "why", "lists", "state_now"]
    list_display_links = ["who"]
    list_filter = [StateFilter, "kind", TeamFilter, RosterFilter]
    team_path = "enrolment__community__team"
    search_fields = ["enrolment__person__search_text"]
    search_help_text = "Name or email"
    ordering = ["since", "pk"]
    actions = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorklistRow]:
        return worklist_of(request.user)

    def get_urls(self) -> list[URLPattern]:
        pages = [
            ("write", roster_check_views.write),
            ("give-time", roster_check_views.give_time),
            ("settle", roster_check_views.settle),
            ("end", roster_check_views.end),
            ("look-again", roster_check_views.look_again),
        ]
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"membership_worklistrow_{name}",
                )
                for name, view in pages
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        last_night = NightlyReassessment.objects.first()
        looked_at = (
            f"All open enrolments were last looked at on {_moment(last_night.finished_at)}."
            if last_night
            else "The open enrolments have not been looked at yet. The portal does so every night."
        )
        more = {
            "title": "Worklist",
            "warnings": [
                f"{capfirst(known.name)} of {date_format(known.as_of, 'j F Y')} ({known.lists}) is "
                f"older than {known.limit} days. Nothing is proposed on its strength until a newer "
                "list is imported."
                for known in known_lists(timezone.localdate()).too_old
            ],
            "intro": f"{looked_at} Nobody is removed from a community by a list: you decide.",
        }
        return super().changelist_view(request, more)

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """Everything about one row."""
        return roster_check_views.row(request, pk=pk)

    @admin.display(description="who", ordering="enrolment__person__name")
    def who(self, row: WorklistRow) -> str:
        return str(row.enrolment.person)

    @admin.display(description="community", ordering="enrolment__community__position")
    def community_name(self, row: WorklistRow) -> str:
        return row.enrolment.community.short_name

    @admin.display(description="why")
    def why(self, row: WorklistRow) -> SafeString:
        return roster_check_views.why(row)

    @admin.display(description="which list")
    def lists(self, row: WorklistRow) -> str:
        return ", ".join(row.sources)

    @admin.display(description="state", ordering="state")
    def state_now(self, row: WorklistRow) -> SafeString:
        return roster_check_views.state_of(row)


def _moment(at: datetime) -> str:
    return date_format(timezone.localtime(at), "j F Y, H:i")


# -- The log of exports ----------------------------------------------------------------------------


@admin.register(Export)
class ExportAdmin(TeamModelAdmin):
    """Who saved which sheet, newest first."""

    list_display = ["what", "by", "at", "rows"]
    list_select_related = ["by"]
    date_hierarchy = "at"
    search_fields = ["what", "by__email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        return exports_of(families_of(request.user))
