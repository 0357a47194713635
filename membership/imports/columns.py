"""The columns of lists, and how one cell of each is read.

A heading is recognized under any of its usual names, whatever its case, spaces, underscores, accents and
punctuation.
"""

import csv
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from io import StringIO
from itertools import zip_longest
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import TextChoices
from django.utils.formats import date_format

from communities.email_addresses import normalize_email
from membership.register.matching import best_matches, comparable_words
from membership.register.names import clean_text, name_key

# The last heading of an export of the register. No list uses it.
HOW_WE_KNOW = "How we know"
# A person has no value in common with all others.
NEVER_ONE_VALUE = frozenset({"email", "name", "contact_name", "contact_email"})


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
    """One row of a list: its ``values``, its ``cells`` as the file has them, and ``problems`` of cells that cannot be read.

    ``said`` are the columns of which the row says something. Of the others it says nothing, so nothing changes.
    ``bad`` are those of one column each, by its name.
    ``ends_by_status`` is for a last day that is not in the file: a status says that it is over.
    ``other_names`` are the names that the file has for its agency, if staff said which agency that is, and
    ``other_email`` the email that it has for its person, if staff said who that is.
    """

    number: int
    values: dict[str, Any] = field(default_factory=dict)
    cells: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    bad: dict[str, str] = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    ends_by_status: bool = False
    other_names: list[str] = field(default_factory=list)
    other_email: str = ""

    def __getitem__(self, name: str) -> Any:
        return self.values[name]

    def what_it_says(self, *names: str) -> dict[str, Any]:
        """The values of these columns, without those of which the row says nothing."""
        return {name: self[name] for name in names if name in self.said}

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


