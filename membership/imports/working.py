"""How an import is handed to the worker, and found again if the worker died."""

from datetime import datetime, timedelta

from celery import current_app
from django.db import transaction
from django.db.models import Q

from membership.models import Enrolment, ListImport, WorklistRow
from membership.rosters.reassessment import reassess

CARRY_ON_TASK = "membership.carry_on_with_list"

# Without progress for this long, the worker has died and the work is done again.
STALLED_AFTER = timedelta(minutes=5)


def notify_worker_on_commit(list_import_id: int) -> None:
    """Ask a worker to continue the import. If the broker is down, the sweep finds it later."""
    transaction.on_commit(
        lambda: current_app.send_task(CARRY_ON_TASK, args=[list_import_id]), robust=True
    )


def stalled_imports(*, now: datetime) -> list[int]:
    """Imports whose worker has died or whose task was lost."""
    long_ago = now - STALLED_AFTER
    waiting = ListImport.objects.filter(
        Q(state__in=ListImport.WORKING, moved_at__lt=long_ago)
        | (~Q(pending="") & Q(pending_since__lt=long_ago))
    )
    return list(waiting.values_list("pk", flat=True))


def check_rosters(
    list_import: ListImport, *, now: datetime, people: set[int] | None = None
) -> None:
    """Check the rosters again after an import has changed the register, and note that this is done.

    With ``people``, only those that they are on, by their keys. The night looks at all. What stays open after an undo
    no longer names the import.
    """
    own = Enrolment.objects.all() if people is None else Enrolment.objects.filter(person__in=people)
    reassess(now=now, enrolments=own, list_import=list_import if list_import.is_applied else None)
    if not list_import.is_applied:
        still_open = list_import.roster_checks.exclude(state=WorklistRow.State.SETTLED)
        still_open.update(list_import=None)
    list_import.pending = ""
    waiting = ListImport.objects.filter(pk=list_import.pk, pending=ListImport.Pending.ROSTERS)
    waiting.update(pending="", percent=100)
