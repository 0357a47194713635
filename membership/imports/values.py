"""The values of a list: each cell of a used column read as what its column holds, and what staff have to say of them."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from membership.imports.columns import CellError, Column, ListRow
from membership.imports.files import BadCell, Cell, SheetRow
from membership.imports.layout import Layout
from membership.imports.matching import Matching
from membership.imports.questions import Given, Question
from membership.register.names import clean_text


@dataclass
class Values:
    """The rows with their values, and what has to be asked. ``orders`` are the columns of dates, for the page."""

    rows: list[ListRow]
    questions: list[Question] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {"orders": self.orders}


def read_values(
    columns: Sequence[Column], layout: Layout, matching: Matching, given: Given, *, as_of: date
) -> Values:
    """Read the rows of the list. What staff said to skip is left out."""
    day_first = {
        column.name: day_comes_first(
            _cell(row.cells, matching.positions.get(column.name)) for row in layout.rows
        )
        for column in columns
        if column.is_day
    }
    rows = [
        _read_row(columns, matching, row, day_first)
        for row in layout.rows
        if row.number not in layout.skipped
    ]
    return Values(rows)


def _read_row(
    columns: Sequence[Column],
    matching: Matching,
    row: SheetRow,
    day_first: dict[str, bool | None],
) -> ListRow:
    read = ListRow(row.number)
    for column in columns:
        cell = _cell(row.cells, matching.positions.get(column.name))
        cell = cell or matching.constants.get(column.name, "")
        read.values[column.name] = column.empty
        read.cells[column.name] = cell.shown if isinstance(cell, BadCell) else str(cell)
        if not cell:
            if column.required:
                read.problems.append(f"“{column.heading}” is empty.")
            continue
        try:
            if isinstance(cell, BadCell):
                raise CellError(cell.sentence)
            if column.is_day:
                cell = clean_text(cell) if isinstance(cell, str) else cell
                read.values[column.name] = read_day(cell, day_first=day_first[column.name])
            else:
                text = cell.isoformat() if isinstance(cell, date) else cell
                read.values[column.name] = column.read(text)
        except CellError as problem:
            read.problems.append(f"“{column.heading}”: {problem}")
    return read


def _cell(cells: Sequence[Cell], position: int | None) -> Cell:
    return cells[position] if position is not None and position < len(cells) else ""


# -- Dates as people write them ----------------------------------------------------------------------

_FORMATS: tuple[str, ...] = ("%Y %m %d", "%Y/%m/%d", "%d %B %Y", "%d %b %Y", "%B %d %Y", "%b %d %Y")
# A time at midnight, the ending of "1st", and the punctuation in a date.
_NOISE = re.compile(r"[T ]00:00(:00)?$|(?<=\d)(st|nd|rd|th)\b|[.,]")
_SEPT = re.compile(r"\bsept\b", re.IGNORECASE)
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


def day_comes_first(cells: Iterable[Cell]) -> bool | None:
    """Whether the day is before the month in 01/04/2026, judging by other dates in the file. None if unclear.

    A number above 12 cannot be a month. A file with dates in both orders proves nothing.
    """
    proofs = set()
    for cell in cells:
        if isinstance(cell, str) and (found := _SLASHES.fullmatch(cell)):
            first, second = int(found[1]), int(found[2])
            if first > 12 or second > 12:
                proofs.add(first > 12)
    return proofs.pop() if len(proofs) == 1 else None


def read_day(cell: str | date, *, day_first: bool | None) -> date:
    """The date in a cell, for example 2026-04-01, April 1, 2026, 1-Apr-2026, 01/04/2026 or a date cell."""
    if isinstance(cell, date):
        return cell
    written, formats = cell, _FORMATS
    if found := _SLASHES.fullmatch(cell):
        formats = (_order_with_slashes(cell, int(found[1]), int(found[2]), day_first),)
    else:
        written = _SEPT.sub("Sep", _NOISE.sub("", cell)).replace("-", " ")
    for form in formats:
        try:
            return datetime.strptime(written, form).date()
        except ValueError:
            continue
    raise CellError(f"“{cell}” is not a date. Write it like 2026-04-01.")


def _order_with_slashes(cell: str, first: int, second: int, day_first: bool | None) -> str:
    if first > 12 or (day_first and second <= 12):
        return "%d/%m/%Y"
    if second > 12 or day_first is False or first == second:
        return "%m/%d/%Y"
    raise CellError(
        f"“{cell}” could be two dates, and no other date in the file shows which number is the month. "
        "Write it like 2026-04-01."
    )
