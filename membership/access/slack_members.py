"""Reading who is in Slack: Slack's own member export, or addresses that staff paste."""

import re
from dataclasses import dataclass, field, replace

from membership.errors import RefusedError
from membership.imports.columns import CellError, Column, email, read_rows, text
from membership.imports.kinds.base import EMAIL, PERSON_NAME
from membership.imports.sheets import MAX_ROWS, read_sheet
from membership.register.names import name_key

MOST_PROBLEMS = 50

COLUMNS = (
    # Bots have no address: an empty cell is no error here.
    replace(EMAIL, required=False),
    replace(PERSON_NAME, other_names=(*PERSON_NAME.other_names, "Real name"), read=text(2_000)),
    Column("status", "Status", text(2_000)),
)
# Accounts that nobody can sign in to, and those that are nobody's.
_NOT_IN = frozenset(["bot", "deactivated", "deleted", "inactive", "invited"])


@dataclass
class MemberList:
    """Who is in Slack: the name that Slack has by address. ``problems`` say what could not be read."""

    people: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    left_out: int = 0


def read_export(content: bytes, file_name: str) -> MemberList:
    """Slack's member export, or any list with a column of addresses."""
    sheet = read_sheet(content, file_name)
    if not {name_key(str(cell)) for cell in sheet[0].cells} & EMAIL.keys:
        raise RefusedError(
            "The file has no column “Email”. The first row must hold the headings, as in Slack’s "
            "member export."
        )
    export = MemberList()
    for row in read_rows(COLUMNS, sheet):
        if row.problems:
            export.problems.append(f"Row {row.number}: {' '.join(row.problems)}")
        elif not row["email"] or name_key(row["status"]) in _NOT_IN:
            export.left_out += 1
        else:
            export.people.setdefault(row["email"], row["name"][:120])
    return _checked(export)


def read_pasted(pasted: str) -> MemberList:
    """Addresses in a text of any shape: one a line, or with commas, names and angle brackets."""
    export = MemberList()
    words = re.split(r"[\s,;:<>()\"'\[\]]+", pasted)
    for word in words:
        if "@" not in word:
            continue
        try:
            export.people.setdefault(email(word.strip(".")), "")
        except CellError as problem:
            export.problems.append(str(problem))
    return _checked(export)


def _checked(export: MemberList) -> MemberList:
    if not export.people:
        raise RefusedError("There is no email address in it that could be read.")
    if len(export.people) > MAX_ROWS:
        raise RefusedError(f"There are more than {MAX_ROWS:,} addresses in it.")
    if (more := len(export.problems) - MOST_PROBLEMS) > 0:
        export.problems = [*export.problems[:MOST_PROBLEMS], f"And {more} more."]
    return export
