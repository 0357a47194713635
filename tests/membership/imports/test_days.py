"""Dates as people write them: one meaning, several, or none."""

from datetime import date

import pytest

from membership.imports.days import (
    DAY_FIRST,
    MONTH_FIRST,
    is_likely,
    likely_instead,
    proved_order,
    read_written,
)

AS_OF = date(2026, 5, 1)
APRIL_1 = date(2026, 4, 1)


def written(text: str, *, is_last_day: bool = False):
    return read_written(text, is_last_day=is_last_day, as_of=AS_OF)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01", "2026/4/1", "2026.04.01", "2026 04 01", "2026. 04. 01", "20260401", "2026-Apr-01",
        "1-Apr-26", "1-APR-2026", "1Apr2026", "01/Apr/2026", "1 April 2026", "1st April 2026", "1st of April, 2026",
        "April 1 2026", "April 1, 2026", "April 1st, 2026", "April 1 26", "Apr. 1/26", "Apr 1 ’26", "Wed, 1 Apr 2026",
        "Wednesday April 1, 2026", "1er avril 2026", "le 1er avril 2026", "1 avr. 2026", "mercredi 1 avril 2026",
        "until April 1, 2026", "2026-04-01T07:00:00Z", "2026-04-01 00:00:00", "2026-04-01 12:00:00 AM",
        "2026-04-01T00:00:00+00:00", "2026/4/1 7:00 p.m.", "46113", "46113.5",
    ],
)  # fmt: skip
def test_a_date_with_one_meaning_is_read(text):
    assert written(text).day == APRIL_1


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("Sept. 30, 2026", date(2026, 9, 30)),
        ("Tues. April 7, 2026", date(2026, 4, 7)),
        ("15 août 2026", date(2026, 8, 15)),
        ("mar. 31 mars 2026", date(2026, 3, 31)),
        ("31 décembre 2026", date(2026, 12, 31)),
        ("4/4/2026", date(2026, 4, 4)),
    ],
)
def test_months_and_weekdays_in_words(text, day):
    assert (written(text).day, written(text).proves) == (day, "")


@pytest.mark.parametrize(
    "text", ["01/04/2026", "1-4-2026", "01 04 2026", "1/4/26", "01 / 04 / 2026", "01/04/2026 0:00"]
)
def test_three_numbers_have_two_meanings(text):
    found = written(text)
    assert found.by_order == {MONTH_FIRST: date(2026, 1, 4), DAY_FIRST: APRIL_1}
    assert (found.day, found.proves, found.usual_order) == (None, "", "")


def test_dots_and_times_of_excel_show_their_usual_order():
    assert written("01.04.2026").usual_order == DAY_FIRST
    assert written("4/1/2026 12:00:00 AM").usual_order == MONTH_FIRST


@pytest.mark.parametrize(
    ("texts", "order"),
    [
        (["03/31/2027", "01/04/2026"], MONTH_FIRST),
        (["31/03/27", "01/04/2026"], DAY_FIRST),
        (["01/04/2026", "4/4/2026"], None),
        (["31/03/2027", "03/31/2027"], None),
    ],
)
def test_a_number_above_12_shows_the_order(texts, order):
    assert proved_order(map(written, texts)) == order


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-04", ["2026-04-01"], ["2026-04-30"]),
        ("04/2026", ["2026-04-01"], ["2026-04-30"]),
        ("April 2026", ["2026-04-01"], ["2026-04-30"]),
        ("Apr-26", ["2026-04-01", "2026-04-26"], ["2026-04-30", "2026-04-26"]),
        ("26-Apr", ["2026-04-01", "2026-04-26"], ["2026-04-30", "2026-04-26"]),
        ("April 9", ["2026-04-09"], ["2026-04-09"]),
        ("FY26/27", ["2026-04-01"], ["2027-03-31"]),
        ("2026-27", ["2026-04-01"], ["2027-03-31"]),
        ("Fiscal 2026-2027", ["2026-04-01"], ["2027-03-31"]),
        ("FY2027", ["2026-04-01", "2027-04-01"], ["2027-03-31", "2028-03-31"]),
        ("2010-11", ["2010-04-01", "2010-11-01"], ["2011-03-31", "2010-11-30"]),
        ("Q1 2026", ["2026-01-01", "2026-04-01"], ["2026-03-31", "2026-06-30"]),
        ("Q4 2026", ["2026-10-01", "2027-01-01"], ["2026-12-31", "2027-03-31"]),
        ("2026", ["2026-01-01", "2026-04-01"], ["2026-12-31", "2027-03-31"]),
        ("04012026", ["2026-01-04", "2026-04-01"], ["2026-01-04", "2026-04-01"]),
        ("260401", ["2026-04-01"], ["2026-04-01"]),
        ("26/04/01", ["2026-04-01", "2001-04-26"], ["2026-04-01", "2001-04-26"]),
        ("27-03-31", ["2027-03-31", "2031-03-27"], ["2027-03-31", "2031-03-27"]),
        ("27-Mar-31", ["2027-03-31", "2031-03-27"], ["2027-03-31", "2031-03-27"]),
        ("310327", ["2027-03-31", "2031-03-27"], ["2027-03-31", "2031-03-27"]),
        ("26-Apr-01", ["2026-04-01", "2001-04-26"], ["2026-04-01", "2001-04-26"]),
        ("April 2026 - March 2027", ["2026-04-01"], ["2027-03-31"]),
        ("April 1 2026 to March 31 2027", ["2026-04-01"], ["2027-03-31"]),
        ("2026-04-01 – 2027-03-31", ["2026-04-01"], ["2027-03-31"]),
        ("01/04/2026 to 31/03/2027", ["2026-01-04", "2026-04-01"], ["2027-03-31"]),
    ],
)
def test_of_several_likely_meanings_none_is_taken(text, first, last):
    for is_last_day, days in ((False, first), (True, last)):
        found = written(text, is_last_day=is_last_day)
        assert (found.day, [day.isoformat() for day in found.guesses]) == (None, days)


@pytest.mark.parametrize(
    "text",
    ["ongoing", "TBD", "n/a", "-", "soon", "2026-02-30", "31/31/2026", "30/02/2026", "1 Octember 2026",
     "2026-13-01", "12", "999999", "April 1, 2026 (renewed)", "１２３"],
)  # fmt: skip
def test_words_and_days_that_do_not_exist_are_no_date(text):
    found = written(text)
    assert (found.day, found.by_order, found.guesses) == (None, {}, ())


def test_years_far_away_are_unlikely():
    assert [is_likely(date(year, 3, 31), AS_OF) for year in (1930, 1989, 1990, 2041, 2042)] == [
        False, False, True, True, False,
    ]  # fmt: skip
    instead = {year: [d.year for d in likely_instead(date(year, 3, 31), AS_OF)] for year in
               (1930, 2207, 2098, 1985)}  # fmt: skip
    assert instead == {1930: [2030], 2207: [2027], 2098: [1998], 1985: []}
    assert likely_instead(date(1924, 2, 29), AS_OF) == [date(2024, 2, 29)]
    assert likely_instead(date(207, 3, 31), AS_OF) == [date(2007, 3, 31)]
    assert (written("31-03-27").day, written("21-03-19").day) == (
        date(2027, 3, 31),
        date(2019, 3, 21),
    )
