"""Sheets: typed cells, nothing that runs, and a page that prints well."""

import csv
import io
import re
import tracemalloc
from datetime import UTC, date, datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from communities.rules.vocabulary import Region
from membership.sheets import SheetFormat, as_csv, as_xlsx, safe_text, sheet_download

FORMULA_SIGNS = "=+-@\t\r\n\0＝＋－＠"
typed = st.text(st.characters(codec="utf-8"), max_size=30)


def read(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@given(typed)
@example("=1+1")
@example("＝1+1")
@example(" \t =cmd|' /C calc'!A0")
@example("\0=1")
@example("@SUM(A1)")
@example("-2")
@example("Sample;=1+1")
@example("Sample\t+1")
@example("Sample\r\n=1+1")
@example('Sample; "=1+1"')
@example("\t=1\t;\0@1")
def test_no_cell_starts_like_a_formula_and_no_part_of_one_either(text):
    cell = safe_text(text)
    assert cell[:1] not in list(FORMULA_SIGNS)
    for part in re.split(r"[;\t\r\n]", cell):
        assert part.lstrip(' "\0')[:1] not in list("=+-@＝＋－＠")
    assert [c for c in cell if c != "'"] == [c for c in text if c != "'"]


# How a program set up for another country reads the file: the delimiter of its own.
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@given(rows=st.lists(st.tuples(typed, typed), max_size=3))
@example(rows=[("Sample;=1+1", 'Sample;"=1+1"'), ("a,b\n=1+1", 'a,"b\t=1+1')])
def test_no_cell_of_a_csv_file_is_a_formula_with_any_delimiter(delimiter, rows):
    text = as_csv(("One", "Two"), rows).decode("utf-8-sig")
    for cells in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
        for cell in cells:
            assert cell.lstrip()[:1] not in list("=+-@＝＋－＠")


@given(st.lists(st.tuples(typed, typed), max_size=4))
def test_a_csv_file_keeps_what_was_typed(rows):
    assert read(as_csv(("One", "Two"), rows)) == [
        ["One", "Two"],
        *[[safe_text(c).replace("\0", "") for c in row] for row in rows],
    ]


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+1 604 555 0100", "-2", "007", "Amélie", "’tis", "two\nlines", "\x0bbell", "＝A1"],
)
def test_every_cell_of_an_excel_file_is_text_as_typed(text):
    [[cell]] = load_workbook(io.BytesIO(as_xlsx([text], []))).active.iter_rows()
    assert (cell.data_type, cell.number_format) == ("s", "@")
    assert cell.value == text.replace("\x0b", "")


# -- Types and layout ---------------------------------------------------------------------------------

HEADINGS = ["Name", "Since", "Number", "Share", "Yes", "Region", "At", "Nothing"]
AT = datetime(2026, 7, 1, 1, 30, tzinfo=UTC)  # June 30, 6:30 p.m. in British Columbia
ROW = ["Dana Sample", date(2026, 4, 1), 7, 12.5, True, Region.KOOTENAY.label, AT, None]


def sheet_of(headings, rows, name="People"):
    return load_workbook(io.BytesIO(as_xlsx(headings, rows, name=name))).active


def test_dates_and_numbers_are_typed_cells():
    kept = list(sheet_of(HEADINGS, [ROW, ROW])[3])
    assert [cell.value for cell in kept] == [
        "Dana Sample",
        datetime(2026, 4, 1),
        7,
        12.5,
        "yes",
        "Kootenay",
        datetime(2026, 6, 30, 18, 30),
        None,
    ]
    assert [cell.data_type for cell in kept] == ["s", "d", "n", "n", "s", "s", "d", "n"]
    assert kept[1].number_format == "yyyy-mm-dd"


def test_csv_has_the_same_values_in_words_that_an_import_reads():
    assert read(as_csv(HEADINGS, [[*ROW[:-1], -2]])) == [
        HEADINGS,
        ["Dana Sample", "2026-04-01", "7", "12.5", "yes", "Kootenay", "2026-06-30 18:30", "-2"],
    ]


def test_the_headings_stay_in_view_filter_and_are_repeated_on_paper():
    sheet = sheet_of(["Name", "Reasons"], [["Dana", "long " * 40]] * 3, name="Roster: STVC/ORS")
    assert sheet.title == "Roster  STVC ORS"
    assert [cell.font.bold for cell in (sheet["A1"], sheet["A2"])] == [True, False]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A2", "A1:B4")
    assert sheet.print_title_rows == "$1:$1"
    assert sheet.page_setup.orientation == "landscape"
    assert sheet.sheet_properties.pageSetUpPr.fitToPage
    assert (sheet.page_setup.fitToWidth, sheet.page_setup.fitToHeight) == (1, 0)
    # Long text has several lines.
    assert [sheet.column_dimensions[letter].width for letter in "AB"] == [8, 50]
    assert sheet["B2"].alignment.wrap_text


@pytest.mark.parametrize(
    "name", ["", "'", "[]", "x" * 40, "a\x07b", "Requests by month, March 1, 2026"]
)
def test_a_sheet_of_any_name_opens(name):
    assert 0 < len(sheet_of(["One"], [], name=name).title) <= 31


@pytest.mark.parametrize("sheet_format", SheetFormat)
def test_a_download_is_named_after_what_it_is_and_the_day(sheet_format):
    answer = sheet_download(
        name="People & agencies",
        headings=["One"],
        rows=[["=1+1"]],
        sheet_format=sheet_format,
        on=date(2026, 5, 4),
    )
    name = f"people-agencies-2026-05-04.{sheet_format.value}"
    assert answer["Content-Disposition"] == f'attachment; filename="{name}"'


def test_rows_are_written_one_after_the_other():
    as_xlsx(HEADINGS, [ROW])  # imports openpyxl
    tracemalloc.start()
    as_xlsx(HEADINGS, (list(ROW) for _ in range(3_000)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    # A workbook that keeps its cells takes over 2 MB.
    assert peak < 1_000_000
