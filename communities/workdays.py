"""Working days in British Columbia: Monday to Friday, without the statutory holidays.

Pure: no database and no clock. The eleven holidays are those of the Employment Standards Act. One
that falls on a weekend is not moved: the Act gives no day in its place.
"""

from datetime import date, timedelta
from functools import lru_cache

_FRIDAY = 4
_WEEK = timedelta(days=7)


def is_working_day(day: date) -> bool:
    """Do offices in British Columbia work on this day?"""
    return day.weekday() <= _FRIDAY and day not in holidays_of(day.year)


def working_days_between(start: date, end: date) -> int:
    """How many working days have come after ``start``, up to and with ``end``.

    From Friday to Monday it is 1, from a day to itself 0; never less than 0.
    """
    if end <= start:
        return 0
    weeks, rest = divmod((end - start).days, 7)
    last_days = (start + timedelta(days=weeks * 7 + n) for n in range(1, rest + 1))
    weekdays = weeks * 5 + sum(day.weekday() <= _FRIDAY for day in last_days)
    years = range(start.year, end.year + 1)
    off = (day for year in years for day in holidays_of(year) if day.weekday() <= _FRIDAY)
    return weekdays - sum(start < day <= end for day in off)


@lru_cache(maxsize=64)
def holidays_of(year: int) -> frozenset[date]:
    """The statutory holidays of a year."""
    return frozenset(
        {
            date(year, 1, 1),  # New Year's Day
            _monday(year, 2, 3),  # Family Day
            _easter(year) - timedelta(days=2),  # Good Friday
            _monday_before(date(year, 5, 25)),  # Victoria Day
            date(year, 7, 1),  # Canada Day
            _monday(year, 8, 1),  # British Columbia Day
            _monday(year, 9, 1),  # Labour Day
            date(year, 9, 30),  # National Day for Truth and Reconciliation
            _monday(year, 10, 2),  # Thanksgiving
            date(year, 11, 11),  # Remembrance Day
            date(year, 12, 25),  # Christmas Day
        }
    )


def _monday(year: int, month: int, nth: int) -> date:
    """The ``nth`` Monday of a month."""
    return _monday_before(date(year, month, 8)) + (nth - 1) * _WEEK


def _monday_before(day: date) -> date:
    """The last Monday that is earlier than ``day``."""
    return day - timedelta(days=(day.weekday() - 1) % 7 + 1)


def _easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian computation of Meeus, Jones and Butcher."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    week = (32 + 2 * e + 2 * i - h - k) % 7
    m = (a + 11 * h + 19 * week) // 433
    month = (h + week - 7 * m + 90) // 25
    return date(year, month, (h + week - 7 * m + 33 * month + 19) % 32)
