"""Enrolments, roster checks and the log of exports in the admin."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst

from membership.accounts.teams import families_of
from membership.base_admin import (
    CommunityFilter,
    CustomPageAdmin,
    FilterWithDefault,
    TeamFilter,
    TeamModelAdmin,
)
from membership.forms import keys_in
from membership.imports.uploads import lists_of
from membership.models import (
    Enrolment,
    Export,
    NightlyReassessment,
    WorklistRow,
    YearlyConfirmation,
)
from membership.rosters import exception_views, roster_check_views
from membership.rosters.exports import ExportableAdmin, exports_of
from membership.rosters.reassessment import known_lists
from membership.rosters.roster_checks import with_newest_steps
from membership.sheets import Row


class ShowsLeave:
    """A column about the leave of an enrolment."""

    @admin.display(description="leave", ordering="leave_until")
    def leave(self, enrolment: Enrolment) -> str:
        return capfirst(enrolment.leave_today) or "–"


class ConfirmationInline(admin.StackedInline):
    """The member's yearly check-ins, read-only."""

    model = YearlyConfirmation
    readonly_fields = [
        "asked_on",
        "reminded_on",
        "answered_on",
        "answer",
        "last_day_of_leave",
        "ask_again_on",
    ]
    exclude = ["due_on", "reminded", "leave_until"]
    max_num = 0
    can_delete = False

    def has_view_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return True  # to anyone who may see the enrolment

    @admin.display(description="last day of the leave, as they answered")
    def last_day_of_leave(self, confirmation: YearlyConfirmation) -> str:
        return date_format(confirmation.leave_until) if confirmation.leave_until else "–"


class ExceptionFilter(FilterWithDefault):
    """Those who were admitted although a rule was not met or not known to be met."""

    title = "exception"
    parameter_name = "exception"
    options = [("yes", "Exceptions")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Enrolment]) -> QuerySet[Enrolment]:
        standing = {"exception__isnull": False, "exception__ended_on__isnull": True}
        return queryset.filter(ended_on__isnull=True, **standing) if self.value() else queryset


@admin.register(Enrolment)
class EnrolmentAdmin(ShowsLeave, TeamModelAdmin):
    """The rosters, read-only: a decision opens an enrolment, and pages of ``requests.desk.enrolments`` change it."""

    list_display = [
        "person",
        "community",
        "started_on",
        "leave",
        "ended_on",
        "left_because",
        "admitted",
    ]
    list_filter = [CommunityFilter, ExceptionFilter]
    list_select_related = ["person", "community", "leaving", "exception"]
    search_fields = ["person", "person__positions"]
    exclude = ["leave_until"]
    readonly_fields = ["leave", "left_because", "admitted"]
    inlines = [ConfirmationInline]
    team_path = "community__team"

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        links = [("Export a roster", reverse("admin:roster_sheet"))]
        return super().changelist_view(request, {"links": links})

    def get_urls(self) -> list[URLPattern]:
        pages = {"exception": exception_views.keep, "end-exception": exception_views.end}
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"membership_enrolment_{name}",
                )
                for name, view in pages.items()
            ),
            *super().get_urls(),
        ]

    @admin.display(description="exception")
    def admitted(self, enrolment: Enrolment) -> str:
        exception = getattr(enrolment, "exception", None)
        return exception.in_words if exception else "–"

    @admin.display(description="left on their own")
    def left_because(self, enrolment: Enrolment) -> str:
        if not hasattr(enrolment, "leaving"):
            return "–"
        return enrolment.leaving.reason or "no reason given"


class StateFilter(FilterWithDefault):
    """Shows the open roster checks by default."""

    title = "status"
    parameter_name = "state"
    first_choice = "Open"
    options = [*WorklistRow.State.choices[1:], ("all", "All")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[WorklistRow]
    ) -> QuerySet[WorklistRow]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or WorklistRow.State.OPEN)


class ImportFilter(admin.SimpleListFilter):
    """The roster checks that an import opened or changed last: the newest imports that have some, with the open ones."""

    title = "list"
    parameter_name = "import"
    shown = 10
    none = "none"

    def lookups(self, request: HttpRequest, model_admin: admin.ModelAdmin) -> list[tuple[str, str]]:
        own = Q(roster_checks__enrolment__community__team__family__in=families_of(request.user))
        is_open = own & Q(roster_checks__state=WorklistRow.State.OPEN)
        lists = lists_of(request.user).filter(own).order_by("-pk")
        lists = lists.annotate(open=Count("roster_checks", filter=is_open, distinct=True))
        return [
            (str(pk), f"{capfirst(name)} of {date_format(day)} ({count} open)")
            for pk, name, day, count in lists.values_list("pk", "list_name", "as_of", "open")[
                : self.shown
            ]
        ] + [(self.none, "No list")]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[WorklistRow]
    ) -> QuerySet[WorklistRow]:
        chosen = self.value() or ""
        if chosen == self.none:
            return queryset.filter(list_import=None)
        return queryset.filter(list_import__in=keys_in(chosen)) if chosen else queryset


