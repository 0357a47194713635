"""Reading text files with separators: CSV in its many forms.

The letters are read by the byte order mark, else as UTF-8, else as Windows-1252, which staff can change. The
separator is the one that cuts the most rows alike, with quotation marks respected.
"""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice

from membership.errors import RefusedError
from membership.imports.files import (
    SAVE_AS_XLSX,
    BadCell,
    Cell,
    FileRead,
    Sheet,
    bad_cell,
    text_cell,
)

MAX_LINE_LENGTH = 50_000
# The encodings that staff can choose, as they are shown.
ENCODINGS = {
    "utf-8": "UTF-8",
    "cp1252": "Windows-1252 (Excel on Windows)",
    "mac_roman": "Mac OS Roman (Excel on a Mac)",
    "cp850": "DOS (code page 850)",
    "utf-16-le": "UTF-16 (Excel’s Unicode text)",
    "utf-16-be": "UTF-16, big-endian",
    "mixed": "UTF-8 and Windows-1252, mixed",
}
# Letters of names in Canada, and signs that Word puts in, of which the right encoding has the most.
_TYPICAL = "éèêëàâçôîïñóûùšÉÈÊÀÑÓÔŠ’‘“”–—…•™"
_MARKS = {b"\xef\xbb\xbf": "utf-8", b"\xff\xfe": "utf-16-le", b"\xfe\xff": "utf-16-be"}
_SEPARATORS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "vertical bars"}
_LOOK_AT = 200  # records that decide the separator
# A cell in quotation marks, which may have separators and line breaks in it.
_QUOTED = re.compile(r'(?:^|(?<=[,;\t|\n]))[ ]*"(?:[^"]|"")*+"(?=[ ]*(?:[,;\t|\n]|$))')
_DECLARED = re.compile(r'"?sep=(.)"?[ ]*(?:\n|$)', re.IGNORECASE)
# ="0042" keeps the zeros in Excel. It is a formula whose result is plain to see.
_TEXT_FORMULA = re.compile(r'="([^"]*)"')
_LINE = re.compile(r"[^\n]*\n|[^\n]+$")
_CONTROLS = re.compile(r"[\x01-\x08\x0e-\x1f\x7f-\x9f]")
_ACCENTS = re.compile(r"[^\n,;\t|]*[^\x00-\x7f][^\n,;\t|]*")

_NO_TEXT = f"The file is neither a spreadsheet nor text. {SAVE_AS_XLSX}"
# What is text but no list, by a sign near its beginning (in lower case).
_OTHER_TEXTS = (
    (
        r"<(?:!doctype html|!--|html|head|meta|style|body|div|table|tr|td|p)\b|mime-version:|from: <saved by",
        f"The file is a web page, not a spreadsheet. {SAVE_AS_XLSX}",
    ),
    (
        r"<\?xml.*urn:schemas-microsoft-com:office:spreadsheet",
        f"The file is an XML spreadsheet of Excel 2003. {SAVE_AS_XLSX}",
    ),
    (r"<\?xml|<\S+ xmlns", f"The file is XML, not a list. {SAVE_AS_XLSX}"),
    (
        r"(?:(?:return-path|received|delivered-to|message-id|date|from|to|cc): [^\n]*\n(?:[ \t][^\n]*\n)*)+"
        r"(?:subject|mime-version): ",
        "The file is an email message. Save the list that is attached to it, and import that.",
    ),
    (
        r"\{\\rtf",
        "The file is a Word document (RTF). Copy its table into a new Excel workbook, save that, and import it.",
    ),
    (
        r"\{\"(?:url|doc_id)\"",
        "The file is only a link to a Google Sheet. In Google Sheets, choose “File”, then “Download”, "
        "then “Microsoft Excel (.xlsx)”.",
    ),
    (
        r"\[?\s*\{\s*\"|\[\s*\[",
        f"The file is data for other programs (JSON), not a list. {SAVE_AS_XLSX}",
    ),
    (
        r"begin:vcard",
        "The file has contact cards, not a list. Save the contacts as CSV, and import that.",
    ),
)


def read(content: bytes, encoding: str = "") -> FileRead:
    """The rows of a text file. ``encoding`` was chosen by staff, or is empty."""
    found = encoding or _encoding_of(content)
    text = _decoded(content, found)
    start = text[:4000].lstrip().lower()
    for sign, sentence in _OTHER_TEXTS:
        if re.match(sign, start, re.DOTALL):
            raise RefusedError(sentence)
    declared = _DECLARED.match(text)
    if declared:
        text = text[declared.end() :]
    separator = declared[1] if declared else _separator_of(text)
    try:  # a space before a quotation mark is no part of the cell, unless that makes no sense
        sheet = _sheet(text, separator, skips_space=f'{separator} "' in text)
    except RefusedError:
        sheet = _sheet(text, separator, skips_space=False)
    named = _SEPARATORS.get(separator, f"“{separator}”")
    result = FileRead(f"text with {named} (CSV)", [sheet], found)
    if found != "utf-8":
        result.notes.append(_encoding_note(found, text))
    return result


