"""The life of an import: upload, answer what is asked in its steps, confirm, apply, or discard.

The worker reads the file, and again after each answer. Nothing in the register changes before staff confirm, and then
all rows are imported or none. The admin, the task and the command call the same verbs.
"""

from datetime import date, datetime, timedelta
from pathlib import PurePath

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.access.verbs import require_access_for_roster
from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.imports.batches import RegisterChangedError
from membership.imports.checking import (
    Effect,
    differences,
    group_errors,
    plan_of,
    show_cells,
    try_out,
    write,
)
from membership.imports.columns import ListRow
from membership.imports.editions import forget_old_editions, named_rows
from membership.imports.effects import ShownEffect
from membership.imports.files import FileRead, read_file
from membership.imports.kinds import IMPORTERS, Plan
from membership.imports.likeness import compare_with_register
from membership.imports.questions import Answers, Given, Question, remembered
from membership.imports.reading import Reading, read_list
from membership.imports.rows import rows_written, skipped_rows
from membership.imports.undoing import do_pending, end_pending, forget_old
from membership.imports.working import check_rosters, notify_worker_on_commit
from membership.models import (
    ListImport,
    ListImportRow,
    ListSeries,
    NameCheck,
    RowOutcome,
    User,
)
from membership.recorded_changes import Rows, changes_between, read_rows
from membership.register.names import clean_text, name_key

State = ListImport.State

# An import that no one confirms is discarded, because its file and rows are personal data.
KEPT_FOR = timedelta(days=7)
_SHOWN_ROWS = 20


def lists_of(user: User | AnonymousUser) -> QuerySet[ListImport]:
    """The imports that this member of staff can see: all but the rosters of other teams."""
    families = families_of(user)
    visible = Q(community__isnull=True) | Q(community__team__family__in=families)
    lists = ListImport.objects.filter(visible) if families else ListImport.objects.none()
    return lists.select_related("community", "uploaded_by__person").defer(
        "content", "table", "found", "effect", "changes", "named"
    )


def new_import(
    *,
    kind: str,
    list_name: str,
    as_of: date,
    content: bytes,
    file_name: str,
    now: datetime,
    by: User | None = None,
    community: CommunityOfPractice | None = None,
    answers: Answers | None = None,
) -> ListImport:
    """An import that is not saved yet."""
    series = _series(kind, list_name, community)
    return ListImport(
        kind=kind,
        list_name=series.name,
        series=series,
        answers=answers or {},
        as_of=as_of,
        community=community,
        file_name=_short_name(file_name),
        content=content,
        uploaded_by=by,
        uploaded_at=now,
        moved_at=now,
    )


@transaction.atomic
def upload(list_import: ListImport) -> None:
    """Save a new import and ask a worker to read it."""
    _save_with_series(list_import)
    notify_worker_on_commit(list_import.pk)


def carry_on(*, list_import_id: int, now: datetime) -> None:
    """Do the next step of an import: read and check it, apply it, or undo it. A second call does no harm."""
    rows = ListImport.objects.select_related("community", "series").defer("changes", "named")
    list_import = rows.get(pk=list_import_id)
    if list_import.pending:
        do_pending(list_import, now=now)
    if list_import.state not in ListImport.WORKING:
        return
    try:
        file = _file(list_import)
        ListImport.objects.filter(pk=list_import_id).update(percent=30, moved_at=timezone.now())
        if list_import.state == State.CHECKING:
            _check(list_import, file, now)
        else:
            _apply_or_check_again(list_import, file, now)
    except RefusedError as refusal:
        with transaction.atomic():
            list_import = ListImport.locked(list_import_id)
            if list_import.state not in ListImport.WORKING:
                return
            list_import.problem = str(refusal)
            if list_import.answers.pop("file", None):  # in the encoding that it had before
                list_import.save(update_fields=["problem", "answers"])
                notify_worker_on_commit(list_import_id)
            else:
                _close(list_import, State.REFUSED, now)


def stop_after_error(*, list_import_id: int, now: datetime) -> None:
    """After an error of the portal's own, give the import back to staff, with all that they answered."""
    with transaction.atomic():
        list_import = ListImport.locked(list_import_id)
        if list_import.pending:
            end_pending(
                list_import,
                problem="Something went wrong on our end, so this was not done: "
                f"{list_import.doing.lower()}. Try again, or tell the people who look after the portal.",
            )
        if list_import.state not in ListImport.WORKING:
            return
        list_import.problem = (
            "Something went wrong on our end, and nothing was written. Change the answer that you gave last and save "
            "again, or tell the people who look after the portal."
        )
        if not list_import.found:
            _close(list_import, State.REFUSED, now)
            return
        was_ready = list_import.state == State.APPLYING
        list_import.state = State.READY if was_ready else State.OPEN
        list_import.moved_at = now
        list_import.save(update_fields=["problem", "state", "moved_at"])


