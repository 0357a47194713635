"""The columns of lists, and how one cell of each is read.

A heading is recognized under any of its usual names, whatever its case, spaces, underscores, accents and
punctuation.
"""

import csv
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import StringIO
from itertools import zip_longest
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import TextChoices

from communities.email_addresses import normalize_email
from membership.register.names import clean_text, name_key


class CellError(ValueError):
    """The cell cannot be read. The message says why."""


@dataclass(frozen=True)
class Column:
    """One column of a kind of list.

    ``other_names`` are other headings for it. ``samples`` are values for the sample file. ``choices`` are the values
    that it can have, with their labels. ``about`` is what a list without it says nothing about, and ``if_absent`` what
    that means, if staff have to know.
    """

    name: str
    heading: str
    read: Callable[[str], Any]
    other_names: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()
    required: bool = False
    empty: Any = ""
    is_day: bool = False
    choices: Sequence[tuple[str, str]] = ()
    about: str = ""
    if_absent: str = ""

    @property
    def keys(self) -> set[str]:
        return {name_key(name) for name in (self.name, self.heading, *self.other_names)}


@dataclass
class ListRow:
    """One row of a list: its ``values``, its ``cells`` as the file has them, and ``problems`` of cells that cannot be read."""

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def is_same_as(self, other: "ListRow") -> bool:
        """Whether the values are equal, apart from the spelling of names."""
        return all(_comparable(self[name]) == _comparable(other[name]) for name in self.values)


def _comparable(value: object) -> object:
    return name_key(value) if isinstance(value, str) else value


def text(limit: int) -> Callable[[str], str]:
    """A reader for one line of text with at most ``limit`` characters."""

    def read(cell: str) -> str:
        cleaned = clean_text(cell)
        if len(cleaned) > limit:
            raise CellError(f"“{cleaned[:40]}…” is longer than {limit} characters.")
        return cleaned

    return read


# Also as mail programs write it: "Dana <dana@example.org>", "mailto:dana@example.org".
_ONE_ADDRESS = re.compile(r"(?:[^<>@]*<)?(?:mailto:)?([^<>]*)>?", re.IGNORECASE)


def email(cell: str) -> str:
    """An email address, in its normal form."""
    found = _ONE_ADDRESS.fullmatch(cell.strip())
    try:
        return normalize_email(found[1] if found else cell)
    except ValidationError as error:
        shown = f"“{clean_text(cell)[:60]}”"
        if error.code == "invalid":
            raise CellError(f"{shown} is not an email address.") from None
        raise CellError(f"{shown}: {error.message}") from None


YES_OR_NO = (("yes", "Yes"), ("no", "No"))


def yes_or_no(cell: str) -> bool:
    """Yes or no."""
    answer = name_key(cell)
    if answer in {"yes", "y", "true", "1", "x"}:
        return True
    if answer in {"no", "n", "false", "0"}:
        return False
    raise CellError(f"“{cell[:40]}” is not an answer we know. Enter yes or no.")


def one_of(
    choices: type[TextChoices], **other_names: Sequence[str]
) -> Callable[[str], TextChoices]:
    """A reader for one of ``choices``, by its value, its label or one of its other names."""
    meaning = {name_key(c.value): c for c in choices} | {name_key(c.label): c for c in choices}
    for value, names in other_names.items():
        meaning |= {name_key(name): choices(value) for name in names}

    def read(cell: str) -> TextChoices:
        found = meaning.get(name_key(cell))
        if found is None:
            known = "; ".join(c.label for c in choices)
            raise CellError(f"“{cell[:40]}” is not one of these: {known}.")
        return found

    return read


def day_column(
    name: str,
    heading: str,
    *other_names: str,
    samples: tuple[str, ...] = (),
    about: str = "",
    if_absent: str = "",
) -> Column:
    """A column of dates, which are read together: the others show which number in 01/04/2026 is the month."""
    return Column(
        name,
        heading,
        str,
        other_names,
        samples,
        is_day=True,
        empty=None,
        about=about,
        if_absent=if_absent,
    )


def sample_file(columns: Sequence[Column]) -> str:
    """A small CSV file with these columns, to download and fill in."""
    file = StringIO()
    writer = csv.writer(file)
    writer.writerow([column.heading for column in columns])
    writer.writerows(zip_longest(*(column.samples for column in columns), fillvalue=""))
    return file.getvalue()
