"""Reading workbooks: .xlsx and .xlsm part by part, .xls with xlrd, .ods with a module of its own, behind checks against bombs.

Of a formula only the result is read that was stored with it. Nothing is evaluated, and macros are never run.

The parts of an .xlsx file are read as streams. openpyxl knows hidden rows only where it keeps all cells in memory,
and refuses files whose styles or namespaces it does not know; its dates and number formats are used.
"""

import json
import posixpath
import re
import subprocess
import sys
import zipfile
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from io import BytesIO
from typing import Any

from membership.errors import RefusedError
from membership.imports import ods, xls_process
from membership.imports.files import (
    MAX_SHEET_ROWS,
    SAVE_AS_XLSX,
    BadCell,
    Cell,
    FileRead,
    Sheet,
    bad_cell,
    cell_name,
    error_cell,
    text_cell,
)
from membership.imports.parts import (
    CHUNK,
    DAMAGED,
    TOO_LARGE,
    EnoughError,
    Handler,
    Marks,
    number_text,
    parse,
)

MAX_UNPACKED_BYTES = 60_000_000
MAX_PARTS = 500
MAX_RATIO = 200
MAX_NAMES = 100_000  # of sheets, styles and parts together
_SECONDS = 30
_PLAIN = ("000000", "FFFFFF")  # black and white say nothing
_OLE = b"\xd0\xcf\x11\xe0"
_ZIPS = (b"PK\x03\x04", b"PK\x05\x06")

_COPY = "Copy its table into a new Excel workbook, save that, and import it."
_PICTURE = "The file is a picture. Ask for the list as a spreadsheet, or type its table into Excel."
_WORD = f"The file is a Word document. {_COPY}"
_ARCHIVE = "The file is an archive (zip). Unpack it, and import the list that is in it."
_LOCKED = (
    "The file has a password. Open it in Excel, choose “File”, “Info”, “Protect Workbook”, then “Encrypt with "
    "Password”, delete the password, and save the file."
)


@dataclass(frozen=True)
class Kind:
    """A kind of workbook, with the endings that its files have, and what to know about it."""

    what: str
    endings: tuple[str, ...]
    notes: tuple[str, ...] = ()


_ENDINGS = ("xlsx", "xlsm", "xltx", "xltm")
XLSX = Kind("an Excel workbook (.xlsx)", _ENDINGS)
XLSM = Kind(
    "an Excel workbook with macros (.xlsm)",
    _ENDINGS,
    ("The macros in the file were not run.",),
)
XLS = Kind("an Excel 97–2003 file (.xls)", ("xls", "xlt"))
ODS = Kind("an OpenDocument spreadsheet (.ods)", ("ods", "ots"))

# Files of other kinds, by their first bytes.
_OTHERS = {
    b"%PDF": f"The file is a PDF. {_COPY}",
    b"\x89PNG": _PICTURE,
    b"\xff\xd8\xff": _PICTURE,
    b"GIF8": _PICTURE,
    b"II*\0": _PICTURE,
    b"MM\0*": _PICTURE,
    b"\x1f\x8b": _ARCHIVE,
    b"7z\xbc\xaf": _ARCHIVE,
    b"Rar!": _ARCHIVE,
}
# Kinds of zip files, by their content types or their type.
_PACKAGES: tuple[tuple[bytes, Kind | str], ...] = (
    (b"spreadsheetml.sheet.main+xml", XLSX),
    (b"spreadsheetml.template.main+xml", XLSX),
    (b"ms-excel.sheet.macroEnabled.main+xml", XLSM),
    (b"ms-excel.template.macroEnabled.main+xml", XLSM),
    (b"opendocument.spreadsheet", ODS),
    (b"ms-excel.sheet.binary", f"The file is in Excel’s binary format (.xlsb). {SAVE_AS_XLSX}"),
    (b"wordprocessingml", _WORD),
    (b"ms-word", _WORD),
    (b"opendocument.text", f"The file is a text document. {_COPY}"),
    (b"presentationml", f"The file is a PowerPoint presentation. {_COPY}"),
)
# Kinds of old Office files, by the name of a stream in them.
_STREAMS: tuple[tuple[str, Kind | str], ...] = (
    ("EncryptedPackage", _LOCKED),
    ("Workbook", XLS),
    ("Book", XLS),
    ("WordDocument", _WORD),
    ("PowerPoint Document", f"The file is a PowerPoint presentation. {_COPY}"),
    (
        "__properties_version1.0",
        "The file is an email message. Save the list that is attached to it, and import that.",
    ),
)


