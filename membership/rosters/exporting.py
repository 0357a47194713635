"""Sheets that leave the portal: safe for spreadsheet programs, and logged.

A spreadsheet program takes a cell that starts with = + - or @ for a formula, and some take tabs and
line ends away first. Such a cell gets a leading apostrophe, so that it is text everywhere.
"""

import csv
from collections.abc import Callable, Sequence
from datetime import datetime
from io import BytesIO, StringIO

from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpResponse
from django.utils.text import slugify
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from communities.models import SupportTeam
from communities.rules.vocabulary import Family
from membership.accounts.security_events import log_security_event
from membership.models import Export, User

# The full-width forms too: some programs read them as the plain signs.
_STARTS_A_FORMULA = tuple("=+-@\t\r\n\0＝＋－＠")

Row = Sequence[object]


class SheetFormat(models.TextChoices):
    """The kinds of file that a sheet comes as."""

    CSV = "csv", "CSV"
    XLSX = "xlsx", "Excel (XLSX)"


def safe(value: object) -> str:
    """A cell as text that no spreadsheet program takes for a formula."""
    text = "" if value is None else str(value)
    risky = text.startswith(_STARTS_A_FORMULA) or text.lstrip().startswith(_STARTS_A_FORMULA)
    return f"'{text}" if risky else text


def as_csv(headings: Sequence[str], rows: Sequence[Row]) -> bytes:
    """The sheet as CSV in UTF-8, with the mark by which Excel reads accents right."""
    written = StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    for row in (headings, *rows):
        writer.writerow([safe(cell).replace("\0", "") for cell in row])
    return written.getvalue().encode("utf-8-sig")


def as_xlsx(headings: Sequence[str], rows: Sequence[Row]) -> bytes:
    """The sheet as XLSX, every cell a text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for row in (headings, *rows):
        sheet.append([ILLEGAL_CHARACTERS_RE.sub("", safe(cell)) for cell in row])
    written = BytesIO()
    book.save(written)
    return written.getvalue()


_FORMATS: dict[SheetFormat, tuple[Callable[[Sequence[str], Sequence[Row]], bytes], str]] = {
    SheetFormat.CSV: (as_csv, "text/csv; charset=utf-8"),
    SheetFormat.XLSX: (
        as_xlsx,
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ),
}


def exports_of(families: frozenset[Family]) -> QuerySet[Export]:
    """The log as a member of staff sees it: their team's, and for leads the sheets of both too."""
    seen = Q(team__family__in=families)
    if families == frozenset(Family):
        seen |= Q(team__isnull=True)
    return Export.objects.filter(seen)


def export(
    *,
    what: str,
    headings: Sequence[str],
    rows: Sequence[Row],
    sheet_format: SheetFormat,
    team: SupportTeam | None,
    by: User,
    now: datetime,
) -> HttpResponse:
    """The sheet as a file to save, and a line in the log that says who took it.

    ``what`` names the sheet and says nothing of a person. ``team`` is None where it is of both.
    """
    write, content_type = _FORMATS[sheet_format]
    taken = Export.objects.create(
        what=what, columns=", ".join(headings), rows=len(rows), team=team, by=by, at=now
    )
    log_security_event("Sheet taken", user=by.pk, export=taken.pk, rows=taken.rows)
    name = f"{slugify(what)}-{now:%Y-%m-%d}.{sheet_format.value}"
    return HttpResponse(
        write(headings, rows),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
