"""Exports: safe for spreadsheet programs, and logged. The export of a roster is one of them.

A spreadsheet program reads a CSV cell that starts with = + - or @ as a formula. Some strip spaces, tabs and
line ends first, and one set up for another country splits cells at semicolons or tabs instead of commas, and
takes a quotation mark inside a cell for its end. So an apostrophe goes before such a sign wherever a cell
could start (OWASP, "CSV injection"). In XLSX every cell is text by its type, and keeps what was typed.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from io import BytesIO, StringIO

from django import forms
from django.db import models
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.utils import timezone
from django.utils.text import capfirst, slugify
from django.views.decorators.http import require_http_methods

from communities.models import CommunityOfPractice, SupportTeam
from communities.rules.vocabulary import Evidence, Family
from membership.accounts.fresh_code import fresh_code_required
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.security_events import log_security_event
from membership.base_admin import desk_page
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

# Where a sign could start a formula. Full-width forms too: some programs read them as the plain signs.
_FORMULA = re.compile(r"""^(?=[\t\r\n\0])|((?:^|[;\t\r\n])[\s"\0]*)(?=[=+\-@＝＋－＠])""")

Row = Sequence[object]


class SheetFormat(models.TextChoices):
    """The file formats of an export."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"


def safe_text(value: object) -> str:
    """A CSV cell as text that no spreadsheet program reads as a formula."""
    return _FORMULA.sub(r"\1'", "" if value is None else str(value))


def as_csv(headings: Sequence[str], rows: Sequence[Row]) -> bytes:
    """CSV in UTF-8, with the byte order mark that Excel needs to read accents."""
    written = StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    for row in (headings, *rows):
        writer.writerow([safe_text(cell).replace("\0", "") for cell in row])
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(headings: Sequence[str], rows: Sequence[Row]) -> bytes:
    """XLSX in which every cell is text, also one that looks like a formula or a number."""
    # Imported here because openpyxl takes 7 MB of memory.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = Workbook(write_only=True)
    sheet = book.create_sheet()

    def text_cell(value: object) -> WriteOnlyCell:
        text = "" if value is None else str(value)
        cell = WriteOnlyCell(sheet, ILLEGAL_CHARACTERS_RE.sub("", text))
        cell.data_type = "s"
        # It stays text when someone edits it.
        cell.number_format = "@"
        return cell

    for row in (headings, *rows):
        sheet.append([text_cell(cell) for cell in row])
    written = BytesIO()
    book.save(written)
    return written.getvalue()


_CONTENT_TYPES = {
    SheetFormat.CSV: "text/csv; charset=utf-8",
    SheetFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def exports_of(families: frozenset[Family]) -> QuerySet[Export]:
    """The exports that staff of these families can see. Leads also see those that cover both teams."""
    seen = Q(team__family__in=families)
    if families == frozenset(Family):
        seen |= Q(team__isnull=True)
    return Export.objects.filter(seen)


def export_sheet(
    *,
    what: str,
    headings: Sequence[str],
    rows: Sequence[Row],
    sheet_format: SheetFormat,
    team: SupportTeam | None,
    by: User,
    now: datetime,
) -> HttpResponse:
    """The export as a download, and a row in the log that says who made it.

    ``what`` is a title without personal data. ``team`` is None if the export covers both teams.
    """
    write = as_xlsx if sheet_format == SheetFormat.XLSX else as_csv
    taken = Export.objects.create(
        what=what, columns=", ".join(headings), rows=len(rows), team=team, by=by, at=now
    )
    log_security_event("Exported", user=by.pk, export=taken.pk, rows=taken.rows)
    name = f"{slugify(what)}-{now:%Y-%m-%d}.{sheet_format.value}"
    return HttpResponse(
        write(headings, rows),
        content_type=_CONTENT_TYPES[sheet_format],
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
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


def _cells(enrolment: Enrolment, on: date) -> dict[Column, str]:
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
        Column.SINCE: enrolment.started_on.isoformat(),
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
    format = forms.TypedChoiceField(
        choices=SheetFormat.choices, coerce=SheetFormat, empty_value=SheetFormat.CSV, required=False
    )

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
        request, "desk/roster_sheet.html", title="Export a roster", form=form, formats=SheetFormat
    )
