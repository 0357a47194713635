"""Where the list is in its file: the sheet, the headings, and the rows that are no part of it."""

from datetime import date
from pathlib import Path

import pytest

from membership.errors import RefusedError
from membership.imports.files import BadCell, FileRead, Sheet, SheetRow, read_file
from membership.imports.kinds import IMPORTERS
from membership.imports.layout import Layout, find_layout
from membership.imports.questions import Given
from membership.imports.reading import read_list
from tests.membership.imports.lists import csv_file

FILES = Path(__file__).with_name("files")
PROGRAMS = ["Agency", "Program type", "Funder", "Contract end"]
A = ["A Society", "STVC", "PSSG", date(2027, 3, 31)]


def sheet(*rows: list, name: str = "Sheet", hidden=(), struck=(), **more) -> Sheet:
    """Rows numbered from 1. An empty one is left out, as in a file that was read."""
    return Sheet(
        name,
        [
            SheetRow(number, list(cells), number in hidden, number in struck)
            for number, cells in enumerate(rows, start=1)
            if any(cells)
        ],
        **more,
    )


def found(*sheets: Sheet, kind="programs", answers=None, remembered=None, encoding="") -> Layout:
    file = FileRead("a workbook", list(sheets), encoding)
    return find_layout(file, IMPORTERS[kind].columns, Given(answers or {}, remembered))


def of_file(name: str, kind: str = "programs", **answers) -> Layout:
    path = FILES / name
    return find_layout(
        read_file(path.read_bytes(), path.name), IMPORTERS[kind].columns, Given(answers)
    )


def asked(layout: Layout) -> dict[tuple[str, str], str]:
    """What is asked, by group and key, with what is proposed."""
    return {(q.group, q.key): q.proposed for q in layout.questions if q.is_open}


@pytest.mark.parametrize(
    ("name", "kind", "sheet", "headings", "numbers", "questions"),
    [
        ("lists/01_title_rows_above.xlsx", "programs", 0, 4, [5, 6, 7], {}),
        ("lists/03_blank_leading_columns.xlsx", "programs", 0, 1, [2, 3, 4], {}),
        (
            "lists/05_totals_row_members.xlsx",
            "agencies",
            0,
            1,
            [2],
            {("skips", "total"): "skip", ("skips", "printed"): "skip"},
        ),
        (
            "lists/07_two_years_two_sheets.xlsx",
            "programs",
            1,
            1,
            [2, 3],
            {("sheet", "sheet"): "2026-27"},
        ),
        (
            "lists/09_filtered_hidden_rows_status.xlsx",
            "programs",
            0,
            1,
            [2, 3, 4],
            {("marked", "hidden: Sheet"): "read"},
        ),
        ("lists/19_ministry_own_headings.xlsx", "programs", 0, 1, [2], {}),
        ("lists/73_percent_header_asterisk.xlsx", "programs", 0, 1, [2], {}),
        ("lists/75_lf_in_first_header_semicolon.csv", "programs", 0, 1, [2], {}),
        ("field/hidden-first-sheet.xlsx", "agencies", 1, 1, [2, 3], {("sheet", "sheet"): "2026"}),
    ],
)
def test_files_as_offices_make_them(name, kind, sheet, headings, numbers, questions):
    layout = of_file(name, kind)
    assert (layout.sheet, layout.first_heading, layout.last_heading) == (sheet, headings, headings)
    assert [row.number for row in layout.read_rows] == numbers
    assert asked(layout) == questions


def test_the_title_has_the_date_of_the_list():
    layout = of_file("lists/01_title_rows_above.xlsx")
    assert layout.title_date == date(2026, 4, 1)
    assert layout.titles[0] == "Ministry of Public Safety and Solicitor General"
    titles = [
        "Contracts as at 15 Oct. 2026",
        "Current to 2026-10-15",
        "(Effective October 15, 2026)",
    ]
    for title in titles:
        assert found(sheet([title], PROGRAMS, A)).title_date == date(2026, 10, 15), title
    for title in ("Printed October 15, 2026", "April 1, 2026 to March 31, 2027"):
        assert found(sheet([title], PROGRAMS, A)).title_date is None, title


def test_a_row_with_more_cells_than_headings_is_an_error_that_shows_them():
    layout = of_file("lists/39_unquoted_comma.csv", "agencies")
    assert list(layout.problems) == [2]
    assert (
        "3 cells, but there are 2 headings: Haven House; Society of Sampleton; Sampleton"
        in (layout.problems[2])
    )


