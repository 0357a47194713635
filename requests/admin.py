"""The review desk: each team's queue and the review page.

A request is not edited here: its state, its answers and its history are only read. The buttons lead
to the pages of ``admin_views``, and those call the verbs.
"""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString

from communities.rules.assess import Assessment
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.team_admin import CustomPageAdmin
from membership.models import User
from requests.desk import (
    assignment_views,
    bulk_views,
    decision_views,
    entry_views,
    matching_views,
    reason_admin,
    review,
)
from requests.desk.queue import ORDER, Age, age_of
from requests.desk.queue_filters import (
    CommunityFilter,
    RegionFilter,
    StateFilter,
    TeamFilter,
    VerdictFilter,
    WhoseFilter,
)
from requests.lifecycle import State
from requests.models import JoinRequest

__all__ = ["JoinRequestAdmin", "reason_admin"]


@dataclass(frozen=True)
class Row:
    """What the cells of a request need beside it. ``filters`` are those of the queue, encoded."""

    assessment: Assessment
    age: Age | None
    holder: User | None
    is_mine: bool
    filters: str

    def button(self, verb: str, label: str, join_request: JoinRequest) -> SafeString:
        """It belongs to the form around the queue, and posts to an address of its own."""
        address = reverse(f"admin:joinrequests_joinrequest_{verb}", args=[join_request.pk])
        filters = f"&{self.filters}" if self.filters else ""
        return format_html(
            '<button class="desk-small" formaction="{}?queue{}">{}'
            ' <span class="visually-hidden">({})</span></button>',
            address,
            filters,
            label,
            join_request.reference,
        )


@admin.register(JoinRequest)
class JoinRequestAdmin(CustomPageAdmin):
    """The queue of a team, oldest first, and the review page of a request."""

    list_display = [
        "who",
        "community_name",
        "agency_named",
        "waiting",
        "on_it",
        "rules",
        "state_now",
    ]
    list_filter = [
        WhoseFilter,
        StateFilter,
        TeamFilter,
        CommunityFilter,
        VerdictFilter,
        RegionFilter,
    ]
    search_fields = ["search_text"]
    search_help_text = "Name, email, phone, agency or reference"
    ordering = ORDER
    actions = bulk_views.ACTIONS

    def get_queryset(self, request: HttpRequest) -> QuerySet[JoinRequest]:
        return review.requests_of(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            *decision_views.urls(view),
            path(
                "<int:pk>/take/", view(assignment_views.take), name="joinrequests_joinrequest_take"
            ),
            path(
                "<int:pk>/release/",
                view(assignment_views.release),
                name="joinrequests_joinrequest_release",
            ),
            path(
                "<int:pk>/note/", view(assignment_views.note), name="joinrequests_joinrequest_note"
            ),
            *matching_views.urls(view),
            *bulk_views.urls(view),
            *entry_views.urls(view),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        return super().changelist_view(request, {"title": "Requests to join"})

    def get_changelist_instance(self, request: AuthenticatedRequest) -> ChangeList:  # type: ignore[override]
        """The page with what its cells need: one reading of the register for all of its rows."""
        changelist = super().get_changelist_instance(request)
        now = timezone.now()
        review.assess_all(changelist.result_list, on=timezone.localdate(now))
        filters = self.get_preserved_filters(request)
        for join_request in changelist.result_list:
            holder = join_request.holder(now)
            join_request.row = Row(
                assessment=join_request.current_assessment,
                age=age_of(join_request, on=timezone.localdate(now)),
                holder=holder,
                is_mine=holder == request.user,
                filters=filters,
            )
        return changelist

    @admin.display(description="who")
    def who(self, join_request: JoinRequest) -> str:
        return f"{join_request.person.name} ({join_request.reference})"

    @admin.display(description="community")
    def community_name(self, join_request: JoinRequest) -> str:
        return join_request.community.short_name

    @admin.display(description="agency", empty_value="-")
    def agency_named(self, join_request: JoinRequest) -> str:
        return join_request.agency_name

    @admin.display(description="waiting", ordering="waiting_since")
    def waiting(self, join_request: JoinRequest) -> str:
        if age := _row(join_request).age:
            return _cell("age", age=age)
        if join_request.asked_on and join_request.state == State.AWAITING_REPLY:
            return f"for her, since {date_format(join_request.asked_on, 'j F')}"
        return "–"

    @admin.display(description="on it")
    def on_it(self, join_request: JoinRequest) -> str:
        row = _row(join_request)
        if not join_request.is_open:
            return "–"
        if row.is_mine:
            let_go = row.button("release", "Let go", join_request)
            return format_html('<span class="tag tag-mine">You</span> {}', let_go)
        if row.holder:
            return format_html('<span class="tag">{}</span>', row.holder.display_name)
        return row.button("take", "I’m on it", join_request)

    @admin.display(description="rules")
    def rules(self, join_request: JoinRequest) -> SafeString:
        return _cell("rules", assessment=_row(join_request).assessment)

    @admin.display(description="state")
    def state_now(self, join_request: JoinRequest) -> SafeString:
        state = format_html(
            '<span class="state state-{}">{}</span>',
            join_request.state,
            join_request.get_state_display(),
        )
        row = _row(join_request)
        if not join_request.is_open or row.assessment.needs_written_reason:
            return state
        approve = reverse("admin:joinrequests_joinrequest_approve", args=[join_request.pk])
        filters = f"?{row.filters}" if row.filters else ""
        link = '{} <a class="desk-next" href="{}{}">Approve…</a>'
        return format_html(link, state, approve, filters)

    def own_page(self, request: AuthenticatedRequest, pk: int) -> HttpResponse:
        """The review page."""
        return decision_views.review(request, pk=pk)


def _row(join_request: JoinRequest) -> Row:
    """As ``get_changelist_instance`` left it."""
    return join_request.row  # type: ignore[attr-defined]


def _cell(template: str, **context: Any) -> SafeString:
    return render_to_string(f"desk/requests/{template}.html", context)
