"""The review desk: each team's queue and the review page.

A request is not edited here: its state, its answers and its history are only read. The buttons lead
to the pages of ``admin_views``, and those call the verbs.
"""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.timesince import timesince

from communities.eligibility import Assessment
from membership.admin.teams import RowsWithAPageOfTheirOwn
from membership.signup.visitors import SignedIn
from requests import admin_views, bulk_views, entry_views, register_views, reviewing
from requests.lifecycle import OPEN, State
from requests.models import JoinRequest


class QueueFilter(admin.SimpleListFilter):
    """The queue shows what is open, unless somebody looks for more."""

    title = "state"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        sent = [s for s in State if s != State.DRAFT]
        return [("all", "All"), *((s.value, str(s.label)) for s in sent)]

    def choices(self, changelist: Any) -> Any:
        everything = list(super().choices(changelist))
        everything[0]["display"] = "Open"
        return everything

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[JoinRequest]
    ) -> QuerySet[JoinRequest]:
        if self.value() == "all":
            return queryset
        return queryset.filter(state__in=[self.value()] if self.value() else OPEN)


class CommunityFilter(admin.SimpleListFilter):
    """The communities of the teams that this person belongs to."""

    title = "community"
    parameter_name = "community"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(c.slug, c.short_name) for c in reviewing.communities_of(request.user)]

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[JoinRequest]
    ) -> QuerySet[JoinRequest]:
        return queryset.filter(community__slug=self.value()) if self.value() else queryset


@admin.register(JoinRequest)
class JoinRequestAdmin(RowsWithAPageOfTheirOwn):
    """The queue of a team, oldest first, and the review page of a request."""

    list_display = [
        "who",
        "community_name",
        "agency_name",
        "waiting",
        "rules",
        "state_now",
    ]
    list_display_links = ["who"]
    list_filter = [QueueFilter, CommunityFilter]
    search_fields = ["person__name", "person__email", "agency_name", "reference"]
    search_help_text = "Name, email, agency or reference"
    ordering = ["submitted_at", "pk"]
    actions = bulk_views.ACTIONS
    list_per_page = 50
    show_full_result_count = False

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
            *register_views.urls(view),
            *bulk_views.urls(view),
            *entry_views.urls(view),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Requests to join"})

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        changelist = super().get_changelist_instance(request)
        # One reading of the register for the whole page, not one for each row.
        reviewing.assess_all(changelist.result_list, on=timezone.localdate())
        return changelist

    def own_page(self, request: SignedIn, pk: int) -> HttpResponse:
        """The review page."""
        return admin_views.review(request, pk=pk)

    @admin.display(description="who", ordering="person__name")
    def who(self, join_request: JoinRequest) -> str:
        return f"{join_request.person.name} ({join_request.reference})"

    @admin.display(description="community", ordering="community__position")
    def community_name(self, join_request: JoinRequest) -> str:
        return join_request.community.short_name

    @admin.display(description="waiting", ordering="submitted_at")
    def waiting(self, join_request: JoinRequest) -> str:
        if not join_request.is_open or join_request.submitted_at is None:
            return "–"
        return timesince(join_request.submitted_at, depth=1)

    @admin.display(description="rules")
    def rules(self, join_request: JoinRequest) -> SafeString:
        assessment: Assessment = join_request.current_assessment  # type: ignore[attr-defined]
        return render_to_string("admin/joinrequests/rules.html", {"assessment": assessment})

    @admin.display(description="state", ordering="state")
    def state_now(self, join_request: JoinRequest) -> SafeString:
        """The state; a clean request is two clicks from its decision: this link, and the button there."""
        assessment: Assessment = join_request.current_assessment  # type: ignore[attr-defined]
        is_clean = join_request.is_open and not assessment.needs_written_reason
        return render_to_string(
            "admin/joinrequests/queue_state.html",
            {"join_request": join_request, "is_clean": is_clean},
        )
