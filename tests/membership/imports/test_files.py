"""Files from real offices, and files made to do harm, read as sheets of rows."""

import io
import json
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from openpyxl.cell.rich_text import CellRichText, TextBlock
from openpyxl.cell.text import InlineFont
from openpyxl.styles import Font, PatternFill
from openpyxl.utils.datetime import CALENDAR_MAC_1904

from membership.errors import RefusedError
from membership.imports import files, texts, workbooks
from membership.imports.files import BadCell, FileRead, read_file
from tests.membership.imports.lists import csv_file, xlsx_file

FOLDER = Path(__file__).parent / "files"
EXPECTED = json.loads((FOLDER / "expected.json").read_text())
DAMAGED = "The file is damaged or not complete. Open it in Excel, save it again, and import that."
TOO_LARGE = "The file is too large once it is unpacked. Split the list into several files."


def refusal(content: bytes, file_name: str = "list.csv") -> str:
    with pytest.raises(RefusedError) as refused:
        read_file(content, file_name)
    return str(refused.value)


def rows(content: bytes, file_name: str = "list.csv", **options):
    return [row.cells for row in read_file(content, file_name, **options).likely_sheet.rows]


def shown(cells):
    return [str(cell) for cell in cells]


def sentences(content: bytes, file_name: str = "list.csv"):
    cells = (cell for row in rows(content, file_name) for cell in row)
    return [cell.sentence for cell in cells if isinstance(cell, BadCell)]


@pytest.mark.parametrize(
    "name", sorted(str(path.relative_to(FOLDER)) for path in FOLDER.glob("*/*.*"))
)
def test_a_file_from_an_office_is_read_or_refused_by_name(name):
    """Cells are as the office sees them; the expected ones were checked by eye against each file."""
    content = (FOLDER / name).read_bytes()
    if isinstance(EXPECTED[name], str):
        assert refusal(content, name) == EXPECTED[name]
        return
    found = read_file(content, name)
    assert found.to_json() == EXPECTED[name]
    assert FileRead.from_json(json.loads(json.dumps(found.to_json()))) == found


# Text


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_line_ends_and_a_byte_order_mark_are_accepted(mark, end):
    text = end.join(["Agency,City", "Maison L’Échantillon,Sampleton", ""])
    assert rows(mark + text.encode())[1] == ["Maison L’Échantillon", "Sampleton"]


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8"),
        ("utf-16", "utf-16-le"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
        ("mac_roman", "mac_roman"),
        ("cp850", "cp850"),
    ],
)
def test_the_encoding_is_found_and_named(written, read_as):
    text = "Agency;City\nSociété d’Été;Montréal".replace("’", "'" if written == "cp850" else "’")
    found = read_file(text.encode(written), "list.csv")
    assert found.encoding == read_as
    assert found.sheets[0].rows[1].cells == text.split("\n")[1].split(";")
    is_sure = read_as == "utf-8"
    assert ("".join(found.notes) == "") == is_sure
    assert is_sure or "Montréal”" in found.notes[0]


@pytest.mark.parametrize(
    "name", ["Montréal", "D’Été – “A”", "MUÑOZ", "Šimić".replace("ć", "c"), "a•b"]
)
def test_a_short_file_from_windows_is_read_as_windows_writes_it(name):
    found = read_file(f"Name\n{name}".encode("cp1252"), "list.csv")
    assert (found.encoding, found.sheets[0].rows[1].cells) == ("cp1252", [name])


def test_staff_can_choose_another_encoding():
    content = "Agency\nŽiga House".encode("cp1252")
    assert rows(content, encoding="cp1252") == [["Agency"], ["Žiga House"]]
    assert rows(content, encoding="mac_roman") == [["Agency"], ["éiga House"]]
    with pytest.raises(RefusedError, match=r"^The file cannot be read as UTF-8, so names"):
        read_file(content, "list.csv", encoding="utf-8")


@pytest.mark.parametrize("times", [1, 2])
def test_accents_that_were_damaged_earlier_are_mended_and_named(times):
    damaged = right = "Société d’À Montréal"
    for _ in range(times):
        damaged = "".join(
            bytes([byte]).decode("cp1252" if byte not in b"\x81\x8d\x8f\x90\x9d" else "latin-1")
            for byte in damaged.encode()
        )
    for content in (csv_file("Agency", damaged), xlsx_file(["Agency"], [damaged])):
        sheet = read_file(content, "list").sheets[0]
        assert sheet.rows[1].cells == [right]
        assert sheet.notes == [
            f"Accents were damaged before this file was saved. We read “{right}” for “{damaged[:60]}” in A2."
        ]


