"""What staff are asked about a list, and what they answered.

An import keeps the answers of staff in groups, for example ``columns`` or ``values.program_type``; in a group, each
answer has a key, for example a heading or a value as the file has it. A list remembers those groups that its next
edition may use again.
"""

import re
from collections.abc import Mapping
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
REMEMBERED = ("columns", "constants", "orders", "values", "agencies", "sheet", "skips")


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