def test_columns_without_headings_are_no_error():
    layout = found(sheet(PROGRAMS, [*A, "by hand"], A))
    assert (layout.problems, layout.headings) == ({}, [*PROGRAMS, ""])
    # In text, cells after the last heading may have moved there, even in every row.
    content = csv_file("Name,Email,Since", "Sample, Dana,dana@example.org,2026-01-01")
    layout = find_layout(read_file(content, "list.csv"), IMPORTERS["roster"].columns, Given({}))
    assert list(layout.problems) == [2]


def test_headings_in_two_rows_are_joined():
    upper = ["Agency", "Program type", "Funder", "Contract", "", "Notes"]
    lower = ["", "", "", "Start Date", "End Date", ""]
    layout = found(sheet(["Contracts"], upper, lower, [*A[:3], date(2026, 4, 1), A[3]]))
    assert (layout.first_heading, layout.last_heading) == (2, 3)
    assert layout.headings == [*upper[:3], "Contract / Start Date", "Contract / End Date", "Notes"]


def test_headings_in_three_rows_are_joined():
    rows = (
        ["Agency", "Program", "", "Funding", "", ""],
        ["", "Type", "Community", "Source", "Term", ""],
        ["", "", "", "", "Start", "End"],
    )
    layout = found(
        sheet(["Programs"], *rows, [*A[:2], "Sampleton", "PSSG", date(2026, 4, 1), A[3]])
    )
    assert (layout.first_heading, layout.last_heading) == (2, 4)
    assert layout.headings[3:] == [
        "Funding / Source",
        "Funding / Term / Start",
        "Funding / Term / End",
    ]


def test_a_list_without_headings_is_asked_about():
    layout = found(sheet(["A Society", "Sampleton"], ["B House", "Sampleton"]), kind="agencies")
    assert asked(layout) == {("headings", "Sheet"): "1"}


def test_headings_in_one_row_stay_in_one():
    for above in (["Ministry of Invented Affairs"], ["Agency list", "", "", "Contract"]):
        layout = found(sheet(above, PROGRAMS, A))
        assert (layout.first_heading, layout.last_heading) == (2, 2)
    assert found(sheet(PROGRAMS, A, A)).last_heading == 1


def test_staff_choose_the_headings_of_a_sheet():
    rows = sheet(["Agency", "Funder"], PROGRAMS, A)
    layout = found(rows, answers={"headings": {"Sheet": "1-2", "Other": "3"}})
    assert (layout.first_heading, layout.last_heading) == (1, 2)
    assert found(rows, answers={"headings": {"Sheet": "3"}}).first_heading == 2  # nothing is below


def test_unknown_headings_are_asked_and_remembered():
    rows = sheet(["Bestand 2026"], ["Träger", "Art", "Ort"], ["A Society", "STVC", "Sampleton"])
    layout = found(rows)
    assert (layout.first_heading, asked(layout)) == (2, {("headings", "Sheet"): "2"})
    assert not layout.questions[0].can_wait
    again = found(rows, remembered={"columns": {"trager": "agency", "art": "program_type"}})
    assert (again.first_heading, asked(again)) == (2, {})


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["Total", "", "", "375,000"], "total"),
        (["", "", "Grand total:", "12"], "total"),
        (["Total PSSG", "", "", "12"], "total"),
        (["12 programs"], "total"),
        (["", "", "", "375000"], "total"),
        (["Subtotal: 4"], "total"),
        (["Total", "", "", BadCell("=SUM(D2:D9)", "A formula without a result.")], "total"),
        (["Printed by Sage 50 on 2026-11-02"], "printed"),
        (["Report date: November 2, 2026"], "printed"),
        (["Page 1 of 3"], "printed"),
        (["* Funding to be confirmed"], "note"),
        (["Note: the ministry checks this list each year"], "note"),
        (["Interior"], "section"),
        (PROGRAMS, "repeat"),
        (["Agency", "Type", "Funder", "Contract end"], "repeat"),
        (["Total Wellness Society", "STVC", "PSSG", "2027-03-31"], ""),
        (["Page House", "STVC"], ""),
        (["A Society", "STVC", "PSSG"], ""),
        (["Printed Word Society", "CBVS", "PSSG"], ""),
    ],
)
def test_rows_that_are_no_part_of_the_list(cells, kind):
    layout = found(sheet(PROGRAMS, A, cells, A))
    assert layout.proposed.get(3, "") == kind
    assert asked(layout) == ({("skips", kind): "skip"} if kind else {})
    assert (3 in layout.skipped) == bool(kind)