def test_accents_that_are_lost_are_pointed_out():
    [note] = read_file(csv_file("Agency", "Soci\ufffdt\ufffd"), "list.csv").sheets[0].notes
    assert note.startswith("The accents in cell A2, “Soci\ufffdt\ufffd”, were damaged before")
    assert read_file(csv_file("Agency", "Âme Château Ã"), "list.csv").sheets[0].notes == []


@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
def test_the_separator_is_found_in_spite_of_the_others(mark):
    other = "," if mark != "," else ";"
    lines = [
        f"Contracts{other} as of April{other} 2026",
        "",
        mark.join(["Agency", "Notes", "City"]),
        mark.join(["A", f'"one{other} two{other} three{mark} ""four"""', "Sampleton"]),
        mark.join(["B", f'"one{other} two{other}\nthree{other} four{other} five"', "Sampleton"]),
        mark.join(["C", f"one{other} two", "Sampleton"]),
    ]
    found = read_file(csv_file(*lines), "list.csv").sheets[0].rows
    assert [row.cells[0] for row in found[1:]] == ["Agency", "A", "B", "C"]
    assert {row.cells[2] for row in found[2:]} == {"Sampleton"}
    assert [row.number for row in found] == [1, 3, 4, 5, 6]


@pytest.mark.parametrize("declared", ["sep=;", '"sep=;"', "SEP=;"])
def test_a_declared_separator_counts_and_is_no_row(declared):
    found = read_file(csv_file(declared, "Agency,a;City", "A,b;C,d"), "list.csv").sheets[0]
    assert [(row.number, row.cells) for row in found.rows] == [
        (1, ["Agency,a", "City"]),
        (2, ["A,b", "C,d"]),
    ]


def test_cells_are_one_line_of_text_without_marks_that_cannot_be_seen():
    content = csv_file(
        "A,B,C,D,E,F", '"one\r\n two",Sa\u00a0mple\u200b,\'=1+1,\'0042,"=""0042""",\'Namgis'
    )
    expected = ["one two", "Sa mple", "=1+1", "0042", "0042", "'Namgis"]
    assert rows(content)[1] == expected
    names = ["one\r\n two", "Sa\u00a0mple\u200b"]
    assert rows(xlsx_file(["A", "B"], names), "list.xlsx")[1] == expected[:2]


def test_a_formula_or_an_error_in_a_text_file_is_a_bad_cell():
    content = csv_file(
        "Agency,City", "=cmd|' /C calc'!A0,#N/A", "+1 604,-", "@here,#DIV/0!", "#1,#A"
    )
    assert sentences(content) == [
        "Cell A2 has a formula. Replace it with its value.",
        "Cell B2 has the error #N/A. Enter its value.",
        "Cell B4 has the error #DIV/0!. Enter its value.",
    ]
    assert shown(rows(content)[1]) == ["=cmd|' /C calc'!A0", "#N/A"]
    assert rows(content)[2] == ["+1 604", "-"]


def test_a_long_cell_is_shortened_and_named():
    [sentence] = sentences(csv_file("Agency", "a" * 2001))
    assert sentence == "Cell A2 has more than 2,000 characters. Shorten it."
    assert len(shown(rows(csv_file("Agency", "a" * 2001))[1])[0]) == 200


@pytest.mark.parametrize(
    "lines", [["A,B", "", '"House,City', "X,Y"], ["A,B", "", '"House" of Sample,City', '"X",Y']]
)
def test_quotation_marks_that_do_not_pair_up_are_named_by_line(lines):
    assert refusal(csv_file(*lines)).startswith(
        "The quotation marks in the row that begins on line 3 of the file do not pair up."
    )


def test_a_single_column_needs_no_separator():
    assert rows(csv_file("Email", "dana@example.org", "kim@example.org")) == [
        ["Email"],
        ["dana@example.org"],
        ["kim@example.org"],
    ]


# Workbooks

SHEET = (
    '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main">{}'
    "<x:sheetData>{}</x:sheetData>{}</x:worksheet>"
)