def _encoding_note(encoding: str, text: str) -> str:
    names = [found.strip(' "') for found in islice(_ACCENTS.findall(text), 3)]
    shown = f" Check these names: {', '.join(f'“{name[:60]}”' for name in names)}." if names else ""
    return f"The text was read as {ENCODINGS[encoding]}.{shown}"


def _encoding_of(content: bytes) -> str:
    for mark, encoding in _MARKS.items():
        if content.startswith(mark):
            return encoding
    beginning = content[:4096]
    if b"\0" in beginning:
        # Separators and line ends are in ASCII, so one byte of many pairs is 0.
        even, odd = beginning[::2].count(0), beginning[1::2].count(0)
        if max(even, odd) > 8 * min(even, odd) and max(even, odd) * 8 > len(beginning):
            return "utf-16-be" if even > odd else "utf-16-le"
    with suppress(UnicodeDecodeError):
        content.decode()
        return "utf-8"

    # Two files put together: what is UTF-8 could hardly be anything else.
    as_utf8 = content.decode(errors="replace")
    if as_utf8.count("\ufffd") * 2 <= sum(not letter.isascii() for letter in as_utf8):
        return "mixed"

    def fit(encoding: str) -> int:
        return sum(map(content.decode(encoding, "replace").count, _TYPICAL))

    return max(("cp1252", "mac_roman", "cp850"), key=fit)


def _decoded(content: bytes, encoding: str) -> str:
    if b"\0" in content and not encoding.startswith("utf-16"):
        raise RefusedError(_NO_TEXT)
    try:
        text = content.decode(*_CODECS.get(encoding, (encoding,))).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        raise RefusedError(
            f"The file cannot be read as {ENCODINGS[encoding]}, so names with accents would be damaged. "
            "In Excel, choose “Save as”, then “CSV UTF-8”, or save it as .xlsx."
        ) from error
    # A file may end with the mark that DOS put there. A line break in quotes is a line break, however it is written.
    text = text.rstrip("\x1a").replace("\r\n", "\n").replace("\r", "\n")
    if "\0" in text or len(_CONTROLS.findall(text)) * 50 > len(text):
        raise RefusedError(_NO_TEXT)
    return text


def _read_as_windows(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)  # noqa: S101  (the only one that decoding has)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("membership.windows", _read_as_windows)
_CODECS = {"mixed": ("utf-8", "membership.windows")}


def _separator_of(text: str) -> str:
    """The separator that cuts the most rows into the same number of cells, and into many."""
    records = _QUOTED.sub("Q", text[:100_000]).split("\n")[:_LOOK_AT]

    def fit(separator: str) -> int:
        counts = Counter(n for record in records if (n := record.count(separator)))
        return max((cells * rows for cells, rows in counts.items()), default=0)

    return max(_SEPARATORS, key=fit)


def _sheet(text: str, separator: str, *, skips_space: bool) -> Sheet:
    sheet = Sheet("", is_active=True)
    reader = csv.reader(
        _lines(text), delimiter=separator, strict=True, skipinitialspace=skips_space
    )
    first_line = 1
    try:
        for number, cells in enumerate(reader, start=1):
            if not sheet.add(number, [_cell(c, number, i) for i, c in enumerate(cells, start=1)]):
                break
            first_line = reader.line_num + 1
    except csv.Error as error:
        raise RefusedError(
            f"The quotation marks in the row that begins on line {first_line} of the file do not pair up. "
            "Correct that row, or save the list as .xlsx."
        ) from error
    return sheet


def _lines(text: str) -> Iterator[str]:
    for number, found in enumerate(_LINE.finditer(text), start=1):
        if found.end() - found.start() > MAX_LINE_LENGTH:
            raise RefusedError(
                f"Line {number} of the file is too long. A quotation mark may be missing."
            )
        yield found[0]


def _cell(text: str, row: int, column: int) -> Cell:
    if not text.startswith("="):
        return text_cell(text, row, column)
    if found := _TEXT_FORMULA.fullmatch(text.strip()):
        return text_cell(found[1], row, column)
    cleaned = text_cell(text, row, column)
    shown = cleaned.shown if isinstance(cleaned, BadCell) else cleaned
    return bad_cell(shown, row, column, "has a formula. Replace it with its value.")
