"""Files as they come when no one thought of an import: each ends right, is asked about, or is refused with what to do.

Only what a file says is read here, without a register. The rows are invented.
"""

import io
import zipfile
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.comments import Comment
from openpyxl.styles import Font
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.table import Table

from membership.errors import RefusedError
from membership.imports.files import read_file
from membership.imports.kinds import IMPORTERS
from membership.imports.questions import Given
from membership.imports.reading import Reading, read_list
from tests.membership.imports.lists import MAY, csv_file

HEADINGS = ["Agency", "Program type", "Community served", "Funder", "Start date", "End date"]
NAMES = ["Alpha Society", "Beta House", "Gamma Centre", "Delta Services", "Epsilon Centre"]
TITLES = ("columns", "titlebetweenrows")


def row(name: Any, of_type: str | None = "STVC", place: str = "Sampleton") -> list[Any]:
    return [name, of_type, place, "PSSG", date(2026, 4, 1), date(2027, 3, 31)]


ROWS = [row(name) for name in NAMES]
AGENCIES = [["Agency", "City"], *([name, "Sampleton"] for name in NAMES)]
ALL = [*NAMES]


def book(*rows: list[Any], merged: tuple[str, ...] = (), name: str = "Sheet") -> Workbook:
    made = Workbook()
    made.active.title = name
    for cells in rows:
        made.active.append(cells)
    for place in merged:
        made.active.merge_cells(place)
    return made


def changed(made: Workbook, change: Callable[[Any], object]) -> Workbook:
    change(made.active)
    return made


def beside(left: list[list[Any]], right: list[list[Any]]) -> Workbook:
    """Two tables side by side, with an empty column between them."""
    width, empty = len(left[0]), [None] * len(left[0])
    return book(
        *(
            [*(left[n] if n < len(left) else empty)[:width], None, *(right[n] if n < len(right) else [])]
            for n in range(max(len(left), len(right)))
        )
    )  # fmt: skip


def with_sheets(*names: str) -> Workbook:
    made = book(HEADINGS, *ROWS, name=names[0])
    for name in names[1:]:
        sheet = made.create_sheet(name)
        for cells in (HEADINGS, *ROWS):
            sheet.append(cells)
    return made


def with_lists() -> Workbook:
    """As Excel makes a list to choose from: in a hidden sheet, and empty formatted rows below."""
    made = book(HEADINGS, *ROWS)
    lists = made.create_sheet("Lists")
    lists.append(["STVC"])
    lists.append(["CBVS"])
    lists.sheet_state = "hidden"
    made.active.add_data_validation(DataValidation(type="list", formula1="Lists!$A$1:$A$2"))
    for number in range(10, 300):
        made.active.cell(number, 2).font = Font(bold=True)
    return made


def with_totals_row() -> Workbook:
    made = book(HEADINGS, *ROWS, ["Total", None, None, None, None, 5])
    table = Table(displayName="T1", ref="A1:F7")
    table.totalsRowCount = 1
    made.active.add_table(table)
    return made


def crossed_out(sheet: Any) -> None:
    sheet["A3"].font = Font(strike=True)


def crossed_out_in_part(sheet: Any) -> None:
    sheet["A3"] = CellRichText([TextBlock(InlineFont(strike=True), "Beta House"), " New House"])


def package(*names: str) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as zipped:
        for name in names:
            zipped.writestr(name, b"")
    return stream.getvalue()


def found(content: Workbook | bytes, kind: str = "programs", **answers: Any) -> Reading:
    name = "list.csv"
    if isinstance(content, Workbook):
        stream, name = io.BytesIO(), "list.xlsx"
        content.save(stream)
        content = stream.getvalue()
    file = read_file(content, name)
    return read_list(file, IMPORTERS[kind].columns, Given(answers), as_of=MAY)


def asked(reading: Reading) -> set[tuple[str, str]]:
    return {(q.group, q.key) for q in reading.questions if q.is_open and not q.can_wait}


def names(reading: Reading) -> list[str]:
    return [row.values.get("agency", "") for row in reading.rows]