def with_sheet(rows: str, before: str = "", after: str = "") -> bytes:
    """A workbook whose first sheet has this XML, with every name in it prefixed."""
    xml = SHEET.format(before, rows, after).encode()
    return repacked(xlsx_file(["Agency"]), lambda name, part: xml if "sheet1" in name else part)


def repacked(content: bytes, change: Callable[[str, bytes], bytes]) -> bytes:
    """A package with other parts."""
    with zipfile.ZipFile(io.BytesIO(content)) as old:
        return package(**{name: change(name, old.read(name)) for name in old.namelist()})


def package(**parts: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in parts.items():
            zipped.writestr(name, content)
    return stream.getvalue()


def save(book: Workbook) -> bytes:
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_values_are_read_as_people_see_them():
    cells = [
        ('t="n"', "46113.0", "46113"),
        ("", "125000.50", "125000.5"),
        ("", "0.30000000000000004", "0.3"),
        ("", "1E-3", "0.001"),
        ("", "6.045550101E9", "6045550101"),
        ("", "12345678901234567890", "12345678901234567890"),
        ("", "-7.0", "-7"),
        ('t="b"', "1", "yes"),
        ('t="b"', "0", "no"),
        ('t="str"', "text_x000D_\nhere", "text here"),
        ('t="d"', "2026-04-01T10:00:00", date(2026, 4, 1)),
        ('t="str"', "2026-04-01", "2026-04-01"),
    ]
    row = "".join(f"<x:c {kind}><x:v>{value}</x:v></x:c>" for kind, value, _ in cells)
    assert rows(with_sheet(f"<x:row>{row}</x:row>"), "list.xlsx") == [[c[2] for c in cells]]


def test_formats_of_numbers_and_dates():
    book = Workbook()
    book.active.append([datetime(2026, 4, 1, 23, 59), date(2027, 3, 31), 0.5, 42, 46113, 9e9, 0.25])
    styles = ["yyyy-mm-dd h:mm", "d-mmm-yy", "0%", "00000", "General", "yyyy-mm-dd", "h:mm"]
    for cell, code in zip(book.active[1], styles, strict=True):
        cell.number_format = code
    expected = [date(2026, 4, 1), date(2027, 3, 31), "0.5", "00042", "46113"]
    found = rows(save(book), "list.xlsx")[0]
    assert (found[:5], str(found[6])) == (expected, "06:00:00")
    assert found[5].sentence == "Cell F1 has the number 9000000000 as a date. Enter the date."


def test_dates_of_the_1904_system():
    book = Workbook()
    book.epoch = CALENDAR_MAC_1904
    book.active.append([date(2026, 4, 1)])
    assert b'date1904="1"' in zipfile.ZipFile(io.BytesIO(save(book))).read("xl/workbook.xml")
    assert rows(save(book), "list.xlsx") == [[date(2026, 4, 1)]]


def test_stored_results_of_formulas_are_read_and_nothing_is_evaluated():
    row = (
        '<x:c r="A1"><x:f>1+1</x:f><x:v>2</x:v></x:c>'
        '<x:c r="B1" t="str"><x:f>"a"&amp;"b"</x:f><x:v>ab</x:v></x:c>'
        '<x:c r="C1" t="str"><x:f>""</x:f><x:v></x:v></x:c>'
        '<x:c r="D1" t="e"><x:f>1/0</x:f><x:v>#DIV/0!</x:v></x:c>'
        "<x:c r=\"E1\"><x:f>'[other.xlsx]S'!A1</x:f></x:c>"
    )
    content = with_sheet(f'<x:row r="1">{row}</x:row>')
    assert shown(rows(content, "list.xlsx")[0]) == ["2", "ab", "", "#DIV/0!", "='[other.xlsx]S'!A1"]
    assert sentences(content, "list.xlsx") == [
        "Cell D1 has the error #DIV/0!. Enter its value.",
        "Cell E1 has a formula without a result. Open the file in Excel and save it, or copy the column and "
        "paste it as values.",
    ]


def test_what_is_hidden_crossed_out_or_merged_is_pointed_out():
    book = Workbook()
    book.active.title = "2025"
    book.active.append(["Old"])
    book.active.sheet_state = "hidden"
    sheet = book.create_sheet("2026")
    for name in ["Agency", "A", "B", "C", "D"]:
        sheet.append([name, "Sampleton", "x"])
    book.active = sheet
    sheet.row_dimensions[2].hidden = True
    for cell in (*sheet[3], sheet["B4"]):
        cell.font = Font(strike=True)
    sheet["A4"] = CellRichText([TextBlock(InlineFont(b=True), "C"), " Society"])
    sheet.column_dimensions["B"].hidden = True
    sheet.merge_cells("C4:C5")
    sheet.merge_cells("A1:C1")
    old, new = read_file(save(book), "list.xlsx").sheets
    assert (old.name, old.hidden, old.is_active) == ("2025", True, False)
    assert (new.name, new.hidden, new.is_active) == ("2026", False, True)
    assert [(r.number, r.cells[0], r.hidden, r.struck) for r in new.rows] == [
        (1, "Agency", False, False),
        (2, "A", True, False),
        (3, "B", False, True),
        (4, "C Society", False, False),
        (5, "D", False, False),
    ]
    assert new.notes == [
        "Column B is hidden. We read hidden columns too.",
        "The cells C4:C5 are merged. What they say counts for each of these rows.",
    ]


@pytest.mark.parametrize(
    "pairs",
    [
        {  # "Strict Open XML Spreadsheet" in Excel
            b"http://schemas.openxmlformats.org/spreadsheetml/2006/main": b"http://purl.oclc.org/"
            b"ooxml/spreadsheetml/main",
            b"http://schemas.openxmlformats.org/officeDocument/2006": b"http://purl.oclc.org/ooxml/officeDocument",
        },
        {b"<fills": b"<fills><nothing/></fills><fills", b'<family val="2"': b'<family val="99"'},
        {b'Target="/xl/worksheets/': b'Target="worksheets/'},
    ],
)
def test_workbooks_of_other_programs_are_read(pairs):
    book = Workbook()
    book.active.append(["Agency", date(2026, 4, 1)])
    book.active.row_dimensions[1].hidden = True

    def change(_name, part):
        for old, new in pairs.items():
            part = part.replace(old, new)
        return part

    content = repacked(save(book), change)
    assert content != save(book)
    [row] = read_file(content, "list.xlsx").sheets[0].rows
    assert (row.cells, row.hidden) == (["Agency", date(2026, 4, 1)], True)


def test_shared_texts_are_read_without_their_formats():
    link = (
        b'<Relationship Id="s1" Type="http://schemas.openxmlformats.org/officeDocument/2006/'
        b'relationships/sharedStrings" Target="SharedStrings.xml"/></Relationships>'
    )
    shared = """<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">
        <si><t xml:space="preserve"> Soci\u00e9t\u00e9 </t></si>
        <si><r><rPr><b/></rPr><t>A</t></r><r><t> &amp; B</t></r></si><si/>
        <si><t>\u5c71\u7530</t><rPh sb="0" eb="2"><t>\u3084\u307e\u3060</t></rPh></si></sst>"""
    row = "".join(f'<x:c t="s"><x:v>{number}</x:v></x:c>' for number in (1, 0, 2, 3))
    content = repacked(
        with_sheet(f"<x:row>{row}</x:row>"),
        lambda name, part: part.replace(b"</Relationships>", link) if "workbook" in name else part,
    )
    with zipfile.ZipFile(stream := io.BytesIO(content), "a") as changed:
        changed.writestr("xl/sharedStrings.xml", shared)
    assert rows(stream.getvalue(), "list.xlsx") == [
        ["A & B", "Soci\u00e9t\u00e9", "", "\u5c71\u7530"]
    ]


def test_readings_of_japanese_names_are_no_part_of_the_name():
    cell = (
        '<x:c r="A1" t="inlineStr"><x:is><x:r><x:t>山</x:t></x:r><x:r><x:t>田</x:t></x:r>'
        '<x:rPh sb="0" eb="2"><x:t>やまだ</x:t></x:rPh></x:is></x:c>'
    )
    assert rows(with_sheet(f"<x:row>{cell}</x:row>"), "list.xlsx") == [["山田"]]


def test_formats_in_empty_rows_and_columns_do_not_count():
    book = Workbook()
    book.active.append(["Agency"])
    book.active.append(["A"])
    for place in ("XFD1", "A1048576", "XFD1048576", "C90000"):
        book.active[place].font = Font(bold=True)
    assert rows(save(book), "list.xlsx") == [["Agency"], ["A"]]


def test_a_sheet_that_cannot_be_used_does_not_refuse_the_others(monkeypatch):
    monkeypatch.setattr(files, "MAX_SHEET_ROWS", 3)
    book = Workbook()
    for _ in range(4):
        book.active.append(["long"])
    wide = book.create_sheet("wide")
    wide["CW2"] = "x"
    assert refusal(save(book), "list.xlsx").startswith("The sheet has more than 20,000 rows.")
    book.create_sheet("good").append(["Agency"])
    found = read_file(save(book), "list.xlsx")
    assert [sheet.problem[:26] for sheet in found.sheets] == [
        "The sheet has more than 20",
        "Row 2 has more than 100 co",
        "",
    ]
    assert found.likely_sheet.name == "good"


def test_a_workbook_with_macros_is_read_and_a_chart_is_no_sheet():
    book = Workbook()
    book.active.append(["Agency"])
    book.create_chartsheet("Chart", 0)
    plain = b"openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    macros = b"ms-excel.sheet.macroEnabled.main+xml"
    content = repacked(save(book), lambda _, part: part.replace(plain, macros))
    found = read_file(content, "list.xlsm")
    assert found.notes == ["The macros in the file were not run."]
    assert [sheet.name for sheet in found.sheets] == ["Sheet"]


# Other files


def typed(content_type: str) -> bytes:
    return package(**{"[Content_Types].xml": content_type.encode()})


def old_office(stream: str) -> bytes:
    return (
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600) + stream.encode("utf-16-le") + bytes(600)
    )


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "The file is empty."),
        (b"\xef\xbb\xbf \r\n\r\n", "The sheet is empty."),
        (b"%PDF-1.7", "The file is a PDF."),
        (b"\x89PNG\r\n", "The file is a picture."),
        (b"\xff\xd8\xff\xe0", "The file is a picture."),
        (b"{\\rtf1 Agency", "The file is a Word document"),
        (b"\n <!DOCTYPE html><table>", "The file is a web page"),
        ("<html><table>".encode("utf-16"), "The file is a web page"),
        (b"MIME-Version: 1.0\nContent-Type: multipart/related", "The file is a web page"),
        (
            b'<?xml version="1.0"?>\n<Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet">',
            "The file is an XML spreadsheet of Excel 2003.",
        ),
        (b'{"url": "https://docs.google.com/"}', "The file is only a link to a Google Sheet."),
        (b"BEGIN:VCARD\nFN:Dana", "The file has contact cards"),
        (package(**{"list.csv": b"Agency"}), "The file is an archive (zip)."),
        (b"PK\x05\x06" + bytes(18), "The file is an archive (zip)."),
        (b"\x1f\x8b\x08", "The file is an archive (zip)."),
        (typed("wordprocessingml.document.main+xml"), "The file is a Word document."),
        (typed("presentationml.presentation.main+xml"), "The file is a PowerPoint presentation."),
        (typed("ms-excel.sheet.binary.macroEnabled.main"), "The file is in Excel’s binary format"),
        (package(**{"Index/Document.iwa": b""}), "The file is from Numbers."),
        (old_office("EncryptedPackage"), "The file has a password."),
        (old_office("WordDocument"), "The file is a Word document."),
        (old_office("nothing"), "The file is not a spreadsheet."),
        (old_office("Workbook"), DAMAGED),
        (bytes(range(256)) * 20, "The file is neither a spreadsheet nor text."),
        (b"Agency\nHo\0use", "The file is neither a spreadsheet nor text."),
        (xlsx_file(), "The sheet is empty."),
        (xlsx_file(["Agency"], ["A"])[:-200], DAMAGED),
        (b"PK\x03\x04...", DAMAGED),
        (typed("spreadsheetml.sheet.main+xml"), DAMAGED),
        (b"Agency\n" + b"a" * 60_000, "Line 2 of the file is too long"),
        (b"Agency\nA" + b",b" * 101, "Row 2 has more than 100 columns."),
        (b"Agency\n" + b"A\n" * 20_100, "The sheet has more than 20,000 rows."),
        (b"a" * 10_000_001, "The file is 10.1 MB. The limit is 10 MB."),
    ],
)
@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_file_that_is_no_list_is_refused_by_name(content, words, ending):
    assert refusal(content, f"list.{ending}").startswith(words)


