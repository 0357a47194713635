"""What is in a file, whatever program saved it: its sheets, with rows of cells.

What a file really is counts, not the ending of its name. Nothing in a file is evaluated, and there is a limit on
everything. A file that cannot be read is refused with a sentence that says what it is and what to do.
"""

import csv
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date
from html import unescape
from math import ceil
from typing import Any

from django.utils.formats import date_format

from membership.errors import RefusedError
from membership.register.names import clean_text

MAX_BYTES = 10_000_000
MAX_ROWS = 20_000
MAX_COLUMNS = 100
MAX_CELL_LENGTH = 2_000
SAVE_AS_XLSX = "Open it in Excel, choose “File”, then “Save as”, then “Excel Workbook (.xlsx)”, and import the new file."
MAX_NOTES = 5  # of one kind
MAX_SHEET_ROWS = MAX_ROWS + 100  # with titles, headings and notes, which are no rows of the list
# As a CSV export of ours guards text against formulas, and as people force a number or a date to stay text.
_FORCED_TEXT = re.compile(r"^'(?=[=+\-@＝＋－＠\d])")


# Errors of Excel, Google Sheets and LibreOffice, also as text.
_ERROR = re.compile(r"#N/A|#[A-Z0-9/]+[!?]|Err:\d+")
# Signs as web pages write them.
_ENTITY = re.compile(
    r"&(?:amp|quot|apos|lt|gt|nbsp|[a-z]+(?:acute|grave|circ|uml|cedil|tilde)|#\d{2,4});",
    re.IGNORECASE,
)
# UTF-8 that was read as Windows-1252 ("MontrÃ©al"), and letters that were lost.
_DAMAGED_LETTERS = re.compile("[ÃÂ][\x80-\xbf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]|â€|\ufffd")


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that has no value that can be used. It matters only where its column is used."""

    shown: str
    sentence: str

    def __str__(self) -> str:
        return self.shown


Cell = str | date | BadCell


def shown(cell: Cell) -> str:
    """A cell as a page shows it."""
    return date_format(cell) if isinstance(cell, date) else str(cell)


@dataclass(slots=True)
class SheetRow:
    """A row that has a cell with something in it. ``number`` is its row number in a spreadsheet program.

    ``hidden`` also where a filter hides it; ``struck`` where it is crossed out.
    """

    number: int
    cells: list[Cell]
    hidden: bool = False
    struck: bool = False

    def __str__(self) -> str:
        """The row in one line."""
        line = " | ".join([shown(cell) for cell in self.cells if cell][:8])
        return line if len(line) <= 110 else f"{line[:109]}…"


@dataclass
class Sheet:
    """A sheet without its empty rows, or all of a text file.

    ``problem`` says why it cannot be used, and ``notes`` what staff should know about it.
    """

    name: str
    rows: list[SheetRow] = field(default_factory=list)
    hidden: bool = False
    is_active: bool = False
    problem: str = ""
    notes: list[str] = field(default_factory=list)

    def add(
        self,
        number: int,
        cells: list[Cell],
        *,
        hidden: bool = False,
        struck: Collection[int] = (),
    ) -> bool:
        """Keep a row, unless it is empty. Returns False if the sheet has more than can be used.

        ``struck`` are the positions of the cells that are crossed out. In a row with most of them it is the row; else
        no one can say what such a cell means.
        """
        while cells and cells[-1] == "":
            cells.pop()
        struck = [n for n in struck if n < len(cells) and cells[n] != ""]
        is_struck = bool(struck) and len(struck) * 2 > sum(cell != "" for cell in cells)
        for n in struck if not is_struck else ():
            what = "is crossed out. Enter what counts instead, or skip the row."
            cells[n] = bad_cell(str(cells[n]), number, n + 1, what)
        if len(cells) > MAX_COLUMNS:
            self.problem = f"Row {number} has more than {MAX_COLUMNS} columns. Remove the ones you do not need."
        elif cells and len(self.rows) == MAX_SHEET_ROWS:
            self.problem = too_many_rows()
        elif cells:
            self.rows.append(SheetRow(number, cells, hidden, is_struck))
        return not self.problem

    def note_remarks(self, remarks: Mapping[str, str]) -> None:
        """Name the remarks on cells, by the names of these, because no one reads them here."""
        for cell, remark in [*remarks.items()][:MAX_NOTES]:
            self.notes.append(
                f"Cell {cell} has a comment that is not part of the list: “{clean_text(remark)[:200]}”"
            )
        if (more := len(remarks) - MAX_NOTES) > 0:
            self.notes.append(f"{more} more cells have comments.")


@dataclass
class FileRead:
    """A file as it was read. ``encoding`` is how the letters of a text file were read, else empty."""

    what: str
    sheets: list[Sheet]
    encoding: str = ""
    notes: list[str] = field(default_factory=list)

    @property
    def likely_sheet(self) -> Sheet:
        """The sheet that a spreadsheet program shows first, or another one that has rows."""
        with_rows = [sheet for sheet in self.sheets if sheet.rows]
        return min(with_rows, key=lambda s: (bool(s.problem), s.hidden, not s.is_active))

    def to_json(self) -> dict[str, Any]:
        """A short form for a JSON field. ``from_json`` reads it."""
        return {
            "what": self.what,
            "encoding": self.encoding,
            "notes": self.notes,
            "sheets": [
                {
                    "name": sheet.name,
                    "hidden": sheet.hidden,
                    "is_active": sheet.is_active,
                    "problem": sheet.problem,
                    "notes": sheet.notes,
                    "rows": [
                        [row.number, row.hidden + 2 * row.struck, *map(_cell_to_json, row.cells)]
                        for row in sheet.rows
                    ],
                }
                for sheet in self.sheets
            ],
        }

    @classmethod
    def from_json(cls, saved: dict[str, Any]) -> "FileRead":
        sheets = [
            Sheet(**{**sheet, "rows": [_row_from_json(*row) for row in sheet["rows"]]})
            for sheet in saved["sheets"]
        ]
        return cls(**{**saved, "sheets": sheets})


def _cell_to_json(cell: Cell) -> str | list[str]:
    if isinstance(cell, str):
        return cell
    return [cell.isoformat()] if isinstance(cell, date) else [cell.shown, cell.sentence]


def _row_from_json(number: int, marks: int, *cells: str | list[str]) -> SheetRow:
    return SheetRow(number, [*map(_cell_from_json, cells)], bool(marks & 1), bool(marks & 2))


def _cell_from_json(saved: str | list[str]) -> Cell:
    if isinstance(saved, str):
        return saved
    return date.fromisoformat(saved[0]) if len(saved) == 1 else BadCell(*saved)


def read_file(content: bytes, file_name: str, *, encoding: str = "") -> FileRead:
    """Read a file. ``encoding`` is a key of ``ENCODINGS``; without it, it is found.

    Raises ``RefusedError`` if the file is no list that can be read.
    """
    # Imported here, because both build on this module.
    from membership.imports import texts, workbooks

    refuse_too_large(len(content))
    if not content:
        raise RefusedError("The file is empty. Choose another one.")
    if kind := workbooks.kind_of(content):
        found, endings = workbooks.read(content, kind), kind.endings
    else:
        found, endings = texts.read(content, encoding), ("csv", "tsv", "txt", "tab")
    _refuse_unusable(found.sheets)
    for sheet in found.sheets:
        _split_single_cells(sheet)
        _mend_damaged_letters(sheet)
    ending = file_name.lower().rpartition(".")[2]
    if ending in _LIST_ENDINGS and ending not in endings:
        found.notes.insert(
            0, f"The file’s name ends in .{ending}, but it is {found.what}. It was read as that."
        )
    return found


_LIST_ENDINGS = frozenset(["xlsx", "xlsm", "xltx", "xltm", "xls", "ods", "csv", "tsv", "txt"])


def _refuse_unusable(sheets: list[Sheet]) -> None:
    with_rows = [sheet for sheet in sheets if sheet.rows or sheet.problem]
    if not with_rows:
        raise RefusedError(
            "All sheets of the file are empty." if len(sheets) > 1 else "The sheet is empty."
        )
    if all(sheet.problem for sheet in with_rows):
        raise RefusedError(with_rows[0].problem)


def _split_single_cells(sheet: Sheet) -> None:
    """Cut rows that are one cell each, because a program did not know the separator of a text file."""
    lines = [str(row.cells[0]) for row in sheet.rows]
    if len(lines) < 2 or any(len(row.cells) > 1 for row in sheet.rows):
        return
    for separator, named in (
        (",", "commas"),
        (";", "semicolons"),
        ("\t", "tabs"),
        ("|", "vertical bars"),
    ):
        try:
            rows = [*csv.reader(lines, delimiter=separator, strict=True, skipinitialspace=True)]
        except csv.Error:
            continue
        if len(rows) == len(lines) and {len(cells) for cells in rows} == {len(rows[0])} != {1}:
            for row, cells in zip(sheet.rows, rows, strict=True):
                row.cells = [
                    text_cell(cell, row.number, n) for n, cell in enumerate(cells, start=1)
                ]
            sheet.notes.append(
                f"Each row was one cell with {named} in it. We read it as several cells."
            )
            return


def _mend_damaged_letters(sheet: Sheet) -> None:
    """Mend a text that was once read in the wrong encoding and saved again, and say so."""
    mended: list[str] = []
    for row in sheet.rows:
        for n, cell in enumerate(row.cells):
            if not isinstance(cell, str) or cell.isascii() or not _DAMAGED_LETTERS.search(cell):
                continue
            if (right := _mended(cell)) is None:
                sheet.notes.append(
                    f"The accents in cell {cell_name(row.number, n + 1)}, “{cell[:60]}”, were damaged before this "
                    "file was saved. Others may be too. Ask for the list again, or correct them."
                )
                return
            row.cells[n] = right
            mended.append(f"“{right[:60]}” for “{cell[:60]}” in {cell_name(row.number, n + 1)}")
    if mended:
        more = f" and {len(mended) - 3} more" if len(mended) > 3 else ""
        sheet.notes.append(
            f"Accents were damaged before this file was saved. We read {', '.join(mended[:3])}{more}."
        )


def _mended(text: str) -> str | None:
    """The text before its UTF-8 was read as Windows-1252, once or more often; None if letters are lost."""
    for _ in range(3):
        try:
            text = b"".join(map(_as_windows_byte, text)).decode()
        except UnicodeError:
            return None
        if not _DAMAGED_LETTERS.search(text):
            return text
    return None


def _as_windows_byte(letter: str) -> bytes:
    try:
        return letter.encode("cp1252")
    except UnicodeEncodeError:
        return letter.encode("latin-1")  # the five bytes that Windows-1252 does not use


def refuse_too_large(size: int) -> None:
    """Refuse a file over the limit before anything is read."""
    if size > MAX_BYTES:
        raise RefusedError(
            f"The file is {ceil(size / 100_000) / 10:g} MB. The limit is {MAX_BYTES // 1_000_000} MB. "
            "Split the list into several files."
        )


def too_many_rows() -> str:
    """The sentence for a sheet with too many rows."""
    return f"The sheet has more than {MAX_ROWS:,} rows. Split it into several files."


def text_cell(text: str, row: int, column: int) -> str | BadCell:
    """A cell of text: one line, without marks that cannot be seen."""
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    cleaned = _FORCED_TEXT.sub("", clean_text(text))
    if cleaned[:1] in ("#", "E") and _ERROR.fullmatch(cleaned):
        return error_cell(cleaned, row, column)
    if len(cleaned) <= MAX_CELL_LENGTH:
        return cleaned
    return bad_cell(
        cleaned, row, column, f"has more than {MAX_CELL_LENGTH:,} characters. Shorten it."
    )


def error_cell(shown: str, row: int, column: int) -> BadCell:
    """A cell whose value is an error, such as #N/A."""
    return bad_cell(shown, row, column, f"has the error {shown}. Enter its value.")


def bad_cell(shown: str, row: int, column: int, what: str) -> BadCell:
    """A cell without a value. ``what`` goes on after "Cell B7"."""
    shown = shown if len(shown) <= 200 else f"{shown[:199]}…"
    return BadCell(shown, f"Cell {cell_name(row, column)} {what}")


def cell_name(row: int, column: int) -> str:
    """The name of a cell in a spreadsheet program, for example B7."""
    return f"{column_letters(column)}{row}"


def column_number(letters: str) -> int:
    """The number of a column: 3 for C, 28 for AB."""
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number


def column_letters(column: int) -> str:
    """The name of a column in a spreadsheet program: C for 3, AB for 28."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return letters
