"""Which sheet of a file has the list, and which of its rows are the headings."""

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from membership.errors import RefusedError
from membership.imports.files import FileRead, Sheet, SheetRow
from membership.imports.headings import Headings
from membership.imports.questions import Given, Question, Step
from membership.register.names import name_key

# The headings are looked for in so many rows, and staff choose among them.
FIRST_ROWS = 30
# With fewer columns than this by name, headings are also recognized by likeness.
_FEW = 4
# By likeness only so many, because every heading is compared with every name.
_GUESSED_SHEETS = 10


# -- The sheet ---------------------------------------------------------------------------------------


def choose_sheet(
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
        options=[(sheet.name, _sheet_label(sheet)) for sheet in sheets],
        proposed=chosen.name,
        can_wait="?" not in text,
    )


def _sheet_label(sheet: Sheet) -> str:
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


def choose_headings(
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
    down = [next(filter(None, map(str, row.cells))) for row in sheet.rows[:FIRST_ROWS]]
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
                options=[(str(r.number), f"Row {r.number}: {r}") for r in sheet.rows[:30]],
                # Headings have no email: this is someone’s row.
                proposed="" if "@" in str(row) else str(row.number),
            )
        ],
    )


def _best_heading(
    sheet: Sheet, names: Headings, known: Any, *, guess: bool
) -> tuple[int, int, int]:
    """The row, or two or three rows, whose headings name most columns: position, number of rows, and how many."""
    rows = sheet.rows[: min(FIRST_ROWS, len(sheet.rows) - 1) or 1]
    best = (0, 1, 0)
    for n, row in enumerate(rows):
        fit = names.fit(joined_headings([row]), known, guess=guess)
        best = max(best, (n, 1, fit), key=lambda found: found[2])
    for count in (2, 3):
        for n in range(len(rows) - count + 1):
            several = rows[n : n + count]
            if several[-1].number == rows[n].number + count - 1 and all(
                _may_be_heading(cell) for row in several[1:] for cell in row.cells
            ):
                fit = names.fit(joined_headings(several), known, guess=guess)
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
    widths = [sum(map(bool, row.cells)) for row in sheet.rows[:FIRST_ROWS]]
    return next(n for n, width in enumerate(widths) if width >= 0.7 * max(widths))


def joined_headings(rows: Sequence[SheetRow]) -> list[str]:
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


def date_in_title(title: str) -> date | None:
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