def test_an_encrypted_open_document_is_refused_by_name():
    content = package(
        **{
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": b"<manifest:encryption-data/>",
            "content.xml": b"\0\1\2",
        }
    )
    assert refusal(content, "list.ods").startswith("The file has a password.")


def test_a_hundred_megabytes_are_refused_before_anything_is_read(monkeypatch):
    monkeypatch.setattr(workbooks, "kind_of", lambda _: pytest.fail("the file was read"))
    monkeypatch.setattr(texts, "read", lambda *_: pytest.fail("the file was read"))
    assert refusal(bytes(100_000_000)) == (
        "The file is 100 MB. The limit is 10 MB. Split the list into several files."
    )


# Files that were made to do harm

BOMB = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
    b'<row r="1"><c r="A1" t="inlineStr"><is><t>&b;</t></is></c></row></sheetData></worksheet>'
)


@pytest.mark.parametrize("size", [70_000_000, 30_000_000])
def test_a_zip_bomb_is_refused_before_it_is_unpacked(size):
    assert refusal(package(bomb=bytes(size)), "list.xlsx") == TOO_LARGE
    assert refusal(package(**{f"part{n}": b"" for n in range(501)}), "list.xlsx") == TOO_LARGE


def test_a_package_that_lies_about_its_size_is_refused():
    honest = package(bomb=bytes(70_000_000))
    lie = honest.replace(struct.pack("<L", 70_000_000), struct.pack("<L", 1_000))
    assert refusal(lie, "list.xlsx") == DAMAGED


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
def test_entities_that_multiply_are_not_expanded(part):
    content = repacked(xlsx_file(["Agency"]), lambda name, xml: BOMB if name == part else xml)
    assert refusal(content, "list.xlsx") == DAMAGED


