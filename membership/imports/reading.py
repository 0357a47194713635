"""From a file to the rows of a list, in the order of the steps, with everything that staff are asked."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.formats import date_format

from membership.imports.cells import Values
from membership.imports.columns import Column, ListRow
from membership.imports.files import FileRead, column_number
from membership.imports.layout import Layout, find_layout
from membership.imports.matching import Matching, match_columns, parts_of
from membership.imports.questions import Given, Question, Step
from membership.imports.values import read_values

_MOST_NOTES = 50
_ADDRESS = re.compile(r"([A-Z]+)(\d+)")


@dataclass
class Reading:
    """What was found in a file, and what staff have to say of it."""

    file: FileRead
    layout: Layout
    matching: Matching
    values: Values
    more_questions: list[Question] = field(default_factory=list)

    @property
    def rows(self) -> list[ListRow]:
        return self.values.rows

    @property
    def questions(self) -> list[Question]:
        """All of them, answered or not, in the order of the steps."""
        by_step = [self.layout.questions, self.matching.questions, self.values.questions]
        return [q for questions in (*by_step, self.more_questions) for q in questions]

    @property
    def has_open_questions(self) -> bool:
        return any(question.is_open for question in self.questions)

    @property
    def open_step(self) -> Step:
        """The first step with an open question, or else the last step."""
        return next((q.step for q in self.questions if q.is_open), Step.CHECK)

    @property
    def notes(self) -> list[str]:
        """What staff should look at: how the file was read, and what of it is not in the list."""
        layout, left_out = self.layout, self.values.skipped
        rows = {
            f"Row {number} is skipped: {reason}"
            for number, reason in {**layout.skipped, **left_out}.items()
        }
        unused = [f"“{use.heading}”" for use in self.matching.unused]
        return [
            *([f"The sheet “{self.file.sheets[layout.sheet].name}” is read."] if len(self.file.sheets) > 1 else []),
            *self.file.notes,
            *layout.notes,
            *([f"Not used: {', '.join(unused)}."] if unused else []),
            *self.matching.warnings,
            *(f"“{words}” is not used, in {count} row{'s'[: count - 1]}." for words, count in self.values.unused.items()),
            *sorted(rows, key=lambda row: int(row.split()[1]))[:_MOST_NOTES],
            *([f"… and {len(rows) - _MOST_NOTES} more."] if len(rows) > _MOST_NOTES else []),
        ]  # fmt: skip

    def to_json(self) -> dict[str, Any]:
        """What the pages of the steps show."""
        file = self.file
        return {
            "file": {"what": file.what, "encoding": file.encoding, "notes": file.notes},
            "sheets": [
                {
                    "name": sheet.name,
                    "hidden": sheet.hidden,
                    "rows": len(sheet.rows),
                    "usable": bool(sheet.rows) and not sheet.problem,
                    "problem": sheet.problem,
                }
                for sheet in file.sheets
            ],
            "layout": self.layout.to_json(),
            "columns": [use.to_json() for use in self.matching.uses],
            "there": list(self.matching.positions),
            "constants": self.matching.constants,
            "missing": self.matching.missing,
            "values": self.values.to_json(),
            "questions": [question.to_json() for question in self.questions],
            "open_step": self.open_step.value,
        }


def read_list(file: FileRead, columns: Sequence[Column], given: Given, *, as_of: date) -> Reading:
    """Read the list in a file. Raises ``RefusedError`` if there is none."""
    layout = find_layout(file, [*columns, *parts_of(columns)], given)
    _correct(layout, file, given)
    if question := _date_question(layout, given, as_of):
        layout.questions.append(question)
    matching = match_columns(columns, layout, given, as_of=as_of)
    values = read_values(columns, matching.arrange(layout), matching, given, as_of=as_of)
    for row in values.rows:
        if problem := layout.problems.get(row.number):
            row.problems.insert(0, problem)
    return Reading(file, layout, matching, values)


def _correct(layout: Layout, file: FileRead, given: Given) -> None:
    """Put in what staff corrected. A row with a correction is read as it is then, whatever was wrong with it."""
    sheet = file.sheets[layout.sheet].name
    corrected: dict[int, dict[int, str]] = {}
    for address, text in given.group("corrections").items():
        name, _, cell = address.rpartition("!")
        if name == sheet and (found := _ADDRESS.fullmatch(cell)):
            corrected.setdefault(int(found[2]), {})[column_number(found[1]) - 1] = text
    for number, row in enumerate(layout.rows):
        if cells := corrected.get(row.number):
            width = max(len(row.cells), 1 + max(cells))
            old = row.cells + [""] * (width - len(row.cells))
            new = [cells.get(n, cell) for n, cell in enumerate(old)]
            layout.rows[number] = replace(row, cells=new)
            layout.problems.pop(row.number, None)


def _date_question(layout: Layout, given: Given, as_of: date) -> Question | None:
    """Ask which date is right if the title of the list has another one than staff gave."""
    day = layout.title_date
    if day is None or day == as_of or day > timezone.localdate():
        return None
    shown, typed = date_format(day), date_format(as_of)
    return Question(
        Step.SHEET,
        "as_of",
        day.isoformat(),
        f"The title has the date {shown}, but you gave {typed}. What is the date of the list?",
        options=[
            (day.isoformat(), f"{shown}, from the title"),
            (as_of.isoformat(), f"{typed}, as you gave it"),
        ],
        proposed=day.isoformat(),
        answer=given.get("as_of", day.isoformat()),
        can_wait=True,
    )
