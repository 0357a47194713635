"""The values of a list: each cell of a used column read as what its column holds, and what staff have to say of them.

Each column is judged by itself. A value that can be read in one way is read. Any other value is asked about once,
however many rows have it. An empty cell says nothing.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.utils.formats import date_format

from membership.imports import days
from membership.imports.columns import CellError, Column, ListRow, OneOf
from membership.imports.files import BadCell, Cell, SheetRow
from membership.imports.kinds.base import say_it_is_over, says_over
from membership.imports.layout import Layout
from membership.imports.matching import Matching
from membership.imports.questions import ONE_BY_ONE, Given, Question, Rest, Step, in_rows
from membership.imports.remarks import read_person
from membership.register.names import clean_text, name_key

# Answers about a value, beside its meanings.
SKIP, EMPTY, NO_END = "skip", "empty", "no-end"
# About a remark behind a name, and about more words beside a choice.
_LAST_FIRST = "last"
WITHOUT, WHOLE, OVER, PLACE = "without", "whole", "over", "place"
_SAMPLES = 6
_LONGEST_PLACE = 80
# The last day of something: a month means its end, and there may be none.
_LAST_DAYS = ("ends_on", "funded_until")
_SAYS_NOTHING = frozenset(
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
        "s/o",
        "aucun",
    ]
)
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
_DITTO = re.compile(r"[\"”“″〃'’,]{1,3}|ditto|do\.|idem|(?:same )?as above|same", re.IGNORECASE)
_NAMES = ("name", "contact_name", "agency", "initiative")
_NO_ONE = re.compile(
    r"\W*(?:(?:position )?vacan(?:t|cy)(?: position)?|to be hired|unfilled)\W*", re.IGNORECASE
)
_ADDRESS = re.compile(r"\S+@\S+\.\S+")
_BETWEEN_NAMES = re.compile(r"\s*(?:[/&;+|]|\band\b|\bet\b|\bor\b)\s*", re.IGNORECASE)


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
class _Meaning:
    """What one cell means: a value, nothing, a problem, or that its rows are left out.

    ``place`` is the community served, which it has beside its value. ``over`` is a remark that the row is over, and
    ``no_one`` that no one has the position.
    """

    value: Any = None
    says_nothing: bool = False
    problem: str = ""
    skip: str = ""
    place: str = ""
    over: str = ""
    no_one: bool = False


_NOTHING = _Meaning(says_nothing=True)
_Meanings = dict[Cell, _Meaning]


@dataclass
class _Cells:
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
        shown, rows = _shown(cell), self.rows[cell]
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
        return name_key(_key(cell)) if isinstance(self.column.read, OneOf) else _key(cell)

    def rest(self, *options: tuple[str, str]) -> Rest:
        return Rest(self.given, self.column.name, [*options, (SKIP, "Skip all their rows")])

    def as_the_rest(self, cell: Cell, answer: str | None) -> _Meaning:
        """What a value means that is among those that are not asked one by one."""
        return self.left_out(cell) if answer == SKIP else _NOTHING

    def left_out(self, cell: Cell) -> _Meaning:
        return _Meaning(skip=f"“{self.heading}” is “{_shown(cell)}”.")

    def problem(self, words: object) -> _Meaning:
        return _Meaning(problem=f"“{self.heading}”: {words}")

    def ways_out(self) -> list[tuple[str, str]]:
        """The answers that any value can have."""
        leave = [] if self.column.required else [(EMPTY, "Nothing: import the row without it")]
        return [*leave, (SKIP, "Skip these rows")]


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
        cells = _Cells(column, heading, rows, given, as_of, emails, not needs_email)
        read = meanings[column.name] = _reader(column)(cells, values)
        values.questions += cells.questions
        for cell, numbers in rows.items():
            if read[cell].skip:
                values.skip(numbers, read[cell].skip)
    for row, found in zip(sheet, texts, strict=True):
        if row.number not in values.skipped:
            values.rows.append(_read_row(columns, row.number, found, meanings, headings))
    return values


def _read_row(
    columns: Sequence[Column],
    number: int,
    cells: Mapping[str, Cell],
    meanings: Mapping[str, _Meanings],
    headings: Mapping[str, str],
) -> ListRow:
    read, found = ListRow(number), {}
    for column in columns:
        name, cell = column.name, cells[column.name]
        meaning = found[name] = meanings[name].get(cell, _NOTHING)
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


def _shown(cell: Cell) -> str:
    return date_format(cell) if isinstance(cell, date) else clean_text(str(cell))[:80]


def _key(cell: Cell) -> str:
    return cell.isoformat() if isinstance(cell, date) else clean_text(str(cell))[:160]


def _is_iso_day(answer: object) -> bool:
    return isinstance(answer, str) and bool(re.fullmatch(r"\d{4}-\d\d-\d\d", answer))


# -- Columns of text and of choices ----------------------------------------------------------------------

_Reader = Callable[[_Cells, Values], _Meanings]


def _reader(column: Column) -> _Reader:
    if column.is_day:
        return _read_days
    if isinstance(column.read, OneOf):
        return _read_choices
    return _read_names if column.name in ("name", "contact_name") else _read_texts


def _read_texts(cells: _Cells, values: Values) -> _Meanings:
    return {cell: _read_text(cells, cell) for cell in cells.rows}


def _read_text(cells: _Cells, cell: Cell) -> _Meaning:
    if isinstance(cell, BadCell):
        return cells.problem(cell.sentence)
    text = cell.isoformat() if isinstance(cell, date) else cell
    name = cells.column.name
    if (not cells.column.required or name in _NAMES) and text.casefold() in _SAYS_NOTHING:
        return _NOTHING
    if _DITTO.fullmatch(text):
        return cells.problem(f"“{text}” stands for the cell above. Write out what it says.")
    if name in _NAMES and _ADDRESS.fullmatch(text):
        return cells.problem(f"“{text}” is an email address, not a name.")
    try:
        return _Meaning(cells.column.read(text))
    except CellError as problem:
        return cells.problem(problem)


def _read_choices(cells: _Cells, values: Values) -> _Meanings:
    """One of several values. Those that are not known are asked about, the most frequent first."""
    read = {cell: _read_text(cells, cell) for cell in cells.rows}
    unknown = [c for c, meaning in read.items() if meaning.problem and not isinstance(c, BadCell)]
    unknown.sort(key=lambda cell: -len(cells.rows[cell]))
    one_of = cells.column.read
    assert isinstance(one_of, OneOf)  # noqa: S101  (see _reader)
    more = {}
    if cells.column.name in _WITH_A_PLACE:
        more = {cell: found for cell in unknown if (found := one_of.with_more(str(cell)))[0]}
    are_places = _ask_about_more(cells, {cell: words for cell, (_, words) in more.items()}, values)
    rest = cells.rest(*cells.ways_out()[:-1])
    for cell in unknown:
        if cell in more and are_places != ONE_BY_ONE:
            code, words = more[cell]
            read[cell] = _Meaning(one_of.value(code), place=words if are_places == PLACE else "")
            if are_places == WITHOUT:
                values.unused[words] = len(cells.rows[cell]) + values.unused.get(words, 0)
        elif rest.has(cells.group, cells.key(cell), _shown(cell), cells.rows[cell]):
            read[cell] = cells.as_the_rest(cell, rest.answer)
        else:
            read[cell] = _ask_choice(cells, one_of, cell, *more.get(cell, ("", "")))
    cells.questions += rest.question(f"values of “{cells.heading}” that we do not know")
    return read


# Kinds of things that are in a place, which people write behind them.
_WITH_A_PLACE = ("program_type", "kind")


def _ask_about_more(cells: _Cells, more: Mapping[Cell, str], values: Values) -> str | None:
    """Ask once what the words are that a column has behind its values: “STVC - Sampleton”."""
    if not more:
        return None
    first, words = next(iter(more.items()))
    rows = sorted(number for cell in more for number in cells.rows[cell])
    return cells.ask_once(
        "more",
        cells.column.name,
        f"“{cells.heading}” has other words in {in_rows(rows)}, such as “{words}” in “{_shown(first)}”. What are they?",
        _shown(first),
        [
            (PLACE, "The community served"),
            (WITHOUT, "Nothing that we need: leave them out"),
            (ONE_BY_ONE, "It depends: ask about each value"),
        ],
        rows,
        proposed=WITHOUT if values.has_places else PLACE,
    )


def _ask_choice(cells: _Cells, one_of: OneOf, cell: Cell, code: str, words: str) -> _Meaning:
    """Ask about one value. If it has other ``words``, they may be the community served."""
    text, place = str(cell), f"{PLACE}:{code}"
    outside = one_of.outside(text)
    labels = dict(one_of.options)
    with_place = [(place, f"{labels[code]}, and the community served is {words}")] if code else []
    answer = cells.ask(
        cell,
        [*with_place, *one_of.options, *cells.ways_out()],
        proposed=SKIP if outside else code or one_of.likely(text),
        help_text=f"{outside} is not a program of these communities." if outside else "",
    )
    if answer == SKIP or (outside and answer is None):
        return cells.left_out(cell)
    if answer == place:
        return _Meaning(one_of.value(code), place=words)
    return _NOTHING if answer in (EMPTY, None) else _Meaning(one_of.value(answer))


def _read_names(cells: _Cells, values: Values) -> _Meanings:
    """Names of people. Two in one cell are never one person, and a remark is no part of a name."""
    read = _read_texts(cells, values)
    rest = cells.rest()
    remarks: dict[str, list[Cell]] = {}
    are_turned = _ask_about_capitals(cells)
    for cell, meaning in read.items():
        if meaning.problem or meaning.says_nothing:
            continue
        if _NO_ONE.fullmatch(str(cell)):
            read[cell] = _ask_vacant(cells, cell)
            continue
        written = read_person(str(cell))
        names = [n for n in _BETWEEN_NAMES.split(written.name) if n]
        if len(names) < 2 or not all(name[0].isalpha() for name in names):
            names = [*written.or_else]
        if names:
            if rest.has("names", _key(cell), _shown(cell), cells.rows[cell]):
                read[cell] = cells.as_the_rest(cell, rest.answer)
            else:
                read[cell] = _ask_names(cells, cell, written.name, names)
        else:
            name = written.turned if are_turned and written.turned else written.name
            read[cell] = _Meaning(cells.column.read(name))
        if written.remark:
            remarks.setdefault(written.remark, []).append(cell)
    cells.questions += rest.question("cells that may have two names")
    for remark, those in remarks.items():
        _ask_remark(cells, remark, those, read, values)
    return read


def _ask_about_capitals(cells: _Cells) -> bool:
    """Whether capitals are the last names in this column, which come first then: “SAMPLE Dana”."""
    turned = {cell: name for cell in cells.rows if (name := read_person(str(cell)).turned)}
    if not turned:
        return False
    first, name = next(iter(turned.items()))
    rows = sorted(number for cell in turned for number in cells.rows[cell])
    answer = cells.ask_once(
        "orders",
        cells.column.name,
        f"“{cells.heading}” has capitals first in {in_rows(rows)}, such as “{_shown(first)}”. Are they the last names?",
        _shown(first),
        [(_LAST_FIRST, f"Yes: {name}"), (WHOLE, f"No: {_shown(first)}")],
        rows,
        proposed=_LAST_FIRST if len(turned) > 1 else "",
    )
    return answer == _LAST_FIRST


def _ask_vacant(cells: _Cells, cell: Cell) -> _Meaning:
    """No one has the position. Where no person is needed, the row is about the rest."""
    if cells.column.name != "name":
        return _NOTHING
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
    return cells.left_out(cell) if answer == SKIP else _Meaning(says_nothing=True, no_one=True)


def _ask_names(cells: _Cells, cell: Cell, whole: str, names: Sequence[str]) -> _Meaning:
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
    return _Meaning(cells.column.read(answer)) if answer else _NOTHING


def _ask_remark(
    cells: _Cells, remark: str, those: Sequence[Cell], read: _Meanings, values: Values
) -> None:
    """Ask once what words behind names mean: “Dana Sample (on leave)”."""
    rows = sorted(number for cell in those for number in cells.rows[cell])
    is_of_row = cells.column.name == "name"
    over = [(OVER, f"“{remark}” means that it is over: read the rows as ended")] * is_of_row
    answer = cells.ask_once(
        "remarks",
        name_key(remark),
        f"“{cells.heading}” has “{remark}” behind the name in {in_rows(rows)}: {_shown(those[0])}. What does it mean?",
        remark,
        [
            (WITHOUT, f"Leave it out: {read_person(str(those[0])).name}"),
            (WHOLE, "It is part of the name"),
            *over,
            (SKIP, "Skip these rows"),
        ],
        rows,
        proposed=OVER if says_over(remark) and is_of_row else WITHOUT,
    )
    if answer == WITHOUT:
        values.unused[remark] = len(rows) + values.unused.get(remark, 0)
    for cell in those:
        if answer == SKIP:
            read[cell] = cells.left_out(cell)
        elif answer == OVER:
            read[cell] = replace(read[cell], over=remark)
        elif answer == WHOLE:
            read[cell] = _Meaning(cells.column.read(str(cell)))


def _fits(name: str, email: str) -> bool:
    """Whether a word of the name begins the email."""
    return any(len(w) > 2 and name_key(email).startswith(name_key(w)) for w in name.split())


# -- Columns of dates --------------------------------------------------------------------------------------


_Written = dict[Cell, days.Written]


def _read_days(cells: _Cells, values: Values) -> _Meanings:
    """Dates. The column alone shows which number in 01/04/2026 is the month, or else staff say."""
    is_last_day = cells.column.name in _LAST_DAYS
    written: _Written = {
        cell: days.read_written(cell, is_last_day=is_last_day, as_of=cells.as_of)
        for cell in cells.rows
        if isinstance(cell, str)
    }
    order = _order(cells, written)
    is_swapped = _typed_are_swapped(cells, written)
    has_other_numbers = any(w.is_number and not w.day for w in written.values())
    read: _Meanings = {}
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
            if meant.by_order and not day:
                read[cell] = _NOTHING  # asked in one question about the column
                continue
            day = day or meant.day
            guesses = list(meant.guesses)
            if meant.is_number and has_other_numbers:
                day, guesses = None, [*guesses, *filter(None, [day])]
        if day and days.is_likely(day, cells.as_of):
            read[cell] = _Meaning(day)
        elif not rest.has(cells.group, cells.key(cell), _shown(cell), cells.rows[cell]):
            read[cell] = _ask_day(cells, cell, day, guesses)
        elif rest.answer == NO_END:
            read[cell] = _Meaning()
        else:
            read[cell] = cells.as_the_rest(cell, rest.answer)
    cells.questions += rest.question(f"dates of “{cells.heading}” that have to be looked at")
    if read:
        values.days.append(_sample_days(cells, read))
    return read


def _order(cells: _Cells, written: _Written) -> str | None:
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


def _typed_are_swapped(cells: _Cells, written: _Written) -> bool:
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


def _ask_day(cells: _Cells, cell: Cell, day: date | None, guesses: Sequence[date]) -> _Meaning:
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
    if text in _SAYS_NOTHING:
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
        return _Meaning()
    return _NOTHING if answer in (EMPTY, None) else _Meaning(date.fromisoformat(answer))


def _sample_days(cells: _Cells, read: _Meanings) -> dict[str, Any]:
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