@pytest.mark.parametrize(
    "row",
    [
        '<x:row r="2"/><x:row r="1"/>',
        '<x:row r="1"/><x:row r="1"/>',
        '<x:row r="1"><x:c r="ZZZZZZ1"><x:v>1</x:v></x:c></x:row>',
        '<x:row r="1"><x:c r="A1" t="s"><x:v>7</x:v></x:c></x:row>',
        '<x:row r="1"><x:c r="A1"><x:v>NaNa</x:v></x:c></x:row>',
        '<x:row r="1"><x:c r="A1"><x:v>1</x:v>',
    ],
)
def test_a_sheet_that_contradicts_itself_is_refused(row):
    assert refusal(with_sheet(row), "list.xlsx") == DAMAGED


@contextmanager
def measured():
    """Gives the most memory that was used inside the block, in bytes."""
    peaks = []
    tracemalloc.start()
    try:
        yield lambda: peaks[0]
        peaks.append(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def test_a_part_that_would_fill_the_memory_is_refused():
    filling = b"<styleSheet><cellXfs>" + b"<xf/>" * 100_001 + b"</cellXfs></styleSheet>"
    content = repacked(xlsx_file(), lambda name, xml: filling if "styles" in name else xml)
    assert refusal(content, "list.xlsx") == TOO_LARGE


def test_an_endless_row_and_a_lying_size_take_no_memory():
    endless = '<x:row r="1">' + "<x:c/>" * 100_000 + "</x:row>"
    lie = '<x:dimension ref="A1:XFD1048576"/>'
    last = '<x:row r="1048576"><x:c r="B1048576"><x:v>7</x:v></x:c></x:row>'
    with measured() as used:
        found = read_file(with_sheet(endless + last, before=lie), "list.xlsx").sheets[0]
    assert [(row.number, row.cells) for row in found.rows] == [(1048576, ["", "7"])]
    assert used() < 4_000_000


def test_parts_with_paths_are_written_nowhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    stream = io.BytesIO(xlsx_file(["Agency"], ["A"]))
    with zipfile.ZipFile(stream, "a") as hostile:
        hostile.writestr("../../escaped.txt", "x")
        hostile.writestr(str(tmp_path / "escaped.txt"), "x")
    assert rows(stream.getvalue(), "list.xlsx") == [["Agency"], ["A"]]
    assert list(tmp_path.rglob("*")) == []


def test_two_hundred_sheets_are_read():
    book = Workbook(write_only=True)
    for number in range(200):
        book.create_sheet(f"Sheet {number}").append([f"Agency {number}"])
    found = read_file(save(book), "list.xlsx")
    assert [len(sheet.rows) for sheet in found.sheets] == [1] * 200


ODS_SHEET = (
    '<?xml version="1.0"?><office:document-content '
    'xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" '
    'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0" '
    'xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" '
    'xmlns:number="urn:oasis:names:tc:opendocument:xmlns:datastyle:1.0" '
    'xmlns:fo="urn:oasis:names:tc:opendocument:xmlns:xsl-fo-compatible:1.0" '
    'xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" '
    'xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" '
    'xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0">'
    "<office:automatic-styles>{}</office:automatic-styles>"
    '<office:body><office:spreadsheet><table:table table:name="a">{}</table:table>'
    "{}</office:spreadsheet></office:body></office:document-content>"
)
CELL = '<table:table-cell office:value-type="string" table:number-columns-repeated="{}"><text:p>A</text:p></table:table-cell>'
ROW = '<table:table-row table:number-rows-repeated="{}">{}</table:table-row>'


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (ROW.format(1_000_000, CELL.format(1)), "The sheet has more than 20,000 rows."),
        (ROW.format(1_000_000, CELL.format(1_000)), "Row 1 has more than 100 columns."),
        (
            ROW.format(1, CELL.format(1))
            + ROW.format(1_000_000, "")
            + ROW.format(
                1, '<table:table-cell table:number-columns-repeated="16000"/>' + CELL.format(1)
            ),
            "Row 1000002 has more than 100 columns.",
        ),
        (ROW.format(1, ROW.format(1, "") * 100) * 100 + "<table:x>", DAMAGED),
    ],
)
def test_repeated_cells_of_an_open_document_take_no_memory(content, words):
    with measured() as used:
        sentence = refusal(open_document(content), "list.ods")
    assert sentence.startswith(words)
    assert used() < 8_000_000


