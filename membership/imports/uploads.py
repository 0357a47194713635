"""The life of an import: upload, check, confirm, apply, or discard.

Nothing in the register changes before staff confirm, and then all rows are imported or none.
The admin, the task and the command call the same verbs.
"""

from datetime import date, datetime, timedelta
from pathlib import PurePath

from celery import current_app
from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.access.verbs import require_access_for_roster
from membership.accounts.teams import families_of
from membership.errors import RefusedError
from membership.imports.applying import ListSource
from membership.imports.batches import RegisterBatch
from membership.imports.columns import ListRow, read_rows
from membership.imports.kinds import IMPORTERS, Plan
from membership.imports.sheets import read_sheet
from membership.models import ListImport, ListImportRow, NameCheck, RowOutcome, User
from membership.register.names import clean_text, name_key
from membership.rosters.reassessment import reassess

CARRY_ON_TASK = "membership.carry_on_with_list"

State = ListImport.State

# An import that no one confirms is discarded, because its file and rows are personal data.
KEPT_FOR = timedelta(days=7)
# Without progress for this long, the worker has died and the work is done again.
STALLED_AFTER = timedelta(minutes=5)


def lists_of(user: User | AnonymousUser) -> QuerySet[ListImport]:
    """The imports that this member of staff can see: all but the rosters of other teams."""
    families = families_of(user)
    visible = Q(community__isnull=True) | Q(community__team__family__in=families)
    lists = ListImport.objects.filter(visible) if families else ListImport.objects.none()
    return lists.select_related("community", "uploaded_by__person").defer("content")


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
) -> ListImport:
    """An import that is not saved yet."""
    path = PurePath(clean_text(file_name))
    return ListImport(
        kind=kind,
        list_name=_canonical_name(kind, list_name),
        as_of=as_of,
        community=community,
        # Without folders, and with the extension even if the name is long.
        file_name=f"{path.stem[:100]}{path.suffix[:20]}",
        content=content,
        uploaded_by=by,
        uploaded_at=now,
        moved_at=now,
    )


@transaction.atomic
def upload(list_import: ListImport) -> None:
    """Save a new import and ask a worker to check it."""
    list_import.save()
    _notify_worker_on_commit(list_import.pk)


def carry_on(*, list_import_id: int, now: datetime) -> None:
    """Do the next step of an import: check it, or apply it. A second call does no harm."""
    list_import = ListImport.objects.select_related("community").get(pk=list_import_id)
    if not list_import.is_working:
        return
    try:
        rows = _read_file(list_import)
        ListImport.objects.filter(pk=list_import_id).update(percent=30, moved_at=timezone.now())
        if list_import.state == State.CHECKING:
            _save_plan(list_import_id, _plan(list_import, rows), now)
        else:
            _apply(list_import_id, rows, now)
    except RefusedError as refusal:
        with transaction.atomic():
            list_import = _locked(list_import_id)
            if list_import.is_working:
                list_import.problem = str(refusal)
                _close(list_import, State.REFUSED, now)


def confirm(*, list_import_id: int, now: datetime) -> None:
    """Staff confirm an import. Raises ``RefusedError`` if it is not ready to be confirmed."""
    with transaction.atomic():
        list_import = _locked(list_import_id)
        if list_import.state != State.READY:
            state = list_import.get_state_display()
            raise RefusedError(f"This import cannot be confirmed. Its status is “{state}”.")
        list_import.state, list_import.percent, list_import.moved_at = State.APPLYING, 0, now
        list_import.save(update_fields=["state", "percent", "moved_at"])
        _notify_worker_on_commit(list_import.pk)


def import_at_once(list_import: ListImport, *, dry_run: bool = False) -> Plan:
    """Check and apply a new import in one step, for the command. Errors in rows are returned, not raised.

    Nothing is saved in a dry run, or if the plan that is returned has errors.
    """
    rows, now = _read_file(list_import), list_import.uploaded_at
    with transaction.atomic():
        plan = _plan(list_import, rows, lock=not dry_run)
        is_written = not dry_run and not plan.errors
        if is_written:
            _write(list_import, plan, now)
    if is_written:
        reassess(now=now, list_import=list_import)
    return plan


def discard(*, list_import_id: int, now: datetime) -> None:
    """Discard an import with its file and rows. Raises ``RefusedError`` if it is running or done."""
    with transaction.atomic():
        list_import = _locked(list_import_id)
        if list_import.state not in (State.READY, State.REFUSED):
            state = list_import.get_state_display()
            raise RefusedError(f"This import cannot be discarded. Its status is “{state}”.")
        _close(list_import, State.DISCARDED, now)


