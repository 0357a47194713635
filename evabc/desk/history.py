"""The history page: who did what and when, newest first, from every table that keeps a history.

The sources are append-only. A page merges the newest steps of every source.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import reduce
from operator import or_
from typing import Any

from django import forms
from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from communities.calendar import midnight
from communities.rules.vocabulary import Family
from membership.accounts.requests import AuthenticatedRequest
from membership.accounts.teams import REGISTER_MODELS, families_of
from membership.base_admin import desk_page
from membership.emails.kinds import KINDS as EMAIL_KINDS
from membership.forms import day_field
from membership.models import (
    Enrolment,
    Export,
    LetterWording,
    Resource,
    Topic,
    User,
    WorklistStep,
)
from membership.rosters.exports import exports_of
from membership.sharing.announcing import announcements_of
from requests.models import JoinRequestEvent, StaffNote

PAGE_SIZE = 50

Families = frozenset[Family]


@dataclass(frozen=True)
class Description:
    """How one step is shown."""

    who: str
    did: str
    subject: str
    url: str
    words: str = ""


def history_for(
    viewer: User,
    *,
    kind: str = "",
    who: int | None = None,
    first: date | None = None,
    last: date | None = None,
    page: int = 1,
) -> tuple[list[tuple[datetime, Description]], bool]:
    """One page of the steps that this member of staff may see, with their times, and whether there are older ones.

    ``who`` is the key of a user, and both days are inclusive. The number of queries is the same for any
    page. Steps of one moment are ordered by source, then by key.
    """
    families = families_of(viewer)
    found: list[tuple[datetime, int, int, Any]] = []
    for number, source in enumerate(SOURCES):
        if kind not in ("", *source.kinds):
            continue
        rows = source.rows(families, kind)
        if who:
            rows = rows.filter(**{source.by: who})
        if first:
            rows = rows.filter(**{f"{source.at}__gte": midnight(first)})
        if last:
            rows = rows.filter(**{f"{source.at}__lt": midnight(last + timedelta(days=1))})
        newest = rows.order_by(f"-{source.at}", "-pk")[: page * PAGE_SIZE + 1]
        found += [(getattr(row, source.at), number, row.pk, row) for row in newest]
    found.sort(key=lambda step: step[:3], reverse=True)
    shown = found[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    steps = [(at, SOURCES[number].describe(row)) for at, number, _, row in shown]
    return steps, len(found) > page * PAGE_SIZE


# -- The sources ----------------------------------------------------------------------------------

KINDS = {
    "requests": "Requests to join",
    "notes": "Staff notes",
    "worklist": "Roster checks",
    "enrolments": "Enrolments",
    "announcements": "Announcements",
    "resources": "Resources",
    "topics": "Topics",
    "register": "Register",
    "rules": "Rules and content",
    "wordings": "Email templates",
    "exports": "Exports",
    "others": "Accounts and other changes",
}
_ACTIONS = {ADDITION: "Added", CHANGE: "Changed", DELETION: "Deleted"}
# The entries of the admin's own log that belong to each kind, by app label and model.
_OF_KIND = {
    "register": Q(content_type__app_label="membership", content_type__model__in=REGISTER_MODELS),
    "enrolments": Q(content_type__app_label="membership", content_type__model="enrolment"),
    "announcements": Q(content_type__app_label="membership", content_type__model="announcement"),
    "resources": Q(content_type__app_label="membership", content_type__model="resource"),
    "topics": Q(content_type__app_label="membership", content_type__model="topic"),
    "rules": Q(content_type__app_label="communities")
    | Q(
        content_type__app_label="membership", content_type__model__in=("readytext", "topicsubject")
    ),
}
_OF_KIND["others"] = ~reduce(or_, _OF_KIND.values())


@dataclass(frozen=True)
class Source:
    """A table that keeps a history: its kinds, its columns of time and person, and how to read it."""

    kinds: tuple[str, ...]
    rows: Callable[[Families, str], QuerySet[Any]]
    describe: Callable[[Any], Description]
    at: str = "at"
    by: str = "by"


def _of_requests(
    model: type[JoinRequestEvent] | type[StaffNote], families: Families
) -> QuerySet[Any]:
    rows = model._default_manager.filter(join_request__community__team__family__in=families)
    return rows.select_related("by__person", "join_request__person", "join_request__community")


def _request_step(row: JoinRequestEvent) -> Description:
    if row.by and not row.by_staff:
        who = f"{row.join_request.person} (applicant)"  # their account may have passed to someone else
    else:
        who = row.by.display_name if row.by else row.who[0].upper() + row.who[1:]
    return _of_request(row, who, row.get_verb_display(), row.reason)


def _note(row: StaffNote) -> Description:
    return _of_request(row, _staff_name(row.by), "Note added", row.text)


def _of_request(row: JoinRequestEvent | StaffNote, who: str, did: str, words: str) -> Description:
    url = _url("joinrequests_joinrequest", row.join_request_id)
    return Description(who, did, f"{row.join_request.person}, {row.join_request}", url, words)


def _roster_check_steps(families: Families, kind: str) -> QuerySet[WorklistStep]:
    rows = WorklistStep.objects.filter(row__enrolment__community__team__family__in=families)
    return rows.select_related("by__person", "row__enrolment__person", "row__enrolment__community")


def _roster_check_step(row: WorklistStep) -> Description:
    return Description(
        row.by.display_name if row.by else "The portal",
        row.get_verb_display(),
        str(row.row.enrolment),
        _url("membership_worklistrow", row.row_id),
        row.text,
    )


def _log(families: Families, kind: str) -> QuerySet[LogEntry]:
    """The admin's log. Both teams see changes to the register and the content; only leads see the rest."""
    rows = LogEntry.objects.select_related("user__person", "content_type")
    rows = rows.filter(_OF_KIND[kind]) if kind else rows
    if families == frozenset(Family):
        return rows
    of_team = Q()
    for name, theirs in (
        ("enrolments", Enrolment.objects.filter(community__team__family__in=families)),
        ("announcements", announcements_of(families)),
        ("resources", Resource.objects.filter(team__family__in=families)),
        ("topics", Topic.objects.filter(community__team__family__in=families)),
    ):
        keys = theirs.annotate(key=Cast("pk", CharField())).values("key")
        of_team |= _OF_KIND[name] & Q(object_id__in=keys)
    return rows.filter(_OF_KIND["register"] | _OF_KIND["rules"] | of_team)


