"""Who did what to a row of the register, in the history that the admin shows."""

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from membership.models import User


def log_change(*rows: Model, by: User, words: str, added: bool = False) -> None:
    """Write ``words`` into the history of each row, as the admin's own forms do.

    Runs inside the caller's transaction, so that the history and the fact stand or fall together.
    """
    LogEntry.objects.log_actions(by.pk, rows, ADDITION if added else CHANGE, words)


def history_of(row: Model) -> QuerySet[LogEntry]:
    """What was written into the history of a row, the oldest first."""
    kind = ContentType.objects.get_for_model(row)
    steps = LogEntry.objects.filter(content_type=kind, object_id=str(row.pk))
    return steps.select_related("user__person").order_by("action_time", "pk")
