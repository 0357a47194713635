"""Days as people write them in lists."""

import re
from collections.abc import Iterable
from datetime import date

from membership.importing.sheets import Cell

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


class NotADay(ValueError):
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
