"""Where the list is in its file: which sheet, which rows are headings, and which rows are no part of the list."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import pairwise
from typing import Any

from membership.errors import RefusedError
from membership.imports.columns import HOW_WE_KNOW, NEVER_ONE_VALUE, Column
from membership.imports.files import (
    MAX_ROWS,
    Cell,
    FileRead,
    Sheet,
    SheetRow,
    column_letters,
    shown,
    too_many_rows,
)
from membership.imports.heading_rows import (
    FIRST_ROWS,
    choose_headings,
    choose_sheet,
    date_in_title,
    joined_headings,
)
from membership.imports.headings import Headings, heading_keys
from membership.imports.other_rows import (
    GUESSED,
    REMARKS,
    SKIPS,
    has_all,
    is_title,
    kind_of_row,
    kind_of_text_alone,
    number_of_cells,
    share_of_headings,
    skip_key,
)
from membership.imports.questions import Given, Question, Step
from membership.register.names import name_key

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
                    "text": str(row),
                    "is_skipped": row.number in self.skipped,
                }
                for row in shown
            ],
            "more_proposed": max(0, len(self.proposed) - _MOST_SHOWN),
        }


def find_layout(file: FileRead, columns: Sequence[Column], given: Given) -> Layout:
    """Find the list in its file. Raises ``RefusedError`` if no sheet has rows below its headings."""
    names, known = Headings(columns), given.group("columns").keys()
    sheet, questions = choose_sheet(file, names, known, given)
    if len(sheet.rows) < 2:
        raise RefusedError("The file has no rows below its headings.")
    top, count, more = choose_headings(sheet, names, known, given)
    if len(sheet.rows) - top - count > MAX_ROWS:
        raise RefusedError(too_many_rows())
    last = sheet.rows[top + count - 1]
    layout = Layout(
        sheet=file.sheets.index(sheet),
        first_heading=sheet.rows[top].number,
        last_heading=last.number,
        headings=joined_headings(sheet.rows[top : top + count]),
        rows=sheet.rows[top + count :],
        questions=[*questions, *more],
        notes=list(sheet.notes),
        titles=[str(row) for row in sheet.rows[:top]][:FIRST_ROWS],
        first_rows=[(row.number, str(row)) for row in sheet.rows[:FIRST_ROWS]],
    )
    layout.title_date = next(filter(None, map(date_in_title, [*layout.titles, sheet.name])), None)
    _set_aside_a_table_beside(layout, sheet, names, given)
    _find_long_rows(layout, is_text=bool(file.encoding))
    _find_rows_to_skip(layout, names, given)
    _add_titles_between(layout)
    _ask_about_empty_cells(layout, names, given)
    _drop_note_marks(layout)
    _ask_about_marked_rows(layout, sheet, columns, given)
    return layout


# -- Rows that are no part of the list ---------------------------------------------------------------


def _find_rows_to_skip(layout: Layout, names: Headings, given: Given) -> None:
    """Recognize totals, notes and so on. They are skipped unless staff say to read them."""
    heading_cells = {key for heading in layout.headings for key in heading_keys(heading)}
    needed = _needed_positions(layout, names, given)
    full = [r for r in layout.rows if has_all(r, needed) and len(needed) + number_of_cells(r) > 2]
    # With the agency only in titles between rows, no row has all.
    longer = full or [row for row in layout.rows if number_of_cells(row) > 2]
    last_full = longer[-1].number if longer else 0
    # Where the others have more cells, a row with one may be a remark, even if no other cell is needed.
    alone = sum(number_of_cells(row) == 1 for row in layout.rows)
    is_more = len(needed) > 1 or (bool(needed) and 2 * len(full) >= alone)
    asked: dict[str, list[int]] = {}
    lines: dict[int, str] = {}
    is_export = layout.headings[-1:] == [HOW_WE_KNOW]
    is_below = is_after_remark = False
    last = 0
    gaps = sum(b.number != a.number + 1 for a, b in pairwise(layout.rows))
    has_gaps = 2 * gaps > len(layout.rows)  # an empty row between all of them
    for row in layout.rows:
        if headings := share_of_headings(row, heading_cells):
            is_below = headings < 0.7 or not _are_in_their_columns(row, layout)
        kind = kind_of_row(row, headings >= 0.7, needed, last_full, is_more=is_more)
        # Apart from other rows, or below a remark, a text alone is hardly one of several agencies.
        if is_after_remark or (is_more and not has_gaps and row.number != last + 1):
            kind = kind or kind_of_text_alone(row, last_full)
        is_after_remark = is_more and 0 < last_full < row.number and kind in REMARKS
        last = row.number
        # Those above are of committees, of which each may have nothing but a name.
        if kind in ("", "below") and is_title(row, names, needed):
            kind = "section"
        if is_below and kind in ("", "repeat", "section"):
            kind = "table"
        if (
            is_export
            and not has_all(row, needed)
            and not any(isinstance(c, date) for c in row.cells)
        ):
            kind = "exported"
        answer = given.get("skipped", str(row.number))
        if kind:
            layout.proposed[row.number] = kind
            lines[row.number] = str(row)
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
            can_wait=kind not in GUESSED,
        )
        layout.questions.append(question)


def _needed_positions(layout: Layout, names: Headings, given: Given) -> dict[int, str]:
    """The columns of the file without which a row says nothing, with the columns of the list that they are."""
    needed: dict[str, int] = {}
    for position, heading in enumerate(layout.headings):
        if column := given.get("columns", name_key(heading)):
            needed.setdefault(column, position)
    for one in names.candidates(layout.headings):
        needed.setdefault(one.column, one.position)
    return {needed[c.name]: c.name for c in names.columns if c.required and c.name in needed}


def _are_in_their_columns(row: SheetRow, layout: Layout) -> bool:
    """Whether headings stand again below each other, so that the rows below them belong to the list."""
    pairs = zip(row.cells, layout.headings, strict=False)
    known = {key for heading in layout.headings for key in heading_keys(heading)}
    return all(
        name_key(str(cell)) in heading_keys(heading)
        for cell, heading in pairs
        if cell and name_key(str(cell)) in known
    )


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
                help_text="; ".join(str(row) for row in left if row.number in rows[:3]),
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
