"""The staff desk's pages of requests: each team's queue, the review page, and the ready reasons.

Requests are read-only here. The buttons lead to the pages of ``requests.desk``, which call the verbs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.views.main import SEARCH_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString

from communities.rules.assess import Assessment
from communities.rules.vocabulary import Region, Verdict
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of, is_lead
from membership.base_admin import (
    CommunityFilter,
    CustomPageAdmin,
    FilterWithDefault,
    KeptFilters,
    TeamFilter,
    TeamModelAdmin,
)
from membership.emails.templates import plain_text_problems
from membership.forms import ParagraphsField
from membership.models import NameCheck, User
from membership.people.near import NearRecord, near_records
from requests.desk import bulk_views, entry_views, views
from requests.desk.name_views import NameCheckAdmin
from requests.desk.queue import (
    FILTERS,
    MARKS,
    ORDER,
    VIEWS,
    Age,
    age_of,
    age_tag,
    near_tag,
    rule_tags,
    state_tag,
    view_counts,
)
from requests.desk.review import (
    assessments_of,
    requests_of,
    set_communities,
    without_communities,
)
from requests.lifecycle import State
from requests.models import JoinRequest, ReasonText
from requests.workflow import is_own


class QueueFilter(FilterWithDefault):
    """One parameter of the queue's address; ``requests.desk.queue`` applies it."""

    def queryset(
        self,
        request: AuthenticatedRequest,  # type: ignore[override]
        queryset: QuerySet[JoinRequest],
    ) -> QuerySet[JoinRequest]:
        apply = FILTERS[str(self.parameter_name)]
        return apply(queryset, self.value() or "", request.user, timezone.now())


class SearchPaginator(Paginator):
    """Compares the words once, for the keys of all rows found; ``rows`` reads those of a page."""

    object_list: QuerySet[JoinRequest]
    rows: QuerySet[JoinRequest]

    @cached_property
    def keys(self) -> list[int]:
        return list(self.object_list.values_list("pk", flat=True))

    @cached_property
    def count(self) -> int:
        return len(self.keys)

    def page(self, number: int | str) -> Page:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        keys = self.keys[first : first + self.per_page]
        rows = self.rows.in_bulk(keys)
        return Page([rows[key] for key in keys if key in rows], number, self)


class QueueList(KeptFilters):
    """The list of the queue; ``viewer`` is whose views it counts."""

    viewer: User


class ViewFilter(QueueFilter):
    """The saved views, which stand as tabs above the list."""

    title = "view"
    parameter_name = "view"
    first_choice = "All"
    options = [(name, view.label) for name, view in VIEWS.items()]
    template = "desk/requests/views.html"
    as_tabs = True

    def choices(self, changelist: QueueList) -> Iterator[Any]:  # type: ignore[override]
        counts = view_counts(changelist.root_queryset, viewer=changelist.viewer, now=timezone.now())
        names = ["", *VIEWS]
        for name, choice in zip(names, super().choices(changelist), strict=True):
            yield {**choice, "count": counts[name]}


class StateFilter(QueueFilter):
    """By default, the queue shows open requests."""

    title = "status"
    parameter_name = "state"
    first_choice = "Open"
    options = [("all", "All"), *State.choices[1:]]  # without drafts


class VerdictFilter(QueueFilter):
    """The verdict when the rules were last assessed."""

    title = "rules"
    parameter_name = "verdict"
    options = [
        (Verdict.MET.value, "Met, or self-reported"),
        (Verdict.UNKNOWN.value, "To check"),
        (Verdict.NOT_MET.value, "Not met"),
    ]


class RegionFilter(QueueFilter):
    """The region of the program or initiative that the request is matched to."""

    title = "region"
    parameter_name = "region"
    options = Region.choices


