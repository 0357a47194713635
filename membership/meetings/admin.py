"""Each team's meetings on the staff site."""

from datetime import date

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from communities.models import Meeting
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import CustomPageAdmin, FilterWithDefault
from membership.meetings import desk_views
from membership.meetings.planning import meetings_for_staff


class WhenFilter(FilterWithDefault):
    """What is to come, unless somebody looks for more."""

    title = "time"
    parameter_name = "when"
    first_choice = "To come"

    def lookups(self, request: HttpRequest, model_admin: object) -> list[tuple[str, str]]:
        return [("past", "Past"), ("cancelled", "Cancelled"), ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Meeting]) -> QuerySet[Meeting]:
        now = timezone.now()
        match self.value():
            case "all":
                return queryset
            case "cancelled":
                return queryset.filter(cancelled_at__isnull=False)
            case "past":
                return queryset.filter(cancelled_at__isnull=True, ends_at__lte=now)
        return queryset.filter(cancelled_at__isnull=True, ends_at__gt=now)


@admin.register(Meeting)
class MeetingAdmin(CustomPageAdmin):
    """The meetings of a team, soonest first; each has a page whose buttons lead to the verbs."""

    list_display = ["topic", "day_shown", "clock_shown", "communities_shown", "kind"]
    list_filter = [WhenFilter, "kind"]
    search_fields = ["topic"]
    search_help_text = "Topic"
    ordering = ["starts_at", "pk"]
    actions = None
    row_views = {
        "edit": desk_views.edit,
        "cancel": desk_views.cancel,
        "came": desk_views.came,
        "zoom": desk_views.zoom,
        "zoom-confirm": desk_views.zoom_confirm,
    }

    def get_queryset(self, request: HttpRequest) -> QuerySet[Meeting]:
        return meetings_for_staff(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(families_of(request.user))

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Meetings"})

    def add_view(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Plan a meeting."""
        return desk_views.edit(request)

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """Everything about one meeting."""
        return desk_views.meeting(request, pk=pk)

    @admin.display(description="day", ordering="starts_at")
    def day_shown(self, meeting: Meeting) -> date:
        return meeting.day

    @admin.display(description="time")
    def clock_shown(self, meeting: Meeting) -> str:
        return meeting.clock

    @admin.display(description="communities")
    def communities_shown(self, meeting: Meeting) -> str:
        return meeting.community_names
