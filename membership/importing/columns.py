"""The columns of lists: found by their headings, read into values.

A heading counts in any case, with any spaces, underscores, accents and punctuation, and under any of
its usual names.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import TextChoices

from membership.importing.days import NotADay, day_comes_first, read_day
from membership.importing.sheets import Cell, SheetRow
from membership.names import clean_text, name_key
from membership.refusal import Refused

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


def one_of(choices: type[TextChoices], **other_names: Sequence[str]) -> Callable[[str], Any]:
    """One of a closed list, by its value, its label or one of its other names."""
    meaning = {name_key(c.value): c for c in choices} | {name_key(c.label): c for c in choices}
    for value, names in other_names.items():
        meaning |= {name_key(name): choices(value) for name in names}

    def read(cell: str) -> Any:
        found = meaning.get(name_key(cell))
        if found is None:
            known = ", ".join(c.value for c in choices)
            raise WrongCell(f"“{cell[:40]}” is not one of: {known}.")
        return found

    return read


def day_column(name: str, heading: str, *other_names: str, **more: Any) -> Column:
    """A column of days. Which number of 01/04/2026 is the month, the whole file decides."""
    return Column(name, heading, str, other_names, is_day=True, empty=None, **more)


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


def read_row_by_row(
    columns: Sequence[Column], headings: SheetRow, rows: Iterable[SheetRow]
) -> Iterator[ListRow]:
    """The same of a list without days, which need not be at hand as a whole."""
    places = _places(columns, headings)
    return (_read_row(columns, places, row, None) for row in rows)


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
        except (WrongCell, NotADay) as problem:
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
