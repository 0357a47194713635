"""Exports: each is logged. The export of a roster is one of them, and any change list can be one."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from itertools import count
from typing import Any, ClassVar

from django import forms
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import PAGE_VAR
from django.core.exceptions import PermissionDenied
from django.db import models
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.text import capfirst
from django.views.decorators.http import require_http_methods

from communities.models import CommunityOfPractice, SupportTeam
from communities.rules.vocabulary import Evidence, Family
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.security_events import log_security_event
from membership.accounts.teams import families_of
from membership.base_admin import SearchableAdmin, desk_page
from membership.forms import TeamForm
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Export,
    Program,
    ProgramPosition,
    User,
)
from membership.register.periods import lasts
from membership.rosters.enrolments import roster_of
from membership.sheets import Row, SheetFormat, sheet_download


def exports_of(families: frozenset[Family]) -> QuerySet[Export]:
    """The exports that staff of these families can see. Leads also see those that cover both teams."""
    seen = Q(team__family__in=families)
    if families == frozenset(Family):
        seen |= Q(team__isnull=True)
    return Export.objects.filter(seen)


def own_team(user: User) -> SupportTeam | None:
    """The team of a member of staff; None for those who see both."""
    families = families_of(user)
    return SupportTeam.objects.filter(family__in=families).first() if len(families) == 1 else None


def export_sheet(
    *,
    what: str,
    headings: Sequence[str],
    rows: Iterable[Row],
    sheet_format: SheetFormat,
    team: SupportTeam | None,
    by: User,
    now: datetime,
) -> HttpResponse:
    """The export as a download, and a row in the log that says who made it.

    ``what`` is a title without personal data. ``team`` is None if the export covers both teams.
    """
    number = (
        count()
    )  # while they are written: of ten thousand people, not all are in memory at once
    download = sheet_download(
        name=what,
        headings=headings,
        rows=(row for row, _ in zip(rows, number, strict=False)),
        sheet_format=sheet_format,
        on=timezone.localdate(now),
    )
    taken = Export.objects.create(
        what=what, columns=", ".join(headings), rows=next(number), team=team, by=by, at=now
    )
    log_security_event("Exported", user=by.pk, export=taken.pk, rows=taken.rows)
    return download


def format_field() -> forms.TypedChoiceField:
    """The format, which the button that was pressed sends."""
    return forms.TypedChoiceField(
        choices=SheetFormat.choices, coerce=SheetFormat, empty_value=SheetFormat.CSV, required=False
    )


# -- The export of a roster --------------------------------------------------------------------------


class Column(models.TextChoices):
    """The columns of a roster, in this order."""

    NAME = "name", "Name"
    EMAIL = "email", "Email"
    PHONE = "phone", "Phone"
    AGENCY = "agency", "Agency"
    PROGRAM = "program", "Program"
    INITIATIVE = "initiative", "Role and initiative"
    PLACE = "place", "Community served"
    REGION = "region", "Region"
    SINCE = "since", "Enrolled on"
    LEAVE = "leave", "Leave"
    EXCEPTION = "exception", "Exception"


DEFAULT_COLUMNS = [Column.NAME, Column.EMAIL, Column.AGENCY, Column.SINCE, Column.LEAVE]


def roster_rows(
    community: CommunityOfPractice, columns: Sequence[Column], *, on: date
) -> list[Row]:
    """One row for each open enrolment, sorted by name. Takes three queries.

    Only current positions and roles that no list contradicts are included. Several share one cell.
    """
    current = lasts(on)
    believed = ~Q(evidence=Evidence.CONTRADICTED)
    positions = ProgramPosition.objects.select_related("program__agency", "agency")
    roles = CoordinationRole.objects.select_related("initiative").filter(is_held=True)
    enrolments = roster_of(community).select_related("person", "exception")
    enrolments = enrolments.order_by("person__name", "pk")
    enrolments = enrolments.prefetch_related(
        Prefetch("person__positions", positions.filter(current, believed)),
        Prefetch("person__roles", roles.filter(current, believed)),
    )
    lines = [_cells(enrolment, on) for enrolment in enrolments]
    return [[cells[column] for column in columns] for cells in lines]


def _cells(enrolment: Enrolment, on: date) -> dict[Column, str | date]:
    """All columns for one member. Takes no query if the enrolment is prefetched."""
    person = enrolment.person
    positions, roles = person.positions.all(), person.roles.all()
    places = [*(p.program or p for p in positions), *(r.initiative or r for r in roles)]
    return {
        Column.NAME: person.name,
        Column.EMAIL: person.email,
        Column.PHONE: person.phone,
        Column.AGENCY: _joined(position.employer for position in positions),
        Column.PROGRAM: _joined(str(position.known_type.label) for position in positions),
        Column.INITIATIVE: _joined(
            f"{role.get_role_display()}, {role.initiative_display}" for role in roles
        ),
        Column.PLACE: _joined(place.community_served for place in places),
        # Only what is in the register has a region.
        Column.REGION: _joined(
            place.get_region_display()
            for place in places
            if isinstance(place, Program | CoordinationInitiative)
        ),
        Column.SINCE: enrolment.started_on,
        Column.LEAVE: capfirst(enrolment.leave_on(on)),
        Column.EXCEPTION: exception.in_words if (exception := enrolment.standing_exception) else "",
    }


def _joined(parts: Iterable[str]) -> str:
    """The parts without duplicates and empty ones."""
    return "; ".join(dict.fromkeys(part for part in parts if part))


class RosterSheetForm(TeamForm):
    """Which community of the viewer's teams, and which columns."""

    community = forms.ModelChoiceField(
        CommunityOfPractice.objects.none(),
        label="Community",
        empty_label="–",
        error_messages={
            "required": "Choose a community.",
            "invalid_choice": "Choose one of your team’s communities.",
        },
    )
    columns = forms.TypedMultipleChoiceField(
        label="Columns",
        choices=Column.choices,
        coerce=Column,
        initial=DEFAULT_COLUMNS,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one column.",
            "invalid_choice": "Choose columns from the list.",
        },
    )
    format = format_field()

    def clean_columns(self) -> list[Column]:
        # In the order of the columns, not in the order they were sent.
        return [column for column in Column if column in self.cleaned_data["columns"]]


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def roster_sheet(request: AuthenticatedRequest) -> HttpResponse:
    """GET shows the form. POST answers with the file and adds a row to the log."""
    form = RosterSheetForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        community, columns = form.cleaned_data["community"], form.cleaned_data["columns"]
        now = timezone.now()
        return export_sheet(
            what=f"Roster of {community.short_name}",
            headings=[column.label for column in columns],
            rows=roster_rows(community, columns, on=timezone.localdate(now)),
            sheet_format=form.cleaned_data["format"],
            team=community.team,
            by=request.user,
            now=now,
        )
    return desk_page(
        request,
        "desk/export.html",
        title="Export a roster",
        crumbs=[("Enrolments", reverse("admin:membership_enrolment_changelist"))],
        lede="Download a list of everyone in a community today. Choose only the columns you need.",
        form=form,
        formats=SheetFormat,
    )


