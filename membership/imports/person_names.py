"""Columns with names and emails of people: one person each, without what is written beside the name or the email."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from membership.imports.cells import (
    EMPTY,
    NOTHING,
    OVER,
    SKIP,
    WHOLE,
    WITHOUT,
    Cells,
    Meaning,
    Meanings,
    Values,
    cell_key,
    read_texts,
    shown_cell,
)
from membership.imports.columns import email, words_behind
from membership.imports.days import read_written
from membership.imports.files import Cell
from membership.imports.kinds.base import says_over
from membership.imports.questions import Rest, in_rows
from membership.imports.remarks import read_person
from membership.register.names import name_key

_LAST_FIRST = "last"
NO_ONE = re.compile(
    r"\W*(?:(?:position )?vacan(?:t|cy)(?: position)?|to be hired|unfilled)\W*", re.IGNORECASE
)
# What says no more than which email or phone it is.
_SAYS_WHICH = re.compile(
    r"(?:(?:work|home|office|business|personal|main|primary|direct|preferred|e-?mail|bureau|travail|domicile)\W*)+",
    re.IGNORECASE,
)
_UNTIL = re.compile(r"(?:until|till|to|ended|left)\s+(.+)", re.IGNORECASE)
_BETWEEN_NAMES = re.compile(r"\s*(?:[/&;+|]|\band\b|\bet\b|\bor\b)\s*", re.IGNORECASE)


def read_names(cells: Cells, values: Values) -> Meanings:
    """Names of people. Two in one cell are never one person, and a remark is no part of a name."""
    read = read_texts(cells, values)
    rest = cells.rest()
    remarks: dict[str, list[Cell]] = {}
    to_read = [c for c, meaning in read.items() if not meaning.problem and not meaning.says_nothing]
    vacant = [cell for cell in to_read if NO_ONE.fullmatch(str(cell))]
    found = {cell: read_person(str(cell)) for cell in to_read if cell not in vacant}
    for cell in [cell for cell, written in found.items() if NO_ONE.fullmatch(written.name)]:
        vacant.append(cell)  # “Vacant (was Dana Sample)”
        del found[cell]
    read |= {cell: _ask_vacant(cells, cell) for cell in vacant}
    are_turned = _ask_about_capitals(cells, {c: w.turned for c, w in found.items() if w.turned})
    for cell, written in found.items():
        names = [n for n in _BETWEEN_NAMES.split(written.name) if n]
        if len(names) < 2 or not all(name[0].isalpha() for name in names):
            names = [*written.or_else]
        elif len(names[-1].split()) > 1:  # “Robin & Kai Sample” share their last name
            last = names[-1].split(maxsplit=1)[1]
            names = [f"{name} {last}" if " " not in name else name for name in names]
        if names:
            if rest.has("names", cell_key(cell), shown_cell(cell), cells.rows[cell]):
                read[cell] = cells.as_the_rest(cell, rest.answer)
            else:
                read[cell] = _ask_names(cells, cell, written.name, names)
        else:
            name = written.turned if are_turned and written.turned else written.name
            read[cell] = Meaning(cells.column.read(name))
        if written.remark:
            remarks.setdefault(written.remark, []).append(cell)
    cells.questions += rest.question("cells that may have two names")
    _read_remarks(cells, values, read, remarks, {cell: one.name for cell, one in found.items()})
    return read


def read_emails(cells: Cells, values: Values) -> Meanings:
    """Emails. Words in brackets behind one may say something about the person: “dana@example.org (on leave)”."""
    read = read_texts(cells, values)
    found = {cell: meaning.value for cell, meaning in read.items() if meaning.value}
    remarks: dict[str, list[Cell]] = {}
    for cell in found:
        if words := words_behind(str(cell)):
            remarks.setdefault(words, []).append(cell)
    _read_remarks(cells, values, read, remarks, found)
    return read


def _read_remarks(
    cells: Cells,
    values: Values,
    read: Meanings,
    remarks: Mapping[str, Sequence[Cell]],
    bare: Mapping[Cell, str],
) -> None:
    """Add to what was ``read`` what the remarks in these cells mean. ``bare`` is what the cells say without them."""
    others = Rest(
        cells.given, "remarks", [(WITHOUT, "Leave them out"), (SKIP, "Skip all their rows")]
    )
    for remark, those in remarks.items():
        rows = sorted(number for cell in those for number in cells.rows[cell])
        # The same words behind a name are asked about apart: they may be a part of it.
        key = f"email: {remark}" if cells.column.read is email else name_key(remark)
        if _SAYS_WHICH.fullmatch(remark):
            answer: str | None = WITHOUT
        elif others.has("remarks", key, remark, rows):
            answer = others.answer
        else:
            answer = _ask_remark(cells, key, remark, bare[those[0]], shown_cell(those[0]), rows)
        if answer == WITHOUT:
            values.unused[remark] = len(rows) + values.unused.get(remark, 0)
        for cell in those:
            if answer == SKIP:
                read[cell] = cells.left_out(cell)
            elif answer == OVER:
                read[cell] = replace(read[cell], over=remark)
            elif answer == WHOLE:
                read[cell] = Meaning(cells.column.read(str(cell)))
    cells.questions += others.question("remarks behind names or emails")


def _ask_about_capitals(cells: Cells, turned: Mapping[Cell, str]) -> bool:
    """Whether capitals are the last names in this column, which come first then: “SAMPLE Dana”."""
    if not turned:
        return False
    first, name = next(iter(turned.items()))
    rows = sorted(number for cell in turned for number in cells.rows[cell])
    answer = cells.ask_once(
        "orders",
        cells.column.name,
        f"“{cells.heading}” has capitals first in {in_rows(rows)}, such as “{shown_cell(first)}”. Are they the last names?",
        shown_cell(first),
        [(_LAST_FIRST, f"Yes: {name}"), (WHOLE, f"No: {shown_cell(first)}")],
        rows,
        proposed=_LAST_FIRST if len(turned) > 1 else "",
    )
    return answer == _LAST_FIRST


def _ask_vacant(cells: Cells, cell: Cell) -> Meaning:
    """No one has the position. Where no person is needed, the row is about the rest."""
    if cells.column.name != "name":
        return NOTHING
    no_one = (
        [(EMPTY, "No one: import the rows without a person")] if cells.person_is_optional else []
    )
    answer = cells.ask(
        cell,
        [*no_one, (SKIP, "Skip these rows")],
        text="This does not look like a person’s name.",
        proposed=EMPTY if no_one else SKIP,
        help_text="If it is someone, correct the name in your file.",
    )
    return cells.left_out(cell) if answer == SKIP else Meaning(says_nothing=True, no_one=True)


def _ask_names(cells: Cells, cell: Cell, whole: str, names: Sequence[str]) -> Meaning:
    emails = [cells.emails[number].partition("@")[0] for number in cells.rows[cell]]
    fits = [n for n in names if all(_fits(n, email) for email in emails)]
    answer = cells.ask(
        cell,
        [*((name, f"{name} only") for name in names), (whole, f"One person’s name: {whole}"), (SKIP, "Skip these rows")],
        group="names",
        text="Whose email and details are these?",
        proposed=fits[0] if len(fits) == 1 else "",
        help_text="To import the others, give each person their own row with their own email.",
    )  # fmt: skip
    if answer == SKIP:
        return cells.left_out(cell)
    return Meaning(cells.column.read(answer)) if answer else NOTHING


def _ask_remark(
    cells: Cells, key: str, remark: str, bare: str, shown: str, rows: list[int]
) -> str | None:
    """What words behind names or emails mean: “Dana Sample (on leave)”."""
    is_of_row = cells.column.name in ("name", "email")
    is_email = cells.column.read is email
    whole = [] if is_email else [(WHOLE, "It is part of the name")]
    over = [(OVER, f"“{remark}” means that it is over: read the rows as ended")] * is_of_row
    return cells.ask_once(
        "remarks",
        key,
        f"“{cells.heading}” has “{remark}” behind the {'email' if is_email else 'name'} in {in_rows(rows)}: {shown}. "
        "What does it mean?",
        remark,
        [(WITHOUT, f"Leave it out: {bare}"), *whole, *over, (SKIP, "Skip these rows")],
        rows,
        proposed=OVER if is_of_row and _says_over(remark, cells.as_of) else WITHOUT,
    )


def _says_over(remark: str, as_of: date) -> bool:
    """Whether a remark says that it is over, also by a day that is past: “until June 2025”."""
    if not (found := _UNTIL.fullmatch(remark)):
        return says_over(remark)
    written = read_written(found[1], is_last_day=True, as_of=as_of)
    days = [written.day] if written.day else list(written.guesses)
    return bool(days) and all(day < as_of for day in days)


def _fits(name: str, email: str) -> bool:
    """Whether a word of the name begins the email."""
    return any(len(w) > 2 and name_key(email).startswith(name_key(w)) for w in name.split())
