"""The review desk: each team's queue and the review page.

A request is not edited here: its state, its answers and its history are only read. The buttons lead
to the pages of ``admin_views``, and those call the verbs.
"""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path

from membership.admin.teams import RowsWithAPageOfTheirOwn
from membership.signup.visitors import SignedIn
from requests import (
    admin_views,
    bulk_views,
    desk_views,
    entry_views,
    reason_admin,
    register_views,
    reviewing,
)
from requests.models import JoinRequest
from requests.queue import ORDER, searched
from requests.queue_filters import (
    CommunityFilter,
    RegionFilter,
    StateFilter,
    TeamFilter,
    VerdictFilter,
    WhoseFilter,
)
from requests.queue_page import QueuePage

__all__ = ["JoinRequestAdmin", "reason_admin"]


@admin.register(JoinRequest)
class JoinRequestAdmin(RowsWithAPageOfTheirOwn):
    """The queue of a team, oldest first, and the review page of a request."""

    # The page's own template writes the rows; this column is the one that can turn their order round.
    list_display = ["waiting_since"]
    list_filter = [
        WhoseFilter,
        StateFilter,
        TeamFilter,
        CommunityFilter,
        VerdictFilter,
        RegionFilter,
    ]
    # The search itself is the queue's: see get_search_results.
    search_fields = ["person__name", "person__email", "agency_name", "reference"]
    search_help_text = "Name, email, agency or reference"
    ordering = ORDER
    actions = bulk_views.ACTIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[JoinRequest]:
        return reviewing.requests_of(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            *admin_views.urls(view),
            path("<int:pk>/take/", view(desk_views.take), name="joinrequests_joinrequest_take"),
            path(
                "<int:pk>/release/",
                view(desk_views.release),
                name="joinrequests_joinrequest_release",
            ),
            path("<int:pk>/note/", view(desk_views.note), name="joinrequests_joinrequest_note"),
            *register_views.urls(view),
            *bulk_views.urls(view),
            *entry_views.urls(view),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Requests to join"})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[JoinRequest], search_term: str
    ) -> tuple[QuerySet[JoinRequest], bool]:
        return searched(queryset, search_term), False

    def get_changelist(self, request: HttpRequest, **kwargs: object) -> type[QueuePage]:
        return QueuePage

    def own_page(self, request: SignedIn, pk: int) -> HttpResponse:
        """The review page."""
        return admin_views.review(request, pk=pk)
