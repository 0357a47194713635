"""The values of a list: each cell of a used column read as what its column holds, and what staff have to say of them.

Each column is judged by itself. A value that can be read in one way is read. Any other value is asked about once,
however many rows have it. An empty cell says nothing.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from copy import deepcopy
from datetime import date
from typing import Any

from django.utils.formats import date_format

from communities.rules.vocabulary import InitiativeKind
from membership.imports import days
from membership.imports.cells import (
    EMPTY,
    NOTHING,
    SAYS_NOTHING,
    SKIP,
    Cells,
    Meaning,
    Meanings,
    Values,
    read_texts,
    shown_cell,
)
from membership.imports.choices import read_choices
from membership.imports.columns import Column, ListRow, OneOf, email, name_beside
from membership.imports.files import BadCell, Cell, SheetRow
from membership.imports.kinds.base import say_it_is_over
from membership.imports.layout import Layout
from membership.imports.matching import Matching
from membership.imports.person_names import read_emails, read_names
from membership.imports.questions import Given, Question, Step
from membership.imports.remarks import read_person
from membership.register.matching import shares_a_word
from membership.register.names import clean_text, name_key

NO_END = "no-end"
_ADDRESSES = (("name", "email"), ("contact_name", "contact_email"))
_SAMPLES = 6
_LONGEST_PLACE = 80
# The last day of something: a month means its end, and there may be none.
_LAST_DAYS = ("ends_on", "funded_until")
_ENDLESS = frozenset(
    [
        "ongoing",
        "on going",
        "on-going",
        "indefinite",
        "no end",
        "no end date",
        "open",
        "open-ended",
        "permanent",
        "continuing",
        "current",
        "present",
        "en cours",
    ]
)


def read_values(
    columns: Sequence[Column],
    layout: Layout,
    matching: Matching,
    given: Given,
    *,
    as_of: date,
) -> Values:
    """Read the rows of the list. What staff said to skip is left out."""
    sheet = [row for row in layout.rows if row.number not in layout.skipped]
    headings = {use.column: use.heading for use in matching.uses if use.column}
    texts = [{c.name: _cell_of(c, row, matching) for c in columns} for row in sheet]
    for found in texts:  # a name that is only in the cell with the email
        for name, address in _ADDRESSES:
            if name in found and not found[name]:
                found[name] = name_beside(str(found.get(address, "")))
    if "initiative" in headings and "kind" in matching.constants:
        _take_kinds(texts, [row.number for row in sheet], layout)
    emails = {row.number: str(t.get("email", "")) for row, t in zip(sheet, texts, strict=True)}
    values, meanings = Values([]), {}
    values.has_places = "community_served" in headings
    needs_email = any(c.name == "email" and c.required for c in columns)
    # Choices first: of rows that they leave out, nothing else is asked.
    for column in sorted(columns, key=lambda column: not isinstance(column.read, OneOf)):
        rows: dict[Cell, list[int]] = {}
        for row, found in zip(sheet, texts, strict=True):
            if found[column.name] != "" and row.number not in values.skipped:
                numbers = rows.setdefault(found[column.name], [])
                if row.number not in numbers[-1:]:  # a row with two people is there twice
                    numbers.append(row.number)
        heading = headings.get(column.name) or column.heading
        cells = Cells(column, heading, rows, given, as_of, emails, not needs_email)
        read = meanings[column.name] = _reader(column)(cells, values)
        values.questions += cells.questions
        for cell, numbers in rows.items():
            if read[cell].skip:
                values.skip(numbers, read[cell].skip)
    for row, found in zip(sheet, texts, strict=True):
        if row.number not in values.skipped:
            read_row = _read_row(columns, row.number, found, meanings, headings)
            values.rows += [read_row, *_of_other_programs(read_row, found, meanings)]
    return values


def _of_other_programs(
    row: ListRow, cells: Mapping[str, Cell], meanings: Mapping[str, Meanings]
) -> Iterator[ListRow]:
    """A row for each program after the first, where staff said that the row counts for several."""
    read = meanings.get("program_type", {}).get(cells.get("program_type", ""), NOTHING)
    for program_type in read.others:
        other = deepcopy(row)
        other.values["program_type"] = program_type
        yield other


def _read_row(
    columns: Sequence[Column],
    number: int,
    cells: Mapping[str, Cell],
    meanings: Mapping[str, Meanings],
    headings: Mapping[str, str],
) -> ListRow:
    read, found = ListRow(number), {}
    for column in columns:
        name, cell = column.name, cells[column.name]
        meaning = found[name] = meanings[name].get(cell, NOTHING)
        read.cells[name] = str(cell)
        read.values[name] = column.empty if meaning.value is None else meaning.value
        if meaning.problem:
            read.problems.append(meaning.problem)
            read.bad[name] = meaning.problem
        elif not meaning.says_nothing:
            read.said.add(name)
        elif column.required:
            read.problems.append(f"“{headings.get(name) or column.heading}” is empty.")
            read.bad[name] = read.problems[-1]
    for name, address in _ADDRESSES:
        beside = read_person(name_beside(read.cells.get(address, ""))).name
        # One word alone, or one that both have, is no sign of someone else.
        its = str(read.values.get(name) or "")
        if its and " " in beside and not shares_a_word(beside, its):
            read.problems.append(f"The email belongs to {beside}, but the row names {its}.")
            read.bad[address] = read.problems[-1]
    for name, meaning in found.items():
        if meaning.place:
            _take_place(read, meaning.place, headings[name])
        if meaning.over:
            say_it_is_over(read, meaning.over)
        if meaning.no_one:
            for of_person in ("name", "email", "role"):
                read.values[of_person] = ""
                read.said.discard(of_person)
                if problem := read.bad.pop(of_person, ""):
                    read.problems.remove(problem)
    return read


_KINDS = {
    InitiativeKind.VAWIR: re.compile(
        r"\bV(?:AW)?IR\b|violence against women|violence in relation", re.IGNORECASE
    ),
    InitiativeKind.SAC: re.compile(r"\bSACC?\b|sexual assault coord", re.IGNORECASE),
    InitiativeKind.ICAT: re.compile(r"\bICAT\b|interagency case assessment", re.IGNORECASE),
}


def _take_kinds(texts: Sequence[dict[str, Cell]], numbers: Sequence[int], layout: Layout) -> None:
    """One kind given for all rows is not that of a committee whose own name says another."""
    for number, cells in zip(numbers, texts, strict=True):
        said = [kind for kind, words in _KINDS.items() if words.search(str(cells["initiative"]))]
        if len(said) == 1 and cells["kind"] != said[0].value:
            cells["kind"] = said[0].value
            words = f"“{cells['initiative']}” in row {number} is read as {said[0].value}, because its name says so."
            layout.notes += [words] if words not in layout.notes else []


def _take_place(row: ListRow, place: str, heading: str) -> None:
    """The community served, which another column has behind its value."""
    known = row.values["community_served"]
    if not known:
        row.values["community_served"] = place[:_LONGEST_PLACE]
        row.said.add("community_served")
    elif name_key(known) != name_key(place):
        row.problems.append(f"“{heading}” says {place}, but the community served is {known}.")
        row.bad["community_served"] = row.problems[-1]


def _cell_of(column: Column, row: SheetRow, matching: Matching) -> Cell:
    position = matching.positions.get(column.name)
    cell = row.cells[position] if position is not None and position < len(row.cells) else ""
    cell = clean_text(cell) if isinstance(cell, str) else cell
    return cell or matching.constants.get(column.name, "")


# -- Columns of text and of choices ----------------------------------------------------------------------

_Reader = Callable[[Cells, Values], Meanings]


def _reader(column: Column) -> _Reader:
    if column.is_day:
        return _read_days
    if isinstance(column.read, OneOf):
        return read_choices
    if column.read is email:
        return read_emails
    return read_names if column.name in ("name", "contact_name") else read_texts


# -- Columns of dates --------------------------------------------------------------------------------------


_Written = dict[Cell, days.Written]


def _read_days(cells: Cells, values: Values) -> Meanings:
    """Dates. The column alone shows which number in 01/04/2026 is the month, or else staff say."""
    is_last_day = cells.column.name in _LAST_DAYS
    written: _Written = {
        cell: days.read_written(cell, is_last_day=is_last_day, as_of=cells.as_of)
        for cell in cells.rows
        if isinstance(cell, str)
    }
    # A column in both orders says nothing about its other dates.
    has_both = (
        len({w.proves for w in written.values() if w.usual_order != days.DAY_FIRST} - {""}) > 1
    )
    order = None if has_both else _order(cells, written)
    is_swapped = _typed_are_swapped(cells, written)
    has_other_numbers = any(w.is_number and not w.day for w in written.values())
    read: Meanings = {}
    ways_out = cells.ways_out()[:-1]
    if is_last_day:
        ways_out.append((NO_END, "There is no last day"))
    rest = cells.rest(*ways_out)
    for cell in cells.rows:
        if isinstance(cell, BadCell):
            read[cell] = cells.problem(cell.sentence)
            continue
        day, guesses = None, []
        if isinstance(cell, date):
            day = date(cell.year, cell.day, cell.month) if is_swapped else cell
        else:
            meant = written[cell]
            usual = meant.usual_order
            own = usual if usual == days.DAY_FIRST else order or usual
            day = meant.by_order.get(own)
            if meant.by_order and not day and not has_both:
                read[cell] = NOTHING  # asked in one question about the column
                continue
            day = day or meant.day
            guesses = [*meant.guesses, *meant.by_order.values()]
            if meant.is_number and has_other_numbers:
                day, guesses = None, [*guesses, *filter(None, [day])]
        if day and days.is_likely(day, cells.as_of):
            read[cell] = Meaning(day)
        elif not rest.has(cells.group, cells.key(cell), shown_cell(cell), cells.rows[cell]):
            read[cell] = _ask_day(cells, cell, day, guesses)
        elif rest.answer == NO_END:
            read[cell] = Meaning()
        else:
            read[cell] = cells.as_the_rest(cell, rest.answer)
    cells.questions += rest.question(f"dates of “{cells.heading}” that have to be looked at")
    if read:
        values.days.append(_sample_days(cells, read))
    return read


def _order(cells: Cells, written: _Written) -> str | None:
    """The order of day and month in this column: as staff say, as it shows itself, or as in the last edition."""
    plain = {c: w for c, w in written.items() if w.usual_order != days.DAY_FIRST}
    unclear = [cell for cell, w in plain.items() if w.by_order]
    if not unclear:
        return None
    name, help_text = cells.column.name, "Another date in this column shows it."
    found = days.proved_order(plain.values())
    if not found and all(plain[cell].usual_order for cell in unclear):
        found, help_text = days.MONTH_FIRST, "Excel writes dates with a time in this way."
    order: str | None = cells.given.get("orders", name)
    if not order or (found and cells.given.is_remembered("orders", name)):
        order = found
    is_found = bool(order and order == found)
    first = unclear[0]
    meanings = {o: f"{first} is {date_format(day)}" for o, day in plain[first].by_order.items()}
    cells.questions.append(
        Question(
            Step.VALUES,
            "orders",
            name,
            f"“{cells.heading}” has dates such as {first}. Which number is the month?",
            str(first),
            [
                (days.MONTH_FIRST, f"The first: {meanings[days.MONTH_FIRST]}"),
                (days.DAY_FIRST, f"The second: {meanings[days.DAY_FIRST]}"),
            ],
            answer=order,
            rows=[number for cell in unclear for number in cells.rows[cell]],
            help_text=help_text if is_found else "",
            is_found=is_found,
        )
    )
    return order


def _typed_are_swapped(cells: Cells, written: _Written) -> bool:
    """Whether a spreadsheet program took the day for the month, where it could, and left the other dates as text."""
    typed = [cell for cell in cells.rows if isinstance(cell, date)]
    texts = [cell for cell, w in written.items() if w.proves]
    if not texts or not typed or any(day.day > 12 for day in typed):
        return False
    day = next((day for day in typed if day.day != day.month), None)
    if day is None:
        return False
    other = date(day.year, day.day, day.month)
    answer = cells.given.get("orders", f"{cells.column.name}.typed")
    question = Question(
        Step.VALUES,
        "orders",
        f"{cells.column.name}.typed",
        f"In “{cells.heading}”, some dates are text, such as “{texts[0]}”, and none of the others is after the 12th. "
        "Excel may have mixed up their day and month. "
        f"Is the date in row {cells.rows[day][0]} {date_format(day)} or {date_format(other)}?",
        date_format(day),
        [("typed", f"{date_format(day)}: they are right"), ("swapped", f"{date_format(other)}: swap day and month in all of them")],
        answer=answer if answer in ("typed", "swapped") else None,
        rows=[number for day in typed for number in cells.rows[day]],
    )  # fmt: skip
    cells.questions.append(question)
    return question.answer == "swapped"


def _ask_day(cells: Cells, cell: Cell, day: date | None, guesses: Sequence[date]) -> Meaning:
    """Ask about a date that is unlikely, has several meanings, or none that can be read."""
    is_last_day, text = cells.column.name in _LAST_DAYS, str(cell).casefold()
    instead = days.likely_instead(day, cells.as_of) if day else list(dict.fromkeys(guesses))
    options = [(d.isoformat(), date_format(d)) for d in instead]
    is_near = len(instead) == 1 and abs(instead[0].year - cells.as_of.year) <= days.YEARS_AHEAD
    proposed = options[0][0] if is_near else ""
    if day:
        options.append((day.isoformat(), f"{date_format(day)}, as it is"))
    if is_last_day:
        options.append((NO_END, "There is no last day"))
    if text in SAYS_NOTHING:
        proposed = EMPTY
    elif is_last_day and (text in _ENDLESS or (day and day.year >= 2099 and not instead)):
        proposed = NO_END
    is_unlikely = f"The year {day.year} is unlikely. " if day else ""
    answer = cells.ask(
        cell,
        [*options, *cells.ways_out()],
        text=f"{is_unlikely}Which date is meant?",
        proposed=proposed,
        or_day=True,
    )
    if answer == SKIP:
        return cells.left_out(cell)
    if answer == NO_END:
        return Meaning()
    return NOTHING if answer in (EMPTY, None) else Meaning(date.fromisoformat(answer))


def _sample_days(cells: Cells, read: Meanings) -> dict[str, Any]:
    """A date of each form in this column, as written and as read."""
    forms: dict[str, Cell] = {}
    for cell, meaning in read.items():
        if isinstance(meaning.value, date):
            shape = "" if isinstance(cell, date) else re.sub(r"[^\W\d_]+", "a", str(cell))
            forms.setdefault(re.sub(r"\d", "0", shape), cell)
    # Those first that could be read in another way.
    shapes = sorted(forms, key=lambda shape: "a" in shape or shape[:5] in ("", "0000-"))
    shown = [forms[shape] for shape in shapes[:_SAMPLES]]
    samples = [[str(cell), date_format(read[cell].value)] for cell in shown]
    return {"column": cells.column.name, "heading": cells.heading, "samples": samples}
