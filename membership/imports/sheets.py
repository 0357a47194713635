"""The first rows of a file for those who read a single sheet with its headings on top."""

from dataclasses import dataclass, field
from datetime import date

from membership.errors import RefusedError
from membership.imports.files import MAX_ROWS, BadCell, read_file, too_many_rows

Cell = str | date


@dataclass(frozen=True)
class SheetRow:
    """A row of the file. ``number`` is its row number in a spreadsheet program."""

    number: int
    cells: list[Cell]
    problems: list[str] = field(default_factory=list)


def read_sheet(content: bytes, file_name: str) -> list[SheetRow]:
    """The rows of the likely sheet, with the headings first and without empty rows."""
    rows = read_file(content, file_name).likely_sheet.rows
    if len(rows) < 2:
        raise RefusedError("The file has no rows below its headings.")
    if len(rows) > MAX_ROWS + 1:
        raise RefusedError(too_many_rows())
    return [
        SheetRow(
            row.number,
            [cell.shown if isinstance(cell, BadCell) else cell for cell in row.cells],
            [cell.sentence for cell in row.cells if isinstance(cell, BadCell)],
        )
        for row in rows
    ]