@pytest.mark.parametrize(
    ("agency", "kind"),
    [
        ("Plain Society", ""),
        ("Total Wellness Society", ""),
        ("Page House", ""),
        ("Total: 12", "total"),
        ("Updated on 2026-01-02", "printed"),
        ("*Pending", "note"),
    ],
)
def test_an_agency_alone_in_its_row_is_a_row(agency, kind):
    layout = found(sheet(["Agency", "City"], ["B", "C"], [agency]), kind="agencies")
    assert layout.proposed.get(3, "") == kind


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["Total active members: 2"], "total"),
        (["Active members", "2"], "total"),
        (["Subtotal Interior: 1"], "total"),
        (["Grand total members in good standing", "", "", "2"], "total"),
        (["Average dues", "", "$150.00"], "total"),
        (["TOTAL", "2 members"], "total"),
        (["VANCOUVER ISLAND"], "section"),
        (["Thursday, Nov 02, 2026 03:14:05 PM - Accrual Basis"], "section"),
        (["Sum Total House", "", "2026-01-01", "2026-12-31"], ""),
        (["Average Members Club", "", "2026-01-01", "2026-12-31"], ""),
        (["Haven Programs", "Town"], ""),
        (["Plain Society"], ""),
        (["Example Place"], ""),
        (["Lapsed members:"], "section"),
    ],
)
def test_what_is_no_member_between_members(cells, kind):
    headings = ["Member", "City", "Member since", "Member until"]
    member = ["Plain House", "Town", "2026-01-01", "2026-12-31"]
    layout = found(sheet(headings, member, cells, member), kind="agencies")
    assert layout.proposed.get(3, "") == kind


def test_an_email_without_a_name_is_a_row_with_an_error_and_no_title():
    rows = [[f"Member{n} Sample", f"m{n}@example.org", "2026-03-01"] for n in (1, 2, 3)]
    rows.insert(2, ["", "no.name@example.org", ""])
    layout = found(sheet(["Name", "Email", "Joined"], *rows), kind="roster")
    assert layout.proposed == {}


def test_agencies_in_titles_between_rows_are_a_column():
    rows = [PROGRAMS, ["Alpha Society"], ["", *A[1:]], ["Beta House"], ["", *A[1:]]]
    layout = found(sheet(*rows))
    assert layout.proposed == {2: "section", 4: "section"}
    assert [row.cells[-1] for row in layout.read_rows] == ["Alpha Society", "Beta House"]


def test_what_staff_skipped_is_remembered_but_not_other_notes():
    rows = sheet(PROGRAMS, A, ["Total", "", "", "1"], ["Interior"], A)
    remembered = {"skips": {"total": "skip", "section: interior": "skip"}}
    assert asked(found(rows, remembered=remembered)) == {}
    other = sheet(PROGRAMS, A, ["Total", "", "", "1"], ["New Society"], A)
    assert asked(found(other, remembered=remembered)) == {("skips", "section"): "skip"}
    read = found(rows, answers={"skipped": {"4": "read", "2": "skip"}}, remembered=remembered)
    assert list(read.skipped) == [2, 3]


@pytest.mark.parametrize("answer", ["read", "skip"])
def test_hidden_and_crossed_out_rows_are_asked(answer):
    rows = sheet(PROGRAMS, A, A, A, hidden=[3], struck=[4])
    layout = found(rows)
    keys = [("marked", "struck: Sheet"), ("marked", "hidden: Sheet")]
    # Without a status, nothing says whether a hidden row still counts.
    assert asked(layout) == dict(zip(keys, ["skip", ""], strict=True))
    assert not any(question.can_wait for question in layout.questions)
    answered = found(rows, answers={"marked": {key: answer for _, key in keys}})
    assert asked(answered) == {}
    assert list(answered.skipped) == ([4, 3] if answer == "skip" else [])


