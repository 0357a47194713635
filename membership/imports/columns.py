"""The columns of lists: found by their headings, read into values.

A heading counts in any case, with any spaces, underscores, accents and punctuation, and under any of
its usual names.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices

from membership.imports.sheets import Cell, SheetRow
from membership.refusal import Refused
from membership.register.names import clean_text, name_key

LONGEST_EMAIL = 254


class WrongCell(ValueError):
    """The cell cannot be read. The message says why."""


@dataclass(frozen=True)
class Column:
    """One column of a kind of list.

    ``other_names`` are headings that mean the same; ``samples`` stand in the sample file.
    """

    name: str
    heading: str
    read: Callable[[str], Any]
    other_names: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    required: bool = False
    empty: Any = ""
    is_day: bool = False

    @property
    def keys(self) -> set[str]:
        return {name_key(name) for name in (self.name, self.heading, *self.other_names)}


@dataclass
class ListRow:
    """A row of a list, read. ``problems`` name the cells that could not be."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def text(most: int) -> Callable[[str], str]:
    """Reads one line of text of at most so many characters."""

    def read(cell: str) -> str:
        cleaned = clean_text(cell)
        if len(cleaned) > most:
            raise WrongCell(f"“{cleaned[:40]}…” is longer than {most} characters.")
        return cleaned

    return read


def email(cell: str) -> str:
    """An address, in lower case."""
    address = clean_text(cell).lower()
    try:
        validate_email(address)
    except ValidationError:
        raise WrongCell(f"“{address[:60]}” is not an email address.") from None
    if len(address) > LONGEST_EMAIL:
        raise WrongCell("The email address is too long.")
    return address


def yes_or_no(cell: str) -> bool:
    """Yes or no."""
    answer = name_key(cell)
    if answer in {"yes", "y", "true", "1", "x"}:
        return True
    if answer in {"no", "n", "false", "0"}:
        return False
    raise WrongCell(f"“{cell[:40]}” is neither yes nor no.")


def one_of(
    choices: type[TextChoices], **other_names: Sequence[str]
) -> Callable[[str], TextChoices]:
    """One of a closed list, by its value, its label or one of its other names."""
    meaning = {name_key(c.value): c for c in choices} | {name_key(c.label): c for c in choices}
    for value, names in other_names.items():
        meaning |= {name_key(name): choices(value) for name in names}

    def read(cell: str) -> TextChoices:
        found = meaning.get(name_key(cell))
        if found is None:
            known = ", ".join(c.value for c in choices)
            raise WrongCell(f"“{cell[:40]}” is not one of: {known}.")
        return found

    return read


def day_column(name: str, heading: str, *other_names: str, samples: tuple[str, ...] = ()) -> Column:
    """A column of days. Which number of 01/04/2026 is the month, the whole file decides."""
    return Column(name, heading, str, other_names, samples, is_day=True, empty=None)


def read_rows(columns: Sequence[Column], sheet: Sequence[SheetRow]) -> list[ListRow]:
    """The rows of a list, by its columns' names. Columns that no list of this kind has are left out."""
    places = _places(columns, sheet[0])
    days = (
        _cell(row.cells, place)
        for column, place in places.items()
        if column.is_day
        for row in sheet[1:]
    )
    day_first = day_comes_first(days)
    return [_read_row(columns, places, row, day_first) for row in sheet[1:]]


def _places(columns: Sequence[Column], headings: SheetRow) -> dict[Column, int]:
    keys = [name_key(str(cell)) if cell else "" for cell in headings.cells]
    places = {}
    for column in columns:
        found = [place for place, key in enumerate(keys) if key in column.keys]
        if len(found) > 1:
            names = " and ".join(f"“{headings.cells[place]}”" for place in found)
            raise Refused(f"The columns {names} mean the same. Remove one of them.")
        if found:
            places[column] = found[0]
    if missing := [
        column.heading for column in columns if column.required and column not in places
    ]:
        wanted = ", ".join(f"“{heading}”" for heading in missing)
        raise Refused(
            f"The file has no column {wanted}. The first row must hold the headings; "
            "the sample file shows them."
        )
    return places