def open_document(rows: str, styles: str = "", after: str = "", **parts: bytes) -> bytes:
    content = ODS_SHEET.format(styles, rows, after).encode()
    mimetype = b"application/vnd.oasis.opendocument.spreadsheet"
    return package(mimetype=mimetype, **{"content.xml": content}, **parts)


def ods_cell(text: str, more: str = "") -> str:
    return f'<table:table-cell office:value-type="string" {more}><text:p>{text}</text:p></table:table-cell>'


def ods_row(*cells: str, more: str = "") -> str:
    return f"<table:table-row {more}>{''.join(cells)}</table:table-row>"


def test_what_is_hidden_crossed_out_or_merged_in_an_open_document_is_pointed_out():
    styles = (
        '<style:style style:name="s"><style:text-properties style:text-line-through-style="solid"/></style:style>'
        '<style:style style:name="t" style:parent-style-name="s"/>'
        '<style:style style:name="u" style:parent-style-name="s"><style:text-properties '
        'style:text-line-through-style="none"/></style:style>'
        '<style:style style:name="h"><style:table-properties table:display="false"/></style:style>'
    )
    columns = (
        '<table:table-column table:default-cell-style-name="t"/><table:table-column/>'
        '<table:table-column table:visibility="collapse" table:number-columns-repeated="16000"/>'
    )
    merged = 'table:number-rows-spanned="3"'
    below = "<table:covered-table-cell><text:p>not seen</text:p></table:covered-table-cell>"
    plain = 'table:style-name="u"'
    rows = columns + "".join([
        ods_row(ods_cell("Agency", plain), ods_cell("Region"), ods_cell("City")),
        ods_row(ods_cell("A", plain), ods_cell("North", merged)),
        ods_row(ods_cell("B", plain), below, more='table:visibility="filter"'),
        ods_row(ods_cell("C"), below, ods_cell("Sampleton", 'table:style-name="s"')),
        ods_row(ods_cell("D", plain), more='table:visibility="collapse"'),
    ])  # fmt: skip
    after = (
        f'<table:table table:name="b" table:style-name="h">{ods_row(ods_cell("Old"))}</table:table>'
    )
    after += f'<table:table table:name="file:///c.ods" table:style-name="ta_extref">{ods_row(ods_cell("c"))}</table:table>'
    setting = (
        b'<s xmlns:config="urn:c"><config:config-item config:name="ActiveTable">a'
        b'</config:config-item><config:config-item config:name="x">y</config:config-item></s>'
    )
    content = open_document(rows, styles, after, **{"settings.xml": setting})
    sheet, old = read_file(content, "list.ods").sheets
    assert [(r.number, r.cells, r.hidden, r.struck) for r in sheet.rows] == [
        (1, ["Agency", "Region", "City"], False, False),
        (2, ["A", "North"], False, False),
        (3, ["B", "North"], True, False),
        (4, ["C", "North", "Sampleton"], False, True),
        (5, ["D"], True, False),
    ]
    assert sheet.notes == [
        "Column C is hidden. We read hidden columns too.",
        "The cells B2:B4 are merged. What they say counts for each of these rows.",
    ]
    assert [(s.name, s.hidden, s.is_active) for s in (sheet, old)] == [
        ("a", False, True),
        ("b", True, False),
    ]


