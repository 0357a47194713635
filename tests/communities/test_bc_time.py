"""Staff plan in Vancouver's time; the pages add the time of regions where it differs on that day."""

from datetime import UTC, date, datetime, timedelta

import pytest

from communities.calendar import format_times
from tests.membership.meetings.plans import at


@pytest.mark.parametrize(
    ("day", "utc", "words"),
    [
        # The last winter with a change of clocks: three regions an hour ahead of Vancouver.
        (
            date(2026, 3, 7),
            18,
            "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook, Creston, Fort Nelson and "
            "Fort St. John",
        ),
        (date(2026, 3, 8), 17, "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook"),
        (date(2026, 3, 9), 17, "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook"),
        # In November nothing changes any more.
        (
            date(2026, 10, 31),
            17,
            "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook",
        ),
        (
            date(2026, 11, 1),
            17,
            "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook",
        ),
        (
            date(2026, 11, 2),
            17,
            "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook",
        ),
        (
            date(2027, 1, 15),
            17,
            "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook",
        ),
    ],
)
def test_ten_in_the_morning_in_vancouver(day, utc, words):
    starts_at = at(day, "10:00")

    assert starts_at.astimezone(UTC) == datetime(day.year, day.month, day.day, utc, tzinfo=UTC)
    assert format_times(starts_at, starts_at + timedelta(minutes=90)) == words


def test_in_summer_before_2026_only_the_regions_that_differed_are_named():
    starts_at = at(date(2025, 7, 2), "14:00")

    assert format_times(starts_at, starts_at + timedelta(hours=1)) == (
        "2 to 3 p.m. Pacific time; 3 to 4 p.m. in Cranbrook"
    )
