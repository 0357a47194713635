"""The columns of lists: found by their headings, and their cells read."""

import unicodedata
from datetime import date, datetime

import pytest

from membership.errors import RefusedError
from membership.imports.columns import sample_file
from membership.imports.files import read_file
from membership.imports.kinds import IMPORTERS
from membership.imports.layout import find_layout
from membership.imports.matching import match_columns
from membership.imports.questions import Given
from membership.imports.values import read_values
from membership.models import ListKind
from tests.membership.imports.lists import csv_file, xlsx_file

AGENCIES = IMPORTERS[ListKind.AGENCIES].columns


def rows_of(columns, content: bytes, file_name: str):
    """The rows, without what is asked about the register."""
    layout = find_layout(read_file(content, file_name), columns, Given({}))
    matching = match_columns(columns, layout, Given({}))
    return read_values(columns, layout, matching, Given({}), as_of=date(2026, 11, 26)).rows


def agencies(content: bytes, file_name: str = "list.csv"):
    return rows_of(AGENCIES, content, file_name)


def values(content: bytes, file_name: str = "list.csv"):
    return [row.values for row in agencies(content, file_name)]


def refusal(content: bytes, file_name: str = "list.csv") -> str:
    with pytest.raises(RefusedError) as refused:
        find_layout(read_file(content, file_name), AGENCIES, Given({}))
        agencies(content, file_name)
    return str(refused.value)


@pytest.mark.parametrize(
    "headings",
    [
        "Agency,City",
        "AGENCY , city",
        "agency_name,Town",
        "Organisation,CITY",
        "Ägency,Cîty",
        "Society;City",
        "Member Name\tCity",
    ],
)
def test_columns_are_found_under_their_usual_names(headings):
    mark = next(m for m in ";\t," if m in headings)
    found = values(csv_file(headings, mark.join(["Sample House", "Sampleton"])))
    assert [(row["agency"], row["city"]) for row in found] == [("Sample House", "Sampleton")]


def test_columns_may_be_in_any_order_and_unknown_ones_are_ignored():
    found = values(csv_file("Notes,City,Agency", "old,Sampleton,Sample House"))
    assert found == [
        {
            "agency": "Sample House",
            "city": "Sampleton",
            "starts_on": None,
            "ends_on": None,
            "contact_name": "",
            "contact_email": "",
            "member_type": "",
            "status": "",
        }
    ]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ends_and_a_byte_order_mark_are_accepted(mark, end):
    text = end.join(["Agency,City", "Maison L’Échantillon,Sampleton", ""])
    found = agencies(mark + text.encode())
    assert [(r.number, r["agency"]) for r in found] == [(2, "Maison L’Échantillon")]


def test_rows_keep_their_spreadsheet_row_numbers():
    found = agencies(csv_file("Agency", "A", "", '"B', 'C"', "D"))
    assert [(row.number, row["agency"]) for row in found] == [(2, "A"), (4, "B C"), (5, "D")]


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_names_are_kept_composed(form):
    name = "W̱SÁNEĆ Sample Nation – ᐊᐧᐱᐢᑭ"
    found = values(csv_file("Agency", unicodedata.normalize(form, name)))
    assert [row["agency"] for row in found] == [unicodedata.normalize("NFC", name)]


@pytest.mark.parametrize(
    "cell",
    [
        "2026-04-01",
        "2026/4/1",
        "1 April 2026",
        "1-Apr-2026",
        '"Apr 1, 2026"',
        '"April 1st, 2026"',
        "2026-04-01 00:00:00",
    ],
)
def test_dates_in_words_and_in_figures(cell):
    [row] = values(csv_file("Agency,From,To", f"A,{cell},2027-03-31"))
    assert (row["starts_on"], row["ends_on"]) == (date(2026, 4, 1), date(2027, 3, 31))


@pytest.mark.parametrize(
    ("proof", "day"), [("31/03/2027", date(2026, 4, 1)), ("03/31/2027", date(2026, 1, 4))]
)
def test_other_dates_in_the_file_decide_which_number_is_the_month(proof, day):
    first, second = agencies(
        csv_file("Agency,From,To", "A,2025-04-01,01/04/2026", f"B,2026-04-01,{proof}")
    )
    assert (first["ends_on"], second["ends_on"]) == (day, date(2027, 3, 31))
    assert first.problems == second.problems == []


def test_a_spreadsheet_with_dates_and_numbers():
    content = xlsx_file(
        ["Agency", "City", "From", "To"],
        ["Sample House", None, datetime(2026, 4, 1), date(2027, 3, 31)],
        [],
        [100.0, "Sampleton"],
    )
    assert [(r.number, *r.values.values()) for r in agencies(content, "list.XLSX")] == [
        (2, "Sample House", "", date(2026, 4, 1), date(2027, 3, 31), "", "", "", ""),
        (4, "100", "Sampleton", None, None, "", "", "", ""),
    ]


def test_a_formula_is_never_evaluated_and_its_cell_is_named():
    content = xlsx_file(["Agency", "City"], ["Sample House", "=1+1"], ["#REF!", "x"])
    first, second = agencies(content, "list.xlsx")
    assert first.problems == [
        "“City”: Cell B2 has a formula without a result. Open the file in Excel and save it, or copy the column and "
        "paste it as values."
    ]
    assert second.problems == ["“Agency”: Cell A3 has the error #REF!. Enter its value."]
    [row] = agencies(csv_file("Agency,City", "=cmd|' /C calc'!A0,Sampleton"))
    assert row.problems == ["“Agency”: Cell A2 has a formula. Replace it with its value."]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"Agency,City\n\n , \n", "The file has no rows below its headings."),
        (b"Agency\n" + b"A\n" * 20_001, "The sheet has more than 20,000 rows."),
    ],
)
def test_a_list_needs_rows_but_not_too_many(content, words):
    assert refusal(content).startswith(words)


@pytest.mark.parametrize("kind", ListKind)
def test_the_sample_file_of_each_kind_can_be_read(kind):
    columns = IMPORTERS[kind].columns
    rows = rows_of(columns, sample_file(columns).encode(), "sample.csv")
    assert [row.problems for row in rows] == [[], []]
