"""Reading CSV and XLSX files into rows of cells, with a limit on everything.

Nothing in a file is evaluated. A file that cannot be read is refused with a sentence that says what to do.
"""

import csv
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from io import BytesIO, StringIO
from itertools import chain
from typing import Any

from membership.errors import RefusedError

MAX_BYTES = 10_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_LINE_LENGTH = 50_000
MAX_CELL_LENGTH = 2_000
MAX_UNPACKED_BYTES = 60_000_000
MAX_PARTS = 500
MAX_RATIO = 200
_CHUNK = 65_536
_ZIP = b"PK\x03\x04"
_OLD_EXCEL = b"\xd0\xcf\x11\xe0"

Cell = str | date


@dataclass(frozen=True)
class SheetRow:
    """A row of the file. ``number`` is its row number in a spreadsheet program."""

    number: int
    cells: list[Cell]
    problems: list[str]


def refuse_too_large(size: int) -> None:
    """Refuse a file over the limit before anything is read."""
    if size > MAX_BYTES:
        raise RefusedError(
            f"The file is {size // 1_000_000} MB. The limit is {MAX_BYTES // 1_000_000} MB. "
            "Split the list into several files."
        )


def read_sheet(content: bytes, file_name: str) -> list[SheetRow]:
    """The rows of the first sheet, with the headings first and without empty rows."""
    refuse_too_large(len(content))
    ending = file_name.lower().rpartition(".")[2]
    if ending == "csv":
        records = _csv_records(content)
    elif ending == "xlsx":
        records = _xlsx_records(content)
    else:
        raise RefusedError("Choose a CSV file (.csv) or an Excel file (.xlsx).")
    return list(_bounded(records))


def _bounded(records: Iterable[SheetRow]) -> Iterator[SheetRow]:
    kept = 0
    for row in records:
        if len(row.cells) > MAX_COLUMNS:
            raise RefusedError(
                f"Row {row.number} has more than {MAX_COLUMNS} columns. Remove the empty ones."
            )
        if not any(row.cells) and not row.problems:
            continue
        kept += 1
        if kept > MAX_ROWS + 1:
            raise RefusedError(
                f"The file has more than {MAX_ROWS:,} rows. Split it into several files."
            )
        yield row
    if kept < 2:
        raise RefusedError("The file has no rows below its headings.")


def _cell_problem(column: int, number: int, text: str) -> str:
    if text.startswith("="):
        return f"Cell {_cell_name(column, number)} has a formula. Replace it with its value."
    if len(text) > MAX_CELL_LENGTH:
        return f"Cell {_cell_name(column, number)} has more than {MAX_CELL_LENGTH:,} characters. Shorten it."
    return ""


def _cell_name(column: int, number: int) -> str:
    """The name of a cell in a spreadsheet program, for example B7."""
    from openpyxl.utils import get_column_letter

    return f"{get_column_letter(column)}{number}"


def _csv_records(content: bytes) -> Iterator[SheetRow]:
    lines = _bounded_lines(StringIO(_text(content), newline=None))
    first = next(lines, "")
    mark = max(",;\t", key=first.count)
    reader = csv.reader(chain([first], lines), delimiter=mark, strict=True)
    try:
        for number, cells in enumerate(reader, start=1):
            problems = [_cell_problem(i, number, c) for i, c in enumerate(cells, start=1)]
            texts: list[Cell] = [c.strip() for c in cells]
            yield SheetRow(number, texts, [p for p in problems if p])
    except csv.Error as error:
        raise RefusedError(
            f"The file is damaged near line {reader.line_num}. A quotation mark may be missing. "
            "Save it again as CSV UTF-8."
        ) from error


def _bounded_lines(lines: Iterable[str]) -> Iterator[str]:
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_LENGTH:
            raise RefusedError(
                f"Line {number} of the file is too long. A quotation mark may be missing."
            )
        yield line


def _text(content: bytes) -> str:
    if content.startswith((_ZIP, _OLD_EXCEL)):
        raise RefusedError(
            "The file ends in .csv but is a spreadsheet. Save it again as CSV UTF-8."
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RefusedError(
            f"Line {line} of the file is not in UTF-8, so names with accents would be "
            "damaged. In Excel, choose “Save as”, then “CSV UTF-8”, or save it as .xlsx."
        ) from error
    if "\0" in text:
        raise RefusedError(
            "The file is not a text file. In Excel, choose “Save as”, then “CSV UTF-8”."
        )
    return text


def _xlsx_records(content: bytes) -> Iterator[SheetRow]:
    from openpyxl import load_workbook  # takes 7 MB: imported where a workbook is read

    try:
        _refuse_dangerous_package(content)
        book = load_workbook(BytesIO(content), read_only=True, data_only=False, keep_links=False)
        sheet = book.worksheets[0]
        # The size that the file declares may be wrong, or a trap.
        sheet.reset_dimensions()
        for number, cells in enumerate(sheet.iter_rows(max_row=MAX_ROWS * 2), start=1):
            yield _xlsx_row(number, cells)
    except RefusedError:
        raise
    except Exception as error:  # a damaged file can make the reader fail in many ways
        raise RefusedError(
            "The file is damaged or is not an Excel file. Open it in Excel and save it again."
        ) from error


def _xlsx_row(number: int, cells: Iterable[Any]) -> SheetRow:
    values: list[Cell] = []
    problems = []
    for column, cell in enumerate(cells, start=1):
        value = _xlsx_value(cell.value)
        values.append(value)
        if cell.data_type == "e":
            problems.append(f"Cell {_cell_name(column, number)} has the error {value}.")
        elif isinstance(value, str) and (problem := _cell_problem(column, number, value)):
            problems.append(problem)
        elif cell.data_type == "f":
            problems.append(_cell_problem(column, number, "="))
    return SheetRow(number, values, problems)


def _xlsx_value(value: object) -> Cell:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.date()
        case date():
            return value
        case float() if value.is_integer():
            return str(int(value))
    return str(value).strip()


def _refuse_dangerous_package(content: bytes) -> None:
    """An XLSX file is a zip file: check the sizes that it declares, then unpack it once in chunks."""
    if content.startswith(_OLD_EXCEL):
        raise RefusedError(
            "The file has a password or is in the old Excel format. Save it as .xlsx without a password."
        )
    with zipfile.ZipFile(BytesIO(content)) as package:
        parts = package.infolist()
        declared = sum(part.file_size for part in parts)
        if any(part.flag_bits & 1 for part in parts):
            raise RefusedError("The file has a password. Save it without a password.")
        if (
            len(parts) > MAX_PARTS
            or declared > MAX_UNPACKED_BYTES
            or declared > max(len(content), _CHUNK) * MAX_RATIO
        ):
            raise RefusedError(
                "The file is too large once it is unpacked. Split the list into several files."
            )
        for part in parts:
            with package.open(part) as stream:
                # A part that is longer than it declares fails here, before all of it is unpacked.
                while stream.read(_CHUNK):
                    pass
