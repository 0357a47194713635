"""Each team's meetings on the staff desk."""

from datetime import date

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils import timezone

from communities.models import Meeting
from membership.admin import meeting_views
from membership.admin.teams import FilterWithDefault, RowsWithAPageOfTheirOwn
from membership.meetings.planning import meetings_for_staff
from membership.signup.visitors import SignedIn
from membership.teams import families_of


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
class MeetingAdmin(RowsWithAPageOfTheirOwn):
    """The meetings of a team, soonest first; each has a page whose buttons lead to the verbs."""

    list_display = ["topic", "day_shown", "clock_shown", "communities_shown", "kind"]
    list_filter = [WhenFilter, "kind"]
    search_fields = ["topic"]
    search_help_text = "Topic"
    ordering = ["starts_at", "pk"]
    actions = None

    def get_queryset(self, request: SignedIn) -> QuerySet[Meeting]:  # type: ignore[override]
        return meetings_for_staff(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return bool(families_of(request.user))

    def get_urls(self) -> list[URLPattern]:
        pages = [
            ("edit", meeting_views.edit),
            ("cancel", meeting_views.cancel),
            ("came", meeting_views.came),
            ("zoom", meeting_views.zoom),
            ("zoom-confirm", meeting_views.zoom_confirm),
        ]
        return [
            *(
                path(
                    f"<int:pk>/{name}/",
                    self.admin_site.admin_view(view),
                    name=f"communities_meeting_{name}",
                )
                for name, view in pages
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Meetings"})

    def add_view(
        self,
        request: SignedIn,  # type: ignore[override]
        form_url: str = "",
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        """Plan a meeting."""
        return meeting_views.plan(request)

    def own_page(self, request: SignedIn, pk: int) -> HttpResponse:
        """Everything about one meeting."""
        return meeting_views.meeting(request, pk=pk)

    @admin.display(description="day", ordering="starts_at")
    def day_shown(self, meeting: Meeting) -> date:
        return meeting.day

    @admin.display(description="time")
    def clock_shown(self, meeting: Meeting) -> str:
        return meeting.clock

    @admin.display(description="communities")
    def communities_shown(self, meeting: Meeting) -> str:
        return meeting.community_names