# Also as mail programs write it: "Dana <dana@example.org>", "mailto:dana@example.org", "dana@example.org (work)".
_ONE_ADDRESS = re.compile(
    r"(?:[^<>@]*<|e-?mail:\s*|['‘\"“])?(?:mailto:)?([^<>]*?)[>'’\"”]?(?:\s*\(([^@]*)\))?[\s;,]*",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[^\s@<>;,]@[^\s@<>;,]")


def email(cell: str) -> str:
    """An email address, in its normal form."""
    found = _ONE_ADDRESS.fullmatch(cell.strip())
    try:
        return normalize_email(found[1] if found else cell)
    except ValidationError as error:
        shown = f"“{clean_text(cell)[:60]}”"
        if len(_ADDRESS.findall(cell.replace("＠", "@"))) > 1:
            raise CellError(
                f"{shown} has more than one address. Keep one, or give each person their own row."
            ) from None
        if error.code == "invalid":
            raise CellError(f"{shown} is not an email address.") from None
        raise CellError(f"{shown}: {error.message}") from None


_NAME_BESIDE = re.compile(r"""["'‘“]?([^<>@"”]+?)["'’”]?\s*<[^<>@]+@[^<>@]+>[\s;,]*""")


def name_beside(cell: str) -> str:
    """The name that a mail program writes before an address, as in “Dana Sample <dana@example.org>”; else empty."""
    found = _NAME_BESIDE.fullmatch(cell.strip())
    return found[1] if found else ""


def words_behind(cell: str) -> str:
    """The words in brackets behind an address, as in “dana@example.org (on leave)”; else empty."""
    found = _ONE_ADDRESS.fullmatch(cell.strip())
    return clean_text(found[2] or "") if found else ""


class OneOf:
    """A reader for one of several values, by any of its names.

    ``options`` are the values as staff choose them, with their labels, and ``names`` other ways to write each. Names
    in other words and spellings count too, if all of their parts say the same: "CBVS - Community Based Victim
    Services". ``outside`` are names of other things, with what they are: nothing that this list is for, as
    ``why_outside`` says.
    """

    def __init__(
        self,
        options: Mapping[str, tuple[str, Any]],
        names: Mapping[str, Sequence[str]],
        outside: Mapping[str, Sequence[str]] | None = None,
        why_outside: str = "",
    ) -> None:
        self.why_outside = why_outside
        self.options = [(code, label) for code, (label, _) in options.items()]
        self._values = {code: value for code, (_, value) in options.items()}
        self._names = [(c, n) for c, label in self.options for n in (c, label, *names.get(c, ()))]
        self._by_key = {name_key(name): code for code, name in self._names}
        self._by_words = {_words(name): code for code, name in self._names}
        self._said = {word for _, name in self._names for word in comparable_words(name)}
        self._outside = {
            _words(name): what for what, names in (outside or {}).items() for name in (what, *names)
        }

    def __call__(self, cell: str) -> Any:
        if code := self._by_key.get(name_key(cell)):
            return self._values[code]
        code, *others = self._meanings(cell)
        if not code or others:
            known = "; ".join(label for _, label in self.options)
            raise CellError(f"“{clean_text(cell)[:40]}” is not one of these: {known}.")
        return self._values[code]

    def knows(self, cell: str) -> bool:
        """Whether the cell is one of the names, and nothing else."""
        return name_key(cell) in self._by_key

    def value(self, code: str) -> Any:
        """What the code of an option stands for; None if it is none."""
        return self._values.get(code)

    def outside(self, cell: str) -> str:
        """What the cell names, if this list is not for that; else empty."""
        parts = (cell, *_PARTS.split(cell))
        return next((what for p in parts if (what := self._outside.get(_words(p)))), "")

    def names_one(self, cell: str) -> bool:
        """Whether a part of the cell names one of the options."""
        return bool(self._meanings(cell) - {None})

    def several(self, cell: str) -> list[str]:
        """The codes of the options, if the cell names several and nothing else; in their order."""
        codes = self._meanings(cell)
        return (
            [code for code, _ in self.options if code in codes]
            if len(codes) > 1 and None not in codes
            else []
        )

    def likely(self, cell: str) -> str:
        """The code of the option that the cell most likely means; empty if none is, or two are."""
        meanings = self._meanings(cell)
        if None in meanings and _TOGETHER.search(cell):  # with something else: PSSG/City
            return ""
        words = sorted(_words(cell))
        if None in meanings and (
            codes := {c for w, c in self._by_words.items() if sorted(w) == words}
        ):
            return codes.pop() if len(codes) == 1 else ""  # Outreach (STV)
        meanings -= {None}
        if meanings:
            return meanings.pop() or "" if len(meanings) == 1 else ""
        best, *others = [*best_matches(cell, self._names, at_least=_LIKELY - _AHEAD), None]
        if best and any(
            name_key(cell).startswith(no) and not name_key(best.name).startswith(no) for no in _NOT
        ):
            return ""
        is_clear = best and not (others and others[0] and best.score - others[0].score < _AHEAD)
        return best.key if best and is_clear and best.score >= _LIKELY else ""

    def with_more(self, cell: str) -> tuple[str, str]:
        """The code of the one option that the cell names, and the other words in it; both empty if there are none.

        Words of any option are no other words: they say which one is meant.
        """
        parts = [part.strip() for part in _PARTS.split(cell) if part.strip()]
        known = {part: self._known(part) for part in parts}
        codes = {code for code in known.values() if code}
        others = [part for part, code in known.items() if not code]
        said = {word for part in others for word in comparable_words(part)}
        if len(codes) != 1 or not others or said & self._said or not "".join(others)[0].isalpha():
            return "", ""
        if any(map(self.outside, others)):  # PBVS/CBVS
            return "", ""
        return codes.pop(), ", ".join(others)

    def _known(self, part: str) -> str | None:
        return self._by_words.get(_words(part)) or self._by_key.get(name_key(part))

    def _meanings(self, cell: str) -> set[str | None]:
        if code := self._by_words.get(_words(cell)):
            return {code}
        return {self._known(part) for part in _PARTS.split(cell) if part.strip()} or {None}


_PARTS = re.compile(r"\s+[-–—]+\s+|[()/,;:|&+]|\s+(?:and|et)\s+", re.IGNORECASE)
_TOGETHER = re.compile(r"[/,;|&+]|\s(?:and|et)\s", re.IGNORECASE)
_SAY_LITTLE = frozenset({"program", "service"})
# Measured on the names in tests/membership/imports/test_values.py.
_LIKELY, _AHEAD = 0.75, 0.1
_NOT = ("un", "not", "non")


def _words(name: str) -> tuple[str, ...]:
    words = comparable_words(name)
    return tuple(word for word in words if word not in _SAY_LITTLE) or words


def in_words(value: object) -> str:
    """A value as pages show it; empty for None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return date_format(value)
    return "" if value is None else str(getattr(value, "label", value))


YES_OR_NO = (("yes", "Yes"), ("no", "No"))
yes_or_no = OneOf(
    {"yes": ("Yes", True), "no": ("No", False)},
    {
        "yes": [
            "y",
            "true",
            "1",
            "x",
            "oui",
            "o",
            "vrai",
            "checked",
            "✓",
            "✔",
            "☑",
            "☒",
            "✅",
            "√",
        ],
        "no": ["n", "false", "0", "non", "faux", "unchecked", "✗", "✘", "☐", "❌", "✕", "×"],
    },
)


def one_of(
    choices: type[TextChoices],
    outside: Mapping[str, Sequence[str]] | None = None,
    why_outside: str = "",
    **other_names: Sequence[str],
) -> OneOf:
    """A reader for one of ``choices``, by its value, its label or one of its other names."""
    options = {c.value: (str(c.label), c) for c in choices}
    return OneOf(options, other_names, outside, why_outside)


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
