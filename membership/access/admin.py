"""The staff site's list of tasks in Slack and on the Zoom lists."""

from django.contrib import admin
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html

from membership.access import desk_views, slack_link
from membership.access.verbs import TASK_STATES, Verb
from membership.accounts.requests import AuthenticatedRequest
from membership.base_admin import CommunityFilter, CustomPageAdmin, FilterWithDefault, TeamFilter
from membership.models import Access, Enrolment, Service


class TaskFilter(FilterWithDefault):
    """Shows the open tasks by default."""

    title = "status"
    parameter_name = "state"
    first_choice = "Open tasks"
    options = [*Access.State.choices, ("all", "All")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Access]) -> QuerySet[Access]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state__in=[self.value()] if self.value() else TASK_STATES)


class AccessCommunityFilter(CommunityFilter):
    """A community's Zoom list, and Slack for people who are or were in the community."""

    def queryset(self, request: HttpRequest, queryset: QuerySet[Model]) -> QuerySet[Model]:
        if not self.value():
            return queryset
        ever_there = Enrolment.objects.filter(community__slug=self.value())
        return queryset.filter(
            Q(community__slug=self.value())
            | Q(community__isnull=True, person__in=ever_there.values("person"))
        )


@admin.register(Access)
class AccessAdmin(CustomPageAdmin):
    """A team's access tasks, oldest first. Only the verbs change rows."""

    list_display = ["who", "email", "what", "state_words", "since"]
    list_display_links = ["who"]
    list_select_related = ["person", "team", "community"]
    list_filter = [TaskFilter, "kind", AccessCommunityFilter, TeamFilter]
    search_fields = ["person", "address"]
    search_help_text = "Name or email"
    ordering = ["since", "pk"]
    actions = ["mark_invited", "mark_joined", "mark_removed"]
    own_page = staticmethod(desk_views.detail)
    row_views = {"mark": desk_views.mark}

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        services = {"slack": "slack/<str:family>/", "zoom": "zoom/<slug:slug>/"}
        pages = {
            "": desk_views.page,
            "upload": desk_views.upload,
            "settle": desk_views.settle,
            "put-aside": desk_views.discard_list,
        }
        name = "membership_access_{}"
        return [
            path("slack/<str:family>/link/", view(desk_views.link), name=name.format("slack-link")),
            *(
                path(
                    f"{start}{page}/" if page else start,
                    view(pages[page]),
                    name=name.format(f"{service}-{page}" if page else service),
                )
                for service, start in services.items()
                for page in pages
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        extra_context: dict[str, object] | None = None,
    ) -> HttpResponse:
        context = {
            "warnings": slack_link.warnings_for(request.user, on=timezone.localdate()),
            "intro": "Approved people still need access, and people who left need to be removed. Make "
            "the change in Slack or Zoom, then record it here.",
            "links": [
                *(
                    (f"{service}: link and members", desk_views.url_of(service))
                    for service in map(Service, slack_link.workspaces_of(request.user))
                ),
                *(
                    (str(service), desk_views.url_of(service))
                    for community in desk_views.zoom_lists_of(request.user)
                    if (service := Service(community.team, community))
                ),
            ],
        }
        return super().changelist_view(request, context)

    @admin.display(description="email")
    def email(self, access: Access) -> str:
        """It leads to the person."""
        email = access.email or "none on record"
        if not access.person_id:
            return email
        page = reverse("admin:membership_person_change", args=[access.person_id])
        return format_html('<a href="{}">{}</a>', page, email)

    @admin.display(description="task")
    def what(self, access: Access) -> str:
        task = access.task or access.service
        return f"{task} ({access.community.short_name})" if access.community else task

    @admin.action(description="Mark as invited to Slack")
    def mark_invited(self, request: AuthenticatedRequest, rows: QuerySet[Access]) -> None:
        self._mark(request, rows, Verb.INVITED)

    @admin.action(description="Mark as joined Slack or on the Zoom list")
    def mark_joined(self, request: AuthenticatedRequest, rows: QuerySet[Access]) -> None:
        self._mark(request, rows, Verb.JOINED)

    @admin.action(description="Mark as removed from Slack or the Zoom list")
    def mark_removed(self, request: AuthenticatedRequest, rows: QuerySet[Access]) -> None:
        self._mark(request, rows, Verb.REMOVED)

    def _mark(self, request: AuthenticatedRequest, rows: QuerySet[Access], verb: Verb) -> None:
        ids = rows.order_by().values_list("pk", flat=True)
        desk_views.mark_and_report(request, ids, verb)
