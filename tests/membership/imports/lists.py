"""Small lists for the tests, as files. All of it is invented."""

import io
from datetime import UTC, date, datetime
from typing import Any

from openpyxl import Workbook

from communities.models import CommunityOfPractice
from membership.imports.kinds import Plan
from membership.imports.uploads import import_at_once, new_import
from membership.models import ListKind, RowOutcome

NOW = datetime(2026, 6, 1, 17, 0, tzinfo=UTC)
APRIL, MAY = date(2026, 4, 1), date(2026, 5, 1)


def csv_file(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def xlsx_file(*rows: list[Any]) -> bytes:
    book = Workbook()
    for row in rows:
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def apply_list(
    kind: ListKind,
    *lines: str,
    as_of: date = APRIL,
    name: str = "the list",
    dry_run: bool = False,
    community: CommunityOfPractice | None = None,
    content: bytes | None = None,
    file_name: str = "list.csv",
    answers: dict[str, dict[str, Any]] | None = None,
) -> Plan:
    """Import a list as the command does."""
    list_import = new_import(
        kind=kind,
        list_name=name,
        as_of=as_of,
        content=csv_file(*lines) if content is None else content,
        file_name=file_name,
        now=NOW,
        community=community,
        answers=answers,
    )
    return import_at_once(list_import, dry_run=dry_run)


def outcomes(plan: Plan) -> list[str]:
    return [RowOutcome(row.outcome).name.lower() for row in plan.rows]


def sentences(plan: Plan) -> list[str]:
    return [row.sentence for row in plan.rows]