def test_cells_of_an_open_document_are_read_as_people_see_them():
    cells = [
        ('office:value-type="float" office:value="42"', "<text:p>00042</text:p>"),
        ('office:value-type="float" office:value="1234.50"', "<text:p>1,234.50</text:p>"),
        ('office:value-type="percentage" office:value="0.5"', "<text:p>50%</text:p>"),
        ('office:value-type="date" office:date-value="2026-04-01T10:00:00"', "<text:p>x</text:p>"),
        ('office:value-type="date" office:date-value="0000-00-00"', "<text:p>00-00</text:p>"),
        ('office:value-type="time" office:time-value="PT06H30M00S"', "<text:p>06:30</text:p>"),
        ('office:value-type="string" calcext:value-type="error"', "<text:p>#N/A</text:p>"),
        ('table:formula="of:=1"', ""),
        ('table:formula="of:=1" office:value-type="string"', "<text:p/>"),
        (
            'office:value-type="string"',
            "<office:annotation><text:p>a remark</text:p></office:annotation>"
            '<text:p>A<text:s text:c="2"/><text:span>Soci</text:span>ety</text:p><text:p>of B</text:p>',
        ),
    ]
    row = "".join(f"<table:table-cell {about}>{text}</table:table-cell>" for about, text in cells)
    shapes = "<table:shapes><draw:frame><text:p>drawn</text:p></draw:frame></table:shapes>"
    found = rows(open_document(shapes + ods_row(row)), "list.ods")[0]
    assert shown(found) == [
        *("00042", "1234.5", "0.5", "2026-04-01", "00-00", "06:30", "#N/A", "of:=1", ""),
        "A Society of B",
    ]
    assert [cell.sentence[:40] for cell in found if isinstance(cell, BadCell)] == [
        "Cell E1 has the date 00-00. Enter the da",
        "Cell G1 has the error #N/A. Enter its va",
        "Cell H1 has a formula without a result. ",
    ]


