"""The review desk: each team's queue and the review page.

A request is not edited here: its state, its answers and its history are only read. The buttons lead
to the pages of ``requests.desk``, and those call the verbs.
"""

from dataclasses import dataclass

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
from communities.rules.vocabulary import Family, Region, Verdict
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.base_admin import CustomPageAdmin, FilterWithDefault
from membership.models import User
from requests.desk import (
    assignment_views,
    bulk_views,
    decision_views,
    entry_views,
    matching_views,
    reason_admin,
)
from requests.desk.queue import FILTERS, ORDER, Age, age_of
from requests.desk.review import assessments_of, communities_of, requests_of
from requests.lifecycle import State
from requests.models import JoinRequest

__all__ = ["JoinRequestAdmin", "reason_admin"]

_Choices = list[tuple[str, str]]


class QueueFilter(FilterWithDefault):
    """One parameter of the queue; what it does is in ``requests.desk.queue``."""

    def queryset(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        queryset: QuerySet[JoinRequest],
    ) -> QuerySet[JoinRequest]:
        apply = FILTERS[str(self.parameter_name)]
        return apply(queryset, self.value() or "", request.user, timezone.now())


class HolderFilter(QueueFilter):
    title = "who is on it"
    parameter_name = "whose"
    first_choice = "Anybody or nobody"

    def lookups(self, request: HttpRequest, model_admin: object) -> _Choices:
        return [("mine", "I am"), ("nobody", "Nobody")]


class StateFilter(QueueFilter):
    """The queue shows what is open, unless somebody looks for more."""

    title = "state"
    parameter_name = "state"
    first_choice = "Open"

    def lookups(self, request: HttpRequest, model_admin: object) -> _Choices:
        sent = [s for s in State if s != State.DRAFT]
        return [("all", "All"), *((s.value, str(s.label)) for s in sent)]


class TeamFilter(QueueFilter):
    """One team's requests, for those who see both."""

    title = "team"
    parameter_name = "team"
    first_choice = "Both"

    def lookups(self, request: HttpRequest, model_admin: object) -> _Choices:
        return Family.choices if len(families_of(request.user)) > 1 else []


class CommunityFilter(QueueFilter):
    """The communities of the teams that this person belongs to."""

    title = "community"
    parameter_name = "community"

    def lookups(self, request: HttpRequest, model_admin: object) -> _Choices:
        return list(communities_of(request.user).values_list("slug", "short_name"))


class VerdictFilter(QueueFilter):
    """How the rules came out when they were last assessed."""

    title = "rules, at the last look (every 15 minutes)"
    parameter_name = "verdict"

    def lookups(self, request: HttpRequest, model_admin: object) -> _Choices:
        return [
            (Verdict.MET.value, "Met, or they say so"),
            (Verdict.UNKNOWN.value, "Not known"),
            (Verdict.NOT_MET.value, "Not met"),
        ]


class RegionFilter(QueueFilter):
    """Where the program or initiative is that the request is matched to."""

    title = "region, where it is known"
    parameter_name = "region"

    def lookups(self, request: HttpRequest, model_admin: object) -> _Choices:
        return Region.choices


@dataclass(frozen=True)
class Row:
    """What the cells of a request need beside it. ``filters`` are those of the queue, encoded."""

    assessment: Assessment | None
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
        HolderFilter,
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
        return requests_of(request.user)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            *decision_views.urls(view),
            *(
                path(
                    f"<int:pk>/{page.__name__}/",
                    view(page),
                    name=f"joinrequests_joinrequest_{page.__name__}",
                )
                for page in (assignment_views.take, assignment_views.release, assignment_views.note)
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
        """The page with what its cells need: the register is read once for all of its rows."""
        changelist = super().get_changelist_instance(request)
        now = timezone.now()
        today = timezone.localdate(now)
        assessments = assessments_of(changelist.result_list, on=today)
        filters = self.get_preserved_filters(request)
        for join_request in changelist.result_list:
            holder = join_request.holder(now)
            join_request.row = Row(
                assessment=assessments[join_request.pk],
                age=age_of(join_request, on=today),
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
            return render_to_string("desk/requests/age.html", {"age": age})
        if join_request.asked_on and join_request.state == State.AWAITING_REPLY:
            return f"for them, since {date_format(join_request.asked_on, 'MONTH_DAY_FORMAT')}"
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
        assessment = _row(join_request).assessment
        return render_to_string("desk/requests/rules.html", {"assessment": assessment})

    @admin.display(description="state")
    def state_now(self, join_request: JoinRequest) -> SafeString:
        state = render_to_string("desk/requests/state.html", {"join_request": join_request})
        row = _row(join_request)
        needs_reason = row.assessment is None or row.assessment.needs_written_reason
        if not join_request.is_open or needs_reason:
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