@admin.register(WorklistRow)
class RosterCheckAdmin(ExportableAdmin, CustomPageAdmin):
    """The roster checks of a team, newest first, read-only: actions and buttons lead to pages that do something."""

    list_display = [
        "member",
        "community_name",
        "since_day",
        roster_check_views.reasons_of,
        roster_check_views.state_of,
    ]
    list_display_links = ["member"]
    list_filter = [StateFilter, ImportFilter, CommunityFilter, "kind", TeamFilter]
    community_path = "enrolment__community"
    team_path = "enrolment__community__team"
    list_select_related = ["enrolment__person", "enrolment__community", "enrolment__exception"]
    search_fields = ["enrolment__person", "enrolment__person__positions"]
    search_help_text = "Name or email"
    ordering = ["-since", "-pk"]
    list_per_page = roster_check_views.LIMIT
    sheet_headings = (
        "Community",
        "Name",
        "Email",
        "Roster check",
        "Reasons",
        "Source",
        "Since",
        "Status",
        "Snoozed until",
        "Resolved on",
        "How it was resolved",
        "Written to on",
        "Written to by",
        "Leave",
        "Exception",
    )
    actions = roster_check_views.LIST_ACTIONS
    own_page = staticmethod(roster_check_views.detail)
    row_views = {
        "look-again": roster_check_views.look_again,
        **{
            action.url_name: partial(roster_check_views.act, action=action)
            for action in roster_check_views.ACTIONS
        },
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[WorklistRow]:
        rows: Any = super().get_queryset(request)
        return with_newest_steps(rows)

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "membership_worklistrow"
        return [
            path("undo/", view(roster_check_views.undo_several), name=f"{name}_undo"),
            *(
                path(
                    f"several/{action.url_name}/",
                    view(partial(roster_check_views.act, action=action)),
                    name=f"{name}_several-{action.url_name}",
                )
                for action in roster_check_views.ACTIONS
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        last_night = NightlyReassessment.objects.first()
        if last_night:
            at = date_format(timezone.localtime(last_night.finished_at), "DATETIME_FORMAT")
            looked_at = f"Rosters were last checked on {at} (Pacific time)."
        else:
            looked_at = "Rosters have not been checked yet. The portal checks them every night."
        context = {
            "title": "Roster checks",
            "warnings": [
                f"{capfirst(known.name)} of {date_format(known.as_of)} ({known.kind.label}) is more "
                f"than {known.limit} days old. It opens no roster checks until you import a newer one."
                for known in known_lists(timezone.localdate()).too_old
            ],
            "intro": f"{looked_at} No one is removed automatically. You decide.",
        }
        return super().changelist_view(request, context)

    def sheet_rows(self, found: QuerySet[WorklistRow], *, all_rows: bool) -> list[Row]:
        return [
            (
                self.community_name(row),
                row.enrolment.person.name,
                row.enrolment.person.email,
                row.title,
                " ".join(reason.staff_sentence for reason in row.reasons),
                ", ".join(row.sources),
                row.since,
                row.get_state_display(),
                row.until,
                row.settled_on,
                row.get_how_display(),
                timezone.localdate(row.wrote_at) if row.wrote_at else None,
                (row.wrote_by or "a former colleague") if row.wrote_at else None,
                capfirst(row.enrolment.leave_today),
                row.exception.in_words if row.exception else "",
            )
            for row in found
        ]

    @admin.display(ordering="enrolment__person__name")
    def member(self, row: WorklistRow) -> str:
        return str(row.enrolment.person)

    @admin.display(description="since", ordering="since")
    def since_day(self, row: WorklistRow) -> str:
        return date_format(row.since, "M j, Y")

    @admin.display(description="community", ordering="enrolment__community__position")
    def community_name(self, row: WorklistRow) -> str:
        return row.enrolment.community.short_name


# -- The log of exports ----------------------------------------------------------------------------


@admin.register(Export)
class ExportAdmin(TeamModelAdmin):
    """Who exported what, newest first."""

    list_display = ["what", "by", "at", "rows"]
    list_select_related = ["by"]
    date_hierarchy = "at"
    search_fields = ["what", "by__email"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Export]:
        return exports_of(families_of(request.user))
