"""Attendance from Zoom's reports on who attended.

They come in several forms: with or without a part about the meeting above the headings, with one row for each person or
for each time they joined, with separate rows for the waiting room, and for webinars with lists of the host, panelists,
attendees and callers below each other. Text that staff copy from the screen may be only names. Rows that cannot be read
are listed.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError

from communities.email_addresses import normalize_email
from membership.errors import RefusedError
from membership.imports import files, people_files
from membership.imports.columns import Column, ListRow, text, yes_or_no
from membership.models import Person
from membership.register.matching import (
    MAX_SHOWN,
    MIN_PERSON_SCORE,
    NameMatch,
    best_matches,
    comparable_words,
)
from membership.register.names import clean_text, name_key

HEADINGS_WITHIN = 20  # rows from the top
MAX_NEAR_NAMES = 200  # names to find near matches for
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
_INSTEAD = "In Zoom, go to Reports, then Usage, then Participants, and choose Export."


@dataclass(frozen=True)
class Participant:
    """A participant on Zoom's list: every name they used, and their email if Zoom has it."""

    names: tuple[str, ...]
    email: str

    @property
    def shown(self) -> str:
        return " / ".join(self.names) or self.email


@dataclass(frozen=True)
class ParticipantList:
    """The participants on the list, each once, the rows that could not be read, and how many did not attend."""

    participants: list[Participant]
    problems: list[str]
    only_waited: int = 0
    only_registered: int = 0


@dataclass
class Matches:
    """Zoom's list compared with the people of a meeting: each person once, by their surest match."""

    by_email: list[Person] = field(default_factory=list)
    by_name: list[Person] = field(default_factory=list)
    near: list[tuple[str, list[NameMatch[int]]]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)

    @property
    def sure(self) -> list[Person]:
        return [*self.by_email, *self.by_name]


def read_file(content: bytes, file_name: str) -> ParticipantList:
    """Read Zoom's report on who attended."""
    file = files.read_file(content, file_name)
    people_files.refuse_other_reports(file, _INSTEAD)
    if people_files.is_registered(file):
        raise RefusedError(
            f"This is Zoom’s report on who registered. It does not say who attended. {_INSTEAD}"
        )
    return _report(people_files.read_people(file, COLUMNS, needed=["name", "email"]))


def read_pasted(pasted: str) -> ParticipantList:
    """Read the same list as text, or one name or email per line."""
    lines = pasted.splitlines()
    cells = (cell for line in lines[:HEADINGS_WITHIN] for cell in _SEPARATORS.split(line))
    if {name_key(cell) for cell in cells if cell.strip()} & (_NAME.keys | _EMAIL.keys):
        return read_file(pasted.encode(), "pasted.csv")
    nothing = {column.name: column.empty for column in COLUMNS}
    return _report(
        ListRow(number, nothing | {"name": clean_text(line)[:_MAX_LENGTH]})
        for number, line in enumerate(lines, start=1)
        if line.strip()
    )


def match_participants(
    report: ParticipantList, people: Sequence[Person], by_email: Mapping[str, Person]
) -> Matches:
    """Match participants by email, else by a name that only one person has, else by near names."""
    matches, found, unsure = Matches(), set(), []
    same_names = Counter(name_key(person.name) for person in people)
    by_name = {
        key: person for person in people if same_names[key := name_key(person.name)] == 1 and key
    }
    # People found by email come first; only the others are looked up by name.
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


def _report(rows: Iterable[ListRow]) -> ParticipantList:
    known: dict[tuple[str, str], Participant] = {}
    waited: dict[tuple[str, str], bool] = {}
    problems = []
    for row in rows:
        problems += [f"Row {row.number}: {problem}" for problem in row.problems]
        if row.problems or not (participant := _participant(row)):
            continue
        key = participant.email, name_key(participant.shown)
        if row["waiting"] or not row["attended"]:
            waited[key] = row["waiting"]
        else:
            known.setdefault(key, participant)
    absent = Counter(waiting for key, waiting in waited.items() if key not in known)
    if not known and not problems:
        raise RefusedError("We could not find anyone on the list who attended the meeting.")
    return ParticipantList([*known.values()], problems, absent[True], absent[False])


def _participant(row: ListRow) -> Participant | None:
    name, email = row["name"], _normal(row["email"])
    if not email and (found := _ADDRESS.search(name)):
        name, email = name.replace(found[0], "").strip(" <>(),;"), _normal(found[0])
    names = _names(name)
    return Participant(names, email) if names or email else None


def _normal(cell: str) -> str:
    """The email in its normal form, or the cell as it is: attendance is matched by name too."""
    try:
        return normalize_email(cell)
    except ValidationError:
        return cell


def _names(cell: str) -> tuple[str, ...]:
    """The names in a cell: Zoom's "Shown name (Original name)" has two."""
    shown, bracket, original = cell.partition("(")
    names = [shown.strip(), original.rstrip(") ").strip()] if bracket else [cell.strip()]
    return tuple(dict.fromkeys(name for name in names if name))


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