def answer(*, list_import_id: int, answers: Answers, now: datetime) -> None:
    """Save what staff answered in a step, and let the worker read the list again.

    Each group replaces what was answered in it before. Raises ``RefusedError`` if the import is past its steps.
    """
    with transaction.atomic():
        list_import = ListImport.locked(list_import_id)
        _require_in_steps(list_import)
        list_import.answers = {**list_import.answers, **answers}
        for day in answers.get("as_of", {}).values():  # of the title, or as staff gave it
            list_import.as_of = date.fromisoformat(day)
        list_import.problem = ""
        list_import.state, list_import.percent, list_import.moved_at = State.CHECKING, 0, now
        list_import.save(
            update_fields=["answers", "as_of", "problem", "state", "percent", "moved_at"]
        )
        notify_worker_on_commit(list_import.pk)


def keep(*, list_import_id: int, answers: Answers) -> None:
    """Keep what staff have answered of a step so far, for when they come back to it. The list is not read again yet."""
    with transaction.atomic():
        list_import = ListImport.locked(list_import_id)
        _require_in_steps(list_import)
        list_import.answers = {**list_import.answers, **answers}
        list_import.save(update_fields=["answers"])


def replace_file(
    *,
    list_import_id: int,
    as_of: date,
    now: datetime,
    encoding: str = "",
    content: bytes | None = None,
    file_name: str = "",
) -> None:
    """Read another file, or the same one in another encoding or with another date. The answers that still fit stay.

    Raises ``RefusedError`` if the import is past its steps.
    """
    with transaction.atomic():
        list_import = ListImport.locked(list_import_id)
        _require_in_steps(list_import)
        list_import.as_of = as_of
        found = (list_import.found or {}).get("file", {}).get("encoding", "")
        if content is not None:
            list_import.content, list_import.file_name = content, _short_name(file_name)
            answers = remembered(list_import.answers, with_days=True)
            list_import.answers, list_import.table = answers, None
        elif encoding not in ("", found):
            list_import.answers["file"] = {"encoding": encoding}
            list_import.table = None
        list_import.problem = ""
        list_import.state, list_import.percent, list_import.moved_at = State.CHECKING, 0, now
        list_import.save()
        notify_worker_on_commit(list_import.pk)


def _require_in_steps(list_import: ListImport) -> None:
    if list_import.state not in ListImport.IN_STEPS:
        raise RefusedError(list_import.cannot_be("changed"))


def _short_name(file_name: str) -> str:
    """Without folders, and with the extension even if the name is long."""
    path = PurePath(clean_text(file_name))
    return f"{path.stem[:100]}{path.suffix[:20]}"


def confirm(*, list_import_id: int, now: datetime, loss: str = "") -> None:
    """Staff confirm an import, and the bulk loss that its effect names, if there is one.

    Raises ``RefusedError`` if it is not ready to be confirmed.
    """
    with transaction.atomic():
        list_import = ListImport.locked(list_import_id)
        if list_import.state != State.READY:
            raise RefusedError(list_import.cannot_be("confirmed"))
        if loss != (list_import.effect or {}).get("loss", ""):
            raise RefusedError("Read what the list no longer has or ends, and confirm it.")
        list_import.answers = {**list_import.answers, "confirmed": {"loss": loss}}
        list_import.problem = ""
        list_import.state, list_import.percent, list_import.moved_at = State.APPLYING, 0, now
        list_import.save(update_fields=["answers", "problem", "state", "percent", "moved_at"])
        notify_worker_on_commit(list_import.pk)


class QuestionsOpenError(RefusedError):
    """Staff have to be asked something first."""

    def __init__(self, questions: list[Question], notes: list[str]) -> None:
        super().__init__("\n".join(question.text for question in questions))
        self.questions, self.notes = questions, notes


class LossError(RefusedError):
    """The list no longer has much that the last edition had, or ends much, and no one has confirmed these numbers."""

    def __init__(self, list_import: ListImport, effect: Effect) -> None:
        list_import.effect = effect.to_json()
        words = ShownEffect(list_import, AnonymousUser()).loss_in_words
        super().__init__(words.removesuffix(" I have checked that this is right."))
        self.numbers = effect.loss


