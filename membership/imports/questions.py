"""What staff are asked about a list, and what they answered.

An import keeps the answers of staff in groups, for example ``columns`` or ``values.program_type``; in a group, each
answer has a key, for example a heading or a value as the file has it. A list remembers those groups that its next
edition may use again.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from django.db.models import TextChoices

Answers = dict[str, dict[str, Any]]

_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# April 2026, FY26/27, 2026-27.
_WITH_YEAR = re.compile(r"(?<!\d)(?:19|20|21|22)\d\d(?!\d)|(?<!\d)\d\d ?[/–-] ?\d\d(?!\d)")


class Step(TextChoices):
    """The steps of an import, in their order. The file is step one; it is not asked again."""

    FILE = "file", "File"
    SHEET = "sheet", "Sheet and headings"
    COLUMNS = "columns", "Columns"
    VALUES = "values", "Values"
    CHECK = "check", "Check and write"


@dataclass
class Question:
    """Something that staff have to say before the list can be checked.

    ``proposed`` is the answer that the page has chosen already; it counts once staff save the step.
    ``options`` are answers and their labels; without any, the answer is typed. ``rows`` are numbers of rows.
    ``can_wait`` is for what staff should look at once: its page is shown, and the command takes what is proposed.
    With ``is_day`` a date can be typed instead of an option. ``is_found`` is for an answer that the file itself gives;
    staff can change it.
    """

    step: Step
    group: str
    key: str
    text: str
    shown: str = ""
    options: list[tuple[str, str]] = field(default_factory=list)
    proposed: str = ""
    answer: str | None = None
    rows: list[int] = field(default_factory=list)
    help_text: str = ""
    can_wait: bool = False
    is_day: bool = False
    is_found: bool = False

    @property
    def is_open(self) -> bool:
        return self.answer is None

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self), "count": len(self.rows), "rows": self.rows[:20]}


# Of one kind; the others are asked about together, or once these are answered.
MAX_ASKED = 40
ONE_BY_ONE = "each"


class Rest:
    """What is left once enough of a kind is asked: one question about all the others.

    ``key`` is its key in the answers, and ``options`` what the others can be. They are not remembered: the next
    edition has other rows.
    """

    def __init__(self, given: "Given", key: str, options: Sequence[tuple[str, str]]) -> None:
        self._given, self._key, self._options = given, key, options
        self._open = 0
        self._rows: list[int] = []
        self._shown: list[str] = []

    @property
    def answer(self) -> str | None:
        """What all the others are; None if they are asked about one by one, or no one has said so yet."""
        answer = self._given.get("rest", self._key)
        return answer if answer in {code for code, _ in self._options} else None

    def has(self, group: str, key: str, shown: str, rows: Sequence[int]) -> bool:
        """Whether this one is among the others; if not, it is asked about."""
        if self._given.get(group, key) is not None:
            return False
        if self.answer is None and self._open < MAX_ASKED:
            self._open += 1
            return False
        self._shown.append(shown)
        self._rows += rows
        return True

    def question(self, what: str) -> list[Question]:
        """The question about all the others, if there are any; ``what`` they are, as the end of a sentence."""
        if not self._rows:
            return []
        return [
            Question(
                Step.VALUES,
                "rest",
                self._key,
                f"There are {len(self._shown)} more {what}, in {in_rows(self._rows)}. What are they?",
                ", ".join(self._shown[:5]),
                [(ONE_BY_ONE, f"Ask about them next, {MAX_ASKED} at a time"), *self._options],
                proposed=ONE_BY_ONE,
                answer=self._given.get("rest", self._key),
                rows=self._rows,
                help_text=f"Such as {', '.join(f'“{one}”' for one in self._shown[:5])}.",
            )
        ]


def in_rows(rows: Sequence[int]) -> str:
    """Which rows, in words."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    if len(rows) <= 3:
        return f"rows {', '.join(map(str, rows[:-1]))} and {rows[-1]}"
    return f"{len(rows)} rows"


class Given:
    """The answers of staff to this edition, or else those that its list remembers."""

    def __init__(self, answers: Mapping[str, Any], remembered: Mapping[str, Any] | None = None):
        self._answers = answers
        self._remembered = remembered or {}

    def get(self, group: str, key: str) -> Any:
        """The answer, or None."""
        if key in (own := self._answers.get(group) or {}):
            return own[key]
        return (self._remembered.get(group) or {}).get(key)

    def is_remembered(self, group: str, key: str) -> bool:
        """Whether the answer is from an earlier edition."""
        return key not in (self._answers.get(group) or {}) and key in (
            self._remembered.get(group) or {}
        )

    def group(self, group: str) -> dict[str, Any]:
        return {**(self._remembered.get(group) or {}), **(self._answers.get(group) or {})}


# What the next edition of a list may use again; the other groups are about one file.
REMEMBERED = (
    "columns",
    "constants",
    "orders",
    "values",
    "more",
    "agencies",
    "places",
    "which",
    "initiatives",
    "sheet",
    "skips",
)


def remembered(answers: Mapping[str, Any], *, with_days: bool = False) -> Answers:
    """The answers that a list keeps for its next edition.

    A day is of one edition, unless the cell names its year. That all rows are over is said of one edition too.
    """
    return {
        group: {
            key: answer
            for key, answer in chosen.items()
            if with_days
            or (
                (group, key) != ("constants", "status")
                and (
                    not _DAY.fullmatch(str(answer))
                    or (group.startswith("values.") and _WITH_YEAR.search(key))
                )
            )
        }
        for group, chosen in answers.items()
        if group.partition(".")[0] in REMEMBERED
    }