@dataclass(frozen=True)
class Row:
    """What the cells of a request show beside its own columns. ``filters`` are the queue's, URL-encoded."""

    assessment: Assessment | None
    age: Age | None
    holder: User | None
    is_mine: bool
    is_own: bool
    near: list[NearRecord]
    filters: str

    def button(self, verb: str, label: str, join_request: JoinRequest) -> SafeString:
        """A button that posts the form around the queue to an address of its own, and replaces its cell."""
        address = f"{join_request.pk}/{verb}/"  # relative, as the links of the rows
        filters = f"&{self.filters}" if self.filters else ""
        return format_html(
            '<button class="desk-small" id="assign-{}" formaction="{}?queue{}" data-hx-post="{}?queue{}">{}'
            ' <span class="visually-hidden">({})</span></button>',
            join_request.pk,
            address,
            filters,
            address,
            filters,
            label,
            join_request.reference,
        )


@admin.register(JoinRequest)
class JoinRequestAdmin(CustomPageAdmin):
    """A team's queue, longest wait first, and the review page of a request."""

    list_display = [
        "who",
        "community_name",
        "agency_named",
        "waiting",
        "rules",
        "assigned_to",
        "next_step",
    ]
    list_filter = [
        ViewFilter,
        StateFilter,
        TeamFilter,
        CommunityFilter,
        VerdictFilter,
        RegionFilter,
    ]
    search_fields = JoinRequest.search_columns()
    search_help_text = "Name, email, phone, agency or reference"
    ordering = ORDER
    actions = bulk_views.ACTIONS
    own_page = staticmethod(views.review)
    row_views = views.PAGES
    team_path = "community__team"

    def get_queryset(self, request: HttpRequest) -> QuerySet[JoinRequest]:
        return without_communities(requests_of(request.user))  # which the rows get below

    def get_paginator(self, request: HttpRequest, queryset: Any, *args: Any, **kwargs: Any) -> Any:
        if not request.GET.get(SEARCH_VAR):
            return super().get_paginator(request, queryset, *args, **kwargs)
        found = SearchPaginator(queryset, *args, **kwargs)
        found.rows = self.get_queryset(request)
        return found

    def get_urls(self) -> list[URLPattern]:
        view, name = self.admin_site.admin_view, "joinrequests_joinrequest"
        return [
            path("undo/", view(views.undo), name=f"{name}_undo"),
            path("enter/", view(entry_views.choose), name=f"{name}_enter"),
            path("enter/<slug:slug>/", view(entry_views.enter), name=f"{name}_enter-for"),
            *(
                path(f"bulk/{verb.value}/", view(page), name=f"{name}_bulk-{verb.value}")
                for verb, page in bulk_views.PAGES.items()
            ),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, object] | None = None
    ) -> HttpResponse:
        legend = [(MARKS[status], status) for status in MARKS]
        return super().changelist_view(request, {**(extra_context or {}), "legend": legend})

    def get_changelist(self, request: HttpRequest, **options: Any) -> type[ChangeList]:
        return QueueList

    def get_changelist_instance(self, request: AuthenticatedRequest) -> QueueList:  # type: ignore[override]
        """The page with what its cells show: the register is read once for all of its rows."""
        changelist: Any = super().get_changelist_instance(request)
        changelist.viewer = request.user
        set_communities(changelist.result_list, request.user)
        now = timezone.now()
        today = timezone.localdate(now)
        assessments = assessments_of(changelist.result_list, on=today)
        filters = self.get_preserved_filters(request)
        people = {r.person_id: r.person for r in changelist.result_list if r.is_open}
        near = dict(zip(people, near_records(people.values(), viewer=request.user), strict=True))
        for join_request in changelist.result_list:
            holder = join_request.holder(now)
            join_request.row = Row(
                assessment=assessments[join_request.pk],
                age=age_of(join_request, on=today),
                holder=holder,
                is_mine=holder == request.user,
                is_own=is_own(join_request, request.user),
                near=near[join_request.person_id] if join_request.is_open else [],
                filters=filters,
            )
        return changelist

    @admin.display(description="applicant")
    def who(self, join_request: JoinRequest) -> str:
        who = format_html(
            '{} <span class="visually-hidden">({})</span>',
            join_request.applicant_for_staff,
            join_request.reference,
        )
        if join_request.is_open and join_request.another_name:
            who = format_html('{} <span class="tag tag-near">Name check</span>', who)
        near = _row(join_request).near
        return format_html("{} {}", who, near_tag(near)) if near else who

    @admin.display(description="community")
    def community_name(self, join_request: JoinRequest) -> str:
        return join_request.community.short_name

    @admin.display(description="agency", empty_value="-")
    def agency_named(self, join_request: JoinRequest) -> str:
        name = join_request.agency_name  # the cell may be too narrow for it
        return format_html('<span title="{}">{}</span>', name, name) if name else ""

    @admin.display(description="waiting", ordering="waiting_since")
    def waiting(self, join_request: JoinRequest) -> str:
        """How long, in business days; the status where it is another than waiting for review."""
        if age := _row(join_request).age:
            return age_tag(age, brief=True)
        if join_request.state == State.AWAITING_REPLY and join_request.asked_on:
            day = date_format(join_request.asked_on, "M j")
            return format_html("{} {}", state_tag(join_request, "Asked"), day)
        return state_tag(join_request)

    @admin.display(description="rules")
    def rules(self, join_request: JoinRequest) -> SafeString:
        return rule_tags(_row(join_request).assessment)

    @admin.display(description="assigned to")
    def assigned_to(self, join_request: JoinRequest) -> str:
        row = _row(join_request)
        if not join_request.is_open:
            return "–"
        if row.is_mine:
            cell = format_html(
                '<span class="tag tag-mine">You</span> {}',
                row.button("release", "Unassign", join_request),
            )
        elif row.holder:
            cell = format_html('<span class="tag">{}</span>', row.holder.display_name)
        elif row.is_own:
            return "–"
        else:
            cell = row.button("take", "Assign to me", join_request)
        # Replaced together with its row, which may have left the view that is shown.
        return format_html(
            '<span id="assigned-{}" data-hx-target="closest tr" data-hx-swap="outerHTML"'
            ' data-hx-select="tr:has(#assigned-{})" data-hx-select-oob="#desk-messages">{}</span>',
            join_request.pk,
            join_request.pk,
            cell,
        )

    @admin.display(description="next step", empty_value="")
    def next_step(self, join_request: JoinRequest) -> SafeString | str:
        row = _row(join_request)
        if not join_request.is_open or row.is_own:
            return ""
        if join_request.another_name:
            check = reverse("admin:membership_namecheck_change", args=[join_request.name_check_id])
            return format_html(
                '<a class="desk-next" href="{}">Answer…'
                '<span class="visually-hidden"> the name check</span></a>',
                check,
            )
        if row.assessment is None or row.assessment.needs_written_reason:
            return ""
        filters = f"?{row.filters}" if row.filters else ""
        return format_html(
            '<a class="desk-next" href="{}/approve/{}">Approve…</a>', join_request.pk, filters
        )


