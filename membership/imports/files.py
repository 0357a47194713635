"""The file of a list, read into sheets of rows of cells. (The first form; it is replaced.)"""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from membership.imports.sheets import read_sheet


@dataclass(frozen=True, slots=True)
class BadCell:
    """A cell that cannot be read. It counts only if its column is used."""

    shown: str
    sentence: str


Cell = str | date | BadCell


@dataclass(slots=True)
class SheetRow:
    """A row of the file. ``number`` is its row number in a spreadsheet program."""

    number: int
    cells: list[Cell]
    hidden: bool = False
    struck: bool = False


@dataclass
class Sheet:
    """One sheet of the file, without its empty rows."""

    name: str
    rows: list[SheetRow]
    hidden: bool = False
    is_active: bool = False


@dataclass
class FileRead:
    """What a file is, in words, and its sheets."""

    what: str
    sheets: list[Sheet]
    encoding: str = ""
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        return {}


def read_file(content: bytes, file_name: str, *, encoding: str = "") -> FileRead:
    """Read a file. Raises ``RefusedError`` if it cannot be used."""
    rows = [
        SheetRow(row.number, [BadCell("", p) for p in row.problems] or list(row.cells))
        for row in read_sheet(content, file_name)
    ]
    return FileRead("a list", [Sheet("Sheet", rows, is_active=True)])