def test_the_sheet_that_fits_is_read_and_the_newest_year_is_asked():
    cover = sheet(["How to read this file"], ["Call us"], name="Read me", is_active=True)
    old, new = (sheet(PROGRAMS, A, name=name) for name in ("2025-26", "2026-27"))
    layout = found(cover, old, new)
    assert (layout.sheet, asked(layout)) == (2, {("sheet", "sheet"): "2026-27"})
    assert layout.questions[0].can_wait
    old.is_active, cover.is_active = True, False
    layout = found(cover, old, new)
    assert (layout.sheet, layout.questions[0].can_wait) == (1, False)
    assert "“2025-26”, but it also has “2026-27”" in layout.questions[0].text
    chosen = found(cover, old, new, answers={"sheet": {"sheet": "2026-27"}})
    assert (chosen.sheet, asked(chosen)) == (2, {})


def test_the_next_edition_reads_the_sheet_of_its_year():
    sheets = [sheet(PROGRAMS, A, name=name) for name in ("2026-27", "2027-28", "Closed")]
    remembered = {"sheet": {"sheet": "2026-27"}}
    assert (found(*sheets, remembered=remembered).sheet) == 1
    assert asked(found(*sheets, remembered=remembered)) == {}
    sheets[0].is_active = True
    assert asked(found(*sheets, remembered=remembered)) == {("sheet", "sheet"): "2026-27"}
    assert found(*sheets, remembered={"sheet": {"sheet": "Closed"}}).sheet == 2


def test_a_hidden_sheet_is_read_only_if_nothing_else_fits():
    hidden = sheet(PROGRAMS, A, name="Data")
    hidden.hidden = True
    cover = sheet(["How to read this file"], ["Call us"], name="Read me", is_active=True)
    layout = found(cover, hidden)
    assert layout.sheet == 1
    assert "Only the hidden sheet “Data”" in layout.questions[0].text
    assert not layout.questions[0].can_wait
    assert found(sheet(PROGRAMS, A, name="2026"), hidden).sheet == 0


def test_headings_alone_are_refused():
    with pytest.raises(RefusedError, match="no rows below"):
        found(sheet(PROGRAMS))


def test_below_a_remark_that_ends_the_list_there_is_no_agency_without_a_question():
    rows = [[f"{name} House Society", "Sampleton"] for name in ("Alpha", "Beta", "Gamma", "Delta")]
    layout = found(
        sheet(["Agency", "City"], *rows, [], ["Please ask Lou first."], ["Sampleton has not paid yet"], ["Epsilon Society"]),
        kind="agencies",
    )  # fmt: skip
    assert {number: layout.skipped.get(number) for number in (7, 8, 9)} == {
        7: "a remark below the list",
        8: "a remark below the list",
        9: None,
    }


@pytest.mark.parametrize(
    "headings",
    [
        ["Prénom", "Nom", "Société", "Adresse de messagerie", "Adresse de messagerie 2"],
        ["First Name", "Middle Name", "Last Name", "Organization Name", "E-mail 1 - Value"],
    ],
)
def test_headings_with_parts_of_names_are_known_as_headings(headings):
    """As Outlook in French and Google Contacts export them."""
    file = FileRead(
        "a text", [sheet(headings, ["Amélie", "", "", "amelie@example.org", ""])], "utf-8"
    )
    columns = IMPORTERS["roster"].columns
    assert read_list(file, columns, Given({}), as_of=date(2026, 5, 1)).layout.questions == []


def test_a_text_that_stands_apart_between_agencies_is_asked_about_as_a_title():
    layout = found(
        sheet(
            ["Agency", "City"], ["Vancouver Island"], ["Alpha", "Sampleton"], [], ["Interior"], ["Beta", "Port"],
            ["Gamma"], ["Delta", "Port"], [], ["Epsilon Society"], ["Zeta", "Port"],
        ),
        kind="agencies",
    )  # fmt: skip
    assert {n: layout.proposed.get(n) for n in (2, 5, 7, 10)} == {2: "section", 5: "section", 7: None, 10: None}  # fmt: skip
    [question] = layout.questions
    assert (question.key, question.can_wait, question.rows) == ("section", False, [2, 5])


def test_with_an_empty_row_between_all_of_them_no_agency_stands_apart():
    rows = [["Alpha", "Sampleton"], [], ["Beta"], [], ["Gamma", "Port"], [], ["Delta", "Port"]]
    assert found(sheet(["Agency", "City"], [], *rows), kind="agencies").proposed == {}
