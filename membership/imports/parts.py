"""What the readers of workbooks have in common: XML as a stream, numbers as text, and what staff should know of a sheet."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from typing import IO, Protocol
from xml.parsers import expat

from membership.errors import RefusedError
from membership.imports.files import MAX_NOTES, Sheet, column_letters
from membership.imports.questions import in_rows

DAMAGED = "The file is damaged or not complete. Open it in Excel, save it again, and import that."
TOO_LARGE = "The file is too large once it is unpacked. Split the list into several files."
CHUNK = 65_536
_MAX_FILLED_DOWN = 500_000


class EnoughError(Exception):
    """The rest of a part is not needed."""


class Handler(Protocol):
    """What is called for the parts of an XML file."""

    def start(self, name: str, attrs: dict[str, str]) -> None: ...
    def text(self, content: str) -> None: ...
    def end(self, name: str) -> None: ...


def parse(stream: IO[bytes], handler: Handler) -> None:
    """Read XML without keeping it. No entity can be declared, so none can multiply or reach another file."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _refuse_doctype
    parser.StartElementHandler = handler.start
    parser.CharacterDataHandler = handler.text
    parser.EndElementHandler = handler.end
    with suppress(EnoughError):
        while chunk := stream.read(CHUNK):
            parser.Parse(chunk)
        parser.Parse(b"", True)


def _refuse_doctype(*_: object) -> None:
    raise RefusedError(DAMAGED)


def number_text(value: str | float) -> str:
    """A number as people write it: all digits, no ".0", no exponent, and at most 15 digits after rounding."""
    if isinstance(value, str) and value.isdigit():
        return value
    return f"{Decimal(f'{float(value):.15g}'):f}"


@dataclass
class Marks:
    """What is hidden or merged in a sheet, for its notes. Columns are numbered from 1."""

    sheet: Sheet
    hidden: list[tuple[int, int]] = field(default_factory=list)
    filled_down: int = 0

    def hide_columns(self, first: int, last: int) -> None:
        """Those next to each other are named together."""
        if self.hidden and self.hidden[-1][1] == first - 1:
            first = self.hidden.pop()[0]
        self.hidden.append((first, last))

    def note_hidden(self) -> None:
        """Name the hidden columns that have cells, once all rows are read. Many people hide the empty ones."""
        width = max((len(row.cells) for row in self.sheet.rows), default=0)
        for first, last in self.hidden:
            if first <= width:
                one, other = column_letters(first), column_letters(min(last, width))
                names = f"Column {one} is" if one == other else f"Columns {one} to {other} are"
                self.sheet.notes.append(f"{names} hidden. We read hidden columns too.")

    def note_colours(self, coloured: Collection[int]) -> None:
        """Name the rows with a colour below one without: it may stand for something, and no one reads it here."""
        rows = [row.number for row in self.sheet.rows if len(row.cells) > 1]
        plain = next((number for number in rows if number not in coloured), None)
        if found := [number for number in rows if number in coloured and plain and number > plain]:
            self.sheet.notes.append(
                f"Colours are not read. If the colours in {in_rows(found)} mean something, such as that a contract is over, "
                "say so in a column of the list, or correct the rows when you check the list."
            )

    def merge(self, left: int, top: int, right: int, bottom: int) -> None:
        """What merged cells say counts for each of their rows, as it looks. The file has it in the first."""
        if top == bottom:
            return
        is_filled = left == right and self._fill_down(left - 1, top, bottom)
        if len(self.sheet.notes) < MAX_NOTES:
            place = f"{column_letters(left)}{top}:{column_letters(right)}{bottom}"
            means = (
                "What they say counts for each of these rows."
                if is_filled
                else f"Only row {top} has what they say, the other rows are empty there."
            )
            self.sheet.notes.append(f"The cells {place} are merged. {means}")

    def _fill_down(self, column: int, top: int, bottom: int) -> bool:
        rows = self.sheet.rows
        first = bisect_left(rows, top, key=lambda row: row.number)
        last = bisect_right(rows, bottom, key=lambda row: row.number)
        if first == last or rows[first].number != top or column >= len(rows[first].cells):
            return False
        self.filled_down += last - first
        if self.filled_down > _MAX_FILLED_DOWN:  # merged cells never overlap, so this is no list
            raise ValueError("too many merged cells")
        for row in rows[first + 1 : last]:
            row.cells += [""] * (column + 1 - len(row.cells))
            row.cells[column] = row.cells[column] or rows[first].cells[column]
        return True
