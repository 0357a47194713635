"""The life of a list: upload, check, confirm, apply, or put aside.

Nothing of the register is written before ``apply``, and then all of the list or nothing of it.
The admin, the task and the command call the same verbs.
"""

import logging
from datetime import date, datetime, timedelta
from functools import partial
from pathlib import PurePath

from celery import current_app
from django.db import transaction
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.access.verbs import want_for_roster
from membership.imports.applying import Listed
from membership.imports.columns import ListRow
from membership.imports.plan import Plan, Progress, make_plan, read_list
from membership.models import ListImport, ListImportRow, ListKind, RowOutcome, User
from membership.refusal import Refused
from membership.register.names import clean_text, name_key
from membership.rosters.reassessment import reassess

logger = logging.getLogger(__name__)

CARRY_ON_TASK = "membership.carry_on_with_list"

State = ListImport.State

# A list that nobody confirms is put aside, because its file and rows are personal data.
KEPT_FOR = timedelta(days=7)
# Without a sign of life for so long, the work has died with its worker and is done again.
STALLED_AFTER = timedelta(minutes=5)


def upload(
    *,
    kind: ListKind,
    list_name: str,
    as_of: date,
    content: bytes,
    file_name: str,
    by: User | None,
    now: datetime,
    community: CommunityOfPractice | None = None,
) -> ListImport:
    """Keep a file and ask a worker to check it."""
    with transaction.atomic():
        kept = ListImport.objects.create(
            kind=kind,
            list_name=usual_name(kind, list_name),
            as_of=as_of,
            community=community,
            content=content,
            file_name=_short_file_name(file_name),
            uploaded_by=by,
            uploaded_at=now,
            moved_at=now,
        )
        transaction.on_commit(partial(_notify_worker, kept.pk), robust=True)
    return kept


