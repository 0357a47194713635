"""Who attended, from Zoom's list of participants.

Zoom writes that list in several forms: with or without a part about the meeting above the headings,
one row a person or one for each time they came in, with the waiting room as rows of its own. What
staff copy from the screen may be bare names. All of it is read by the reader of lists, with its
limits; nothing is evaluated, and a row that cannot be read is named.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from membership.errors import RefusedError
from membership.imports.columns import Column, ListRow, read_rows, text, yes_or_no
from membership.imports.sheets import SheetRow, read_sheet
from membership.models import Person
from membership.register.matching import (
    MAX_SHOWN,
    MIN_PERSON_SCORE,
    NameMatch,
    best_matches,
    comparable_words,
)
from membership.register.names import name_key

HEADINGS_WITHIN = 20  # rows from the top
MAX_NEAR_NAMES = 200  # names that near matches are looked for
_MAX_LENGTH = 254
_SEPARATORS = re.compile(r"[,;\t]")
_ADDRESS = re.compile(r"[^\s<>(),;]+@[^\s<>(),;]+")

_NAME_HEADINGS = (
    "Name",
    "User name (original name)",
    "User name",
    "Participant",
    "Participant name",
    "Attendee",
)
_EMAIL_HEADINGS = ("User email", "Email address", "Participant email", "Attendee email")
_NAME = Column("name", "Name (original name)", text(_MAX_LENGTH), _NAME_HEADINGS)
_EMAIL = Column("email", "Email", text(_MAX_LENGTH), _EMAIL_HEADINGS)
_WAITING = Column("waiting", "In waiting room", yes_or_no, ("Waiting room",), empty=False)
_ATTENDED = Column("attended", "Attended", yes_or_no, empty=True)
COLUMNS = (_NAME, _EMAIL, _WAITING, _ATTENDED)


@dataclass(frozen=True)
class Participant:
    """Somebody on Zoom's list: every name they went by, and their email where Zoom knows it."""

    names: tuple[str, ...]
    email: str

    @property
    def shown(self) -> str:
        return " / ".join(self.names) or self.email


@dataclass(frozen=True)
class ParticipantList:
    """What the list says, each participant once, and the rows that could not be read."""

    participants: list[Participant]
    problems: list[str]


@dataclass
class Matches:
    """Zoom's list compared with the people of a meeting, each person once, in the surest way."""

    by_email: list[Person] = field(default_factory=list)
    by_name: list[Person] = field(default_factory=list)
    near: list[tuple[str, list[NameMatch[int]]]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def sure(self) -> list[Person]:
        return [*self.by_email, *self.by_name]


def read_file(content: bytes, file_name: str) -> ParticipantList:
    """Zoom's list as a CSV or XLSX file."""
    sheet = read_sheet(content, file_name)
    start = _heading_row(sheet)
    if start is None:
        raise RefusedError(
            "The file has no column “Name” or “Email”. Download the list of participants from Zoom "
            "again, or paste the names."
        )
    return _report(sheet[start:])


def read_pasted(pasted: str) -> ParticipantList:
    """The same list as text, or one name or email a line."""
    lines = pasted.splitlines()
    cells = (cell for line in lines[:HEADINGS_WITHIN] for cell in _SEPARATORS.split(line))
    if {name_key(cell) for cell in cells if cell.strip()} & (_NAME.keys | _EMAIL.keys):
        return read_file(pasted.encode(), "pasted.csv")
    names = [
        SheetRow(number, [line], []) for number, line in enumerate(lines, start=1) if line.strip()
    ]
    return _report([SheetRow(0, [_NAME.heading], []), *names])


def match_participants(report: ParticipantList, people: Sequence[Person]) -> Matches:
    """Who is meant: by email, else by a name that one person has, else by names that are near."""
    matches, found, unsure = Matches(), set(), []
    by_email = {person.email.lower(): person for person in people if person.email}
    same_names = Counter(name_key(person.name) for person in people)
    by_name = {
        key: person for person in people if same_names[key := name_key(person.name)] == 1 and key
    }
    # Those whom an email tells come first: what is left of the people is looked for by name.
    for participant in sorted(report.participants, key=lambda p: p.email not in by_email):
        keys = {name_key(name) for name in participant.names}
        same_name = {by_name[key] for key in keys & by_name.keys()}
        if person := by_email.get(participant.email):
            section = matches.by_email
        elif len(same_name) == 1:
            person, section = same_name.pop(), matches.by_name
        else:
            unsure.append(participant)
            continue
        if person not in found:
            found.add(person)
            section.append(person)
    others = [person for person in people if person not in found]
    for number, participant in enumerate(unsure):
        near = _near(participant, others) if number < MAX_NEAR_NAMES else []
        if near:
            matches.near.append((participant.shown, near))
        else:
            matches.unknown.append(participant.shown)
    return matches


def _report(sheet: Sequence[SheetRow]) -> ParticipantList:
    rows = read_rows(COLUMNS, sheet)
    known: dict[tuple[str, str], Participant] = {}
    for row in rows:
        participant = _participant(row)
        if participant:
            known.setdefault((participant.email, name_key(participant.shown)), participant)
    problems = [f"Row {row.number}: {problem}" for row in rows for problem in row.problems]
    if not known and not problems:
        raise RefusedError("The list names nobody who was in the meeting.")
    return ParticipantList(list(known.values()), problems)


def _participant(row: ListRow) -> Participant | None:
    if row.problems or row["waiting"] or not row["attended"]:
        return None
    name, email = row["name"], row["email"].lower()
    if not email and (found := _ADDRESS.search(name)):
        name, email = name.replace(found[0], "").strip(" <>(),;"), found[0].lower()
    names = _names(name)
    return Participant(names, email) if names or email else None


def _names(cell: str) -> tuple[str, ...]:
    """Zoom's "Shown name (Original name)" holds two."""
    shown, bracket, original = cell.partition("(")
    names = [shown.strip(), original.rstrip(") ").strip()] if bracket else [cell.strip()]
    return tuple(dict.fromkeys(name for name in names if name))


def _heading_row(sheet: Sequence[SheetRow]) -> int | None:
    """Where the headings stand; above them Zoom may say things about the meeting."""
    wanted = _NAME.keys | _EMAIL.keys
    for index, row in enumerate(sheet[:HEADINGS_WITHIN]):
        keys = {name_key(cell) for cell in row.cells if isinstance(cell, str) and cell}
        # The part about the meeting has a column for the host's email, and none for names.
        if keys & _NAME.keys or (keys & wanted and "meetingid" not in keys):
            return index
    return None


def _near(participant: Participant, people: Sequence[Person]) -> list[NameMatch[int]]:
    names = [(person.pk, person.name) for person in people]
    near: dict[int, NameMatch[int]] = {}
    for name in participant.names:
        near |= {found.key: found for found in best_matches(name, names, at_least=MIN_PERSON_SCORE)}
        for pk, other in names:
            if pk not in near and _is_shortened(comparable_words(name), comparable_words(other)):
                near[pk] = NameMatch(pk, other, 0.0)
    return sorted(near.values(), key=lambda found: (-found.score, found.name))[:MAX_SHOWN]


def _is_shortened(short: tuple[str, ...], name: tuple[str, ...]) -> bool:
    """True for a first name alone, or with an initial: "Dana", "Dana S."."""
    if not short or not name or short[0] != name[0] or len(short) > 2:
        return False
    return len(short) == 1 or (len(short[1]) == 1 and name[-1].startswith(short[1]))
