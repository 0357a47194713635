"""Dates and times in British Columbia: business days, and meeting times for every region.

Staff schedule meetings in Vancouver's time. If the clocks of a region differ on that day, its time is
added. Until March 8, 2026, Fort St. John, Fort Nelson and Creston were an hour ahead in winter. Since
British Columbia stopped changing clocks they agree with Vancouver all year, and the towns on Mountain
time are an hour ahead all year. None of this is in the code: the pinned time zone data has it.
"""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import holidays
from django.utils.formats import date_format, time_format
from django.utils.text import get_text_list


def _statutory_holidays() -> Any:
    """``country_holidays("CA", subdiv="BC", observed=False, language="en_CA")``, without the modules of all other countries.

    The library imports them with any one of them, and they take 8 MB of each process. A holiday on a weekend is not
    moved: the Employment Standards Act gives no other day.
    """
    path = Path(holidays.__file__).parent / "countries" / "canada.py"
    spec = spec_from_file_location("holidays_of_canada", path)
    assert spec and spec.loader  # noqa: S101  (the path ends with .py)
    canada = module_from_spec(spec)
    spec.loader.exec_module(canada)
    return canada.Canada(subdiv="BC", observed=False, language="en_CA")


STATUTORY_HOLIDAYS = _statutory_holidays()

VANCOUVER = "America/Vancouver"

# A town of each region whose clocks are, or were, not Vancouver's.
REGIONS = {
    "Cranbrook": "America/Edmonton",
    "Creston": "America/Creston",
    "Fort Nelson": "America/Fort_Nelson",
    "Fort St. John": "America/Dawson_Creek",
}


def midnight(day: date) -> datetime:
    """The beginning of a day in Vancouver."""
    return datetime.combine(day, time(), ZoneInfo(VANCOUVER))


@lru_cache(maxsize=2_000)  # the library counts day by day, and the queue asks for each row
def business_days_between(start: date, end: date) -> int:
    """The number of business days after ``start`` up to and including ``end``.

    From Friday to Monday it is 1, from a day to itself 0. Never negative.
    """
    if end <= start:
        return 0
    return int(STATUTORY_HOLIDAYS.get_working_days_count(start + timedelta(days=1), end))


def day_off(day: date) -> str:
    """The name of a holiday or of a day of the weekend; empty on a business day."""
    return STATUTORY_HOLIDAYS.get(day) or (date_format(day, "l") if day.isoweekday() > 5 else "")


def same_weekday(first: date, *, months_later: int) -> date:
    """The same weekday of a later month: from the third Tuesday to its third Tuesday, from a fifth one to its last."""
    month = first.month - 1 + months_later
    start = date(first.year + month // 12, month % 12 + 1, 1)
    to_the_weekday = (first.weekday() - start.weekday()) % 7
    day = start + timedelta(days=to_the_weekday + (first.day - 1) // 7 * 7)
    return day if day.month == start.month else day - timedelta(weeks=1)


def business_day_after(start: date, days: int) -> date:
    """The day that is ``days`` business days after ``start``."""
    day: date = STATUTORY_HOLIDAYS.get_nth_working_day(start, days)
    return day


def within_business_days(days: int, last_day: date | None = None) -> str:
    """For example "within 7 business days, by Monday, December 7, 2026", or without a day where none is known."""
    by = f", by {format_day(last_day)}" if last_day else ""
    return f"within {days} business days{by}"


def format_times(starts_at: datetime, ends_at: datetime) -> str:
    """For example "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook"."""
    parts = [f"{_clock(starts_at, ends_at, VANCOUVER)} Pacific time"]
    parts += [
        f"{clock} in {get_text_list(towns, 'and')}"
        for clock, towns in _elsewhere(starts_at, ends_at).items()
    ]
    return "; ".join(parts)


def format_day(day: date) -> str:
    """A day with its weekday, for what people plan around: "Thursday, November 26, 2026"."""
    return date_format(day, "l, ") + date_format(day)


def _elsewhere(starts_at: datetime, ends_at: datetime) -> dict[str, list[str]]:
    """Towns whose clocks differ on that day, by the times there."""
    towns: dict[str, list[str]] = {}
    for town, zone in REGIONS.items():
        if _offset(starts_at, zone) != _offset(starts_at, VANCOUVER):
            towns.setdefault(_clock(starts_at, ends_at, zone), []).append(town)
    return towns


def _offset(at: datetime, zone: str) -> timedelta | None:
    return at.astimezone(ZoneInfo(zone)).utcoffset()


def _clock(starts_at: datetime, ends_at: datetime, zone: str) -> str:
    start, end = (at.astimezone(ZoneInfo(zone)) for at in (starts_at, ends_at))
    begins, ends = time_format(start.time()), time_format(end.time())
    # Named once where both times are in the same half of the day.
    half = ends[-len(" a.m.") :]
    return f"{begins.removesuffix(half)} to {ends}"