def test_rows_with_a_colour_of_their_own_are_named_because_colours_are_not_read():
    book = Workbook()
    for row in (["Agency", "City"], ["Alpha", "X"], ["Beta", "X"], ["Gamma", "X"]):
        book.active.append(row)
    for cell in book.active[1]:
        cell.fill = PatternFill("solid", fgColor="FF99CCFF")
    book.active["A3"].fill = PatternFill("solid", fgColor="FFFF0000")
    book.active["A4"].font = Font(color="FFFF0000")
    [note] = read_file(save(book), "list.xlsx").sheets[0].notes
    assert note.startswith("Colours are not read. If the colours in rows 3 and 4 mean something")
    for cells in book.active.iter_rows(min_row=2):  # all alike
        for cell in cells:
            cell.fill = PatternFill("solid", fgColor="FFFFFF00")
    assert read_file(save(book), "list.xlsx").sheets[0].notes == []


def test_colours_of_an_open_document_are_named_too():
    styles = (
        '<style:style style:name="r"><style:table-cell-properties fo:background-color="#ff0000"/></style:style>'
        '<style:style style:name="t" style:parent-style-name="r"/>'
        '<style:style style:name="b"><style:table-cell-properties fo:background-color="transparent"/>'
        '<style:text-properties fo:color="#000000"/></style:style>'
        '<number:number-style style:name="n"><style:text-properties fo:color="#ff0000"/></number:number-style>'
        '<style:style style:name="g"><style:text-properties fo:color="#808080"/></style:style>'
    )
    names = {"Agency": "r", "A": "b", "B": "t", "C": "", "D": "g"}
    lines = [
        ods_row(ods_cell(name, f'table:style-name="{style}"' if style else ""), ods_cell("x"))
        for name, style in names.items()
    ]
    [sheet] = read_file(open_document("".join(lines), styles), "list.ods").sheets
    [note] = sheet.notes
    assert note.startswith("Colours are not read. If the colours in rows 3 and 5 mean something")
