"""Files from Slack and Zoom: found and read as lists are, but nothing is asked, and the register does not change.

Zoom's reports begin with a part about the meeting, and those about webinars have several lists below each other. What
people call themselves there is a name, also if a spreadsheet program would take it for a formula.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from membership.errors import RefusedError
from membership.imports.columns import CellError, Column, ListRow
from membership.imports.files import BadCell, FileRead, Sheet, SheetRow
from membership.imports.headings import Headings
from membership.imports.layout import find_layout
from membership.imports.matching import match_columns
from membership.imports.questions import Given
from membership.register.names import name_key

_HEADINGS_WITHIN = 30  # rows from the top
# The part about the meeting has some of these, and people have a time when they joined.
_OF_A_MEETING = frozenset(["meetingid", "webinarid", "topic", "hostname", "hostemail"])
_JOINED = frozenset(["jointime", "timeinsessionminutes"])
_OF_PARTICIPANTS = _JOINED | {"name", "nameoriginalname", "guest", "totaldurationminutes"}
_REGISTERED = frozenset(["registrationtime", "approvalstatus"])
# Titles in a webinar's report, which stand there also if the list has no one.
_EMPTY_LISTS = frozenset(["panelistdetails", "attendeedetails", "otherattended"])
# Reports that are no lists of people, by the beginning of their title or by a heading that only they have.
_OTHER_REPORTS = {
    "poll answers": ("poll", "submitteddatetime"),
    "questions and answers": ("q", "askername"),
    "survey answers": ("survey", "surveyname"),
    "a webinar’s performance": ("performance", "emailinvitations"),
}
# Nothing in such a file is a total or a note: that may be what someone calls themselves.
_READ_ALL = Given({"skips": dict.fromkeys(("total", "note", "printed"), "read")})


def read_people(
    file: FileRead, columns: Sequence[Column], *, needed: Collection[str]
) -> list[ListRow]:
    """The rows of all lists in the file, each with one of the columns ``needed``; ``RefusedError`` if there are none."""
    for row in (row for sheet in file.sheets for row in sheet.rows):
        row.cells = [str(cell) if isinstance(cell, BadCell) else cell for cell in row.cells]
    found = [
        row for part in _parts(file, Headings(columns)) for row in _read(part, columns, needed)
    ]
    if not found:
        raise RefusedError("The file has no rows below its headings.")
    return found


def has_joined(file: FileRead) -> bool:
    """Whether the file is a report of Zoom's on who attended."""
    return bool(_keys_near_the_headings(file) & _JOINED)


def is_registered(file: FileRead) -> bool:
    """Whether the file is a report of Zoom's on who registered, which does not say who attended."""
    keys = _keys_near_the_headings(file)
    return bool(keys & _REGISTERED) and not keys & {*_JOINED, "attended"}


def refuse_other_reports(file: FileRead, instead: str) -> None:
    """Refuse those reports of Zoom's that are no lists of people, by their name. ``instead`` says what to choose."""
    keys, title = _keys_near_the_headings(file), name_key(str(file.likely_sheet.rows[0].cells[0]))
    for what, (beginning, heading) in _OTHER_REPORTS.items():
        if heading in keys or (title.startswith(beginning) and title.endswith("report")):
            raise RefusedError(f"This is Zoom’s report of {what}. {instead}")
    if "participants" in keys and keys & _OF_A_MEETING and not keys & _OF_PARTICIPANTS:
        raise RefusedError(f"This is Zoom’s list of meetings, without the people. {instead}")


def _keys_near_the_headings(file: FileRead) -> set[str]:
    rows = file.likely_sheet.rows[:_HEADINGS_WITHIN]
    return {name_key(str(cell)) for row in rows for cell in row.cells if cell}


def _read(part: FileRead, columns: Sequence[Column], needed: Collection[str]) -> Iterator[ListRow]:
    layout = find_layout(part, columns, _READ_ALL)
    if beside := next((q for q in layout.questions if q.group == "beside"), None):
        raise RefusedError(beside.text)
    matching = match_columns(columns, layout, _READ_ALL)
    at, names = matching.positions, Headings(columns)
    # A column of names is one even if all call themselves by their email.
    for use in matching.uses:
        for name in names.by_name(use.heading) if not use.column else ():
            at.setdefault(name, use.position)
    # Where no heading is known by its name, the first row may as well be someone's.
    if any("@" in heading for heading in layout.headings) or not at.keys() & set(needed):
        headings = " or ".join(f"“{c.heading}”" for c in columns if c.name in needed)
        raise RefusedError(
            f"The file has no {headings} column. The first row, or the first one below titles, must have the headings."
        )
    keys = [name_key(heading) for heading in layout.headings]
    for use in matching.uses:
        if use.column and keys.count(name_key(use.heading)) > 1:
            raise RefusedError(
                f"More than one column has the heading “{use.heading}”. Rename those that are not needed."
            )
    for row in matching.arrange(layout).read_rows:
        problem = layout.problems.get(row.number)
        read = ListRow(row.number, problems=[problem] if problem else [])
        for column in columns:
            position = at.get(column.name, len(row.cells))
            cell = str(row.cells[position]) if position < len(row.cells) else ""
            try:
                read.values[column.name] = column.read(cell) if cell else column.empty
            except CellError as error:
                read.values[column.name] = column.empty
                read.problems.append(f"“{column.heading}”: {error}")
        yield read


def _parts(file: FileRead, names: Headings) -> list[FileRead]:
    """Each list of the file as a file of its own. A file without parts stays whole."""
    sheet = file.likely_sheet
    starts: list[int] = []
    for position, row in enumerate(sheet.rows):
        if _has_headings(row, names, is_first=not starts):
            starts.append(position)
    if not starts or (starts == [0] and _without_the_meeting(sheet.rows[0]) is sheet.rows[0]):
        return [file]
    parts = []
    for start, end in pairwise([*starts, len(sheet.rows)]):
        rows = [_without_the_meeting(sheet.rows[start]), *sheet.rows[start + 1 : end]]
        if end < len(sheet.rows) and len(rows[-1].cells) == 1:  # the title of the next list
            rows.pop()
        while len(rows[-1].cells) == 1 and name_key(str(rows[-1].cells[0])) in _EMPTY_LISTS:
            rows.pop()
        if len(rows) > 1:
            parts.append(replace(file, sheets=[Sheet(sheet.name, rows, is_active=True)]))
    return parts


def _has_headings(row: SheetRow, names: Headings, *, is_first: bool) -> bool:
    """Whether a row has the headings of a list of people. Those below others say when they joined."""
    if is_first and row.number > _HEADINGS_WITHIN:
        return False
    texts = [str(cell) for cell in row.cells]
    keys = set(map(name_key, texts))
    if not keys & _JOINED and (keys & _OF_A_MEETING or not is_first):
        return False
    return names.fit(texts, guess=False) > 0


def _without_the_meeting(headings: SheetRow) -> SheetRow:
    """In the form with one line for all, the columns up to the number of participants are about the meeting."""
    keys = [name_key(str(cell)) for cell in headings.cells]
    if not _OF_A_MEETING & {*keys} or "participants" not in keys:
        return headings
    about = keys.index("participants") + 1
    return replace(headings, cells=[""] * about + headings.cells[about:])
