"""Undoing the last import of a list, and correcting its date.

An import keeps what it did in ``changes``, until the next edition of its list or for ``KEPT_FOR``. It can be undone,
as long as nothing was built on it. What the portal itself made of it goes too: roster checks, tasks for Slack
and Zoom, and name checks, if no one has dealt with them.

Staff ask for it, and the worker does it: with thousands of rows it takes most of a minute. Until it is done, or if it
is refused, the import counts as it is.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.admin.utils import label_for_field
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from membership.access.verbs import end_access
from membership.append_only import history_released
from membership.errors import RefusedError
from membership.imports.applying import column_in_words
from membership.imports.batches import EVIDENCE_FIELDS
from membership.imports.checking import FACTS_OF_LIST
from membership.imports.kinds.base import ListStatus
from membership.imports.models import ListImport, ListImportRow, ListKind
from membership.imports.rows import subject_of
from membership.imports.working import check_rosters, notify_worker_on_commit
from membership.models import (
    Access,
    AccessStep,
    Enrolment,
    NameCheck,
    Person,
    User,
    WorklistRow,
    WorklistStep,
)
from membership.recorded_changes import undo, why_not_undone
from membership.register.evidence import EvidencedModel

State, Pending = ListImport.State, ListImport.Pending

KEPT_FOR = timedelta(days=90)
SHOWN_FOR = timedelta(days=1)
# What the portal makes of an import. Whether someone has dealt with it is checked separately.
_OF_THE_PORTAL = (Access, WorklistRow)
_NO_LONGER = "import can no longer be undone"
SHOWN = 100


@dataclass(frozen=True)
class Preview:
    """What undoing an import does: numbers in words, and the first rows with what each changes."""

    removed: list[str]
    changed_back: list[str]
    rows: list[tuple[str, str]]
    more: int


def ask_for_preview(*, list_import_id: int, now: datetime) -> None:
    """Let the worker find out what undoing an import would change. Raises ``RefusedError`` if that is out of the question."""
    with transaction.atomic():
        list_import = _not_pending(list_import_id)
        _require(_why_out_of_the_question(list_import))
        _let_worker(list_import, Pending.PREVIEW, now)


def ask_to_undo(*, list_import_id: int, by: User, now: datetime) -> None:
    """Let the worker undo an import. Raises ``RefusedError`` if that is out of the question."""
    with transaction.atomic():
        list_import = _not_pending(list_import_id)
        _require(_why_out_of_the_question(list_import))
        list_import.undone_by = by
        _let_worker(list_import, Pending.UNDO, now)


def ask_to_correct_date(*, list_import_id: int, as_of: date, now: datetime) -> None:
    """Let the worker give an import another date. Raises ``RefusedError`` if it cannot have that."""
    with transaction.atomic():
        list_import = _not_pending(list_import_id)
        require_may_be_dated(list_import, as_of, today=timezone.localdate(now))
        list_import.answers = {"as_of": {"corrected": as_of.isoformat()}}
        _let_worker(list_import, Pending.DATE, now)


def _not_pending(list_import_id: int) -> ListImport:
    """The import, locked, if the worker has nothing to do for it."""
    # First without the lock, which the worker may have.
    is_working = ListImport.objects.filter(pk=list_import_id).exclude(pending="").exists()
    if is_working or (list_import := ListImport.locked(list_import_id)).pending:
        raise RefusedError("The portal is still working on this import. Wait until that is done.")
    return list_import


def _require(why_not: str) -> None:
    if why_not:
        raise RefusedError(why_not)


def _let_worker(list_import: ListImport, what: ListImport.Pending, now: datetime) -> None:
    list_import.pending, list_import.pending_since, list_import.percent = what, now, 0
    list_import.problem, list_import.preview = "", None
    list_import.save()
    notify_worker_on_commit(list_import.pk)


def do_pending(list_import: ListImport, *, now: datetime) -> None:
    """Do what staff asked of an import that is done. If it is refused, its page says why."""
    asked, pk = list_import.pending, list_import.pk
    ListImport.objects.filter(pk=pk, pending=asked).update(percent=30, pending_since=now)
    try:
        match asked:
            case Pending.PREVIEW:
                _save_preview(pk)
            case Pending.UNDO:
                undo_import(list_import_id=pk, by=list_import.undone_by, now=now)
            case Pending.DATE:
                as_of = date.fromisoformat(list_import.answers["as_of"]["corrected"])
                correct_date(list_import_id=pk, as_of=as_of, now=now)
            case Pending.ROSTERS:
                check_rosters(list_import, now=now)
    except RefusedError as refusal:
        with transaction.atomic():
            list_import = ListImport.locked(pk)
            if list_import.pending == asked:  # else another worker has done it
                end_pending(list_import, problem=str(refusal))


def _save_preview(pk: int) -> None:
    list_import = ListImport.objects.get(pk=pk)
    _require(why_not_undone_import(list_import))
    found = asdict(preview(list_import))
    waiting = ListImport.objects.filter(pk=pk, pending=Pending.PREVIEW)
    waiting.update(preview=found, pending="", percent=100)


def end_pending(list_import: ListImport, *, problem: str) -> None:
    """Say on the page of a locked import why what was pending has not been done."""
    list_import.pending, list_import.answers, list_import.percent = "", {}, 100
    list_import.problem = problem
    if list_import.is_applied:
        list_import.undone_by = None
    list_import.save()


def why_not_undone_import(list_import: ListImport) -> str:
    """Why this import can no longer be undone, as a sentence; empty if it can."""
    return (
        _why_out_of_the_question(list_import)
        or _what_was_done_since(list_import)
        or why_not_undone(list_import.changes or {}, ignoring=_OF_THE_PORTAL, what=_NO_LONGER)
    )


def _why_out_of_the_question(list_import: ListImport) -> str:
    """The same, as far as it is known without comparing the register with what the import changed."""
    if list_import.state != State.APPLIED:
        return list_import.cannot_be("undone")
    editions = ListImport.objects.filter(series=list_import.series_id, state=State.APPLIED)
    later = editions.filter(moved_at__gte=list_import.moved_at, pk__gt=list_import.pk).first()
    if list_import.series_id and later:
        day = date_format(later.as_of)
        return f"The list of {day} has been imported since. Only the last import can be undone."
    if not ListImport.objects.filter(pk=list_import.pk, changes__isnull=False).exists():
        return (
            f"What this import changed is no longer kept: it is deleted after {KEPT_FOR.days} days, and when the "
            "next one is imported. So it can no longer be undone."
        )
    return ""


def preview(list_import: ListImport) -> Preview:
    """What undoing it would do."""
    by_model: defaultdict[type[Model], list[dict[str, Any]]] = defaultdict(list)
    for row in (list_import.changes or {}).get("rows", ()):
        by_model[apps.get_model(row["model"])].append(row)
    removed, back = [], []
    shown: list[tuple[str, str]] = []
    for model, rows in by_model.items():
        counts = Counter(row["before"] is None for row in rows)
        removed += [_number(model, counts[True])] if counts[True] else []
        back += [_number(model, counts[False])] if counts[False] else []
        first = rows[: max(0, SHOWN - len(shown))]
        found = model._base_manager.in_bulk([row["pk"] for row in first])
        shown += [(str(found.get(row["pk"], "–")), _in_words(model, row)) for row in first]
    total = sum(len(rows) for rows in by_model.values())
    return Preview(removed, back, shown, total - len(shown))


def undo_import(*, list_import_id: int, by: User | None, now: datetime) -> None:
    """Give the register back as it was before an import. Raises ``RefusedError`` if something was built on it."""
    with history_released():
        list_import = ListImport.locked(list_import_id)
        _lock_changed(list_import)
        _require(why_not_undone_import(list_import))
        changes: dict[str, Any] = list_import.changes or {}
        for enrolment in _enrolments(changes):
            end_access(enrolment=enrolment, by=by, now=now)
        _name_checks(list_import).delete()
        undo(changes, ignoring=_OF_THE_PORTAL, what=_NO_LONGER)
        list_import.state, list_import.changes, list_import.named = State.UNDONE, None, None
        list_import.effect, list_import.preview = None, None
        # What it taught its list goes too, unless staff cleared that since.
        if (series := list_import.series) and series.mapping:
            series.mapping = changes.get("mapping", series.mapping)
            series.save(update_fields=["mapping"])
        list_import.undone_by, list_import.undone_at = by, now
        list_import.rows.all().delete()
        _let_rosters_follow(list_import, now)
    check_rosters(list_import, now=now)


def _let_rosters_follow(list_import: ListImport, now: datetime) -> None:
    """Save an import with what has been done to it. If the worker dies before the rosters are checked, that is done later."""
    list_import.pending, list_import.pending_since, list_import.percent = Pending.ROSTERS, now, 90
    list_import.problem, list_import.answers = "", {}
    list_import.save()


def why_not_dated(list_import: ListImport, as_of: date, *, today: date) -> str:
    """Why this import cannot get another date, as a sentence; empty if it can, as far as its rows allow."""
    if list_import.state != State.APPLIED:
        state = list_import.get_state_display()
        return f"The date of this import cannot be corrected. Its status is “{state}”."
    if as_of > today:
        return "The list date cannot be in the future."
    if as_of == list_import.as_of:
        return f"The list already has the date {date_format(as_of)}."
    others = ListImport.objects.filter(
        kind=list_import.kind, list_name=list_import.list_name, state=State.APPLIED
    ).exclude(pk=list_import.pk)
    low, high = sorted((as_of, list_import.as_of))
    if passed := others.filter(as_of__range=(low, high)).order_by("-as_of").first():
        return (
            f"There is an edition of {date_format(passed.as_of)}, and another order of the two would count other facts. "
            "Undo this import, and import the list again with the right date."
        )
    return ""


def _why_rows_forbid(list_import: ListImport, as_of: date) -> str:
    """Why its rows do not let this import have another date, as a sentence; empty if they do."""
    before_list = date_format(list_import.as_of - timedelta(days=1))
    for *_, values in list_import.named or ():
        if values.get("status") == ListStatus.OVER.label and before_list in values.values():
            return (
                "A status in this list says that something is over, so it ended the day before the list date. "
                "Undo this import, and import the list again with the right date."
            )
    for row in (list_import.changes or {}).get("rows", ()):
        before = row["before"] or {}
        other, day = before.get("list_name"), before.get("list_as_of")
        if other and day and date.fromisoformat(day) > as_of:
            return (
                f"{other} of {date_format(date.fromisoformat(day))} is newer than that, and this import changed facts "
                "that came from it. Undo this import, and import the list again with the right date."
            )
    if passed := _other_list_passed(list_import, as_of):
        day = date_format(passed.as_of)
        return (
            f"{passed.list_name} of {day} has some of the same rows, and another order of the two would count other "
            "facts. Undo this import, and import the list again with the right date."
        )
    return ""


def _other_list_passed(list_import: ListImport, as_of: date) -> ListImport | None:
    """An import of another list about some of the same that would be newer or older than this one then, and is not now."""
    low, high = sorted((as_of, list_import.as_of))
    name, named = list_import.list_name, _about(list_import)
    others = ListImport.objects.filter(
        kind=list_import.kind, state=State.APPLIED, as_of__range=(low, high)
    ).exclude(list_name=name)
    return next(
        (
            other
            for other in others.order_by("-as_of")
            # Of two with the same date, the name decides.
            if (low, name) < (other.as_of, other.list_name) < (high, name) and named & _about(other)
        ),
        None,
    )


def _about(list_import: ListImport) -> set[tuple[int | None, str]]:
    """The people and organizations that an import names."""
    return {(row[0], row[1].partition("|")[0]) for row in list_import.named or ()}


def require_may_be_dated(list_import: ListImport, as_of: date, *, today: date) -> None:
    """Raise ``RefusedError`` if this import cannot get another date."""
    _require(why_not_dated(list_import, as_of, today=today))


def facts_dated(list_import: ListImport) -> int:
    """How many facts carry the date of this import."""
    return _facts(list_import).count() if list_import.kind in FACTS_OF_LIST else 0


def correct_date(*, list_import_id: int, as_of: date, now: datetime) -> None:
    """Give an import and its facts another date. Raises ``RefusedError`` if that would change which list is newer."""
    with transaction.atomic():
        list_import = ListImport.locked(list_import_id)
        require_may_be_dated(list_import, as_of, today=timezone.localdate(now))
        _require(_why_rows_forbid(list_import, as_of))
        checks = _name_checks(list_import)
        if list_import.kind in FACTS_OF_LIST:
            _date_values(list_import, as_of)
            _facts(list_import).update(list_as_of=as_of)
            for other in ListImport.objects.filter(
                kind=list_import.kind, changes__isnull=False
            ).exclude(pk=list_import.pk):
                _date_kept(other, list_import, as_of)
                other.save(update_fields=["changes"])
        _date_kept(list_import, list_import, as_of)
        list_import.as_of = as_of
        checks.update(where=str(list_import))
        _let_rosters_follow(list_import, now)
    check_rosters(list_import, now=now)


def forget_old(*, now: datetime) -> None:
    """Delete what imports changed once it is too old to undo it, what is kept of their rows, and previews after a day."""
    old = ListImport.objects.filter(moved_at__lt=now - KEPT_FOR)
    old.filter(changes__isnull=False).update(changes=None)
    ListImportRow.objects.filter(list_import__in=old, list_import__state=State.APPLIED).delete()
    seen = ListImport.objects.filter(preview__isnull=False, pending_since__lt=now - SHOWN_FOR)
    seen.update(preview=None)


def forget_in_changes(person: Person, *, names: Iterable[str], addresses: Iterable[str]) -> None:
    """Take an erased person out of what is kept of imports. The rest of an import can still be undone.

    If the register keeps what a list says of them, that is someone else now.
    """
    ListImport.objects.filter(preview__isnull=False).update(preview=None)  # it names people
    ListImportRow.objects.filter(subject=subject_of(person)).delete()
    entry = Person.objects.filter(email__in=addresses).exclude(pk=person.pk).first()
    kept = ListImport.objects.filter(Q(changes__isnull=False) | Q(named__isnull=False))
    for list_import in kept.select_for_update(of=("self",)):
        if list_import.changes:
            rows = [_of_entry(row, person, entry) for row in list_import.changes["rows"]]
            gone = _gone(row for row in rows if row)
            list_import.changes["rows"] = [
                _without(row, {*names, *addresses})
                for row in rows
                if row and (row["model"], row["pk"]) not in gone
            ]
        list_import.named = list_import.named and [
            [entry.pk if entry else None, *row[1:]] if row[0] == person.pk else row
            for row in list_import.named
            if entry or row[0] != person.pk
        ]
        list_import.save(update_fields=["changes", "named"])


def _of_entry(row: dict[str, Any], person: Person, entry: Person | None) -> dict[str, Any] | None:
    """What is kept of a row, which may be about an erased person; None if nothing is."""
    if row["model"] == Person._meta.label_lower and row["pk"] == person.pk:
        is_new = row["before"] is None
        return {**row, "pk": entry.pk, "after": {}} if entry and is_new else None
    if (row["after"] or row["before"] or {}).get("person") != str(person.pk):
        return row
    is_fact = issubclass(apps.get_model(row["model"]), EvidencedModel)
    return (
        {**row, "after": {**row["after"], "person": str(entry.pk)}} if entry and is_fact else None
    )


def _gone(rows: Iterable[dict[str, Any]]) -> set[tuple[str, Any]]:
    """The facts among these rows that should be there and are not: they were erased."""
    keys = defaultdict(set)
    for row in rows:
        if row["after"] is not None:
            keys[row["model"]].add(row["pk"])
    return {
        (label, pk)
        for label in keys.keys() & {model._meta.label_lower for model in FACTS_OF_LIST.values()}
        for model in [apps.get_model(label)]
        for pk in keys[label] - set(model._base_manager.in_bulk(keys[label]))
    }


def _without(row: dict[str, Any], words: set[str]) -> dict[str, Any]:
    """The row without the columns that have one of these names or emails."""
    gone = {
        name
        for values in (row["before"], row["after"])
        for name, value in (values or {}).items()
        if isinstance(value, str) and value in words
    }
    return {
        name: {k: v for k, v in value.items() if k not in gone}
        if isinstance(value, dict)
        else value
        for name, value in row.items()
    }


def _lock_changed(list_import: ListImport) -> None:
    """Lock what will change, in the order in which imports lock it."""
    keys: defaultdict[type[Model], list[Any]] = defaultdict(list)
    for row in (list_import.changes or {}).get("rows", ()):
        keys[apps.get_model(row["model"])].append(row["pk"])
    for model, pks in keys.items():
        rows = model._base_manager.filter(pk__in=pks).order_by("pk")
        list(rows.select_for_update(of=("self",)).values_list("pk"))


def _enrolments(changes: dict[str, Any]) -> list[Enrolment]:
    """Those that the import began."""
    label = Enrolment._meta.label_lower
    pks = [row["pk"] for row in changes["rows"] if row["model"] == label and row["before"] is None]
    rows = Enrolment.objects.filter(pk__in=pks).order_by("pk")
    return list(rows.select_related("person", "community__team"))


def _what_was_done_since(list_import: ListImport) -> str:
    """What staff have done about the enrolments that the import began, as a sentence."""
    enrolments = _enrolments(list_import.changes or {"rows": []})
    if not enrolments:
        return ""
    team = enrolments[0].community.team
    people = [enrolment.person_id for enrolment in enrolments]
    tasks = AccessStep.objects.filter(
        access__person__in=people, access__team=team, at__gt=list_import.moved_at
    )
    if step := tasks.select_related("access__person").first():
        who = step.access.person
        return f"A Slack or Zoom task of {who} has been dealt with since, so this {_NO_LONGER}."
    checks = WorklistStep.objects.filter(row__enrolment__in=enrolments, by__isnull=False)
    if check := checks.select_related("row__enrolment__person").first():
        who = check.row.enrolment.person
        return f"A roster check of {who} has been dealt with since, so this {_NO_LONGER}."
    return ""


def _name_checks(list_import: ListImport) -> QuerySet[NameCheck]:
    """Those that the import raised and no one has answered."""
    return NameCheck.objects.filter(
        source=NameCheck.Source.LIST,
        state=NameCheck.State.OPEN,
        where=str(list_import),
        asked_at=list_import.moved_at,
    )


def _facts(list_import: ListImport) -> QuerySet[Any]:
    """The facts that carry the name and the date of this list, which is of a kind with facts."""
    facts = FACTS_OF_LIST[ListKind(list_import.kind)]._default_manager
    return facts.filter(list_name=list_import.list_name, list_as_of=list_import.as_of)


def _date_values(list_import: ListImport, as_of: date) -> None:
    """Give another date to the values that facts of newer lists have from this one."""
    model = FACTS_OF_LIST[ListKind(list_import.kind)]
    at = [list_import.as_of.isoformat(), list_import.list_name]
    has_one = Q()
    for name in model.FACT_FIELDS:
        has_one |= Q(**{f"list_sources__{name}": at})
    facts = list(model._default_manager.filter(has_one))
    for fact in facts:
        fact.list_sources = _dated(fact.list_sources, list_import, as_of)
    model._default_manager.bulk_update(facts, ["list_sources"], batch_size=500)


def _date_kept(kept: ListImport, list_import: ListImport, as_of: date) -> None:
    """Give another date to what is kept of an import for its undoing, where that is from this list."""
    old = list_import.as_of.isoformat()
    for row in (kept.changes or {}).get("rows", ()):
        for values in filter(None, (row["before"], row["after"])):
            is_from_it = values.get("list_name", kept.list_name) == list_import.list_name
            if values.get("list_as_of") == old and is_from_it:
                values["list_as_of"] = as_of.isoformat()
            if values.get("list_sources"):
                values["list_sources"] = _dated(values["list_sources"], list_import, as_of)


def _dated(sources: Any, list_import: ListImport, as_of: date) -> dict[str, Any]:
    old, new = ([day.isoformat(), list_import.list_name] for day in (list_import.as_of, as_of))
    return {name: new if at == old else at for name, at in sources.items()}


def _number(model: type[Model], number: int) -> str:
    names = model._meta
    return f"{number:,} {names.verbose_name if number == 1 else names.verbose_name_plural}"


def _in_words(model: type[Model], row: dict[str, Any]) -> str:
    """What undoing does to one row."""
    before, after = row["before"], row["after"]
    if before is None:
        return "removed"
    if after is None:
        return "comes back"
    shown = [name for name in before if name not in EVIDENCE_FIELDS]
    return (
        "; ".join(
            f"{label_for_field(name, model)}: {shown_value(model, name, after.get(name))} → "
            f"{shown_value(model, name, before[name])}"
            for name in shown
        )
        or "only the list and its date"
    )


def shown_value(model: type[Model], name: str, kept: Any) -> str:
    """A value of a column that is kept in ``changes``, as pages show it."""
    field: Any = model._meta.get_field(name)
    return column_in_words(model, name, None if kept is None else field.to_python(kept))