def _log_entry(row: LogEntry) -> Description:
    model = str(row.content_type).split(" | ")[-1] if row.content_type else ""
    return Description(
        row.user.display_name,
        _ACTIONS.get(row.action_flag, "Changed"),
        f"{model}: {row.object_repr}",
        row.get_admin_url() or "" if not row.is_deletion() else "",
        row.get_change_message(),
    )


def _wording(row: LetterWording) -> Description:
    return Description(
        _staff_name(row.by),
        "Email template changed" if row.body else "Original email template restored",
        EMAIL_KINDS[row.kind].title if row.kind in EMAIL_KINDS else row.kind,
        reverse("admin:membership_letterwording_changelist"),
        row.subject,
    )


def _export(row: Export) -> Description:
    return Description(
        _staff_name(row.by),
        "Exported",
        f"{row.what} ({row.rows} rows)",
        _url("membership_export", row.pk),
        row.columns,
    )


def _staff_name(user: User | None) -> str:
    return user.display_name if user else "Former staff member"


def _url(model: str, pk: int) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


SOURCES = [
    Source(("requests",), lambda f, _: _of_requests(JoinRequestEvent, f), _request_step),
    Source(("notes",), lambda f, _: _of_requests(StaffNote, f), _note),
    Source(("worklist",), _roster_check_steps, _roster_check_step),
    # Both teams send the same emails.
    Source(("wordings",), lambda *_: LetterWording.objects.select_related("by__person"), _wording),
    Source(("exports",), lambda f, _: exports_of(f).select_related("by__person"), _export),
    Source((*_OF_KIND,), _log, _log_entry, at="action_time", by="user"),
]


# -- The page ---------------------------------------------------------------------------------------


def _staff_choices() -> list[tuple[int | str, str]]:
    staff = User.objects.filter(is_staff=True).select_related("person")
    names = [(user.pk, user.display_name) for user in staff]
    return [("", "Everyone"), *sorted(names, key=lambda pair: pair[1])]


class HistoryForm(forms.Form):
    """Filters of the history. An empty field does not filter."""

    kind = forms.ChoiceField(
        label="Activity", choices=[("", "All activity"), *KINDS.items()], required=False
    )
    who = forms.TypedChoiceField(
        label="Person", choices=_staff_choices, coerce=int, empty_value=None, required=False
    )
    first = day_field("From", required=False)
    last = day_field("To", required=False)


@require_safe
def history(request: AuthenticatedRequest) -> HttpResponse:
    """Show one page of the history that this member of staff may see."""
    form = HistoryForm(request.GET)
    # A filter that cannot be read shows an error and is ignored.
    form.full_clean()
    number = request.GET.get("page", "")
    page = max(int(number), 1) if number.isdecimal() and len(number) < 6 else 1
    steps, has_older = history_for(request.user, page=page, **form.cleaned_data)
    kept: dict[str, str | int] = {name: request.GET.get(name, "") for name in form.fields}
    older = f"?{urlencode({**kept, 'page': page + 1})}" if has_older else ""
    return desk_page(
        request, "desk/history.html", title="History", form=form, steps=steps, older=older
    )
