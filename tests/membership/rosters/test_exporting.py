"""Sheets that leave the portal hold no formula, whatever somebody typed, and their log stays."""

import csv
import io

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from openpyxl import load_workbook

from membership.models import Export
from membership.rosters.exports import as_csv, as_xlsx, safe_text
from tests import builders

FORMULA_SIGNS = "=+-@\t\r\n\0＝＋－＠"
typed = st.text(st.characters(codec="utf-8"), max_size=30)


@given(typed)
@example("=1+1")
@example("＝1+1")
@example(" \t =cmd|' /C calc'!A0")
@example("\0=1")
@example("@SUM(A1)")
@example("-2")
def test_no_cell_starts_like_a_formula(text):
    cell = safe_text(text)
    assert cell[:1] not in list(FORMULA_SIGNS)
    assert cell.lstrip()[:1] not in list(FORMULA_SIGNS)
    assert cell in (text, f"'{text}")


@given(st.lists(st.tuples(typed, typed), max_size=4))
def test_what_was_typed_is_still_there_in_csv(rows):
    read = list(
        csv.reader(io.StringIO(as_csv(("One", "Two"), rows).decode("utf-8-sig"), newline=""))
    )
    assert read == [
        ["One", "Two"],
        *[[safe_text(c).replace("\0", "") for c in row] for row in rows],
    ]


@pytest.mark.parametrize("text", ["=1+1", "Amélie", "’tis", "two\nlines", "\x0bbell", "＝A1"])
def test_every_cell_of_an_excel_file_is_text(text):
    [[cell]] = load_workbook(io.BytesIO(as_xlsx([text], []))).active.iter_rows()
    assert cell.data_type in ("s", "inlineStr")
    assert cell.value == safe_text(text).replace("\x0b", "")


@pytest.mark.core
@pytest.mark.django_db
def test_the_log_of_exports_is_append_only():
    logged = Export.objects.create(
        what="Coverage", columns="Region", rows=1, by=builders.staff(), at=builders.NOW
    )
    logged.what = "Nothing"
    with pytest.raises(TypeError):
        logged.save()
