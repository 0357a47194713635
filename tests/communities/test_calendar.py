"""Business days in British Columbia against the government's own dates, and a meeting's time for everyone."""

import sys
from datetime import UTC, date, datetime, timedelta

import pytest

from communities.calendar import (
    STATUTORY_HOLIDAYS,
    business_day_after,
    business_days_between,
    format_times,
    within_business_days,
)
from tests.membership.meetings.plans import at

# New Year's, Family, Good Friday, Victoria, Canada, BC, Labour, Truth and Reconciliation,
# Thanksgiving, Remembrance, Christmas.
KNOWN = {
    2025: "01-01 02-17 04-18 05-19 07-01 08-04 09-01 09-30 10-13 11-11 12-25",
    2026: "01-01 02-16 04-03 05-18 07-01 08-03 09-07 09-30 10-12 11-11 12-25",
    2027: "01-01 02-15 03-26 05-24 07-01 08-02 09-06 09-30 10-11 11-11 12-25",
    2028: "01-01 02-21 04-14 05-22 07-01 08-07 09-04 09-30 10-09 11-11 12-25",
}


@pytest.mark.parametrize(("year", "days"), KNOWN.items())
def test_the_eleven_statutory_holidays(year: int, days: str) -> None:
    january = date(year, 1, 1)
    whole_year = [january + timedelta(days=n) for n in range(365)]
    assert [day for day in whole_year if day in STATUTORY_HOLIDAYS] == [
        date.fromisoformat(f"{year}-{d}") for d in days.split()
    ]


def test_a_time_to_answer_names_its_last_day_where_that_is_known() -> None:
    last = business_day_after(date(2026, 11, 26), 7)
    by = "within 7 business days, by Monday, December 7, 2026"
    assert within_business_days(7, last) == by
    assert within_business_days(7) == "within 7 business days"


def test_other_countries_take_no_memory() -> None:
    assert "holidays.countries" not in sys.modules


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-11-23", True),  # a Monday
        ("2026-11-21", False),  # a Saturday
        ("2026-11-22", False),
        ("2026-11-11", False),
        ("2026-04-06", True),  # Easter Monday is no statutory holiday
        ("2026-12-28", True),  # nor is Boxing Day moved
        ("2027-12-27", True),  # Christmas on a Saturday gives no other day
    ],
)
def test_who_works_when(day: str, works: bool) -> None:
    assert STATUTORY_HOLIDAYS.is_working_day(date.fromisoformat(day)) is works


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-11-20", "2026-11-20", 0),
        ("2026-11-20", "2026-11-23", 1),  # Friday to Monday
        ("2026-11-21", "2026-11-22", 0),  # inside a weekend
        ("2026-11-09", "2026-11-16", 4),  # Remembrance Day between
        ("2026-12-24", "2027-01-04", 5),  # Christmas and New Year's
        ("2026-11-23", "2026-11-20", 0),  # backwards
    ],
)
def test_days_between(start: str, end: str, days: int) -> None:
    assert business_days_between(date.fromisoformat(start), date.fromisoformat(end)) == days


@pytest.mark.parametrize(
    ("day", "utc", "elsewhere"),
    [
        # The last winter with a change of clocks: three regions an hour ahead of Vancouver.
        ("2026-03-07", 18, "Cranbrook, Creston, Fort Nelson and Fort St. John"),
        ("2026-03-08", 17, "Cranbrook"),
        ("2026-03-09", 17, "Cranbrook"),
        # In November nothing changes any more.
        ("2026-10-31", 17, "Cranbrook"),
        ("2026-11-01", 17, "Cranbrook"),
        ("2026-11-02", 17, "Cranbrook"),
        ("2027-01-15", 17, "Cranbrook"),
        # In summer before 2026 only the regions that differed are named.
        ("2025-07-02", 17, "Cranbrook"),
    ],
)
def test_ten_in_the_morning_in_vancouver(day, utc, elsewhere):
    starts_at = at(date.fromisoformat(day), "10:00")

    assert starts_at.astimezone(UTC) == datetime.fromisoformat(f"{day}T{utc}:00:00+00:00")
    assert format_times(starts_at, starts_at + timedelta(minutes=90)) == (
        f"10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in {elsewhere}"
    )


def test_the_half_of_the_day_is_named_once_where_both_times_are_in_it():
    starts_at = at(date(2026, 7, 2), "14:00")

    assert format_times(starts_at, starts_at + timedelta(hours=1)) == (
        "2 to 3 p.m. Pacific time; 3 to 4 p.m. in Cranbrook"
    )
