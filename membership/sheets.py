"""Sheets for Excel and its like: typed XLSX, or CSV. Every export is written here.

A spreadsheet program reads a CSV cell that starts with = + - or @ as a formula. Some strip spaces, tabs and
line ends first, and one set up for another country splits cells at semicolons or tabs instead of commas, and
takes a quotation mark inside a cell for its end. So an apostrophe goes before such a sign wherever a cell
could start (OWASP, "CSV injection"). In XLSX a text is text by its type, and keeps what was typed.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from io import BytesIO, TextIOWrapper
from itertools import chain, islice

from django.db import models
from django.http import HttpResponse
from django.utils import timezone
from django.utils.text import slugify

# Where a sign could start a formula. Full-width forms too: some programs read them as the plain signs.
_FORMULA = re.compile(r"""^(?=[\t\r\n\0])|((?:^|[;\t\r\n])[\s"\0]*)(?=[=+\-@＝＋－＠])""")
_NOT_IN_SHEET_NAMES = re.compile(r"[\[\]:*?/\\\x00-\x1f]")
_MAX_SHEET_NAME = 31
_WIDTHS = 8, 50  # of columns, in characters; longer text has several lines
_MEASURED = 1_000  # rows that the widths are for, so that the others need not be kept

# The cells of a row: dates, times, numbers, yes and no stay what they are; anything else is text.
Row = Sequence[object]
_Typed = str | int | float | date | None


class SheetFormat(models.TextChoices):
    """The file formats of an export."""

    XLSX = "xlsx", "Excel (XLSX)"
    CSV = "csv", "CSV"


_CONTENT_TYPES = {
    SheetFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    SheetFormat.CSV: "text/csv; charset=utf-8",
}


def write_sheet(
    *, name: str, headings: Sequence[str], rows: Iterable[Row], sheet_format: SheetFormat
) -> bytes:
    """A file with one sheet of this name."""
    if sheet_format == SheetFormat.CSV:
        return as_csv(headings, rows)
    return as_xlsx(headings, rows, name=name)


def sheet_download(
    *, name: str, headings: Sequence[str], rows: Iterable[Row], sheet_format: SheetFormat, on: date
) -> HttpResponse:
    """The file as a download. ``name`` has no personal data."""
    file_name = f"{slugify(name)}-{on:%Y-%m-%d}.{sheet_format.value}"
    return HttpResponse(
        write_sheet(name=name, headings=headings, rows=rows, sheet_format=sheet_format),
        content_type=_CONTENT_TYPES[sheet_format],
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )


def _typed(value: object) -> _Typed:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):  # in Pacific time: a sheet knows no time zones
        return timezone.make_naive(value) if timezone.is_aware(value) else value
    if value is None or isinstance(value, int | float | date):
        return value
    return str(value)


def _shown(value: _Typed) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    return "" if value is None else str(value)


# -- CSV ---------------------------------------------------------------------------------------------


def safe_text(text: str) -> str:
    """A CSV cell as text that no spreadsheet program reads as a formula."""
    return _FORMULA.sub(r"\1'", text)


def as_csv(headings: Sequence[str], rows: Iterable[Row]) -> bytes:
    """CSV in UTF-8, with the byte order mark that Excel needs to read accents."""
    written = BytesIO()
    text = TextIOWrapper(written, "utf-8-sig", newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    for row in chain([headings], rows):
        cells = map(_typed, row)
        writer.writerow(
            safe_text(cell).replace("\0", "") if isinstance(cell, str) else _shown(cell)
            for cell in cells
        )
    text.flush()
    return written.getvalue()


# -- XLSX --------------------------------------------------------------------------------------------


def as_xlsx(headings: Sequence[str], rows: Iterable[Row], *, name: str = "Sheet") -> bytes:
    """XLSX with a bold heading row that stays in view and is repeated on paper, a filter, and the width of a page."""
    # Imported here because openpyxl takes 7 MB of memory.
    from openpyxl import Workbook
    from openpyxl.cell import Cell, WriteOnlyCell
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.properties import PageSetupProperties
    from openpyxl.worksheet.worksheet import Worksheet

    book = Workbook(write_only=True)
    sheet = book.create_sheet(_sheet_name(name))
    book.properties.creator, book.properties.title = "EVA BC", sheet.title
    rows = iter(rows)
    measured = list(islice(rows, _MEASURED))
    for number, width in enumerate(_widths(headings, measured), 1):
        sheet.column_dimensions[get_column_letter(number)].width = width
    sheet.freeze_panes = "A2"
    sheet.print_title_rows = "1:1"
    sheet.page_setup.orientation = Worksheet.ORIENTATION_LANDSCAPE
    sheet.page_setup.paperSize = Worksheet.PAPERSIZE_LETTER
    sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight = 1, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    sheet.oddFooter.left.text, sheet.oddFooter.right.text = "&A", "&P / &N"

    def styled(number_format: str, *, bold: bool = False, wrap: bool = False) -> Cell:
        cell = WriteOnlyCell(sheet)
        cell.number_format, cell.font = number_format, Font(bold=bold)
        cell.alignment = Alignment(vertical="top", wrap_text=wrap)
        return cell

    # Each cell is written before the next one is asked for, so one of each style is enough.
    heading, text = styled("@", bold=True, wrap=True), styled("@", wrap=True)
    others = {
        date: styled("yyyy-mm-dd"),
        datetime: styled("yyyy-mm-dd hh:mm"),
        int: styled("0"),
        float: styled("0.0"),
    }

    def cells(row: Row, text: Cell) -> Iterator[Cell | None]:
        for value in map(_typed, row):
            if isinstance(value, str):
                # Also what looks like a formula or a number, and it stays text when someone edits it.
                text.value = ILLEGAL_CHARACTERS_RE.sub("", value)
                text.data_type = "s"
                yield text
            elif value is None:
                yield None
            else:
                cell = others[type(value)]
                cell.value = value
                yield cell

    sheet.append(cells(headings, heading))
    last_row = 1
    for row in chain(measured, rows):
        sheet.append(cells(row, text))
        last_row += 1
    sheet.auto_filter.ref = f"A1:{get_column_letter(max(len(headings), 1))}{last_row}"
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _sheet_name(name: str) -> str:
    """As Excel accepts it."""
    return _NOT_IN_SHEET_NAMES.sub(" ", name)[:_MAX_SHEET_NAME].strip(" '") or "Sheet"


def _widths(headings: Sequence[str], rows: Iterable[Row]) -> list[int]:
    """The width of each column: of its longest line, with room for the button of the filter."""
    least, most = _WIDTHS
    longest = [len(heading) + 3 for heading in headings]
    for row in rows:
        for number, value in enumerate(row):
            length = 11 if isinstance(value, date) else len(_shown(_typed(value))) + 2
            longest[number] = max(longest[number], length)
    return [min(max(width, least), most) for width in longest]
