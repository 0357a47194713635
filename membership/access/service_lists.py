"""Who is in Slack or on a Zoom list: read from its export or from pasted emails, and kept for a week at most."""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils.text import get_text_list

from membership.access import verbs
from membership.accounts.teams import require_team
from membership.as_shown import require_as_shown
from membership.errors import RefusedError
from membership.imports import people_files
from membership.imports.columns import CellError, Column, ListRow, email, text
from membership.imports.files import MAX_ROWS, FileRead, read_file
from membership.imports.kinds.base import EMAIL, PERSON_NAME
from membership.models import NameCheck, Service, ServiceList, SlackExport, User, ZoomExport
from membership.people.name_checks import NameChecks
from membership.register.names import name_key
from membership.register.person_records import people_by_email

# The list is personal data: it is deleted when staff are done, and after a week at the latest.
KEPT_FOR = timedelta(days=7)
MAX_PROBLEMS = 50
_TEXT = text(2_000)
# Bots have no email: an empty cell is not an error here.
_EMAIL = replace(EMAIL, required=False)
_NAME = replace(PERSON_NAME, other_names=(*PERSON_NAME.other_names, "Real name"), read=_TEXT)
SLACK_COLUMNS = (
    _EMAIL,
    _NAME,
    Column("display_name", "Display name", _TEXT),
    Column("status", "Status", _TEXT, ("Account status", "Member status")),
    # Slack's analytics, and its export for several workspaces, have the kind of account and the day it was closed.
    Column("account", "Account type", _TEXT, ("Member type",)),
    Column("closed_on", "Deactivated date", _TEXT, ("Deactivated date (UTC)", "Deactivated on")),
)
ZOOM_COLUMNS = (_EMAIL, _NAME, Column("status", "Approval status", _TEXT, ("Status",)))
# Rows of no one who is there: the reason, by a part of the status. One and many in words.
_NOT_IN_SLACK = {
    "bot": "bot",
    "app": "bot",
    "deactivated": "deactivated",
    "deleted": "deactivated",
    "disabled": "deactivated",
    "suspended": "deactivated",
    "inactive": "deactivated",
    "invit": "invited",
    "pending": "invited",
}
_NOT_IN_ZOOM = {
    "denied": "denied",
    "declined": "denied",
    "rejected": "denied",
    "cancel": "cancelled",
    "pending": "pending",
}
_LEFT_OUT = {
    "bot": ("bot", "bots"),
    "deactivated": ("deactivated account", "deactivated accounts"),
    "invited": ("invitation not accepted yet", "invitations not accepted yet"),
    "denied": ("registration that was denied", "registrations that were denied"),
    "cancelled": ("cancelled registration", "cancelled registrations"),
    "pending": ("registration that waits for approval", "registrations that wait for approval"),
    "no-email": ("row without an email", "rows without an email"),
}
_ZOOM_INSTEAD = (
    "In Zoom, go to Reports, then Meeting, then Registration Report, and choose Generate."
)


@dataclass
class MemberList:
    """Who is there: their names there, by email. ``problems`` say what could not be read."""

    people: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)


def read_export(content: bytes, file_name: str) -> MemberList:
    """Read Slack's member export, or any list with a column of emails."""
    return _read(read_file(content, file_name), SLACK_COLUMNS, _why_not_in_slack)


def read_registrations(content: bytes, file_name: str) -> MemberList:
    """Read Zoom's report on who registered, or any list with a column of emails."""
    file = read_file(content, file_name)
    people_files.refuse_other_reports(file, _ZOOM_INSTEAD)
    if people_files.has_joined(file):
        raise RefusedError(
            f"This is Zoom’s report on who attended, not on who is registered. {_ZOOM_INSTEAD}"
        )
    return _read(file, ZOOM_COLUMNS, lambda row: _reason(row["status"], _NOT_IN_ZOOM))


def _why_not_in_slack(row: ListRow) -> str:
    if row["closed_on"]:
        return "deactivated"
    return _reason(f"{row['status']} {row['account']}", _NOT_IN_SLACK)


def _reason(status: str, reasons: dict[str, str]) -> str:
    key = name_key(status)
    return next((reason for part, reason in reasons.items() if part in key), "")


def _read(
    file: FileRead, columns: Sequence[Column], why_not: Callable[[ListRow], str]
) -> MemberList:
    rows = people_files.read_people(file, columns, needed=["email"])
    members = MemberList()
    for row in rows:
        if reason := why_not(row):
            members.left_out[reason] += 1
        elif row.problems:
            members.problems.append(f"Row {row.number}: {' '.join(row.problems)}")
        elif not row["email"]:
            members.left_out["no-email"] += 1
        else:
            name = row["name"] or row.values.get("display_name", "")
            members.people.setdefault(row["email"], name[:120])
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


# -- The list that staff work on --------------------------------------------------------------------


def list_of(service: Service, *, lock: bool = False) -> ServiceList | None:
    """The list of a service that staff work on, if there is one."""
    kept = _lists(service).select_related("uploaded_by__person")
    return (kept.select_for_update(of=("self",)) if lock else kept).first()


def _lists(service: Service) -> QuerySet[SlackExport] | QuerySet[ZoomExport]:
    owner = _owner(service)
    return (ZoomExport if service.community else SlackExport)._default_manager.filter(**owner)


def _owner(service: Service) -> dict[str, Any]:
    return {"community": service.community} if service.community else {"team": service.team}


def left_out_words(kept: ServiceList) -> str:
    """What was left out of a list, with its numbers: "2 bots and 1 deactivated account"."""
    return get_text_list(
        [f"{n:,} {_LEFT_OUT[why][n != 1]}" for why, n in (kept.left_out_as or {}).items()], "and"
    )


@transaction.atomic
def save_list(*, service: Service, found: MemberList, by: User, now: datetime) -> ServiceList:
    """Save who is in a service, replacing the list before."""
    require_team(service.team, by, "service")
    for community in service.communities:
        verbs.require_access_for_roster(community=community, by=None, now=now)
    kept, _ = _lists(service).update_or_create(
        **_owner(service),
        defaults={
            "people": found.people,
            "problems": found.problems,
            "left_out": found.left_out.total(),
            "left_out_as": found.left_out,
            "uploaded_by": by,
            "uploaded_at": now,
        },
    )
    people = people_by_email(found.people)
    checks = NameChecks(people.values())
    checks.find_at({email: [name] for email, name in found.people.items()}, people)
    source = NameCheck.Source.ZOOM if service.community else NameCheck.Source.SLACK
    checks.save(source=source, team=service.team, now=now)
    return kept


@transaction.atomic
def discard_list(*, service: Service, by: User, as_shown: str = "") -> None:
    """Delete the list of who is in a service, if it is still the one ``as_shown`` on the page, if there was one."""
    require_team(service.team, by, "service")
    kept = list_of(service, lock=True)
    if kept and as_shown:
        require_as_shown(as_shown, kept.as_shown, since="There is a newer list")
    _lists(service).delete()


def discard_old_lists(*, now: datetime) -> int:
    """Delete the lists that are more than a week old. Returns their number."""
    old = {"uploaded_at__lt": now - KEPT_FOR}
    return sum(model.objects.filter(**old).delete()[0] for model in (SlackExport, ZoomExport))
