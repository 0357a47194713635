"""Slack's member list: read from Slack's export or from pasted emails, and kept for a week at most."""

import re
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db import transaction

from communities.models import SupportTeam
from membership.access import verbs
from membership.errors import RefusedError
from membership.imports.columns import CellError, Column, email, text
from membership.imports.files import MAX_ROWS, read_file
from membership.imports.kinds.base import EMAIL, PERSON_NAME
from membership.imports.reading import read_rows
from membership.models import NameCheck, SlackExport, User
from membership.people.name_checks import NameChecks
from membership.register.names import name_key
from membership.register.person_records import people_by_email

# The list is personal data: it is deleted when staff are done, and after a week at the latest.
KEPT_FOR = timedelta(days=7)
MAX_PROBLEMS = 50
COLUMNS = (
    # Bots have no email: an empty cell is not an error here.
    replace(EMAIL, required=False),
    replace(PERSON_NAME, other_names=(*PERSON_NAME.other_names, "Real name"), read=text(2_000)),
    Column("status", "Status", text(2_000)),
)
# Accounts that no one can use, and accounts that belong to no one.
_NOT_MEMBERS = frozenset(["bot", "deactivated", "deleted", "inactive", "invited"])


@dataclass
class MemberList:
    """The members of Slack: their names there, by email. ``problems`` say what could not be read."""

    people: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    left_out: int = 0


def read_export(content: bytes, file_name: str) -> MemberList:
    """Read Slack's member export, or any list with a column of emails."""
    sheet = read_file(content, file_name).likely_sheet.rows
    if not {name_key(str(cell)) for cell in sheet[0].cells} & EMAIL.keys:
        raise RefusedError(
            "The file has no “Email” column. The first row must have the headings, as in Slack’s "
            "member export."
        )
    members = MemberList()
    for row in read_rows(COLUMNS, sheet):
        if row.problems:
            members.problems.append(f"Row {row.number}: {' '.join(row.problems)}")
        elif not row["email"] or name_key(row["status"]) in _NOT_MEMBERS:
            members.left_out += 1
        else:
            members.people.setdefault(row["email"], row["name"][:120])
    return _checked(members)


def read_pasted(pasted: str) -> MemberList:
    """Find the emails in a text of any shape: one per line, or with commas, names and angle brackets."""
    members = MemberList()
    for word in re.split(r"[\s,;:<>()\"'\[\]]+", pasted):
        if "@" not in word:
            continue
        try:
            members.people.setdefault(email(word.strip(".")), "")
        except CellError as problem:
            members.problems.append(str(problem))
    return _checked(members)


def _checked(members: MemberList) -> MemberList:
    if not members.people:
        raise RefusedError(
            "We could not find any email addresses. Check the file or the text, and try again."
        )
    if len(members.people) > MAX_ROWS:
        raise RefusedError(
            f"The list has more than {MAX_ROWS:,} email addresses. Import a shorter list."
        )
    if (more := len(members.problems) - MAX_PROBLEMS) > 0:
        members.problems = [*members.problems[:MAX_PROBLEMS], f"And {more} more."]
    return members


@transaction.atomic
def save_export(*, team: SupportTeam, export: MemberList, by: User, now: datetime) -> SlackExport:
    """Save a team's Slack members, replacing the list before."""
    verbs.require_team(team, by)
    for community in team.communities.filter(has_slack=True):
        verbs.require_access_for_roster(community=community, by=None, now=now)
    kept, _ = SlackExport.objects.update_or_create(
        team=team,
        defaults={
            "people": export.people,
            "problems": export.problems,
            "left_out": export.left_out,
            "uploaded_by": by,
            "uploaded_at": now,
        },
    )
    people = people_by_email(export.people)
    checks = NameChecks(people.values())
    checks.find_at({email: [name] for email, name in export.people.items()}, people)
    checks.save(source=NameCheck.Source.SLACK, team=team, now=now)
    return kept


def discard_export(*, team: SupportTeam, by: User) -> None:
    """Delete a team's list of Slack members."""
    verbs.require_team(team, by)
    SlackExport.objects.filter(team=team).delete()


def discard_old_exports(*, now: datetime) -> int:
    """Delete the lists that are more than a week old. Returns their number."""
    return SlackExport.objects.filter(uploaded_at__lt=now - KEPT_FOR).delete()[0]