def kind_of(content: bytes) -> Kind | None:
    """The kind of workbook, or None if it may be text. Raises ``RefusedError`` for files of other kinds."""
    found: Kind | str | None = next(
        (sentence for mark, sentence in _OTHERS.items() if content.startswith(mark)), None
    )
    if content.startswith(_OLE):
        streams = (kind for name, kind in _STREAMS if name.encode("utf-16-le") in content)
        found = next(streams, f"The file is not a spreadsheet. {SAVE_AS_XLSX}")
    elif content.startswith(_ZIPS):
        found = _kind_of_package(content)
    if isinstance(found, str):
        raise RefusedError(found)
    return found


def _kind_of_package(content: bytes) -> Kind | str:
    try:
        with zipfile.ZipFile(BytesIO(content)) as package:
            _refuse_dangerous(package, len(content))
            names = set(package.namelist())
            if "META-INF/manifest.xml" in names and b"encryption" in package.read(
                "META-INF/manifest.xml"
            ):
                return _LOCKED
            if {"Index/Document.iwa", "Index.zip"} & names:
                return (
                    "The file is from Numbers. In Numbers, choose “File”, “Export To”, then “Excel”, and import "
                    "the new file."
                )
            types = b"".join(
                package.read(name) for name in ("[Content_Types].xml", "mimetype") if name in names
            )
    except RefusedError:
        raise
    except Exception as error:  # a damaged file can fail in many ways
        raise RefusedError(DAMAGED) from error
    return next((kind for sign, kind in _PACKAGES if sign in types), _ARCHIVE)


def _refuse_dangerous(package: zipfile.ZipFile, size: int) -> None:
    """Check the sizes that a zip file declares, then unpack it once in chunks. ``size`` is in bytes."""
    parts = package.infolist()
    declared = sum(part.file_size for part in parts)
    if any(part.flag_bits & 1 for part in parts):
        raise RefusedError(_LOCKED)
    if (
        len(parts) > MAX_PARTS
        or declared > MAX_UNPACKED_BYTES
        or declared > max(size, CHUNK) * MAX_RATIO
    ):
        raise RefusedError(TOO_LARGE)
    for part in parts:
        with package.open(part) as stream:
            # A part that is longer than it declares fails here, before all of it is unpacked.
            while stream.read(CHUNK):
                pass


def read(content: bytes, kind: Kind) -> FileRead:
    """The sheets of a workbook whose kind ``kind_of`` has found."""
    try:
        sheets = _READERS.get(kind, _xlsx_sheets)(content)
    except RefusedError:
        raise
    except Exception as error:  # a damaged file can make the reader fail in many ways
        raise RefusedError(DAMAGED) from error
    return FileRead(kind.what, sheets, notes=[*kind.notes])


def _ods_sheets(content: bytes) -> list[Sheet]:
    with zipfile.ZipFile(BytesIO(content)) as package:
        return ods.read_sheets(package)


def _xlsx_sheets(content: bytes) -> list[Sheet]:
    with zipfile.ZipFile(BytesIO(content)) as package:
        book, sheets = _Book(package), []
        links = book.links
        for number, (name, state, link) in enumerate(book.sheets):
            kind, part = links[link]
            if kind != "worksheet":
                continue
            sheet = Sheet(name, hidden=state != "visible", is_active=number == book.active)
            book.read(part, _SheetHandler(sheet, book, Marks(sheet)))
            sheet.note_remarks(book.remarks_on(part))
            sheets.append(sheet)
    return sheets


