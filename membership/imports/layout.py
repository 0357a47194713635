"""Where the list is in its file: which sheet, which rows are headings, and which rows are no part of the list."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from membership.errors import RefusedError
from membership.imports.columns import Column
from membership.imports.files import MAX_ROWS, FileRead, SheetRow, too_many_rows
from membership.imports.questions import Given, Question


@dataclass
class Layout:
    """The sheet and the rows that are read.

    ``skipped`` are rows below the headings that are no part of the list, by number, each with the reason.
    """

    sheet: int
    first_heading: int
    last_heading: int
    headings: list[str]
    rows: list[SheetRow]
    skipped: dict[int, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {
            "sheet": self.sheet,
            "first_heading": self.first_heading,
            "last_heading": self.last_heading,
            "headings": self.headings,
            "skipped": self.skipped,
            "notes": self.notes,
        }


def find_layout(file: FileRead, columns: Sequence[Column], given: Given) -> Layout:
    """Find the list in its file. Raises ``RefusedError`` if no sheet has rows."""
    sheet = file.likely_sheet
    if len(sheet.rows) < 2:
        raise RefusedError("The file has no rows below its headings.")
    if len(sheet.rows) > MAX_ROWS + 1:
        raise RefusedError(too_many_rows())
    position, rows = file.sheets.index(sheet), sheet.rows
    first = rows[0]
    headings = [str(cell) for cell in first.cells]
    return Layout(position, first.number, first.number, headings, rows[1:])