def _read_row(
    columns: Sequence[Column], places: dict[Column, int], row: SheetRow, day_first: bool | None
) -> ListRow:
    read = ListRow(row.number, problems=list(row.problems))
    for column in columns:
        cell = _cell(row.cells, places.get(column))
        read.values[column.name] = column.empty
        if row.problems:
            continue
        if not cell:
            if column.required:
                read.problems.append(f"“{column.heading}” is empty.")
            continue
        try:
            read.values[column.name] = _value(column, cell, day_first)
        except WrongCell as problem:
            read.problems.append(f"“{column.heading}”: {problem}")
    return read


def _value(column: Column, cell: Cell, day_first: bool | None) -> Any:
    if column.is_day:
        return read_day(clean_text(cell) if isinstance(cell, str) else cell, day_first=day_first)
    return column.read(cell.isoformat() if isinstance(cell, date) else cell)


def _cell(cells: Sequence[Cell], place: int | None) -> Cell:
    return cells[place] if place is not None and place < len(cells) else ""


def sample_file(columns: Iterable[Column]) -> str:
    """A small CSV file with these columns, to download and fill in."""
    columns = list(columns)
    lines = [[column.heading for column in columns]]
    for line in range(max(len(column.samples) for column in columns)):
        lines.append(
            [column.samples[line] if line < len(column.samples) else "" for column in columns]
        )
    return "".join(",".join(_quoted(cell) for cell in line) + "\r\n" for line in lines)


def _quoted(cell: str) -> str:
    return f'"{cell}"' if "," in cell else cell


# -- Days as people write them ----------------------------------------------------------------------

_MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january jan",
            "february feb",
            "march mar",
            "april apr",
            "may",
            "june jun",
            "july jul",
            "august aug",
            "september sept sep",
            "october oct",
            "november nov",
            "december dec",
        ],
        start=1,
    )
    for name in names.split()
}
_YEAR_FIRST = re.compile(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})(?:[T ]00:00(?::00)?)?")
_DAY_FIRST = re.compile(r"(\d{1,2})[ -]([A-Za-z]+)\.?,?[ -](\d{4})")
_MONTH_FIRST = re.compile(r"([A-Za-z]+)\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})")
_SLASHES = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")


class NotADay(WrongCell):
    """The cell is no day, or could be two. The message says so."""


def day_comes_first(cells: Iterable[Cell]) -> bool | None:
    """Whether 01/04/2026 is 1 April in this file: what its other days prove, None where nothing does.

    A number above 12 cannot be a month. A file whose days prove both orders proves nothing.
    """
    proofs = set()
    for cell in cells:
        if isinstance(cell, str) and (found := _SLASHES.fullmatch(cell)):
            first, second = int(found[1]), int(found[2])
            if first > 12 or second > 12:
                proofs.add(first > 12)
    return proofs.pop() if len(proofs) == 1 else None


def read_day(cell: Cell, *, day_first: bool | None) -> date:
    """The day in a cell: 2026-04-01, 1 April 2026, Apr 1, 2026, 01/04/2026 or a spreadsheet's date."""
    if isinstance(cell, date):
        return cell
    try:
        if found := _YEAR_FIRST.fullmatch(cell):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _DAY_FIRST.fullmatch(cell):
            return date(int(found[3]), _MONTHS[found[2].lower()], int(found[1]))
        if found := _MONTH_FIRST.fullmatch(cell):
            return date(int(found[3]), _MONTHS[found[1].lower()], int(found[2]))
        if found := _SLASHES.fullmatch(cell):
            return _with_slashes(cell, int(found[1]), int(found[2]), int(found[3]), day_first)
    except NotADay:
        raise
    except (ValueError, KeyError):
        pass
    raise NotADay(f"“{cell}” is not a day. Write it like 2026-04-01.")


def _with_slashes(cell: str, first: int, second: int, year: int, day_first: bool | None) -> date:
    if first > 12 or (day_first and second <= 12):
        return date(year, second, first)
    if second > 12 or day_first is False or first == second:
        return date(year, first, second)
    raise NotADay(
        f"“{cell}” could be two days, and nothing else in the file says which number is the month. "
        "Write it like 2026-04-01."
    )