def import_at_once(
    list_import: ListImport, *, dry_run: bool = False, loss: str | None = None
) -> Plan:
    """Check and apply a new import in one step, for the command. Errors in rows are returned, not raised.

    Nothing is saved in a dry run, or if the plan that is returned has errors. Raises ``RefusedError`` if staff have to
    be asked something. With ``loss``, a bulk loss in other numbers than these is asked too.
    """
    reading, now = _read(list_import, _file(list_import)), list_import.uploaded_at
    if asked := [q for q in reading.questions if q.is_open and not q.can_wait]:
        raise QuestionsOpenError(asked, reading.notes)
    if dry_run:
        plan, effect = try_out(list_import, reading.rows, now=now)
        list_import.effect = effect.to_json() if effect else None
        plan.notes = reading.notes
        return plan
    with transaction.atomic():
        plan = plan_of(list_import, reading.rows, now=now)
        plan.notes = reading.notes
        if not plan.errors:
            written = _write(list_import, plan, now)
            if loss is not None and written.loss not in ("", loss):
                raise LossError(list_import, written)
    if not plan.errors:
        check_rosters(list_import, now=now, people=written.concerned)
    return plan


def discard(*, list_import_id: int, now: datetime) -> None:
    """Discard an import with its file and rows. Raises ``RefusedError`` if it is running or done."""
    with transaction.atomic():
        list_import = ListImport.locked(list_import_id)
        if list_import.state not in (*ListImport.IN_STEPS, State.REFUSED):
            raise RefusedError(list_import.cannot_be("discarded"))
        _close(list_import, State.DISCARDED, now)


def discard_old(*, now: datetime) -> int:
    """Discard imports that no one confirmed within a week, and what is kept of old ones. Returns their number."""
    old = ListImport.objects.filter(
        state__in=[*ListImport.IN_STEPS, State.REFUSED], moved_at__lt=now - KEPT_FOR
    )
    forget_old(now=now)
    forget_old_editions(now=now)
    pks = list(old.values_list("pk", flat=True))
    for pk in pks:
        discard(list_import_id=pk, now=now)
    return len(pks)


def _series(kind: str, name: str, community: CommunityOfPractice | None) -> ListSeries:
    """The list of which this is an edition: the known one with this name, whatever its spelling, or a new one."""
    cleaned = clean_text(name)
    known = ListSeries.objects.filter(kind=kind, community=community).order_by("name")
    by_key = {name_key(series.name): series for series in known}
    return by_key.get(name_key(cleaned)) or ListSeries(kind=kind, name=cleaned, community=community)


def _save_with_series(list_import: ListImport) -> None:
    series = list_import.series
    if series and series.pk is None:  # two who begin the same list at once begin one
        list_import.series, _ = ListSeries.objects.get_or_create(
            kind=series.kind, name=series.name, community=series.community
        )
    list_import.save()


def _file(list_import: ListImport) -> FileRead:
    """The file, read once and then kept until the import is over. Raises ``RefusedError`` if it cannot be used."""
    if list_import.table:
        return FileRead.from_json(list_import.table)
    encoding = list_import.answers.get("file", {}).get("encoding", "")
    content = bytes(list_import.content or b"")
    file = read_file(content, list_import.file_name, encoding=encoding)
    list_import.table = file.to_json()
    if list_import.pk:
        ListImport.objects.filter(pk=list_import.pk).update(table=list_import.table)
    return file


def _read(list_import: ListImport, file: FileRead) -> Reading:
    series = list_import.series
    given = Given(list_import.answers, series.mapping if series else None)
    columns = IMPORTERS[list_import.kind].columns
    reading = read_list(file, columns, given, as_of=list_import.as_of)
    reading.more_questions = compare_with_register(reading.values, given)
    return reading


def _check(list_import: ListImport, file: FileRead, now: datetime, news: str = "") -> None:
    """Find out what the list would do, and keep it for the pages."""
    reading, plan, effect = _read(list_import, file), None, None
    if not reading.has_open_questions:
        plan, effect = try_out(list_import, reading.rows, now=now)
        show_cells(plan, reading)
    _save_found(list_import, reading, plan, effect, now, news)


def _save_found(
    list_import: ListImport,
    reading: Reading,
    plan: Plan | None,
    effect: Effect | None,
    now: datetime,
    news: str,
) -> None:
    answers = list_import.answers
    with transaction.atomic():
        list_import = ListImport.locked(list_import.pk)
        if list_import.state != State.CHECKING or list_import.answers != answers:
            return
        list_import.rows.all().delete()
        errors = group_errors(plan) if plan else []
        list_import.found = {**reading.to_json(), "errors": errors, "news": news}
        list_import.effect = effect.to_json() if effect else None
        list_import.state = State.OPEN
        if plan:
            _count(list_import, plan)
            _save_rows(list_import, [*plan.rows, *skipped_rows(reading)])
            list_import.state = State.OPEN if plan.errors else State.READY
        list_import.percent, list_import.moved_at = 100, now
        list_import.save()


