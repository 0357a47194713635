"""Who did what when, over all that keeps a history: one list, newest first.

The sources are append-only and stay where they are; this reads a page of each and puts them in
order. A page is found by the time of its first row, so the last page costs what the first costs.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import CharField, Model, Q, QuerySet
from django.db.models.functions import Cast
from django.urls import reverse
from django.utils import timezone

from communities.rules.vocabulary import Family
from membership.accounts.teams import families_of
from membership.emails.kinds import KINDS as KINDS_OF_LETTERS
from membership.models import Enrolment, Export, LetterWording, User, WorklistStep
from membership.rosters.exporting import exports_of
from requests.models import JoinRequestEvent, StaffNote

PAGE = 50
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Step:
    """One thing that somebody did."""

    at: datetime
    source: int
    pk: int
    who: str
    did: str
    about: str
    url: str
    words: str = ""

    @property
    def place(self) -> tuple[datetime, int, int]:
        """Where it is in the order of the whole history."""
        return self.at, self.source, self.pk

    @property
    def cursor(self) -> str:
        return f"{self.at.isoformat()}|{self.source}|{self.pk}"


@dataclass(frozen=True)
class Wanted:
    """What the history is asked for. ``before`` is the place of the last step of the page before."""

    kind: str = ""
    who: int | None = None
    first: date | None = None
    last: date | None = None
    before: tuple[datetime, int, int] | None = None


@dataclass(frozen=True)
class Page:
    """Some steps, newest first, and where the older ones begin."""

    steps: list[Step] = field(default_factory=list)
    older: str = ""


def history_for(viewer: User, wanted: Wanted) -> Page:
    """One page of what this member of staff may see. The number of queries is the same for any page."""
    families = families_of(viewer)
    found: list[Step] = []
    for number, source in enumerate(SOURCES):
        if wanted.kind not in ("", *source.kinds):
            continue
        rows = source.rows(families, wanted.kind)
        rows = _narrowed(rows, source.at, source.by, number, wanted)
        found += [source.step(number, row) for row in rows[: PAGE + 1]]
    found.sort(key=lambda step: step.place, reverse=True)
    page = found[:PAGE]
    return Page(page, page[-1].cursor if len(found) > PAGE else "")


def _narrowed(
    rows: QuerySet[Model], at: str, by: str, number: int, wanted: Wanted
) -> QuerySet[Model]:
    if wanted.who:
        rows = rows.filter(**{by: wanted.who})
    if wanted.first:
        rows = rows.filter(**{f"{at}__gte": _midnight(wanted.first)})
    if wanted.last:
        rows = rows.filter(**{f"{at}__lt": _midnight(wanted.last + _DAY)})
    if wanted.before:
        time, source, pk = wanted.before
        # Of steps of one moment, those of a later source come first.
        older = Q(**{f"{at}__lt": time})
        if number < source:
            older = Q(**{f"{at}__lte": time})
        elif number == source:
            older |= Q(**{at: time, "pk__lt": pk})
        rows = rows.filter(older)
    return rows.order_by(f"-{at}", "-pk")


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, datetime.min.time()))


# -- The sources ----------------------------------------------------------------------------------

REQUESTS, NOTES, WORKLIST = "requests", "notes", "worklist"
REGISTER, ENROLMENTS, RULES, OTHERS = "register", "enrolments", "rules", "others"
WORDINGS, EXPORTS = "wordings", "exports"
KINDS = {
    REQUESTS: "Requests to join",
    NOTES: "Notes among staff",
    WORKLIST: "Worklist",
    ENROLMENTS: "Enrolments",
    REGISTER: "Facts of the register",
    RULES: "Rules and words",
    WORDINGS: "Wording of letters",
    EXPORTS: "Sheets that were saved",
    OTHERS: "Sign-ins and others",
}
# Which of the admin's own log each kind is, by app label and model.
_REGISTER_MODELS = (
    "agency",
    "program",
    "evamembership",
    "person",
    "programposition",
    "coordinationinitiative",
    "coordinationrole",
)
_OF_KIND = {
    REGISTER: Q(content_type__app_label="membership", content_type__model__in=_REGISTER_MODELS),
    ENROLMENTS: Q(content_type__app_label="membership", content_type__model="enrolment"),
    RULES: Q(content_type__app_label="communities"),
}
_OF_KIND[OTHERS] = ~(_OF_KIND[REGISTER] | _OF_KIND[ENROLMENTS] | _OF_KIND[RULES])

Families = frozenset[Family]


@dataclass(frozen=True)
class Source:
    """A table that keeps a history: its kinds, its columns of time and person, and how to read it."""

    kinds: tuple[str, ...]
    at: str
    by: str
    rows: Callable[[Families, str], QuerySet[Any]]
    step: Callable[[int, Any], Step]


def _request_steps(families: Families, kind: str) -> QuerySet[JoinRequestEvent]:
    rows = JoinRequestEvent.objects.filter(join_request__community__team__family__in=families)
    return rows.select_related("by__person", "join_request__person", "join_request__community")


def _request_step(number: int, row: JoinRequestEvent) -> Step:
    hers = row.by is not None and not row.by_staff
    return Step(
        row.at,
        number,
        row.pk,
        f"{row.by.display_name}, the applicant" if row.by and hers else _who(row),
        row.get_verb_display(),
        f"{row.join_request.person}, {row.join_request}",
        _page("joinrequests_joinrequest", row.join_request_id),
        row.reason,
    )


def _who(row: JoinRequestEvent) -> str:
    if row.by_staff and row.by:
        return row.by.display_name
    return row.who[0].upper() + row.who[1:]


def _notes(families: Families, kind: str) -> QuerySet[StaffNote]:
    rows = StaffNote.objects.filter(join_request__community__team__family__in=families)
    return rows.select_related("by__person", "join_request__person", "join_request__community")


def _note(number: int, row: StaffNote) -> Step:
    return Step(
        row.at,
        number,
        row.pk,
        row.by.display_name if row.by else "A former colleague",
        "Note written",
        f"{row.join_request.person}, {row.join_request}",
        _page("joinrequests_joinrequest", row.join_request_id),
        row.text,
    )


def _worklist_steps(families: Families, kind: str) -> QuerySet[WorklistStep]:
    rows = WorklistStep.objects.filter(row__enrolment__community__team__family__in=families)
    return rows.select_related("by__person", "row__enrolment__person", "row__enrolment__community")


def _worklist_step(number: int, step: WorklistStep) -> Step:
    return Step(
        step.at,
        number,
        step.pk,
        step.by.display_name if step.by else "The portal",
        step.get_verb_display(),
        str(step.row.enrolment),
        _page("membership_worklistrow", step.row_id),
        step.text,
    )


def _log(families: Families, kind: str) -> QuerySet[LogEntry]:
    """The admin's log. Both teams share the register and the words; the rest is the leads' own."""
    rows = LogEntry.objects.select_related("user__person", "content_type")
    rows = rows.filter(_OF_KIND[kind]) if kind else rows
    if families == frozenset(Family):
        return rows
    theirs = Enrolment.objects.filter(community__team__family__in=families)
    keys = theirs.annotate(key=Cast("pk", CharField())).values("key")
    of_team = _OF_KIND[ENROLMENTS] & Q(object_id__in=keys)
    return rows.filter(_OF_KIND[REGISTER] | _OF_KIND[RULES] | of_team)


def _log_entry(number: int, row: LogEntry) -> Step:
    return Step(
        row.action_time,
        number,
        row.pk,
        row.user.display_name,
        str(row.get_action_flag_display()),
        f"{str(row.content_type).split(' | ')[-1] if row.content_type else ''}: {row.object_repr}",
        row.get_admin_url() or "" if not row.is_deletion() else "",
        row.get_change_message(),
    )


def _wordings(families: Families, kind: str) -> QuerySet[LetterWording]:
    """Both teams send the same letters."""
    return LetterWording.objects.select_related("by__person")


def _wording(number: int, row: LetterWording) -> Step:
    return Step(
        row.at,
        number,
        row.pk,
        row.by.display_name if row.by else "A former colleague",
        "Wording changed" if row.body else "Back to the original wording",
        KINDS_OF_LETTERS[row.kind].title if row.kind in KINDS_OF_LETTERS else row.kind,
        reverse("admin:membership_letterwording_changelist"),
        row.subject,
    )


def _exports(families: Families, kind: str) -> QuerySet[Export]:
    return exports_of(families).select_related("by__person")


def _export(number: int, row: Export) -> Step:
    return Step(
        row.at,
        number,
        row.pk,
        row.by.display_name if row.by else "A former colleague",
        "Saved as a sheet",
        f"{row.what} ({row.rows} rows)",
        _page("membership_export", row.pk),
        row.columns,
    )


def _page(model: str, pk: int) -> str:
    return reverse(f"admin:{model}_change", args=[pk])


SOURCES = [
    Source((REQUESTS,), "at", "by", _request_steps, _request_step),
    Source((NOTES,), "at", "by", _notes, _note),
    Source((WORKLIST,), "at", "by", _worklist_steps, _worklist_step),
    Source((WORDINGS,), "at", "by", _wordings, _wording),
    Source((EXPORTS,), "at", "by", _exports, _export),
    Source((REGISTER, ENROLMENTS, RULES, OTHERS), "action_time", "user", _log, _log_entry),
]


def who_can_be_asked_for() -> Iterator[tuple[int, str]]:
    """Everybody of EVA BC's staff, by name."""
    staff = User.objects.filter(is_staff=True).select_related("person")
    yield from sorted(((user.pk, user.display_name) for user in staff), key=lambda row: row[1])
