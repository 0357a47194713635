"""Which column of the file is which column of the list: by name, by likeness, by content, or as staff chose."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from membership.imports.columns import Column
from membership.imports.layout import Layout
from membership.imports.questions import Given, Question, Step
from membership.register.names import name_key

SAMPLES = 3


@dataclass
class ColumnUse:
    """A column of the file: its heading, some of its values, and the name of the list's column that it is, if any.

    ``how`` is why: "name", "likeness", "content", "remembered" or "staff". ``key`` is its key in the answers.
    """

    position: int
    key: str
    heading: str
    samples: list[str]
    column: str = ""
    how: str = ""

    def to_json(self) -> dict[str, Any]:
        return dict(vars(self))


@dataclass
class Matching:
    """The columns of the file, the values that staff gave for all rows, and what has to be asked."""

    uses: list[ColumnUse]
    constants: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)

    @property
    def positions(self) -> dict[str, int]:
        return {use.column: use.position for use in self.uses if use.column}

    @property
    def unused(self) -> list[ColumnUse]:
        return [use for use in self.uses if not use.column]


def match_columns(columns: Sequence[Column], layout: Layout, given: Given) -> Matching:
    """Match the headings of the file with the columns of the list."""
    uses, taken = [], set()
    for position, heading in enumerate(layout.headings):
        key = name_key(heading)
        found = next((c.name for c in columns if key in c.keys and c.name not in taken), "")
        taken.add(found)
        cells = (row.cells[position] for row in layout.rows if position < len(row.cells))
        samples = [str(cell) for cell in cells if cell][:SAMPLES]
        uses.append(ColumnUse(position, key, heading, samples, found, "name" if found else ""))
    constants = {key: text for key, text in given.group("constants").items() if text}
    lacking = [c for c in columns if c.required and not {c.name} & (taken | constants.keys())]
    questions = [
        Question(
            Step.COLUMNS,
            "constants",
            column.name,
            f"The file has no “{column.heading}” column. Choose one, or give one value for all rows.",
        )
        for column in lacking
    ]
    return Matching(uses, constants, [column.name for column in lacking], questions)
