"""A roster as a sheet: who is in a community today, with the columns that staff choose."""

from collections.abc import Iterable, Sequence
from datetime import date

from django import forms
from django.contrib import admin
from django.db import models
from django.db.models import Prefetch, Q
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import families_of
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Program,
    ProgramPosition,
    User,
)
from membership.rosters.enrolments import roster_of
from membership.rosters.exporting import Row, SheetFormat, export


class Column(models.TextChoices):
    """What a roster's sheet can say about each person, in this order."""

    NAME = "name", "Name"
    EMAIL = "email", "Email"
    PHONE = "phone", "Phone"
    AGENCY = "agency", "Agency"
    PROGRAM = "program", "Program"
    INITIATIVE = "initiative", "Role and initiative"
    PLACE = "place", "Community served"
    REGION = "region", "Region"
    SINCE = "since", "On the roster since"


CHOSEN_AT_FIRST = [Column.NAME, Column.EMAIL, Column.AGENCY, Column.SINCE]


def roster_rows(
    community: CommunityOfPractice, columns: Sequence[Column], *, on: date
) -> list[Row]:
    """One line for each open enrolment, by name; three queries.

    Work and roles count while they last and nothing contradicts them; several stand in one cell.
    """
    current = Q(ends_on__isnull=True) | Q(ends_on__gte=on)
    believed = ~Q(evidence=Evidence.CONTRADICTED)
    positions = ProgramPosition.objects.select_related("program__agency", "agency")
    roles = CoordinationRole.objects.select_related("initiative").filter(is_held=True)
    enrolments = roster_of(community).select_related("person").order_by("person__name", "pk")
    enrolments = enrolments.prefetch_related(
        Prefetch("person__positions", positions.filter(current, believed)),
        Prefetch("person__roles", roles.filter(current, believed)),
    )
    lines = [_cells(enrolment) for enrolment in enrolments]
    return [[cells[column] for column in columns] for cells in lines]


def _cells(enrolment: Enrolment) -> dict[Column, str]:
    """Everything that the sheet can say about one person. Takes no query for a prefetched enrolment."""
    person = enrolment.person
    positions, roles = list(person.positions.all()), list(person.roles.all())
    programs = [position.program or position for position in positions]
    initiatives = [role.initiative or role for role in roles]
    return {
        Column.NAME: person.name,
        Column.EMAIL: person.email,
        Column.PHONE: person.phone,
        Column.AGENCY: _joined(_agency(position) for position in positions),
        Column.PROGRAM: _joined(_program_type(position) for position in positions),
        Column.INITIATIVE: _joined(_role(role) for role in roles),
        Column.PLACE: _joined(thing.community_served for thing in (*programs, *initiatives)),
        Column.REGION: _joined(_region(thing) for thing in (*programs, *initiatives)),
        Column.SINCE: enrolment.started_on.isoformat(),
    }


def _agency(position: ProgramPosition) -> str:
    agency = position.program.agency if position.program else position.agency
    return agency.name if agency else position.agency_name


def _program_type(position: ProgramPosition) -> str:
    if position.program:
        return position.program.get_type_display()
    return position.get_program_type_display()


def _role(role: CoordinationRole) -> str:
    name = role.initiative.name if role.initiative else role.initiative_name
    return f"{role.get_role_display()}, {name or role.get_initiative_kind_display()}"


def _region(thing: Program | CoordinationInitiative | ProgramPosition | CoordinationRole) -> str:
    """The register knows it; what a person wrote has none."""
    if isinstance(thing, Program | CoordinationInitiative):
        return thing.get_region_display()
    return ""


def _joined(parts: Iterable[str]) -> str:
    """The parts once each, without the empty ones."""
    return "; ".join(dict.fromkeys(part for part in parts if part))


class RosterSheetForm(forms.Form):
    """Which community of the viewer's teams, and which columns."""

    community = forms.ModelChoiceField(
        CommunityOfPractice.objects.none(),
        label="Community",
        empty_label="–",
        error_messages={
            "required": "Choose the community.",
            "invalid_choice": "Choose one of your team’s communities.",
        },
    )
    columns = forms.TypedMultipleChoiceField(
        label="Columns",
        choices=Column.choices,
        coerce=Column,
        initial=CHOSEN_AT_FIRST,
        widget=forms.CheckboxSelectMultiple,
        error_messages={
            "required": "Choose at least one column.",
            "invalid_choice": "Choose columns from the list.",
        },
    )
    format = forms.ChoiceField(choices=SheetFormat.choices, required=False)

    def __init__(self, data: QueryDict | None = None, *, user: User) -> None:
        super().__init__(data)
        theirs = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        self.fields["community"].queryset = theirs.select_related("team")  # type: ignore[attr-defined]

    def clean_columns(self) -> list[Column]:
        # In the sheet's own order, whatever order they were sent in.
        return [column for column in Column if column in self.cleaned_data["columns"]]

    def clean_format(self) -> SheetFormat:
        return SheetFormat(self.cleaned_data["format"] or SheetFormat.CSV)


@fresh_code_required
@require_http_methods(["GET", "HEAD", "POST"])
def roster_sheet(request: AuthenticatedRequest) -> HttpResponse:
    """Choose by GET; a POST answers with the sheet and leaves a line in the log."""
    form = RosterSheetForm(request.POST if request.method == "POST" else None, user=request.user)
    if form.is_valid():
        community, columns = form.cleaned_data["community"], form.cleaned_data["columns"]
        now = timezone.now()
        return export(
            what=f"Roster of {community.short_name}",
            headings=[column.label for column in columns],
            rows=roster_rows(community, columns, on=timezone.localdate(now)),
            sheet_format=form.cleaned_data["format"],
            team=community.team,
            by=request.user,
            now=now,
        )
    context = {
        **admin.site.each_context(request),
        "title": "Save a roster",
        "form": form,
        "formats": SheetFormat,
    }
    return render(request, "desk/roster_sheet.html", context)