def _apply_or_check_again(list_import: ListImport, file: FileRead, now: datetime) -> None:
    """Write the list that staff confirmed: all of it, or nothing if it would do something else by now."""
    try:
        _apply(list_import.pk, _read(list_import, file).rows, now)
    except RegisterChangedError as changed:
        with transaction.atomic():
            list_import = ListImport.locked(list_import.pk)
            if list_import.state != State.APPLYING:
                return
            list_import.state = State.CHECKING
            list_import.save(update_fields=["state"])
        _check(list_import, file, now, str(changed))


def _apply(pk: int, rows: list[ListRow], now: datetime) -> None:
    with transaction.atomic():
        list_import = ListImport.locked(pk)
        if list_import.state != State.APPLYING:
            return
        plan = plan_of(list_import, rows, now=now)
        if changed := differences(list_import, plan):
            shown = ", ".join(map(str, changed[:_SHOWN_ROWS]))
            more = " and others" if len(changed) > _SHOWN_ROWS else ""
            raise RegisterChangedError(
                "The register has changed since this list was checked, so nothing was written. "
                f"The list has been checked again. Different now: row{'s'[: len(changed) - 1]} {shown}{more}."
            )
        agreed = list_import.answers.get("confirmed", {}).get("loss", "")
        effect = _write(list_import, plan, now)
        if effect.loss not in ("", agreed):
            raise RegisterChangedError(
                "What the list no longer has or ends has changed since it was checked, so nothing was written. "
                "The list has been checked again."
            )
    # The roster checks follow the list at once.
    check_rosters(list_import, now=now, people=effect.concerned)


def _write(list_import: ListImport, plan: Plan, now: datetime) -> Effect:
    """Save all changes and the record of the import. Runs inside the caller's transaction."""
    before = read_rows(plan.register.written())
    effect = write(list_import, plan, lambda: _record(list_import, plan, before, now), now=now)
    list_import.effect = effect.to_json()
    # Who is enrolled by this list has an enrolment from now on: the rows do not keep names.
    for one in list_import.effect["on"]:
        if "row" in one:
            one["enrolment"] = plan.enrolling[one.pop("row")].pk
    list_import.save(update_fields=["effect"])
    return effect


def _record(list_import: ListImport, plan: Plan, before: Rows, now: datetime) -> None:
    """Save the record of the import, with what it changed since ``before``."""
    community = list_import.community
    plan.register.name_checks.save(
        source=NameCheck.Source.LIST,
        where=str(list_import),
        team=community.team if community else None,
        now=now,
    )
    if list_import.community:
        require_access_for_roster(
            community=list_import.community, by=list_import.uploaded_by, now=now
        )
    _count(list_import, plan)
    if list_import.series and list_import.series.pk is None:
        _save_with_series(list_import)
    list_import.changes = changes_between(before, read_rows(plan.register.written()))
    list_import.named = named_rows(list_import.kind, plan.named)
    if series := list_import.series:
        # Only the last import of a list can be undone.
        series.editions.exclude(pk=list_import.pk).update(changes=None)
        list_import.changes["mapping"] = series.mapping
        series.mapping = {**series.mapping, **remembered(list_import.answers)}
        series.save(update_fields=["mapping"])
    list_import.pending, list_import.pending_since = ListImport.Pending.ROSTERS, now
    _close(list_import, State.APPLIED, now)
    _save_rows(list_import, rows_written(plan, [row[2] for row in list_import.named]))


def _save_rows(list_import: ListImport, rows: list[ListImportRow]) -> None:
    for row in rows:
        row.list_import = list_import
    ListImportRow.objects.bulk_create(rows)


def _close(list_import: ListImport, state: ListImport.State, now: datetime) -> None:
    list_import.state, list_import.content = state, None
    list_import.table, list_import.found, list_import.answers = None, None, {}
    list_import.percent, list_import.moved_at = 90 if list_import.pending else 100, now
    list_import.effect = None
    list_import.save()
    list_import.rows.all().delete()


def _count(list_import: ListImport, plan: Plan) -> None:
    counts = plan.counts
    list_import.added, list_import.changed = counts[RowOutcome.ADD], counts[RowOutcome.CHANGE]
    list_import.same = counts[RowOutcome.SAME] + counts[RowOutcome.ASIDE]
    list_import.errors = counts[RowOutcome.ERROR]