class _Book:
    """An .xlsx file: its sheets, and what its number formats and fonts say, by the number of a style."""

    def __init__(self, package: zipfile.ZipFile) -> None:
        from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format, is_timedelta_format
        from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH

        self.package = package
        # Some programs write names in other cases or with backslashes.
        self.parts = {name.lower().replace("\\", "/"): name for name in package.namelist()}
        self.sheets: list[tuple[str, str, str]] = []
        self.links: dict[str, tuple[str, str]] = {}
        self.active, self.is_1904 = 0, False
        self.section = self.folder = ""
        self.codes: dict[int, str] = dict(BUILTIN_FORMATS)
        self.crossed: list[bool] = []
        self.coloured_fonts: list[bool] = []
        self.fills: list[bool] = []
        self.styles: list[tuple[int, int, int]] = []
        strings = _StringsHandler()
        main = self._linked_from("")["officeDocument"]
        linked = self._linked_from(main)
        self.read(main, self)
        if "styles" in linked:
            self.read(linked["styles"], self)
        if "sharedStrings" in linked:
            self.read(linked["sharedStrings"], strings)
        self.strings, self.struck_strings = strings.found, strings.struck
        self.epoch = MAC_EPOCH if self.is_1904 else WINDOWS_EPOCH
        codes = [(n, self.codes.get(code, "")) for n, (code, *_) in enumerate(self.styles)]
        self.dates = {number for number, code in codes if is_date_format(code)}
        self.durations = {number for number, code in codes if is_timedelta_format(code)}
        struck_fonts = {font for font, is_struck in enumerate(self.crossed) if is_struck}
        self.struck = {n for n, (_, font, _) in enumerate(self.styles) if font in struck_fonts}
        fonts = {font for font, is_coloured in enumerate(self.coloured_fonts) if is_coloured}
        fills = {fill for fill, is_coloured in enumerate(self.fills) if is_coloured}
        self.coloured = {n for n, (_, f, b) in enumerate(self.styles) if f in fonts or b in fills}
        # A format such as 00000 shows the zeros in front of a number.
        self.widths = {n: len(code) for n, code in codes if re.fullmatch("0{2,}", code)}

    def read(self, part: str, handler: Handler) -> None:
        with self.package.open(self.parts[part.lower()]) as stream:
            parse(stream, handler)

    def remarks_on(self, part: str) -> dict[str, str]:
        """The comments on the cells of a sheet."""
        folder, name = posixpath.split(part)
        if posixpath.join(folder, "_rels", f"{name}.rels").lower() not in self.parts:
            return {}
        handler = _RemarksHandler()
        if remarks := self._linked_from(part).get("comments"):
            self.read(remarks, handler)
        return handler.found

    def _linked_from(self, part: str) -> dict[str, str]:
        """The parts that a part names, by what they are. ``links`` then has them by their ids."""
        self.folder, name = posixpath.split(part)
        self.links = {}
        self.read(posixpath.join(self.folder, "_rels", f"{name}.rels"), self)
        return dict(self.links.values())

    def start(self, name: str, attrs: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "Relationship" if attrs.get("TargetMode") != "External":
                path = posixpath.join("/", self.folder, attrs["Target"])
                kind = attrs["Type"].rpartition("/")[2]
                self.links[attrs["Id"]] = (kind, posixpath.normpath(path).lstrip("/"))
            case "sheet":
                link = next(attrs[key] for key in attrs if key.endswith(":id"))
                self.sheets.append((attrs["name"], attrs.get("state", "visible"), link))
            case "workbookView":
                self.active = int(attrs.get("activeTab", 0))
            case "workbookPr":
                self.is_1904 = attrs.get("date1904") in ("1", "true")
            case "numFmts" | "fonts" | "fills" | "cellXfs" | "cellStyleXfs" | "dxfs" as section:
                self.section = section
            case "numFmt" if self.section == "numFmts":
                self.codes[int(attrs["numFmtId"])] = attrs["formatCode"]
            case "font" if self.section == "fonts":
                self.crossed.append(False)
                self.coloured_fonts.append(False)
            case "strike" if self.section == "fonts":
                self.crossed[-1] = attrs.get("val", "1") in ("1", "true")
            case "color" if self.section == "fonts":
                self.coloured_fonts[-1] = attrs.get("rgb", _PLAIN[0])[-6:] not in _PLAIN
            case "fill" if self.section == "fills":
                self.fills.append(False)
            case "patternFill" if self.section == "fills":
                self.fills[-1] = attrs.get("patternType") == "solid"
            case "fgColor" if self.section == "fills":
                is_white = attrs.get("theme") == "0" or attrs.get("rgb", "")[-6:] == _PLAIN[1]
                self.fills[-1] = self.fills[-1] and not is_white
            case "xf" if self.section == "cellXfs":
                code, font, fill = (int(attrs.get(f"{k}Id", 0)) for k in ("numFmt", "font", "fill"))
                self.styles.append((code, font, fill))
            case _:
                return
        if (
            sum(
                map(
                    len,
                    (self.sheets, self.links, self.codes, self.crossed, self.fills, self.styles),
                )
            )
            > MAX_NAMES
        ):
            raise RefusedError(TOO_LARGE)

    def text(self, content: str) -> None:
        """Only the marks count."""

    def end(self, name: str) -> None:
        """Only the marks count."""


class _StringsHandler:
    """Reads the texts that the cells of a workbook share, without the readings of Japanese names."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.struck: set[int] = set()  # those of which a part is crossed out
        self.taken: list[str] = []
        self.is_text = self.is_phonetic = False

    def start(self, name: str, attrs: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "si":
                self.taken = []
            case "t":
                self.is_text = not self.is_phonetic
            case "rPh":
                self.is_phonetic = True
            case "strike" if attrs.get("val", "1") in ("1", "true"):
                self.struck.add(len(self.found))

    def text(self, content: str) -> None:
        if self.is_text:
            self.taken.append(content)

    def end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "si":
                self.found.append("".join(self.taken))
            case "t":
                self.is_text = False
            case "rPh":
                self.is_phonetic = False


class _RemarksHandler:
    """Reads the comments on cells, by the names of the cells."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}
        self.cell = ""
        self.is_text = False

    def start(self, name: str, attrs: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "comment":
                self.cell = attrs["ref"]
            case "t":
                self.is_text = len(self.found) < MAX_NAMES

    def text(self, content: str) -> None:
        if self.is_text:
            self.found[self.cell] = (self.found.get(self.cell, "") + content)[:500]

    def end(self, name: str) -> None:
        self.is_text = False


@dataclass
class _SheetHandler:
    """Reads the rows of one worksheet's XML into ``sheet``."""

    sheet: Sheet
    book: _Book
    marks: Marks
    number: int = 0
    hidden: bool = False
    cells: list[Cell] = field(default_factory=list)
    struck: set[int] = field(default_factory=set)
    coloured: set[int] = field(default_factory=set)  # rows
    # The cell that is being read.
    column: int = 0
    kind: str = "n"
    style: int = 0
    formula: str | None = None
    value: str = ""
    taken: list[str] | None = None
    is_phonetic: bool = False

    def start(self, name: str, attrs: dict[str, str]) -> None:
        match name.rpartition(":")[2]:
            case "c":
                self._start_cell(attrs)
            case "v" | "t" | "f":
                self.taken = []
            case "row":
                last, self.number = self.number, int(attrs.get("r", self.number + 1))
                if self.number <= last:
                    raise ValueError("rows in the wrong order")
                self.hidden = attrs.get("hidden") in ("1", "true")
                self.cells, self.column, self.struck = [], 0, set()
            case "rPh":
                self.is_phonetic = True
            case "strike" if attrs.get("val", "1") in ("1", "true"):
                self.struck.add(self.column - 1)
            case "col" if attrs.get("hidden") in ("1", "true"):
                self.marks.hide_columns(int(attrs["min"]), int(attrs["max"]))
            case "mergeCell":
                from openpyxl.utils.cell import range_boundaries

                self.marks.merge(*range_boundaries(attrs["ref"]))

    def text(self, content: str) -> None:
        if self.taken is not None:
            self.taken.append(content)

    def end(self, name: str) -> None:
        match name.rpartition(":")[2]:
            case "c":
                if (value := self._cell()) != "":
                    self.cells.extend([""] * (self.column - len(self.cells)))
                    self.cells[self.column - 1] = value
                    if self.style in self.book.coloured:
                        self.coloured.add(self.number)
                    if self.style in self.book.struck or (
                        self.kind == "s" and int(self.value) in self.book.struck_strings
                    ):
                        self.struck.add(self.column - 1)
            case "v" | "t":
                if not self.is_phonetic:
                    self.value += "".join(self.taken or ())
                self.taken = None
            case "f":
                self.formula, self.taken = "".join(self.taken or ()), None
            case "row":
                if not self.sheet.add(
                    self.number, self.cells, hidden=self.hidden, struck=self.struck
                ):
                    raise EnoughError
            case "rPh":
                self.is_phonetic = False
            case "sheetData":
                self.marks.note_hidden()
                self.marks.note_colours(self.coloured)

    def _start_cell(self, attrs: dict[str, str]) -> None:
        if place := attrs.get("r"):
            self.column = _column_number(place.rstrip("0123456789"))
        else:
            self.column += 1
        self.kind, self.style = attrs.get("t", "n"), int(attrs.get("s", 0))
        self.formula, self.value = None, ""

    def _cell(self) -> Cell:
        value = (
            self.book.strings[int(self.value)] if self.kind == "s" and self.value else self.value
        )
        if not value:
            if self.formula is None or self.kind == "str":
                return ""
            return self._bad(
                f"={self.formula}",
                "has a formula without a result. Open the file in Excel and save it, or copy the column and "
                "paste it as values.",
            )
        match self.kind:
            case "n":
                return self._number(value)
            case "b":
                return "yes" if value == "1" else "no"
            case "e":
                return error_cell(value, self.number, self.column)
            case "d":
                return date.fromisoformat(value[:10])
        return text_cell(_ESCAPED_SPACE.sub(" ", value), self.number, self.column)

    def _number(self, value: str) -> Cell:
        if self.style not in self.book.dates:
            return number_text(value).zfill(self.book.widths.get(self.style, 0))
        try:
            moment = _moment(float(value), self.book, self.style)
        except (OverflowError, ValueError):
            return _no_day(value, self.number, self.column)
        return moment.date() if isinstance(moment, datetime) else str(moment)

    def _bad(self, shown: str, what: str) -> Cell:
        return bad_cell(shown, self.number, self.column, what)


# A line break or a tab, as Excel writes it in XML.
_ESCAPED_SPACE = re.compile(r"_x00(?:0[9AaDd]|[Aa]0)_")


def _moment(value: float, book: _Book, style: int) -> object:
    from openpyxl.utils.datetime import from_excel

    return from_excel(value, book.epoch, timedelta=style in book.durations)


@cache
def _column_number(letters: str) -> int:
    """The number of a column up to ZZZ."""
    from openpyxl.utils.cell import column_index_from_string

    return int(column_index_from_string(letters))


def _xls_sheets(content: bytes) -> list[Sheet]:
    try:
        process = subprocess.run(  # noqa: S603  (our own program; the file is only its input)
            [sys.executable, "-I", xls_process.__file__, str(MAX_SHEET_ROWS + 1)],
            input=content,
            capture_output=True,
            timeout=_SECONDS,
        )
    except subprocess.TimeoutExpired as error:
        raise RefusedError(TOO_LARGE) from error
    if process.returncode == xls_process.HAS_PASSWORD:
        raise RefusedError(_LOCKED)
    if process.returncode < 0 or b"MemoryError" in process.stderr:
        raise RefusedError(TOO_LARGE)
    if process.returncode:
        raise RefusedError(DAMAGED)
    return [*map(_xls_sheet, json.loads(process.stdout))]


def _xls_sheet(found: dict[str, Any]) -> Sheet:
    sheet = Sheet(found["name"], hidden=found["hidden"], is_active=found["is_active"])
    for number, is_hidden, struck, *values in found["rows"]:
        cells = [_xls_cell(v, number, i) for i, v in enumerate(values, start=1)]
        if not sheet.add(number, cells, hidden=is_hidden, struck=struck):
            break
    marks = Marks(sheet)
    for column in found["hidden_columns"]:
        marks.hide_columns(column, column)
    marks.note_hidden()
    for top, bottom, left, right in found["merged"]:  # from 0, each without its end
        marks.merge(left + 1, top + 1, right, bottom)
    remarks = {cell_name(row + 1, column + 1): text for row, column, text in found["remarks"]}
    sheet.note_remarks(remarks)
    return sheet


def _xls_cell(value: Any, row: int, column: int) -> Cell:
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return number_text(value)
        case {"day": day}:
            return date.fromisoformat(day)
        case {"error": shown}:
            return error_cell(shown, row, column)
        case {"no_day": number}:
            return _no_day(number_text(number), row, column)
    return text_cell(value, row, column)


def _no_day(number: str, row: int, column: int) -> BadCell:
    return bad_cell(number, row, column, f"has the number {number} as a date. Enter the date.")


_READERS = {XLS: _xls_sheets, ODS: _ods_sheets}
