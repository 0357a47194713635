"""Where the list is in its file: which sheet, which rows are headings, and which rows are no part of the list."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import pairwise
from typing import Any

from django.utils.formats import date_format

from membership.errors import RefusedError
from membership.imports.cells import ADDRESS
from membership.imports.columns import HOW_WE_KNOW, NEVER_ONE_VALUE, Column, OneOf
from membership.imports.files import (
    MAX_ROWS,
    BadCell,
    Cell,
    FileRead,
    Sheet,
    SheetRow,
    column_letters,
    too_many_rows,
)
from membership.imports.headings import Headings, heading_keys
from membership.imports.questions import Given, Question, Step
from membership.register.names import name_key

# The headings are looked for in so many rows, and staff choose among them.
_FIRST_ROWS = 30
# With fewer columns than this by name, headings are also recognized by likeness.
_FEW = 4
# By likeness only so many, because every heading is compared with every name.
_GUESSED_SHEETS = 10
_MOST_SHOWN = 200
# The heading of a column that is made of the titles between rows.
TITLES_BETWEEN = "Title between rows"


@dataclass
class Layout:
    """The sheet and the rows that are read.

    ``skipped`` are rows below the headings that are no part of the list, by number, each with the reason.
    ``proposed`` are those that the portal recognized, by number, each with its kind, whether or not staff skip them.
    ``problems`` are errors of whole rows. ``titles`` stand above the headings; ``title_date`` is the date in them.
    """

    sheet: int
    first_heading: int
    last_heading: int
    headings: list[str]
    rows: list[SheetRow]
    skipped: dict[int, str] = field(default_factory=dict)
    questions: list[Question] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    proposed: dict[int, str] = field(default_factory=dict)
    problems: dict[int, str] = field(default_factory=dict)
    titles: list[str] = field(default_factory=list)
    title_date: date | None = None
    first_rows: list[tuple[int, str]] = field(default_factory=list)

    @property
    def read_rows(self) -> Iterator[SheetRow]:
        """The rows of the list, without what is skipped."""
        return (row for row in self.rows if row.number not in self.skipped)

    def to_json(self) -> dict[str, Any]:
        shown = [row for row in self.rows if row.number in self.proposed][:_MOST_SHOWN]
        return {
            "sheet": self.sheet,
            "first_heading": self.first_heading,
            "last_heading": self.last_heading,
            "headings": self.headings,
            "skipped": self.skipped,
            "notes": self.notes,
            "titles": self.titles,
            "rows": len(self.rows) - len(self.skipped),
            "first_rows": self.first_rows,
            "proposed": [
                {
                    "number": row.number,
                    "kind": self.proposed[row.number],
                    "reason": SKIPS[self.proposed[row.number]],
                    "text": _shown(row),
                    "is_skipped": row.number in self.skipped,
                }
                for row in shown
            ],
            "more_proposed": max(0, len(self.proposed) - _MOST_SHOWN),
        }


def find_layout(file: FileRead, columns: Sequence[Column], given: Given) -> Layout:
    """Find the list in its file. Raises ``RefusedError`` if no sheet has rows below its headings."""
    names, known = Headings(columns), given.group("columns").keys()
    sheet, questions = _choose_sheet(file, names, known, given)
    if len(sheet.rows) < 2:
        raise RefusedError("The file has no rows below its headings.")
    top, count, more = _choose_headings(sheet, names, known, given)
    if len(sheet.rows) - top - count > MAX_ROWS:
        raise RefusedError(too_many_rows())
    last = sheet.rows[top + count - 1]
    layout = Layout(
        sheet=file.sheets.index(sheet),
        first_heading=sheet.rows[top].number,
        last_heading=last.number,
        headings=_joined(sheet.rows[top : top + count]),
        rows=sheet.rows[top + count :],
        questions=[*questions, *more],
        notes=list(sheet.notes),
        titles=[_shown(row) for row in sheet.rows[:top]][:_FIRST_ROWS],
        first_rows=[(row.number, _shown(row)) for row in sheet.rows[:_FIRST_ROWS]],
    )
    layout.title_date = next(filter(None, map(_as_of, [*layout.titles, sheet.name])), None)
    _set_aside_a_table_beside(layout, sheet, names, given)
    _find_long_rows(layout, is_text=bool(file.encoding))
    _find_rows_to_skip(layout, names, given)
    _add_titles_between(layout)
    _ask_about_empty_cells(layout, names, given)
    _drop_note_marks(layout)
    _ask_about_marked_rows(layout, sheet, columns, given)
    return layout


# -- The sheet ---------------------------------------------------------------------------------------


def _choose_sheet(
    file: FileRead, names: Headings, known: Any, given: Given
) -> tuple[Sheet, list[Question]]:
    """The sheet that staff chose, or else the visible one whose headings fit."""
    sheets = [sheet for sheet in file.sheets if sheet.rows and not sheet.problem]
    if not sheets:
        problem = next((sheet.problem for sheet in file.sheets if sheet.problem), "")
        raise RefusedError(problem or "The sheet is empty.")
    if len(sheets) == 1 and not sheets[0].hidden:
        return sheets[0], []
    fits = {id(sheet): _best_heading(sheet, names, known, guess=False)[2] for sheet in sheets}
    if max(fits.values()) < 2:  # no sheet has two headings that are known
        for sheet in sheets[:_GUESSED_SHEETS]:
            fits[id(sheet)] = _best_heading(sheet, names, known, guess=True)[2]
    visible = [sheet for sheet in sheets if not sheet.hidden]
    best = max((fits[id(sheet)] for sheet in visible), default=0)
    among = visible if best or not max(fits.values()) else sheets
    # A sheet of another year may have a column more or less.
    fitting = [s for s in among if fits[id(s)] >= 0.7 * max(fits[id(one)] for one in among)]
    chosen = max(fitting, key=lambda s: (s.is_active, newest_year(s.name), -sheets.index(s)))
    answer = given.get("sheet", "sheet")
    if given.is_remembered("sheet", "sheet") and any(map(str.isdigit, answer or "")):
        # The sheet of another year is not the sheet of this one.
        answer = chosen.name if without_digits(answer) == without_digits(chosen.name) else None
        if chosen is not max(fitting, key=lambda s: newest_year(s.name)):
            answer = None
    if found := next((sheet for sheet in sheets if sheet.name == answer), None):
        return found, []
    if len(among) == 1 and not chosen.hidden and not any(s.hidden and fits[id(s)] for s in sheets):
        return chosen, []
    return chosen, [_sheet_question(sheets, fitting, chosen)]


def _sheet_question(sheets: list[Sheet], fitting: list[Sheet], chosen: Sheet) -> Question:
    newest = max(fitting, key=lambda s: newest_year(s.name))
    if chosen.hidden:
        text = f"Only the hidden sheet “{chosen.name}” has headings that fit. Is it the right one?"
    elif len(fitting) > 1 and newest_year(chosen.name) < newest_year(newest.name):
        text = f"The file opens on “{chosen.name}”, but it also has “{newest.name}”. Which one is the list?"
    elif len({newest_year(s.name) for s in fitting}) < len(fitting):
        text = (
            f"“{chosen.name}” is read. {len(fitting)} sheets have such headings. Which one is the list? If it is on "
            "several, put their rows on one sheet, and upload the file again."
        )
    else:
        text = f"“{chosen.name}” is read. The file has {len(sheets)} sheets with rows."
    return Question(
        Step.SHEET,
        "sheet",
        "sheet",
        text,
        options=[(sheet.name, sheet_label(sheet)) for sheet in sheets],
        proposed=chosen.name,
        can_wait="?" not in text,
    )


def sheet_label(sheet: Sheet) -> str:
    hidden = ", hidden" if sheet.hidden else ""
    return f"{sheet.name} ({len(sheet.rows)} rows{hidden})"


def newest_year(text: str) -> int:
    """The newest year in the name of a sheet: 2027 for “2026-27” and “FY26/27”, 0 for none."""
    years = [int(found) for found in re.findall(r"(?<!\d)((?:19|20)\d\d)(?!\d)", text)]
    ends = re.findall(r"(?<!\d)(?:20)?(\d\d)\s*[-–/]\s*(?:20)?(\d\d)(?!\d)", text)
    years += [2000 + int(second) for first, second in ends if int(second) - int(first) == 1]
    return max(years, default=0)


def without_digits(text: str) -> str:
    """The key of a text that is the same for every year in it."""
    return re.sub(r"\d+", "#", name_key(text))


# -- The headings ------------------------------------------------------------------------------------


def _choose_headings(
    sheet: Sheet, names: Headings, known: Any, given: Given
) -> tuple[int, int, list[Question]]:
    """The position of the first row of headings, the number of these rows, and what has to be asked."""
    positions = {row.number: n for n, row in enumerate(sheet.rows)}
    answer = str(given.get("headings", sheet.name) or "")
    first, _, last = answer.partition("-")
    if first.isdigit() and int(first) in positions:
        top = positions[int(first)]
        end = positions.get(int(last), top) if last.isdigit() else top
        if top <= end < len(sheet.rows) - 1:
            return top, end - top + 1, []
    top, count, fit = _best_heading(sheet, names, known, guess=False)
    if fit < _FEW:
        guessed = _best_heading(sheet, names, known, guess=True)
        # A few words that are alike may as well be the first row of a list without headings.
        if guessed[2] >= _FEW or (fit and guessed[2] > fit):
            top, count, fit = guessed
    down = [next(filter(None, map(str, row.cells))) for row in sheet.rows[:_FIRST_ROWS]]
    if names.fit(down, guess=False) >= max(_FEW, 2 * fit):
        raise RefusedError(
            "The headings of the list are one below the other. In Excel, copy the list, choose “Paste Special” and "
            "“Transpose” on a new sheet, and import that."
        )
    if fit:
        years = _has_years_above(sheet, top) if count == 1 else 0
        return top - years, count + years, []
    top = _widest_row(sheet)
    row = sheet.rows[top]
    return (
        top,
        1,
        [
            Question(
                Step.SHEET,
                "headings",
                sheet.name,
                "We do not know any of the headings. Which row has them? If the file has none, add a row of "
                "headings, and upload it again.",
                options=[(str(r.number), f"Row {r.number}: {_shown(r)}") for r in sheet.rows[:30]],
                # Headings have no email: this is someone’s row.
                proposed="" if "@" in _shown(row) else str(row.number),
            )
        ],
    )


def _best_heading(
    sheet: Sheet, names: Headings, known: Any, *, guess: bool
) -> tuple[int, int, int]:
    """The row, or two or three rows, whose headings name most columns: position, number of rows, and how many."""
    rows = sheet.rows[: min(_FIRST_ROWS, len(sheet.rows) - 1) or 1]
    best = (0, 1, 0)
    for n, row in enumerate(rows):
        fit = names.fit(_joined([row]), known, guess=guess)
        best = max(best, (n, 1, fit), key=lambda found: found[2])
    for count in (2, 3):
        for n in range(len(rows) - count + 1):
            several = rows[n : n + count]
            if several[-1].number == rows[n].number + count - 1 and all(
                _may_be_heading(cell) for row in several[1:] for cell in row.cells
            ):
                fit = names.fit(_joined(several), known, guess=guess)
                best = max(best, (n, count, fit), key=lambda found: found[2])
    return best


def _has_years_above(sheet: Sheet, top: int) -> bool:
    """Whether the row above has a year for each of several columns with the same headings."""
    row, above = sheet.rows[top], sheet.rows[top - 1]
    keys = [name_key(str(cell)) for cell in row.cells if cell]
    years = {newest_year(str(cell)) for cell in above.cells} - {0}
    return above.number == row.number - 1 > 0 and len(set(keys)) < len(keys) and len(years) > 1


def _may_be_heading(cell: object) -> bool:
    return isinstance(cell, str) and "@" not in cell and not cell.replace("-", "").isdigit()


def _widest_row(sheet: Sheet) -> int:
    """The first row with nearly as many cells as the widest one: titles are narrow."""
    widths = [sum(map(bool, row.cells)) for row in sheet.rows[:_FIRST_ROWS]]
    return next(n for n, width in enumerate(widths) if width >= 0.7 * max(widths))


def _joined(rows: Sequence[SheetRow]) -> list[str]:
    """The headings of one row, or of several: “Contract / Start date”. A merged cell counts for all that are below it."""
    texts = [[str(cell) for cell in row.cells] for row in rows]
    if len(rows) == 1:
        return texts[0]
    *uppers, lower = texts
    width = max(map(len, texts))
    lower += [""] * (width - len(lower))
    parts = [lower]
    for upper in reversed(uppers):
        upper += [""] * (width - len(upper))
        above = ""
        filled = []
        for text, below in zip(upper, lower, strict=True):
            above = text or (above if below else "")
            filled.append(above)
        parts.insert(0, filled)
    return [" / ".join(dict.fromkeys(filter(None, column))) for column in zip(*parts, strict=True)]


_DAY = r"([A-Za-z]+\.? \d{1,2},? \d{4}|\d{1,2} [A-Za-z]+\.?,? \d{4}|\d{4}-\d{2}-\d{2})"
_AS_OF = re.compile(
    rf"(?:\b(?:as of|as at|current to|effective|dated)|^(?:list )?date)\s*:?\s+{_DAY}",
    re.IGNORECASE,
)


def _as_of(title: str) -> date | None:
    """The date of a list as its title has it: “Contracts as of April 1, 2026”."""
    if not (found := _AS_OF.search(title.replace(" | ", " "))):
        return None
    written = found[1].replace(",", "").replace(".", "")
    for form in ("%B %d %Y", "%b %d %Y", "%d %B %Y", "%d %b %Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(written, form).date()
        except ValueError:
            continue
    return None


# -- Rows that are no part of the list ---------------------------------------------------------------

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
_GUESSED = ("section", "below", "table")
_REMARKS = ("printed", "note", "below")
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


def _find_rows_to_skip(layout: Layout, names: Headings, given: Given) -> None:
    """Recognize totals, notes and so on. They are skipped unless staff say to read them."""
    heading_cells = {key for heading in layout.headings for key in heading_keys(heading)}
    needed = _needed_positions(layout, names, given)
    full = [r for r in layout.rows if _has_all(r, needed) and len(needed) + _number_of_cells(r) > 2]
    # With the agency only in titles between rows, no row has all.
    longer = full or [row for row in layout.rows if _number_of_cells(row) > 2]
    last_full = longer[-1].number if longer else 0
    # Where the others have more cells, a row with one may be a remark, even if no other cell is needed.
    alone = sum(_number_of_cells(row) == 1 for row in layout.rows)
    is_more = len(needed) > 1 or (bool(needed) and 2 * len(full) >= alone)
    asked: dict[str, list[int]] = {}
    lines: dict[int, str] = {}
    is_export = layout.headings[-1:] == [HOW_WE_KNOW]
    is_below = is_after_remark = False
    last = 0
    gaps = sum(b.number != a.number + 1 for a, b in pairwise(layout.rows))
    has_gaps = 2 * gaps > len(layout.rows)  # an empty row between all of them
    for row in layout.rows:
        if headings := _headings_in(row, heading_cells):
            is_below = headings < 0.7 or not _are_in_their_columns(row, layout)
        kind = _kind_of_skip(row, headings >= 0.7, needed, last_full, is_more=is_more)
        # Apart from other rows, or below a remark, a text alone is hardly one of several agencies.
        if is_after_remark or (is_more and not has_gaps and row.number != last + 1):
            kind = kind or _kind_of_text_alone(row, last_full)
        is_after_remark = is_more and 0 < last_full < row.number and kind in _REMARKS
        last = row.number
        # Those above are of committees, of which each may have nothing but a name.
        if kind in ("", "below") and _is_title(row, names, needed):
            kind = "section"
        if is_below and kind in ("", "repeat", "section"):
            kind = "table"
        if (
            is_export
            and not _has_all(row, needed)
            and not any(isinstance(c, date) for c in row.cells)
        ):
            kind = "exported"
        answer = given.get("skipped", str(row.number))
        if kind:
            layout.proposed[row.number] = kind
            lines[row.number] = _shown(row)
            known = given.get("skips", skip_key(kind, lines[row.number]))
            if not known and not given.is_remembered("skips", kind):
                known = given.get("skips", kind)  # too many for the page to show each
            answer = answer or known or "skip"
            if not known:
                asked.setdefault(kind, []).append(row.number)
        if answer == "skip":
            layout.skipped[row.number] = SKIPS[kind] if kind else "you chose to skip it"
    for kind, rows in asked.items():
        looks = "looks" if len(rows) == 1 else "look"
        question = Question(
            Step.SHEET,
            "skips",
            kind,
            f"{_rows(rows)} {looks} like {SKIPS[kind]}, and will be skipped.",
            shown="; ".join(lines[number] for number in rows[:5]),
            options=[("skip", "Skip"), ("read", "Read as part of the list")],
            proposed="skip",
            rows=rows,
            can_wait=kind not in _GUESSED,
        )
        layout.questions.append(question)


def skip_key(kind: str, text: str) -> str:
    """The key under which a list remembers what to do with such rows."""
    return f"{kind}: {name_key(text)}" if kind in _GUESSED else kind


def _needed_positions(layout: Layout, names: Headings, given: Given) -> dict[int, str]:
    """The columns of the file without which a row says nothing, with the columns of the list that they are."""
    needed: dict[str, int] = {}
    for position, heading in enumerate(layout.headings):
        if column := given.get("columns", name_key(heading)):
            needed.setdefault(column, position)
    for one in names.candidates(layout.headings):
        needed.setdefault(one.column, one.position)
    return {needed[c.name]: c.name for c in names.columns if c.required and c.name in needed}


def _has_all(row: SheetRow, needed: Collection[int]) -> bool:
    return bool(needed) and all(n < len(row.cells) and row.cells[n] for n in needed)


def _is_title(row: SheetRow, names: Headings, needed: Mapping[int, str]) -> bool:
    """Whether a row has nothing but a choice for a column that the list lacks: “ICATs” above those committees."""
    cells = [str(cell) for cell in row.cells if cell]
    if len(cells) != 1:
        return False
    lacking = [
        c for c in names.columns if c.required and c.choices and c.name not in needed.values()
    ]
    return any(isinstance(c.read, OneOf) and c.read.knows(cells[0]) for c in lacking)


def _headings_in(row: SheetRow, heading_cells: set[str]) -> float:
    """How much of a row are headings of the list again: 0 for less than half, or for a single one."""
    texts = [str(cell) for cell in row.cells if cell]
    known = sum(name_key(text) in heading_cells for text in texts)
    return known / len(texts) if known > 1 and known * 2 >= len(texts) else 0


def _are_in_their_columns(row: SheetRow, layout: Layout) -> bool:
    """Whether headings stand again below each other, so that the rows below them belong to the list."""
    pairs = zip(row.cells, layout.headings, strict=False)
    known = {key for heading in layout.headings for key in heading_keys(heading)}
    return all(
        name_key(str(cell)) in heading_keys(heading)
        for cell, heading in pairs
        if cell and name_key(str(cell)) in known
    )


def _may_be_a_remark(text: str) -> bool:
    """Whether a text alone in its row is hardly the name of an agency."""
    return text.isupper() or len(text.split()) > 7 or bool(_OF_A_REMARK.search(text))


def _kind_of_text_alone(row: SheetRow, last_full: int) -> str:
    if _number_of_cells(row) > 1 or "@" in _shown(row) or LIKE_AN_AGENCY.search(_shown(row)):
        return ""
    return "below" if row.number > last_full else "section"


def _number_of_cells(row: SheetRow) -> int:
    return sum(map(bool, row.cells))


def _kind_of_skip(
    row: SheetRow, is_repeat: bool, needed: Collection[int], last_full: int, *, is_more: bool
) -> str:
    """Why a row is no part of the list, by the keys of ``SKIPS``; empty for a row that is."""
    if is_repeat:
        return "repeat"
    cells = [cell for cell in row.cells if cell]
    texts = [str(cell) for cell in cells]
    is_agency = bool(LIKE_AN_AGENCY.search(texts[0]))
    has_all = _has_all(row, needed) and (
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
                not has_all
                and not (len(texts) == 1 and newest_year(texts[0]))
                and any(
                    found(texts[0])
                    for found in (_BEGINS_A_TOTAL.match, _ENDS_A_TOTAL.fullmatch, _NUMBER.fullmatch)
                )
            )
            or (not has_all and len(texts) > 1 and _COUNTS_THEM.fullmatch(texts[0]))
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


# -- Other tables, titles between rows, and what stands above ------------------------------------------


def _set_aside_a_table_beside(layout: Layout, sheet: Sheet, names: Headings, given: Given) -> None:
    """A sheet may have another table beside the list: with the same headings again, or after an empty column."""
    keys = [name_key(heading) for heading in layout.headings]
    first = next((n for n, key in enumerate(keys) if key), 0)
    again = keys.index(keys[first], first + 1) if keys.count(keys[first]) > 1 else 0
    width = len(keys)
    if again and len({*filter(None, keys[first:again])} & {*keys[again:]}) > 1:
        start, can_be_part = again, False
    else:
        filled = {n for row in layout.rows for n, cell in enumerate(row.cells) if cell}
        filled |= {n for n, key in enumerate(keys) if key}
        gaps = [n for n in range(first, width) if n not in filled]
        start = next((n for n in range(gaps[0], width) if keys[n]), 0) if gaps else 0
        known = {one.position for one in names.candidates(layout.headings, guess=False)}
        if not start or not any(n < start for n in known) or not any(n >= start for n in known):
            return
        can_be_part = True
    columns = f"{column_letters(start + 1)} to {column_letters(width)}"
    text, options = (
        f"Columns {columns} stand apart, after an empty column. Are they part of the list?",
        [("part", "Yes, part of the list"), ("other", "No, another table")],
    )
    if not can_be_part:
        text = (
            f"Columns {columns} have the headings again, for a second table beside the first. Only the first is read. "
            "To import both, move the second one below the first, and upload the file again."
        )
        options = [("other", "Read only the first table")]
    answer = given.get("beside", sheet.name)
    layout.questions.append(
        Question(Step.SHEET, "beside", sheet.name, text, options=options, answer=answer)
    )
    if answer == "other" or not can_be_part:
        layout.headings = layout.headings[:start]
        layout.rows = [
            replace(row, cells=row.cells[:start]) for row in layout.rows if any(row.cells[:start])
        ]


def _add_titles_between(layout: Layout) -> None:
    """What a title between rows says holds for the rows below it, so it is a column that staff can use."""
    titles: dict[int, Cell] = {
        row.number: next(cell for cell in row.cells if cell)
        for row in layout.rows
        if layout.proposed.get(row.number) == "section" and row.number in layout.skipped
    }
    if not {*map(str, titles.values())} - {*layout.titles}:
        return
    width = len(layout.headings)
    layout.headings = [*layout.headings, TITLES_BETWEEN]
    title: Cell = ""
    rows = []
    for row in layout.rows:
        title = titles.get(row.number, title)
        cells = row.cells[:width] + [""] * (width - len(row.cells))
        rows.append(replace(row, cells=[*cells, title]) if title else row)
    layout.rows = rows


def _ask_about_empty_cells(layout: Layout, names: Headings, given: Given) -> None:
    """An agency or a program that stands only in the first of its rows may count for the others too."""
    left = [row for row in layout.rows if row.number not in layout.skipped]
    needed = _needed_positions(layout, names, given)
    for position, column in needed.items():
        heading = layout.headings[position]
        empty = [
            row.number
            for row in left[1:]
            if not any(row.cells[position : position + 1])
            and any(any(row.cells[n : n + 1]) for n in needed if n != position)
        ]
        if len(empty) < 2 or column in NEVER_ONE_VALUE or not any(left[0].cells[position:][:1]):
            continue
        answer = given.get("above", heading)
        layout.questions.append(
            Question(
                Step.SHEET,
                "above",
                heading,
                f"“{heading}” is empty in {_rows(empty).lower()}. Does what stands above count for these rows too?",
                options=[("above", "Yes, as above"), ("empty", "No, these rows have errors")],
                answer=answer,
                rows=empty,
            )
        )
        if answer == "above":
            above: Cell = ""
            for n, row in enumerate(layout.rows):
                if row.number in layout.skipped:
                    continue
                cells = row.cells + [""] * (position + 1 - len(row.cells))
                above = cells[position] = cells[position] or above
                layout.rows[n] = replace(row, cells=cells)


_NOTE_MARKS = frozenset("*†‡§¹²³⁴⁵⁶⁷⁸⁹⁰")


def _drop_note_marks(layout: Layout) -> None:
    """A mark such as “*” after a name points to a note, and is no part of the name."""
    dropped = []
    for n, row in enumerate(layout.rows):
        if row.number in layout.skipped:
            continue
        for position, cell in enumerate(row.cells):
            if isinstance(cell, str) and (cell[-1:] in _NOTE_MARKS or cell[:1] in "*†‡"):
                bare = cell.lstrip("*†‡ ").rstrip("".join(_NOTE_MARKS) + " ")
                if bare[-1:].isalnum() or bare[-1:] in tuple(".)’"):
                    row = layout.rows[n] = replace(row, cells=[*row.cells])
                    row.cells[position] = bare
                    dropped.append(f"“{cell[:60]}” in row {row.number}")
    if dropped:
        more = f" and {len(dropped) - 3} more" if len(dropped) > 3 else ""
        layout.notes.append(
            f"Marks for notes are not read as part of a name: {', '.join(dropped[:3])}{more}."
        )


def _find_long_rows(layout: Layout, *, is_text: bool) -> None:
    """In a text file, a row with more cells than headings has a separator too many, and its cells have moved."""
    width = len(layout.headings)
    longer = [row for row in layout.rows if len(row.cells) > width]
    if not is_text and longer:  # columns without a heading
        layout.headings += [""] * (max(len(row.cells) for row in longer) - width)
        return
    for row in longer:
        cells = "; ".join(map(shown, row.cells))
        layout.problems[row.number] = (
            f"The row has {len(row.cells)} cells, but there are {width} headings: {cells[:300]}. "
            "A comma in a cell needs quotation marks around the cell, and each column needs a heading."
        )


def _ask_about_marked_rows(
    layout: Layout, sheet: Sheet, columns: Sequence[Column], given: Given
) -> None:
    """Hidden rows may be outdated, or only filtered away. Rows that are crossed out may be over."""
    status = {key for column in columns if column.name == "status" for key in column.keys}
    has_status = any(key in status for heading in layout.headings for key in heading_keys(heading))
    left = [row for row in layout.rows if row.number not in layout.skipped]
    marked = {
        "struck": [row.number for row in left if row.struck],
        "hidden": [row.number for row in left if row.hidden and not row.struck],
    }
    what = {"struck": "crossed out", "hidden": "hidden in the file, perhaps by a filter"}
    for mark, rows in marked.items():
        if not rows:
            continue
        key = f"{mark}: {sheet.name}"
        answer = given.get("marked", key)
        text = f"{_rows(rows)} {'is' if len(rows) == 1 else 'are'} {what[mark]}. Does the list include {'it' if len(rows) == 1 else 'them'}?"
        proposed = "skip" if mark == "struck" else "read" if has_status else ""
        layout.questions.append(
            Question(
                Step.SHEET,
                "marked",
                key,
                text,
                options=[("read", "Yes, read"), ("skip", "No, skip")],
                proposed=proposed,
                answer=answer,
                rows=rows,
                help_text="; ".join(_shown(row) for row in left if row.number in rows[:3]),
            )
        )
        if answer == "skip":
            layout.skipped |= dict.fromkeys(rows, what[mark])


def _rows(numbers: list[int]) -> str:
    """“Row 3”, “Rows 3 and 7”, “12 rows (3, 4, 5 …)”."""
    if len(numbers) == 1:
        return f"Row {numbers[0]}"
    if len(numbers) <= 5:
        return f"Rows {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return f"{len(numbers)} rows ({', '.join(map(str, numbers[:5]))} …)"


def shown(cell: Cell) -> str:
    """A cell as a page shows it."""
    return date_format(cell) if isinstance(cell, date) else str(cell)


def _shown(row: SheetRow) -> str:
    """A row in one line."""
    line = " | ".join([shown(cell) for cell in row.cells if cell][:8])
    return line if len(line) <= 110 else f"{line[:109]}…"
