"""The cells of one column of a list: what each can mean, and how staff are asked about them."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.utils.formats import date_format

from membership.imports.columns import CellError, Column, ListRow, OneOf
from membership.imports.files import BadCell, Cell
from membership.imports.questions import Given, Question, Rest, Step, in_rows
from membership.register.names import clean_text, name_key

# Answers about a value, beside its meanings.
SKIP, EMPTY = "skip", "empty"
# About a remark behind a name, and about more words beside a choice.
WITHOUT, WHOLE, OVER, PLACE = "without", "whole", "over", "place"
SAYS_NOTHING = frozenset(
    [
        "n/a",
        "na.",
        "#n/a",
        "n.a.",
        "none",
        "nil",
        "-",
        "--",
        "–",
        "—",
        "tbd",
        "tba",
        "?",
        "unknown",
        "not applicable",
        "not available",
        "to be determined",
        "to be confirmed",
        "tbc",
        "null",
        "(blank)",
        "s/o",
        "aucun",
    ]
)
_DITTO = re.compile(r"[\"”“″〃'’,]{1,3}|ditto|do\.|idem|(?:same )?as above|same", re.IGNORECASE)
_NAMES = ("name", "contact_name", "agency", "initiative")
ADDRESS = re.compile(r"\S+@\S+\.\S+")


@dataclass
class Values:
    """The rows with their values, and what has to be asked.

    ``days`` are the columns of dates, for the page: samples as written and as read. ``skipped`` are the rows that
    staff leave out because of a value, by number, each with the reason. ``unused`` are words in cells that count for
    nothing, each with the number of rows.
    """

    rows: list[ListRow]
    questions: list[Question] = field(default_factory=list)
    days: list[dict[str, Any]] = field(default_factory=list)
    skipped: dict[int, str] = field(default_factory=dict)
    unused: dict[str, int] = field(default_factory=dict)
    has_places: bool = False

    def skip(self, numbers: Iterable[int], reason: str) -> None:
        self.skipped.update(dict.fromkeys(numbers, reason))
        self.rows = [row for row in self.rows if row.number not in self.skipped]

    def to_json(self) -> dict[str, Any]:
        reasons = list(self.skipped.values())
        return {
            "days": self.days,
            "skipped": [[reason, reasons.count(reason)] for reason in dict.fromkeys(reasons)],
            "unused": [*self.unused.items()],
        }


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one cell means: a value, nothing, a problem, or that its rows are left out.

    ``others`` are more values, of which each has a row of its own. ``place`` is the community served, which it has beside
    its value. ``over`` is a remark that the row is over, and ``no_one`` that no one has the position.
    """

    value: Any = None
    others: tuple[Any, ...] = ()
    says_nothing: bool = False
    problem: str = ""
    skip: str = ""
    place: str = ""
    over: str = ""
    no_one: bool = False


NOTHING = Meaning(says_nothing=True)
Meanings = dict[Cell, Meaning]


@dataclass
class Cells:
    """The cells of one column that are not empty, each with the numbers of its rows, and how they are asked about."""

    column: Column
    heading: str
    rows: dict[Cell, list[int]]
    given: Given
    as_of: date
    emails: Mapping[int, str]
    person_is_optional: bool
    questions: list[Question] = field(default_factory=list)

    @property
    def group(self) -> str:
        return f"values.{self.column.name}"

    def ask(
        self,
        cell: Cell,
        options: Sequence[tuple[str, str]],
        *,
        group: str = "",
        text: str = "What does it mean?",
        proposed: str = "",
        help_text: str = "",
        or_day: bool = False,
    ) -> str | None:
        """The answer about one value."""
        shown, rows = shown_cell(cell), self.rows[cell]
        return self.ask_once(
            group or self.group,
            self.key(cell),
            f"“{self.heading}” is “{shown}” in {in_rows(rows)}. {text}",
            shown,
            options,
            rows,
            proposed=proposed,
            help_text=help_text,
            is_day=or_day,
        )

    def ask_once(
        self,
        group: str,
        key: str,
        text: str,
        shown: str,
        options: Sequence[tuple[str, str]],
        rows: list[int],
        *,
        proposed: str = "",
        **more: Any,
    ) -> str | None:
        codes = {code for code, _ in options}
        answer = self.given.get(group, key)
        if answer not in codes and not (more.get("is_day") and _is_iso_day(answer)):
            answer = None
        proposed = proposed if proposed in codes else ""
        question = Question(Step.VALUES, group, key, text, shown, list(options), proposed, answer, rows, **more)  # fmt: skip
        self.questions.append(question)
        return answer

    def key(self, cell: Cell) -> str:
        """The key of a value in the answers."""
        return name_key(cell_key(cell)) if isinstance(self.column.read, OneOf) else cell_key(cell)

    def rest(self, *options: tuple[str, str]) -> Rest:
        return Rest(self.given, self.column.name, [*options, (SKIP, "Skip all their rows")])

    def as_the_rest(self, cell: Cell, answer: str | None) -> Meaning:
        """What a value means that is among those that are not asked one by one."""
        return self.left_out(cell) if answer == SKIP else NOTHING

    def left_out(self, cell: Cell) -> Meaning:
        return Meaning(skip=f"“{self.heading}” is “{shown_cell(cell)}”.")

    def problem(self, words: object) -> Meaning:
        return Meaning(problem=f"“{self.heading}”: {words}")

    def ways_out(self) -> list[tuple[str, str]]:
        """The answers that any value can have."""
        # A person in a committee has a role there.
        is_needed = self.column.required or self.column.name == "role"
        leave = [] if is_needed else [(EMPTY, "Nothing: import the row without it")]
        return [*leave, (SKIP, "Skip these rows")]


def shown_cell(cell: Cell) -> str:
    return date_format(cell) if isinstance(cell, date) else clean_text(str(cell))[:80]


def cell_key(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date) else clean_text(str(cell))[:160]


def _is_iso_day(answer: object) -> bool:
    return isinstance(answer, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", answer))


def read_texts(cells: Cells, values: Values) -> Meanings:
    return {cell: read_text(cells, cell) for cell in cells.rows}


def read_text(cells: Cells, cell: Cell) -> Meaning:
    if isinstance(cell, BadCell):
        return cells.problem(cell.sentence)
    text = cell.isoformat() if isinstance(cell, date) else cell
    name = cells.column.name
    if (not cells.column.required or name in _NAMES) and text.casefold() in SAYS_NOTHING:
        return NOTHING
    if _DITTO.fullmatch(text):
        return cells.problem(f"“{text}” stands for the cell above. Write out what it says.")
    if name in _NAMES and ADDRESS.fullmatch(text):
        return cells.problem(f"“{text}” is an email address, not a name.")
    try:
        return Meaning(cells.column.read(text))
    except CellError as problem:
        return cells.problem(problem)