def _row(join_request: JoinRequest) -> Row:
    """The row that ``get_changelist_instance`` attached."""
    return join_request.row  # type: ignore[attr-defined]


admin.site.register(NameCheck, NameCheckAdmin)


# -- Ready reasons -----------------------------------------------------------------------------------


class ReasonForm(forms.ModelForm):
    text = ParagraphsField(
        max_length=2_000,
        help_text="Goes into the email as written. Say what the applicant can do next.",
        error_messages={"required": "Enter the text for the email."},
    )

    def clean_text(self) -> str:
        """Plain text only: no placeholders."""
        text: str = self.cleaned_data["text"]
        if problems := plain_text_problems(text):
            raise ValidationError([*problems])
        return text


@admin.register(ReasonText)
class ReasonAdmin(TeamModelAdmin):
    """Leads edit the reasons; each team sees its own and those for both teams."""

    form = ReasonForm
    fields = ["used_for", "family", "rule", "title", "text", "position", "is_active"]
    list_display = ["title", "used_for", "team", "is_active", "position"]
    list_filter = ["used_for", "is_active"]
    ordering = ["used_for", "position", "pk"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReasonText]:
        theirs = Q(family="") | Q(family__in=families_of(request.user))
        return ReasonText.objects.filter(theirs)

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        return is_lead(request.user)

    has_add_permission = has_delete_permission = has_change_permission

    @admin.display(description="team", ordering="family")
    def team(self, reason: ReasonText) -> str:
        return reason.get_family_display() or "Both"
