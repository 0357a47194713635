"""The review desk: each team's queue and the review page.

A request is not edited here: its state, its answers and its history are only read. The buttons lead
to the pages of ``admin_views``, and those call the verbs.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString

from communities.eligibility import Assessment
from membership.admin.teams import RowsWithAPageOfTheirOwn
from membership.models import User
from membership.signup.visitors import SignedIn
from requests import (
    admin_views,
    bulk_views,
    desk_views,
    entry_views,
    person_admin,
    reason_admin,
    register_views,
    reviewing,
)
from requests.models import JoinRequest
from requests.queue import ORDER, Age, age_of, searched
from requests.queue_filters import (
    CommunityFilter,
    RegionFilter,
    StateFilter,
    TeamFilter,
    VerdictFilter,
    WhoseFilter,
)

__all__ = ["JoinRequestAdmin", "person_admin", "reason_admin"]


@dataclass(frozen=True)
class Row:
    """What the queue shows of a request beside its own columns."""

    age: Age | None
    holder: User | None
    is_mine: bool
    is_clean: bool
    filters: str


@admin.register(JoinRequest)
class JoinRequestAdmin(RowsWithAPageOfTheirOwn):
    """The queue of a team, oldest first, and the review page of a request."""

    list_display = [
        "who",
        "community_name",
        "agency_name",
        "waiting",
        "on_it",
        "rules",
        "state_now",
    ]
    list_display_links = ["who"]
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
    sortable_by = ["waiting"]
    actions = bulk_views.ACTIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[JoinRequest]:
        return reviewing.requests_of(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path(
                "<int:pk>/approve/",
                view(admin_views.approve),
                name="joinrequests_joinrequest_approve",
            ),
            path(
                "<int:pk>/decline/",
                view(admin_views.decline),
                name="joinrequests_joinrequest_decline",
            ),
            path("<int:pk>/ask/", view(admin_views.ask), name="joinrequests_joinrequest_ask"),
            path(
                "<int:pk>/reopen/", view(admin_views.reopen), name="joinrequests_joinrequest_reopen"
            ),
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
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Requests to join"})

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[JoinRequest], search_term: str
    ) -> tuple[QuerySet[JoinRequest], bool]:
        return searched(queryset, search_term), False

    def get_changelist_instance(self, request: SignedIn) -> Any:  # type: ignore[override]
        changelist = super().get_changelist_instance(request)
        now = timezone.now()
        # One reading of the register for the whole page, not one for each row.
        reviewing.assess_all(changelist.result_list, on=timezone.localdate(now))
        filters = self.get_preserved_filters(request)
        for row in changelist.result_list:
            row.row = self._row(row, viewer=request.user, filters=filters, now=now)
        return changelist

    def _row(self, join_request: JoinRequest, *, viewer: User, filters: str, now: datetime) -> Row:
        assessment: Assessment = join_request.current_assessment  # type: ignore[attr-defined]
        holder = join_request.holder(now)
        return Row(
            age=age_of(join_request, on=timezone.localdate(now)),
            holder=holder,
            is_mine=holder == viewer,
            is_clean=join_request.is_open and not assessment.needs_written_reason,
            filters=filters,
        )

    def own_page(self, request: SignedIn, pk: int) -> HttpResponse:
        """The review page."""
        return admin_views.review(request, pk=pk)

    @admin.display(description="who", ordering="person__name")
    def who(self, join_request: JoinRequest) -> str:
        return f"{join_request.person.name} ({join_request.reference})"

    @admin.display(description="community", ordering="community__position")
    def community_name(self, join_request: JoinRequest) -> str:
        return join_request.community.short_name

    @admin.display(description="waiting", ordering="waiting_since")
    def waiting(self, join_request: JoinRequest) -> SafeString:
        age = join_request.row.age  # type: ignore[attr-defined]
        if age:
            return render_to_string("admin/joinrequests/age.html", {"age": age})
        return self._cell("waiting", join_request)

    @admin.display(description="on it")
    def on_it(self, join_request: JoinRequest) -> SafeString:
        return self._cell("on_it", join_request)

    @admin.display(description="rules")
    def rules(self, join_request: JoinRequest) -> SafeString:
        assessment: Assessment = join_request.current_assessment  # type: ignore[attr-defined]
        return render_to_string("admin/joinrequests/rules.html", {"assessment": assessment})

    @admin.display(description="state", ordering="state")
    def state_now(self, join_request: JoinRequest) -> SafeString:
        """The state; a clean request is two clicks from its decision: this link, and the button there."""
        return self._cell("queue_state", join_request)

    def _cell(self, name: str, join_request: JoinRequest) -> SafeString:
        return render_to_string(
            f"admin/joinrequests/{name}.html",
            {"join_request": join_request, "row": join_request.row},  # type: ignore[attr-defined]
        )