def check(*, list_import_id: int, now: datetime) -> None:
    """The dry run: keep per row what it would do. A second run gives the same."""
    kept = ListImport.objects.select_related("community").get(pk=list_import_id)
    if kept.state != State.CHECKING:
        return
    try:
        rows = read_list(ListKind(kept.kind), bytes(kept.content or b""), kept.file_name)
        _show_progress(kept.pk, 20)
        plan = _plan_of(
            kept,
            rows,
            progress=lambda percent: _show_progress(kept.pk, 20 + percent * 7 // 10),
        )
    except Refused as refusal:
        _refuse(kept.pk, str(refusal), now)
    else:
        _keep_plan(kept.pk, plan, now)


def confirm(*, list_import_id: int, now: datetime) -> None:
    """Staff say so: the list is to be written. Raises ``Refused`` where it does not wait for that."""
    with transaction.atomic():
        kept = _locked(list_import_id)
        if kept.state != State.READY:
            raise Refused(f"This list cannot be written now: {kept.get_state_display().lower()}.")
        kept.state, kept.percent, kept.moved_at = State.APPLYING, 0, now
        kept.save(update_fields=["state", "percent", "moved_at"])
        transaction.on_commit(partial(_notify_worker, kept.pk), robust=True)


def apply(*, list_import_id: int, now: datetime) -> None:
    """Write a list that staff confirmed: all of it, or nothing where the register says no by now."""
    kept = ListImport.objects.get(pk=list_import_id)
    if kept.state != State.APPLYING:
        return
    try:
        rows = read_list(ListKind(kept.kind), bytes(kept.content or b""), kept.file_name)
        _show_progress(kept.pk, 40)
        with transaction.atomic():
            kept = _locked(list_import_id)
            if kept.state != State.APPLYING:
                return
            plan = _plan_of(kept, rows, lock=True)
            _refuse_errors(plan)
            _write(kept, plan, now)
    except Refused as refusal:
        _refuse(list_import_id, str(refusal), now)
    else:
        reassess(now=now)  # the worklists follow the list at once


def write_at_once(
    *,
    kind: ListKind,
    list_name: str,
    as_of: date,
    content: bytes,
    file_name: str,
    now: datetime,
    community: CommunityOfPractice | None = None,
    dry_run: bool = False,
) -> Plan:
    """Check and write a list in one go, for the command. Raises nothing for errors in rows.

    Nothing is written in a dry run, nor where the plan that is given back has errors.
    """
    rows = read_list(kind, content, file_name)
    kept = ListImport(
        kind=kind,
        list_name=usual_name(kind, list_name),
        as_of=as_of,
        community=community,
        file_name=_short_file_name(file_name),
        uploaded_at=now,
    )
    with transaction.atomic():
        plan = _plan_of(kept, rows, lock=not dry_run)
        written = not dry_run and not plan.errors
        if written:
            _write(kept, plan, now)
    if written:
        reassess(now=now)
    return plan


def discard(*, list_import_id: int, now: datetime) -> None:
    """Put a list aside that is not wanted; its file and rows go. Raises ``Refused`` where it was used."""
    with transaction.atomic():
        kept = _locked(list_import_id)
        if kept.state not in (State.READY, State.REFUSED):
            raise Refused(f"This list cannot be put aside: {kept.get_state_display().lower()}.")
        _end(kept, State.DISCARDED, now)


def discard_old(*, now: datetime) -> int:
    """Put aside what nobody confirmed in a week. Gives the number of lists."""
    old = ListImport.objects.filter(
        state__in=[State.READY, State.REFUSED], moved_at__lt=now - KEPT_FOR
    )
    pks = list(old.values_list("pk", flat=True))
    for pk in pks:
        discard(list_import_id=pk, now=now)
    return len(pks)


def carry_on(*, list_import_id: int, now: datetime) -> None:
    """Do what a list waits for: its check, or its writing."""
    check(list_import_id=list_import_id, now=now)
    apply(list_import_id=list_import_id, now=now)


def stalled(*, now: datetime) -> list[int]:
    """Lists whose work has stopped, or whose task was lost."""
    waiting = ListImport.objects.filter(
        state__in=ListImport.WORKING, moved_at__lt=now - STALLED_AFTER
    )
    return list(waiting.values_list("pk", flat=True))


def usual_name(kind: str, name: str) -> str:
    """The name of a list as it was written when it first came in, so that its editions meet."""
    cleaned = clean_text(name)
    known = ListImport.objects.filter(kind=kind).order_by("list_name").values_list("list_name")
    by_key = {name_key(other): other for (other,) in known.distinct()}
    return by_key.get(name_key(cleaned), cleaned)


def _plan_of(
    kept: ListImport,
    rows: list[ListRow],
    *,
    lock: bool = False,
    progress: Progress = lambda percent: None,
) -> Plan:
    return make_plan(
        kind=ListKind(kept.kind),
        rows=rows,
        listed=Listed(kept.list_name, kept.as_of),
        community=kept.community,
        lock=lock,
        progress=progress,
    )


def _locked(list_import_id: int) -> ListImport:
    rows = ListImport.objects.select_for_update(of=("self",)).select_related("community")
    return rows.get(pk=list_import_id)


def _keep_plan(pk: int, plan: Plan, now: datetime) -> None:
    with transaction.atomic():
        kept = _locked(pk)
        if kept.state != State.CHECKING:
            return
        _count(kept, plan)
        _keep_rows(kept, plan)
        kept.percent, kept.moved_at = 100, now
        kept.state = State.REFUSED if plan.errors else State.READY
        if plan.errors:
            kept.content = None
        kept.save()


def _keep_rows(kept: ListImport, plan: Plan) -> None:
    kept.rows.all().delete()
    ListImportRow.objects.bulk_create(
        ListImportRow(
            list_import=kept,
            number=row.number,
            outcome=row.outcome,
            what=row.what,
            sentence=row.sentence,
        )
        for row in plan.rows
    )


def _write(kept: ListImport, plan: Plan, now: datetime) -> None:
    """Everything of the list, and the memory of it. Runs inside the caller's transaction."""
    plan.register.save()
    if kept.community:
        want_for_roster(community=kept.community, by=kept.uploaded_by, now=now)
    _count(kept, plan)
    _end(kept, State.APPLIED, now)


def _end(kept: ListImport, state: ListImport.State, now: datetime) -> None:
    kept.state, kept.content, kept.percent, kept.moved_at = state, None, 100, now
    kept.save()
    kept.rows.all().delete()


def _refuse(pk: int, problem: str, now: datetime) -> None:
    with transaction.atomic():
        kept = _locked(pk)
        if kept.is_working:
            kept.problem = problem
            _end(kept, State.REFUSED, now)


def _refuse_errors(plan: Plan) -> None:
    if plan.errors:
        first = plan.errors[0]
        raise Refused(
            "The register has changed since the list was checked, and nothing was written. "
            f"Row {first.number}: {first.sentence} Upload the list again."
        )


def _count(kept: ListImport, plan: Plan) -> None:
    counts = plan.counts
    kept.added, kept.changed = counts[RowOutcome.ADD], counts[RowOutcome.CHANGE]
    kept.same, kept.errors = counts[RowOutcome.SAME], counts[RowOutcome.ERROR]


def _show_progress(pk: int, percent: int) -> None:
    ListImport.objects.filter(pk=pk).update(percent=percent, moved_at=timezone.now())


def _short_file_name(name: str) -> str:
    """The name without its folders, and the ending also where it is long."""
    path = PurePath(clean_text(name))
    return f"{path.stem[:100]}{path.suffix[:20]}"


def _notify_worker(list_import_id: int) -> None:
    """Ask a worker to go on with the list. Without a broker the sweep finds it."""
    try:
        current_app.send_task(CARRY_ON_TASK, args=[list_import_id])
    except Exception:
        # Whatever the broker's trouble is, the list is a row and the sweep will find it.
        logger.warning("The broker did not take the task for list %s.", list_import_id)