REGIONS: list[list[Any]] = [["Region", "Programs"], ["Kootenay", 2], ["Nechako", 3]]
PAGE = [["Victim Services contracts"], HEADINGS]
# Each with the names of its agencies, and what has to be asked before it counts.
BOOKS = {
    "a title merged across": (book(["Contracts"], [], HEADINGS, *ROWS, merged=("A1:F1",)), ALL, {}),
    "headings merged in two rows": (
        book(
            ["Agency", "Program", None, "Funder", "Contract", None],
            [None, "Type", "Community", None, "Start date", "End date"],
            *ROWS,
            merged=("A1:A2", "B1:C1", "D1:D2", "E1:F1"),
        ),
        ALL,
        {},
    ),
    "the list twice side by side": (
        beside([HEADINGS, *ROWS[:3]], [HEADINGS, *ROWS[3:]]),
        ALL[:3],
        {("beside", "Sheet")},
    ),
    "another table beside": (
        beside([HEADINGS, *ROWS], REGIONS),
        ALL,
        {("beside", "Sheet")},
    ),
    "another table below": (
        book(
            HEADINGS,
            *ROWS,
            [],
            ["Agency", "Program type", "Community served", "Ministry", "Note"],
            ["Omega House", "STVC", "Otherton", "MCFD", "see file"],
        ),
        ALL,
        {("skips", "table")},
    ),
    "the same headings below in another order": (
        book(HEADINGS, *ROWS, [HEADINGS[2], HEADINGS[1], HEADINGS[0]], ["Otherton", "SAS", "Zeta"]),
        ALL,
        {("skips", "table")},
    ),
    "last year below this year": (
        book(["2026-27"], HEADINGS, *ROWS, [], ["2025-26"], HEADINGS, row("Zeta")),
        [*ALL, "Zeta"],
        {("skips", "section")},
    ),
    "empty rows between": (book(HEADINGS, *(r for one in ROWS for r in (one, [], [None]))), ALL, {}),
    "the headings on each printed page": (
        book(*PAGE, *ROWS[:2], ["Page 1 of 2"], *PAGE, *ROWS[2:], ["Page 2 of 2"]),
        ALL,
        {("skips", "section")},
    ),
    "marks and notes below": (
        book(HEADINGS, row("Alpha Society*"), row("Beta House²"), ["* Under review"], ["² was Beta"]),
        ALL[:2],
        {("skips", "below")},
    ),
    "subtotals of Excel": (
        book(
            ["Office", *HEADINGS],
            *(["Main", *one] for one in ROWS[:3]),
            ["Main Total", *[None] * 5, "=SUBTOTAL(3,B2:B4)"],
            *(["North", *one] for one in ROWS[3:]),
            ["North Total", *[None] * 5, 2],
            ["Grand Total", *[None] * 5, 5],
        ),
        ALL,
        {},
    ),
    "regions as titles": (
        book(HEADINGS, ["Northern Region"], *ROWS[:2], ["Interior Region"], *ROWS[2:]),
        ALL,
        {("skips", "section")},
    ),
    "types as titles": (
        book(
            [HEADINGS[0], *HEADINGS[2:]],
            ["STVC"],
            *([r[0], *r[2:]] for r in ROWS[:2]),
            ["CBVS"],
            *([r[0], *r[2:]] for r in ROWS[2:]),
        ),
        ALL,
        {("skips", "section"), TITLES},
    ),
    "an agency named only once": (
        book(HEADINGS, ROWS[0], row(None, "CBVS"), ROWS[1], row(None, "SAS")),
        [ALL[0], "", ALL[1], ""],
        {("above", "Agency")},
    ),
    "a row of totals of a table": (with_totals_row(), ALL, {}),
    "a list to choose from": (with_lists(), ALL, {}),
    "only numbers in rows to fill in": (
        book(["No.", *HEADINGS], *([n, *one] for n, one in enumerate(ROWS)), [6], [7]),
        ALL,
        {},
    ),
    "values in rows to fill in": (
        book(HEADINGS, *ROWS, [None, None, None, "PSSG"]),
        ALL,
        {("skips", "below")},
    ),
    "notes left of the list": (
        book([None, None, *HEADINGS], *([n, None, *one] for n, one in enumerate(ROWS))),
        ALL,
        {},
    ),
    "line breaks in headings": (
        book([heading.replace(" ", "\n") for heading in HEADINGS], *ROWS),
        ALL,
        {},
    ),
    "a sheet for each region": (with_sheets("Kootenay", "Nechako"), ALL, {("sheet", "sheet")}),
    "a sheet for each year": (with_sheets("2026-27", "2025-26"), ALL, {}),
    "a cell that is crossed out": (
        changed(book(HEADINGS, *ROWS), crossed_out),
        [ALL[0], "", *ALL[2:]],
        {},
    ),
    "a cell that is crossed out in part": (
        changed(book(HEADINGS, *ROWS), crossed_out_in_part),
        [ALL[0], "", *ALL[2:]],
        {},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BOOKS)
def test_a_workbook_is_read_or_asked_about(name):
    content, agencies, questions = BOOKS[name]
    reading = found(content)
    assert (names(reading), asked(reading)) == (agencies, set(questions))


TEXTS = {
    "signs that no one sees": (
        "\u200bAgency\u00a0,City\u200d,Member since\n\ufeffAlpha\u00a0Society,Sample\u00adton,2026\u201104–01\n"
        "Beta\u2009House,Sampleton,2026−04−01".encode(),
        ALL[:2],
    ),
    "two files put together": (csv_file("\ufeffAgency,City", "Alpha Society,A", "\ufeffAgency,City", "Beta House,B"), ALL[:2]),
    "UTF-16 without a mark": ("Agency\tCity\nMaison d’Été\tMontréal\n".encode("utf-16-le"), ["Maison d’Été"]),
    "curved quotation marks of Windows": ("Agency,City\nWomen’s “Safe” House – A,B\n".encode("cp1252"), ["Women’s “Safe” House – A"]),
    "a Mac": ("Agency,City\rMaison d’Été,Montréal\rÉcole,A\r".encode("mac_roman"), ["Maison d’Été", "École"]),
    "two encodings": ("Agency,City\nMaison Été,Montréal\n".encode() + "Éco,A\n".encode("cp1252"), ["Maison Été", "Éco"]),
    "encoded twice": (csv_file("Agency,City", "Maison Ã‰tÃ©,A"), ["Maison Été"]),
    "signs of a web page": (csv_file("Agency,City", "Alpha &amp; Beta,Montr&eacute;al"), ["Alpha & Beta"]),
    "line breaks and quotation marks": (csv_file("Agency,City", '"Alpha ""The\nHouse""\r\nSociety","A\n"'), ['Alpha "The House" Society']),
    "spaces before quotation marks": (csv_file("Agency, City", '"Beta", "Other, ton"', 'The "A" House, B'), ["Beta", 'The "A" House']),
    "a quotation mark after a space": (csv_file("Agency, City", 'Alpha, "The" House', 'Beta, "B"'), ["Alpha", "Beta"]),
    "rows in quotation marks": (csv_file('"Agency,City"', '"Alpha Society,A"', '"Beta House,B"'), ALL[:2]),
    "empty columns at the end": (csv_file("Agency,City,,", "Alpha Society,A,,", ",,,"), ALL[:1]),
    "a table of a wiki": (csv_file("| Agency | City |", "|---|---|", "| Alpha Society | A |"), ALL[:1]),
}  # fmt: skip


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_is_read(name):
    content, agencies = TEXTS[name]
    reading = found(content, "agencies")
    assert (names(reading), asked(reading)) == (agencies, set())
    assert not any(row.problems for row in reading.rows)


REFUSED = {
    "Numbers of today": (package("Index/Document.iwa"), "The file is from Numbers."),
    "Numbers of yesterday": (package("Index.zip", "preview.jpg"), "The file is from Numbers."),
    "an archive": (package("list.xlsx"), "The file is an archive"),
    "an email": (
        b"From: x@example.org\nTo: y@example.org\nSubject: the list\n",
        "an email message",
    ),
    "an email from its server": (
        b"Return-Path: <x@example.org>\nReceived: from a\n by b\nMIME-Version: 1.0\n",
        "an email message",
    ),
    "data": (b'[{"Agency": "A"},\n {"Agency": "B"}]', "data for other programs (JSON)"),
    "a drawing": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "The file is XML"),
    "a piece of a page": (b"<tr><td>Agency</td></tr>", "The file is a web page"),
    "columns as rows": (book(*map(list, zip(HEADINGS, *ROWS, strict=True))), "one below the other"),
    "too many columns": (book([*HEADINGS, *range(100)], *ROWS), "more than 100 columns"),
    "too many rows": (b"Agency\n" + b"A\n" * 20_001, "more than 20,000 rows"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_without_a_list_is_refused_with_what_to_do(name):
    content, sentence = REFUSED[name]
    with pytest.raises(RefusedError) as refused:
        found(content)
    assert sentence in str(refused.value)
    assert any(word in str(refused.value) for word in ("import", "Remove", "Split"))


def test_staff_answer_what_is_asked_of_a_sheet():
    other, part = (
        found(BOOKS["another table beside"][0], beside={"Sheet": a}) for a in ("other", "part")
    )
    assert (other.layout.headings, asked(other)) == ([*HEADINGS, ""], set())
    assert [row.values.get("region") for row in part.rows] == ["KOOTENAY", "NECHAKO", "", "", ""]
    above = found(BOOKS["an agency named only once"][0], above={"Agency": "above"})
    assert (names(above), asked(above)) == ([ALL[0], ALL[0], ALL[1], ALL[1]], set())
    empty = found(BOOKS["an agency named only once"][0], above={"Agency": "empty"})
    assert [bool(row.problems) for row in empty.rows] == [False, True, False, True]


def test_types_that_stand_as_titles_are_those_of_the_rows_below():
    reading = found(BOOKS["types as titles"][0])
    assert [row["program_type"] for row in reading.rows] == ["STVC"] * 2 + ["CBVS"] * 3


def test_comments_and_marks_for_notes_are_named():
    def remark(sheet: Any) -> None:
        sheet["A2"].comment = Comment("Ended in\nMay", "x")

    assert found(changed(book(HEADINGS, *ROWS), remark)).notes == [
        "Cell A2 has a comment that is not part of the list: “Ended in May”"
    ]
    notes = found(BOOKS["marks and notes below"][0]).notes
    assert (
        "Marks for notes are not read as part of a name: “Alpha Society*” in row 2, “Beta House²” in row 3."
        in notes
    )
