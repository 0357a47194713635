"""Which column of the file is which column of the list: by name, by likeness, by content, or as staff chose."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial
from itertools import islice
from typing import Any

from membership.imports.columns import NEVER_ONE_VALUE, CellError, Column, OneOf, text, yes_or_no
from membership.imports.files import BadCell, Cell, SheetRow, column_letters, shown
from membership.imports.heading_rows import newest_year, without_digits
from membership.imports.headings import Candidate, Headings
from membership.imports.kinds.base import PROGRAM_TYPE, is_status_of_over
from membership.imports.layout import TITLES_BETWEEN, Layout
from membership.imports.other_rows import LIKE_AN_AGENCY
from membership.imports.questions import Given, Question, Step, in_rows
from membership.register.names import name_key

SAMPLES = 3
# The content of a column is judged by so many cells, and this share of them.
_CELLS = 200
_MOST = 0.8

_NAME = text(120)
FIRST_NAME = Column(
    "first_name",
    "First name",
    _NAME,
    ("First", "Given name", "Given names", "Contact first name", "Prénom"),
)
MIDDLE_NAME = Column("middle_name", "Middle name", _NAME, ("Middle", "Middle initial"))
LAST_NAME = Column(
    "last_name",
    "Last name",
    _NAME,
    ("Last", "Surname", "Family name", "Contact last name", "Nom de famille"),
)
LAST_FIRST = Column(
    "last_first_name",
    "Name (last name first)",
    _NAME,
    ("Last name, first name", "Last, first", "Surname, first name", "Name (last, first)"),
)
NAME_PARTS = (FIRST_NAME, MIDDLE_NAME, LAST_NAME, LAST_FIRST)
# A column for each role, with the name of the person who has it, and perhaps another one with their email. Committees
# may have two co-chairs.
ROLES = {
    "chair": ("Chair",),
    "co_chair": ("Co-chair", "Co-chair 1"),
    "second_co_chair": ("Second co-chair", "Co-chair 2"),
    "coordinator": ("Coordinator",),
}
ROLE_NAMES = {
    f"{role}_name": Column(
        f"{role}_name",
        f"{labels[0]} (name)",
        _NAME,
        tuple(
            form.format(label)
            for label in labels
            for form in ("{}", "{}person", "{} name", "Name of {}", "{}’s name", "Committee {}")
        ),
    )
    for role, labels in ROLES.items()
}
ROLE_EMAILS = {
    f"{role}_email": Column(
        f"{role}_email",
        f"{labels[0]}’s email",
        text(254),
        tuple(
            form.format(label)
            for label in labels
            for form in ("{} email", "{} email address", "Email of {}", "{}’s email address")
        ),
    )
    for role, labels in ROLES.items()
}


def parts_of(columns: Sequence[Column]) -> list[Column]:
    """What a column of the file may also be: a part of a name, or the name or email of someone in a role."""
    names = {column.name for column in columns}
    parts: list[Column] = [*NAME_PARTS] if names & {"name", "contact_name"} else []
    if "role" in names:
        parts += [*ROLE_NAMES.values(), *ROLE_EMAILS.values()]
    return parts


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

    @property
    def letter(self) -> str:
        """As a spreadsheet program names the column."""
        return column_letters(self.position + 1)

    def to_json(self) -> dict[str, Any]:
        return {**vars(self), "letter": self.letter}


@dataclass
class Matching:
    """The columns of the file, the values that staff gave for all rows, and what has to be asked.

    ``positions`` are of the rows that ``arrange`` returns: there, the parts of a name (``name_cells``) are one cell,
    and a row with someone in each of several ``roles`` is a row for each of them.
    """

    uses: list[ColumnUse]
    constants: dict[str, str] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    # What it means that the list has no end dates, and so on.
    warnings: list[str] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)
    positions: dict[str, int] = field(default_factory=dict)
    name_cells: list[int] = field(default_factory=list)
    is_last_first: bool = False
    # Each with the columns of the name and the email.
    roles: list[tuple[str, int, int | None]] = field(default_factory=list)

    @property
    def unused(self) -> list[ColumnUse]:
        return [use for use in self.uses if not use.column]

    def arrange(self, layout: Layout) -> Layout:
        """The rows of the file as rows of the list."""
        if not self.name_cells and not self.roles:
            return layout
        rows = [one for row in layout.rows for one in self._arranged(row)]
        headings = [*layout.headings, "Role"] if self.roles else layout.headings
        return replace(layout, rows=rows, headings=headings)

    def _arranged(self, row: SheetRow) -> Iterator[SheetRow]:
        width = 1 + max(self.positions.values())
        cells: list[Cell] = [*row.cells, *[""] * (width - len(row.cells))]
        if self.name_cells:
            found = [cells[n] for n in self.name_cells if n < len(cells)]
            parts = list(map(str, found))
            if self.is_last_first:
                parts = parts[0].split(",", 1)[::-1]
            whole = " ".join(filter(None, map(str.strip, parts)))
            bad = (cell for cell in found if isinstance(cell, BadCell))
            cells[self.name_cells[0]] = next(bad, whole)
        people = [
            (role, cells[name], cells[email] if email is not None else "")
            for role, name, email in self.roles
        ]
        # Without anyone, the row is about the initiative alone.
        for values in [one for one in people if any(one[1:])] or [("", "", "")]:
            if self.roles:
                cells = list(cells)
                for column, value in zip(("role", "name", "email"), values, strict=True):
                    if column in self.positions:
                        cells[self.positions[column]] = value
            yield replace(row, cells=cells)


def match_columns(
    columns: Sequence[Column],
    layout: Layout,
    given: Given,
    *,
    as_of: date | None = None,
    guess: bool = True,
) -> Matching:
    """Match the headings of the file with the columns of the list, which is of this date."""
    all_columns = {column.name: column for column in (*columns, *parts_of(columns))}
    uses = _columns_of_file(layout)
    _take_answers(uses, all_columns, given)
    free = {n: use for n, use in enumerate(uses) if not use.how}
    headings = [use.heading if n in free else "" for n, use in enumerate(uses)]
    candidates = [
        one
        for one in Headings(all_columns.values()).candidates(headings, guess=guess)
        if one.position in free
        and _can_be(one, all_columns[one.column], free[one.position], layout)
    ]
    asked = _take_names(uses, _with_cells(candidates, uses, layout), as_of)
    _drop_parts_of_what_is_there(uses, asked)
    if guess:
        _take_content(uses, asked, columns, layout)
    matching = Matching(uses)
    _place(matching, columns, width=len(layout.headings))
    given_for_all = given.group("constants").items()
    matching.constants = {
        name: value for name, value in given_for_all if value and name not in matching.positions
    }
    there = matching.positions.keys() | matching.constants.keys()
    matching.missing = [c.name for c in columns if c.required and c.name not in there]
    warnings = (c.if_absent for c in columns if c.if_absent and c.name not in there)
    hints = {
        use.position: _what_is_over(use, layout) or _who_is_in(use, all_columns)
        for use in matching.unused
    }
    matching.warnings = [*dict.fromkeys(warnings), *filter(None, hints.values())]
    options = [
        ("", "Not used"),
        *((column.name, column.heading) for column in all_columns.values()),
    ]
    matching.questions = [
        *(
            _question(use, all_columns, asked, options, hints.get(use.position, ""))
            for use in uses
            if use.position in asked
            or not (
                use.how in ("name", "staff", "remembered")
                or (
                    use.heading == TITLES_BETWEEN and not (use.column or hints[use.position])
                )  # asked about as rows
            )
        ),
        *(_missing_question(c) for c in columns if c.name in matching.missing),
    ]
    return matching


def _place(matching: Matching, columns: Sequence[Column], *, width: int) -> None:
    """Where the values of the list are in each row."""
    taken = {use.column: use.position for use in matching.uses if use.column}
    at = {column.name: taken[column.name] for column in columns if column.name in taken}
    if parts := [taken[part.name] for part in NAME_PARTS if part.name in taken]:
        whole = next(c.name for c in columns if c.name in ("name", "contact_name"))
        if whole not in at:
            matching.name_cells, at[whole] = parts, parts[0]
            matching.is_last_first = LAST_FIRST.name in taken and len(parts) == 1
    found = [role for role in ROLES if f"{role}_name" in taken or f"{role}_email" in taken]
    if found and "role" not in at:
        # An email of no role belongs to the first of them.
        first_email = at.get("email")
        for role in found:
            name = taken.get(f"{role}_name", width)
            email = taken.get(f"{role}_email", first_email if role == found[0] else None)
            matching.roles.append((role, name, email))
        at["role"] = width
        at["name"] = matching.roles[0][1]
        if emails := [email for _, _, email in matching.roles if email is not None]:
            at["email"] = emails[0]
    matching.positions = at


def _columns_of_file(layout: Layout) -> list[ColumnUse]:
    """The columns that have a heading or a cell."""
    uses, keys = [], set()
    rows = list(layout.read_rows)
    for position, heading in enumerate(layout.headings):
        samples = list(dict.fromkeys(map(shown, _cells(rows, position))))[:SAMPLES]
        if not heading and not samples:
            continue
        key = name_key(heading) or f"column {column_letters(position + 1)}"
        while key in keys:
            key += "+"
        keys.add(key)
        uses.append(
            ColumnUse(position, key, heading or f"Column {column_letters(position + 1)}", samples)
        )
    return uses


def _cells(rows: Iterable[SheetRow], position: int) -> Iterable[Cell]:
    """The first cells of a column that have something in them."""
    cells = (row.cells[position] for row in rows if position < len(row.cells))
    return islice((cell for cell in cells if cell), _CELLS)


def _take_answers(uses: list[ColumnUse], columns: dict[str, Column], given: Given) -> None:
    taken: set[str] = set()
    in_any_year = [without_digits(use.heading) for use in uses]
    # What staff chose in this edition comes first.
    for use in sorted(uses, key=lambda use: given.is_remembered("columns", use.key)):
        chosen = given.get("columns", use.key)
        is_remembered = given.is_remembered("columns", use.key)
        is_yearly = newest_year(use.heading) and in_any_year.count(without_digits(use.heading)) > 1
        if is_remembered and is_yearly:
            continue  # the year before may be in the file again, beside this one
        if chosen == "" or (chosen in columns and chosen not in taken):
            use.column = chosen
            use.how = "remembered" if is_remembered else "staff"
            taken.add(chosen)


def _with_cells(
    candidates: list[Candidate], uses: Sequence[ColumnUse], layout: Layout
) -> list[Candidate]:
    """Leave out an empty column, or one of emails without any, where another one with the same meaning has some."""

    def has_cells(one: Candidate) -> bool:
        cells = map(str, _cells(layout.read_rows, uses[one.position].position))
        is_email = one.column in ("email", "contact_email")
        return any("@" in cell or "＠" in cell or not is_email for cell in cells)

    columns = [one.column for one in candidates]
    several = {column for column in columns if columns.count(column) > 1}
    full = {one for one in candidates if one.column in several and has_cells(one)}
    filled = {one.column for one in full}
    return [one for one in candidates if one in full or one.column not in filled]


def _take_names(
    uses: list[ColumnUse], candidates: list[Candidate], as_of: date | None
) -> dict[int, str]:
    """Give each column of the list the heading that fits best. Returns those that fit equally, with the column.

    Of headings that differ in their year, the one of the list's date counts, or else the newest.
    """
    taken = {use.column: use for use in uses if use.how}
    candidates.sort(
        key=lambda one: (-one.strength, *_by_year(uses[one.position].heading, as_of), one.position)
    )
    won: dict[str, Candidate] = {}
    for one in candidates:
        use = uses[one.position]
        if not use.column and one.column not in taken and one.column not in won:
            won[one.column] = one
            use.column, use.how = one.column, "name" if one.is_by_name else "likeness"
    equal: dict[int, str] = {}
    for one in candidates:
        best = won.get(one.column)
        if best and not uses[one.position].column and one.rank == best.rank:
            equal |= {uses[p].position: one.column for p in (one.position, best.position)}
    return equal


def _by_year(heading: str, as_of: date | None) -> tuple[bool, int]:
    """The order of headings with a year: 2026-27 is a fiscal year, which ends in March."""
    year = newest_year(heading)
    is_fiscal = str(year) not in heading or bool(re.search(r"\d\d\s*[-–/]", heading))
    begins = date(year - is_fiscal, 4 if is_fiscal else 1, 1) if year else None
    is_now = as_of and begins and begins <= as_of < begins.replace(year=begins.year + 1)
    return not is_now, -year


def _drop_parts_of_what_is_there(uses: list[ColumnUse], asked: dict[int, str]) -> None:
    """A column with whole names counts more than parts of names, and one with roles more than a column for each."""
    taken = {use.column for use in uses}
    for use in uses:  # “Nom” is the last name beside “Prénom”
        is_part = use.column == "name" and use.how == "likeness" and "first_name" in taken
        if is_part and "last_name" not in taken:
            use.column = "last_name"
            taken ^= {"name", "last_name"}
    parts: set[str] = set()
    if taken & {"name", "contact_name"}:
        parts |= {part.name for part in NAME_PARTS}
    if "role" in taken:
        parts |= ROLE_NAMES.keys() | ROLE_EMAILS.keys()
    elif roles := [role for role in ROLES if f"{role}_name" in taken]:
        first_email = f"{roles[0]}_email"
        for use in uses:
            if use.how in ("name", "likeness") and use.column == "name":  # who of them is it?
                use.column, use.how, asked[use.position] = "", "", "name"
            elif use.how in ("name", "likeness") and use.column == "email":
                if first_email in taken:
                    use.column = use.how = ""
                elif len(roles) > 1:  # whose is it?
                    use.column = asked[use.position] = first_email
    for use in uses:
        if use.column in parts and use.how in ("name", "likeness"):
            use.column = use.how = ""
            asked.pop(use.position, None)


def _can_be(one: Candidate, column: Column, use: ColumnUse, layout: Layout) -> bool:
    """A heading alone says little if the cells say otherwise: emails are no names, and a tick is no chair."""
    cells = list(map(str, _cells(layout.read_rows, use.position)))
    if not cells:
        return True
    with_at = _share(cells, lambda cell: "@" in cell or "＠" in cell or "(at)" in cell)
    if one.column == "email" or one.column.endswith("_email"):
        return bool(with_at) or one.is_by_name
    if one.column == "practice" and not re.search("practice|cop", name_key(use.heading)):
        return one.strength > 1.5  # “Communities” may be those, and “Community” is a town
    if one.column in ROLE_NAMES and _share(cells, partial(_can_read, yes_or_no)) > 0.5:
        return False
    if one.column in ("name", "contact_name", "agency", *ROLE_NAMES):
        return with_at <= 0.5
    # An amount is no funder.
    return not column.choices or column.read is yes_or_no or _share(cells, _AMOUNT.fullmatch) <= 0.5


def _share(cells: Sequence[str], test: Callable[[str], object]) -> float:
    return sum(map(bool, map(test, cells))) / len(cells) if cells else 0.0


_OF_SOMEONE_ELSE = re.compile(r"supervisor|manager|director|former|previous|\bold\b", re.IGNORECASE)
_AMOUNT = re.compile(r"[\s$\d.,]+")


def _take_content(
    uses: list[ColumnUse], asked: dict[int, str], columns: Sequence[Column], layout: Layout
) -> None:
    """Recognize a column by its cells, where the heading says nothing: emails, agencies, and values that are known.

    Dates, names and yes or no could be anything, so they are recognized only under no heading at all.
    """
    taken = {use.column for use in uses} | {*asked.values()}
    if taken & ROLE_EMAILS.keys():
        taken.add("email")
    rows = list(layout.read_rows)
    for column in columns:
        for use in uses:
            if column.name in taken or use.how or use.position in asked:
                continue
            cells = list(_cells(rows, use.position))
            has_heading = bool(layout.headings[use.position])
            if column.name == "email" and _OF_SOMEONE_ELSE.search(use.heading):
                continue
            if cells and _content_fits(column, cells, has_heading=has_heading):
                use.column, use.how = column.name, "content"
                taken.add(column.name)


def _content_fits(column: Column, cells: list[Cell], *, has_heading: bool) -> bool:
    texts = list(map(str, cells))
    if column.name in ("email", "contact_email"):
        return _share(texts, lambda cell: "@" in cell) >= _MOST
    if column.name == "agency":
        return _share(texts, LIKE_AN_AGENCY.search) >= _MOST
    if column.is_day:
        return not has_heading and all(isinstance(cell, date) for cell in cells)
    if column.choices and (not has_heading or column.name != "carries_caseload"):
        return (
            len(set(texts)) > 1
            and _share(texts, lambda cell: _can_read(column.read, cell)) >= _MOST
        )
    return False


def _can_read(read: Callable[[str], Any], cell: str) -> bool:
    try:
        read(cell)
    except CellError:
        return False
    return True


def _question(
    use: ColumnUse,
    columns: dict[str, Column],
    asked: dict[int, str],
    options: list[tuple[str, str]],
    hint: str,
) -> Question:
    """What staff should look at: a heading that was guessed, or that is not used. A ``hint`` says why it may matter."""
    heading = columns[asked[use.position]].heading if use.position in asked else ""
    if heading and newest_year(use.heading):
        sentence = (
            f"“{use.heading}” is read as “{heading}”, because of its year. Check that it is right."
            if use.column
            else f"“{use.heading}” is of another year, so it is not used as “{heading}”. Check that it is right."
        )
    elif heading:
        sentence = f"It is not clear whether “{use.heading}” is the “{heading}”. Choose what it is."
    elif use.column:
        sentence = f"“{use.heading}” looks like “{columns[use.column].heading}”. Check that it is."
    else:
        sentence = hint or f"“{use.heading}” is not used."
    return Question(
        Step.COLUMNS,
        "columns",
        use.key,
        sentence,
        shown=use.heading,
        options=options,
        proposed=use.column,
        can_wait=not use.column and use.position not in asked and not hint,
    )


def _who_is_in(use: ColumnUse, columns: dict[str, Column]) -> str:
    """A hint about a column of a roster that marks who is in one of several communities; empty if it is none."""
    is_community = isinstance(PROGRAM_TYPE.read, OneOf) and PROGRAM_TYPE.read.knows(use.heading)
    if "practice" not in columns or not is_community or not use.samples:
        return ""
    return (
        f"“{use.heading}” is not used. If it says who is in that community, keep only the rows of those who are in the "
        "community of this roster, and upload the file again."
    )


def _what_is_over(use: ColumnUse, layout: Layout) -> str:
    """A hint about a column whose cells say that something is over, as a status does; empty if none does."""
    found = {
        row.number: str(row.cells[use.position])
        for row in layout.read_rows
        if use.position < len(row.cells) and is_status_of_over(str(row.cells[use.position]))
    }
    if not found:
        return ""
    return (
        f"“{use.heading}” is not used, but says “{next(iter(found.values()))}” in {in_rows([*found])}. If that means "
        "that something has ended, choose “Status” for this column, or correct these rows when you check the list."
    )


def _missing_question(column: Column) -> Question:
    can_be_one = column.name not in NEVER_ONE_VALUE
    return Question(
        Step.COLUMNS,
        "constants",
        column.name,
        f"The file has no “{column.heading}” column. "
        + (
            "Choose one, or give one value for all rows."
            if can_be_one
            else "Choose the column that it is."
        ),
        options=list(column.choices),
    )
