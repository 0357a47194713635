"""Which rows are no part of a list, such as totals, notes and titles: by what is in each of them."""

import re
from collections.abc import Collection, Mapping

from membership.imports.cells import ADDRESS
from membership.imports.columns import OneOf
from membership.imports.files import BadCell, SheetRow
from membership.imports.heading_rows import newest_year
from membership.imports.headings import Headings
from membership.register.names import name_key

SKIPS = {
    "total": "a total",
    "repeat": "the headings again",
    "printed": "a line about the file",
    "exported": "a row of an export of the portal that has nothing to import",
    "note": "a note",
    "section": "a title between rows",
    "below": "a remark below the list",
    "table": "part of another table below the list",
}
# These could be rows of the list: each is asked.
GUESSED = ("section", "below", "table")
REMARKS = ("printed", "note", "below")
_COUNTED = (
    "members? agenc(?:y|ies) organizations? programs? contracts? people persons? rows? records? committees? amounts? "
    "funding number count fte ftes all of for the and"
).replace(" ", "|")
_TOTAL = re.compile(
    rf"(?:grand\s+|sub[\s-]*)?totals?(?:\s+(?:{_COUNTED}))*\s*(?:[:=–-].*|[\d\s,.$%]*)"
    rf"|(?:number|count)(?: of [\w\s]+)?\s*[:=]\s*\d+|\d+\s+(?:{_COUNTED})",
    re.IGNORECASE,
)
_ENDS_A_TOTAL = re.compile(r".+\b(?:sub)?total", re.IGNORECASE)
_BEGINS_A_TOTAL = re.compile(r"(?:(?:grand\s+|sub[\s-]*)?totals?|sum|average)\b", re.IGNORECASE)
_COUNTS_THEM = re.compile(
    r"(?:.+\s)?(?:members|agencies|organizations|programs|contracts|records|rows)\b.*",
    re.IGNORECASE,
)
_OF_A_REMARK = re.compile(
    r":$|@|\d:\d\d|\b(?:19|20)\d\d\b|\b(?:members|questions|contact|report|please|note)\b",
    re.IGNORECASE,
)
_NUMBERS_OF_A_DATE = re.compile(r"\d+[-/.]\d+[-/.]\d+")
_NUMBER = re.compile(r"[-\d\s,.$%()]+")
_PRINTED = re.compile(
    r"(?:printed|generated|exported|prepared|created|produced|downloaded|report run|report date|last updated|updated)\b.*"
    r"(?:\b(?:by|on|at|from)\b|.*\d{4}).*|page \d+( of \d+)?|confidential\b.*|end of (?:report|list|file)|[-–—_=*\s]+",
    re.IGNORECASE,
)
LIKE_AN_AGENCY = re.compile(
    r"\b(society|soc|association|cent(re|er)|services?|house|council|nation|ltd|inc|foundation|shelter|resource)\b",
    re.IGNORECASE,
)
_NOTE = re.compile(
    r"(?:\*+|†|notes?\b\s*[:.]|n\.?b\.?[:.]|source\s*:|legend\b).*", re.IGNORECASE | re.DOTALL
)


def kind_of_row(
    row: SheetRow, is_repeat: bool, needed: Collection[int], last_full: int, *, is_more: bool
) -> str:
    """Why a row is no part of the list, by the keys of ``SKIPS``; empty for a row that is."""
    if is_repeat:
        return "repeat"
    cells = [cell for cell in row.cells if cell]
    texts = [str(cell) for cell in cells]
    is_agency = bool(LIKE_AN_AGENCY.search(texts[0]))
    is_full = has_all(row, needed) and (
        len(needed) > 1 or is_agency or any(map(_NUMBERS_OF_A_DATE.match, texts))
    )
    # The sum may be a formula without a result, or "3 contracts".
    others_are_numbers = all(
        isinstance(cell, BadCell) or _NUMBER.fullmatch(str(cell)) or _TOTAL.fullmatch(str(cell))
        for cell in cells[1:]
    )
    if others_are_numbers and (
        _TOTAL.fullmatch(texts[0])
        or (
            (
                not is_full
                and not (len(texts) == 1 and newest_year(texts[0]))
                and any(
                    found(texts[0])
                    for found in (_BEGINS_A_TOTAL.match, _ENDS_A_TOTAL.fullmatch, _NUMBER.fullmatch)
                )
            )
            or (not is_full and len(texts) > 1 and _COUNTS_THEM.fullmatch(texts[0]))
        )
    ):
        return "total"
    if any(isinstance(cell, BadCell) for cell in cells):
        return ""
    if len(texts) > 2:  # a row of the list, perhaps a wrong one
        return ""
    if _PRINTED.fullmatch(" ".join(texts)):
        return "printed"
    if len(texts) == 1 and _NOTE.fullmatch(texts[0]):
        return "note"
    if len(needed) == 1 and (is_agency or not _may_be_a_remark(texts[0])):
        return ""  # an agency of which the list says no more
    if len(texts) == 1 and is_more:
        if not row.cells[0] and ADDRESS.fullmatch(texts[0]):
            return ""  # someone whose name is missing
        return "below" if row.number > last_full else "section"
    return ""


def kind_of_text_alone(row: SheetRow, last_full: int) -> str:
    """The kind of a row with nothing but a text that is hardly an agency; empty for any other row."""
    if number_of_cells(row) > 1 or "@" in str(row) or LIKE_AN_AGENCY.search(str(row)):
        return ""
    return "below" if row.number > last_full else "section"


def skip_key(kind: str, text: str) -> str:
    """The key under which a list remembers what to do with such rows."""
    return f"{kind}: {name_key(text)}" if kind in GUESSED else kind


def has_all(row: SheetRow, needed: Collection[int]) -> bool:
    """Whether a row has something in each of the columns that are needed, if any are."""
    return bool(needed) and all(n < len(row.cells) and row.cells[n] for n in needed)


def is_title(row: SheetRow, names: Headings, needed: Mapping[int, str]) -> bool:
    """Whether a row has nothing but a choice for a column that the list lacks: “ICATs” above those committees."""
    cells = [str(cell) for cell in row.cells if cell]
    if len(cells) != 1:
        return False
    lacking = [
        c for c in names.columns if c.required and c.choices and c.name not in needed.values()
    ]
    return any(isinstance(c.read, OneOf) and c.read.knows(cells[0]) for c in lacking)


def share_of_headings(row: SheetRow, heading_cells: set[str]) -> float:
    """How much of a row are headings of the list again: 0 for less than half, or for a single one."""
    texts = [str(cell) for cell in row.cells if cell]
    known = sum(name_key(text) in heading_cells for text in texts)
    return known / len(texts) if known > 1 and known * 2 >= len(texts) else 0


def number_of_cells(row: SheetRow) -> int:
    """Without the empty ones."""
    return sum(map(bool, row.cells))


def _may_be_a_remark(text: str) -> bool:
    """Whether a text alone in its row is hardly the name of an agency."""
    return text.isupper() or len(text.split()) > 7 or bool(_OF_A_REMARK.search(text))
