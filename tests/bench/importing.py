"""Bringing in a long list, from its bytes to the register."""

from collections.abc import Iterator
from datetime import datetime
from io import BytesIO

from django.utils import timezone
from openpyxl import Workbook

from communities.models import CommunityOfPractice
from membership.importing.uploads import write_at_once
from membership.models import ListKind
from tests.bench.figures import Figure, seconds

PROMISED = 60.0  # seconds for 20,000 rows

_HEADINGS = ["Name", "Email", "Agency", "Program type", "Community served", "Carries a caseload"]
_TYPES = ["STVC", "STV ORS", "MORS", "CBVS", "SAS"]


def measure(rows: int, *, now: datetime) -> Iterator[Figure]:
    """People with their positions as CSV, the same again as XLSX, and all of them as a roster."""
    lines = [_line(number) for number in range(rows)]
    at_most = PROMISED * rows / 20_000
    new = seconds(lambda: _write(_csv([_HEADINGS, *lines]), "people.csv", now))
    yield Figure(f"import {rows:,} new people, CSV", new, "s", at_most)
    again = _xlsx(lines)
    same = seconds(lambda: _write(again, "people.xlsx", now))
    yield Figure(f"import the same {rows:,} people again, XLSX", same, "s", at_most)
    # Each of them gets an enrolment with the tasks of its access, and is held against the rules.
    enrolled_on = f"{timezone.localdate(now):%Y-%m-%d}"
    roster = _csv([["Name", "Email", "Since"], *([*line[:2], enrolled_on] for line in lines)])
    on_roster = seconds(lambda: _write(roster, "roster.csv", now, "stvc"))
    yield Figure(f"import {rows:,} people as a roster, CSV", on_roster, "s", at_most)


def _line(number: int) -> list[str]:
    agency = f"Imported Example Agency {number // 10}"
    kind = _TYPES[number // 2 % len(_TYPES)]
    return [
        f"Listed Example {number}",
        f"listed{number}@example.org",
        agency,
        kind,
        "Sampleton",
        "yes",
    ]


def _csv(lines: list[list[str]]) -> bytes:
    return "\r\n".join(",".join(line) for line in lines).encode()


def _xlsx(lines: list[list[str]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    for line in [_HEADINGS, *lines]:
        sheet.append(line)
    written = BytesIO()
    book.save(written)
    return written.getvalue()


def _write(content: bytes, file_name: str, now: datetime, roster_of: str = "") -> None:
    plan = write_at_once(
        kind=ListKind.ROSTER if roster_of else ListKind.PEOPLE,
        community=CommunityOfPractice.objects.filter(slug=roster_of).first(),
        list_name=f"the benchmark's list {file_name}",
        as_of=timezone.localdate(now),
        content=content,
        file_name=file_name,
        now=now,
    )
    if plan.errors:
        raise RuntimeError(f"The benchmark's list is wrong: {plan.errors[0].sentence}")