# -- The export of a change list -----------------------------------------------------------------------


class ExportForm(forms.Form):
    """The format, and if rows are added that an import does not take."""

    all_rows = forms.BooleanField(required=False)
    format = format_field()


class ExportableAdmin(SearchableAdmin):
    """A change list that is exported as it is filtered. Its headings are those of the list to import, if there is one."""

    sheet_headings: ClassVar[Sequence[str]]
    sheet_note = ""
    # The label of the box that adds rows that cannot be imported again.
    sheet_all_rows = ""

    def sheet_rows(self, found: QuerySet[Any], *, all_rows: bool) -> Iterable[Row]:
        """The rows of the sheet for the rows of the list that were found."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.opts.app_label}_{self.opts.model_name}_sheet"
        # The code is asked for after the admin has checked who it is.
        page = require_http_methods(["GET", "HEAD", "POST"])(self.export_page)
        view = self.admin_site.admin_view(fresh_code_required(page))
        return [path("export/", view, name=name), *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        shown = request.GET.copy()
        shown.pop(PAGE_VAR, None)
        page = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_sheet")
        links = [("Export this list", f"{page}?{shown.urlencode()}" if shown else page)]
        return super().changelist_view(request, {"links": links, **(extra_context or {})})

    def export_page(self, request: AuthenticatedRequest) -> HttpResponse:
        """GET shows how many rows of the list there are. POST answers with the file and adds a row to the log."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            shown = self.get_changelist_instance(request)
        except IncorrectLookupParameters:
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        form = ExportForm(request.POST if request.method == "POST" else None)
        form.fields["all_rows"].label = self.sheet_all_rows
        what, now = capfirst(str(self.opts.verbose_name_plural)), timezone.now()
        is_part = bool(shown.query or shown.has_active_filters)
        if form.is_valid():
            return export_sheet(
                what=f"{what} (part of the list)" if is_part else what,
                headings=self.sheet_headings,
                rows=self.sheet_rows(shown.queryset, all_rows=form.cleaned_data["all_rows"]),
                sheet_format=form.cleaned_data["format"],
                team=own_team(request.user),
                by=request.user,
                now=now,
            )
        number = shown.result_count
        counted = self.opts.verbose_name if number == 1 else self.opts.verbose_name_plural
        return desk_page(
            request,
            "desk/export.html",
            title=f"Export {self.opts.verbose_name_plural}",
            list_filters=request.GET.urlencode(),
            lede=f"This exports the list as it is filtered now: {number:,} {counted}.",
            note=self.sheet_note,
            form=form,
            formats=SheetFormat,
        )
