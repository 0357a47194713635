"""The columns of lists: finding them by their headings, and reading their cells.

A heading is recognized under any of its usual names, whatever its case, spaces, underscores, accents and
punctuation.
"""

import csv
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from io import StringIO
from itertools import zip_longest
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from communities.email_addresses import normalize_email
from membership.errors import RefusedError
from membership.imports.sheets import Cell, SheetRow
from membership.register.names import clean_text, name_key


class CellError(ValueError):
    """The cell cannot be read. The message says why."""


@dataclass(frozen=True)
class Column:
    """One column of a kind of list.

    ``other_names`` are other headings for it. ``samples`` are values for the sample file.
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
    """The values of one row of a list. ``problems`` name the cells that could not be read."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def is_same_as(self, other: "ListRow") -> bool:
        """Whether the values are equal, apart from the spelling of names."""
        return all(_comparable(self[name]) == _comparable(other[name]) for name in self.values)


def _comparable(value: object) -> object:
    return name_key(value) if isinstance(value, str) else value


def text(limit: int) -> Callable[[str], str]:
    """A reader for one line of text with at most ``limit`` characters."""

    def read(cell: str) -> str:
        cleaned = clean_text(cell)
        if len(cleaned) > limit:
            raise CellError(f"“{cleaned[:40]}…” is longer than {limit} characters.")
        return cleaned

    return read


# Also as mail programs write it: "Dana <dana@example.org>", "mailto:dana@example.org".
_ONE_ADDRESS = re.compile(r"(?:[^<>@]*<)?(?:mailto:)?([^<>]*)>?", re.IGNORECASE)


def email(cell: str) -> str:
    """An email address, in its normal form."""
    found = _ONE_ADDRESS.fullmatch(cell.strip())
    try:
        return normalize_email(found[1] if found else cell)
    except ValidationError as error:
        shown = f"“{clean_text(cell)[:60]}”"
        if error.code == "invalid":
            raise CellError(f"{shown} is not an email address.") from None
        raise CellError(f"{shown}: {error.message}") from None


def yes_or_no(cell: str) -> bool:
    """Yes or no."""
    answer = name_key(cell)
    if answer in {"yes", "y", "true", "1", "x"}:
        return True
    if answer in {"no", "n", "false", "0"}:
        return False
    raise CellError(f"“{cell[:40]}” is not an answer we know. Enter yes or no.")


def one_of(
    choices: type[TextChoices], **other_names: Sequence[str]
) -> Callable[[str], TextChoices]:
    """A reader for one of ``choices``, by its value, its label or one of its other names."""
    meaning = {name_key(c.value): c for c in choices} | {name_key(c.label): c for c in choices}
    for value, names in other_names.items():
        meaning |= {name_key(name): choices(value) for name in names}

    def read(cell: str) -> TextChoices:
        found = meaning.get(name_key(cell))
        if found is None:
            known = "; ".join(c.label for c in choices)
            raise CellError(f"“{cell[:40]}” is not one of these: {known}.")
        return found

    return read


def day_column(name: str, heading: str, *other_names: str, samples: tuple[str, ...] = ()) -> Column:
    """A column of dates. All dates in the file decide which number in 01/04/2026 is the month."""
    return Column(name, heading, str, other_names, samples, is_day=True, empty=None)


def read_rows(columns: Sequence[Column], sheet: Sequence[SheetRow]) -> list[ListRow]:
    """The rows of a list, with their values by column name. Unknown columns are left out."""
    positions = _positions(columns, sheet[0])
    days = (
        _cell(row.cells, position)
        for column, position in positions.items()
        if column.is_day
        for row in sheet[1:]
    )
    day_first = day_comes_first(days)
    return [_read_row(columns, positions, row, day_first) for row in sheet[1:]]


def _positions(columns: Sequence[Column], headings: SheetRow) -> dict[Column, int]:
    keys = [name_key(str(cell)) if cell else "" for cell in headings.cells]
    positions = {}
    for column in columns:
        found = [position for position, key in enumerate(keys) if key in column.keys]
        if len(found) > 1:
            names = " and ".join(f"“{headings.cells[position]}”" for position in found)
            raise RefusedError(f"The columns {names} mean the same thing. Remove one of them.")
        if found:
            positions[column] = found[0]
    if missing := [
        column.heading for column in columns if column.required and column not in positions
    ]:
        wanted = " or ".join(f"“{heading}”" for heading in missing)
        raise RefusedError(
            f"The file has no {wanted} column. The first row must be the headings, "
            "as in the sample file."
        )
    return positions


def _read_row(
    columns: Sequence[Column], positions: dict[Column, int], row: SheetRow, day_first: bool | None
) -> ListRow:
    read = ListRow(row.number, problems=list(row.problems))
    for column in columns:
        cell = _cell(row.cells, positions.get(column))
        read.values[column.name] = column.empty
        if row.problems:
            continue
        if not cell:
            if column.required:
                read.problems.append(f"“{column.heading}” is empty.")
            continue
        try:
            if column.is_day:
                cell = clean_text(cell) if isinstance(cell, str) else cell
                read.values[column.name] = read_day(cell, day_first=day_first)
            else:
                text = cell.isoformat() if isinstance(cell, date) else cell
                read.values[column.name] = column.read(text)
        except CellError as problem:
            read.problems.append(f"“{column.heading}”: {problem}")
    return read


def _cell(cells: Sequence[Cell], position: int | None) -> Cell:
    return cells[position] if position is not None and position < len(cells) else ""


def sample_file(columns: Sequence[Column]) -> str:
    """A small CSV file with these columns, to download and fill in."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow([column.heading for column in columns])
    writer.writerows(zip_longest(*(column.samples for column in columns), fillvalue=""))
    return file.getvalue()


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


def read_day(cell: Cell, *, day_first: bool | None) -> date:
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