def discard_old(*, now: datetime) -> int:
    """Discard imports that no one confirmed within a week. Returns their number."""
    old = ListImport.objects.filter(
        state__in=[State.READY, State.REFUSED], moved_at__lt=now - KEPT_FOR
    )
    pks = list(old.values_list("pk", flat=True))
    for pk in pks:
        discard(list_import_id=pk, now=now)
    return len(pks)


def stalled_imports(*, now: datetime) -> list[int]:
    """Imports whose worker has died or whose task was lost."""
    waiting = ListImport.objects.filter(
        state__in=ListImport.WORKING, moved_at__lt=now - STALLED_AFTER
    )
    return list(waiting.values_list("pk", flat=True))


def _canonical_name(kind: str, name: str) -> str:
    """The name of a list as it was first imported, so that all its versions share one name."""
    cleaned = clean_text(name)
    known = ListImport.objects.filter(kind=kind).order_by("list_name")
    names = known.values_list("list_name", flat=True).distinct()
    return {name_key(other): other for other in names}.get(name_key(cleaned), cleaned)


def _read_file(list_import: ListImport) -> list[ListRow]:
    """The rows of the file. Raises ``RefusedError`` if the file cannot be used."""
    sheet = read_sheet(bytes(list_import.content or b""), list_import.file_name)
    return read_rows(IMPORTERS[list_import.kind].columns, sheet)


def _plan(list_import: ListImport, rows: list[ListRow], *, lock: bool = False) -> Plan:
    """What the list would do. With ``lock`` the facts stay locked until the transaction ends."""
    source = ListSource(list_import.list_name, list_import.as_of, list_import.uploaded_by)
    importer = IMPORTERS[list_import.kind]
    return importer(RegisterBatch(lock=lock), source, list_import.community).plan(rows)


def _locked(list_import_id: int) -> ListImport:
    rows = ListImport.objects.select_for_update(of=("self",)).select_related("community")
    return rows.get(pk=list_import_id)


def _save_plan(pk: int, plan: Plan, now: datetime) -> None:
    with transaction.atomic():
        list_import = _locked(pk)
        if list_import.state != State.CHECKING:
            return
        _count(list_import, plan)
        list_import.rows.all().delete()
        for row in plan.rows:
            row.list_import = list_import
        ListImportRow.objects.bulk_create(plan.rows)
        list_import.percent, list_import.moved_at = 100, now
        list_import.state = State.REFUSED if plan.errors else State.READY
        if plan.errors:
            list_import.content = None
        list_import.save()


def _apply(pk: int, rows: list[ListRow], now: datetime) -> None:
    """Apply an import that staff confirmed: all rows, or none if a row is now wrong."""
    with transaction.atomic():
        list_import = _locked(pk)
        if list_import.state != State.APPLYING:
            return
        plan = _plan(list_import, rows, lock=True)
        if plan.errors:
            first = plan.errors[0]
            raise RefusedError(
                "The register has changed since the list was checked, so nothing was imported. "
                f"Row {first.number}: {first.sentence} Upload the list again."
            )
        _write(list_import, plan, now)
    # The roster checks follow the list at once.
    reassess(now=now, list_import=list_import)


def _write(list_import: ListImport, plan: Plan, now: datetime) -> None:
    """Save all changes and the record of the import. Runs inside the caller's transaction."""
    plan.register.save()
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
    _close(list_import, State.APPLIED, now)


def _close(list_import: ListImport, state: ListImport.State, now: datetime) -> None:
    list_import.state, list_import.content = state, None
    list_import.percent, list_import.moved_at = 100, now
    list_import.save()
    list_import.rows.all().delete()


def _count(list_import: ListImport, plan: Plan) -> None:
    counts = plan.counts
    list_import.added, list_import.changed = counts[RowOutcome.ADD], counts[RowOutcome.CHANGE]
    list_import.same = counts[RowOutcome.SAME] + counts[RowOutcome.ASIDE]
    list_import.errors = counts[RowOutcome.ERROR]


def _notify_worker_on_commit(list_import_id: int) -> None:
    """Ask a worker to continue the import. If the broker is down, the sweep finds it later."""
    transaction.on_commit(
        lambda: current_app.send_task(CARRY_ON_TASK, args=[list_import_id]), robust=True
    )
