"""Who did what to a row of the register, in the history that the admin shows."""

from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from membership.models import User


def log_change(*rows: Model, by: User, words: str, added: bool = False) -> None:
    """Write ``words`` into the history of each row, as the admin's own forms do.

    Runs inside the caller's transaction, so that the history and the fact stand or fall together.
    """
    for row in rows:
        LogEntry.objects.create(
            user_id=by.pk,
            content_type=_content_type_of(row),
            object_id=str(row.pk),
            object_repr=str(row)[:200],
            action_flag=ADDITION if added else CHANGE,
            change_message=words,
        )


def history_of(row: Model) -> QuerySet[LogEntry]:
    """What was written into the history of a row, the oldest first."""
    steps = LogEntry.objects.filter(content_type=_content_type_of(row), object_id=str(row.pk))
    return steps.select_related("user__person").order_by("action_time", "pk")


def _content_type_of(row: Model) -> ContentType:
    """Not from Django's cache: a database that was restored under a running process has other keys."""
    return ContentType.objects.get(app_label=row._meta.app_label, model=row._meta.model_name)
