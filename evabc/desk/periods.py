"""The months of a report, by the calendar of British Columbia."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format

MOST_MONTHS = 36


@dataclass(frozen=True)
class Month:
    """A month, or the part of it that a report looks at. Both days are inclusive."""

    first: date
    last: date

    @property
    def name(self) -> str:
        return date_format(self.first, "M Y")

    @property
    def short_name(self) -> str:
        return date_format(self.first, "M")

    @property
    def starts_at(self) -> datetime:
        return _midnight(self.first)

    @property
    def ends_at(self) -> datetime:
        """The first moment after it."""
        return _midnight(self.last + timedelta(days=1))


def _midnight(day: date) -> datetime:
    # By Python's zone data, which is pinned; the database's own may not know that BC stopped
    # changing its clocks.
    return datetime.combine(day, time(), ZoneInfo(settings.TIME_ZONE))


def months_between(first: date, last: date) -> list[Month]:
    """The months from ``first`` to ``last``; the first and the last one may be cut short."""
    return list(_months(first, last))


def _months(first: date, last: date) -> Iterator[Month]:
    start = first
    while start <= last:
        after = _first_of_next_month(start)
        yield Month(start, min(last, after - timedelta(days=1)))
        start = after


def _first_of_next_month(day: date) -> date:
    return (day.replace(day=1) + timedelta(days=32)).replace(day=1)


def a_year_back(today: date) -> date:
    """The first day of the month eleven months ago: with this month, that makes twelve."""
    month = today.replace(day=1)
    for _ in range(11):
        month = (month - timedelta(days=1)).replace(day=1)
    return month
