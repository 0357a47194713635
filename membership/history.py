"""The history of a row, in the log that Django's admin shows."""

from django.contrib.admin.models import ADDITION, CHANGE, DELETION, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, QuerySet

from membership.as_shown import require_as_shown
from membership.models import User


def log_change(
    *rows: Model, by: User, words: str, added: bool = False, removed: bool = False
) -> LogEntry:
    """Add ``words`` to the history of each row, as the admin's own forms do. Returns the last entry.

    Runs in the caller's transaction, so that the change and its history are saved together.
    """
    for row in rows:
        entry = LogEntry.objects.create(
            user_id=by.pk,
            content_type=_content_type_of(row),
            object_id=str(row.pk),
            object_repr=str(row)[:200],
            action_flag=ADDITION if added else DELETION if removed else CHANGE,
            change_message=words,
        )
    return entry


def history_of(row: Model) -> QuerySet[LogEntry]:
    """The history of a row, oldest first."""
    steps = LogEntry.objects.filter(content_type=_content_type_of(row), object_id=str(row.pk))
    return steps.select_related("user__person").order_by("action_time", "pk")


def as_shown_of(row: Model) -> str:
    """What a form about a row sends back as ``as_shown``: its newest change."""
    newest = history_of(row).last()
    return str(newest.pk if newest else 0)


def require_unchanged(row: Model, as_shown: str) -> None:
    """Raise ``RefusedError`` if a locked row has a newer change than a page showed, if there was one."""
    if not as_shown:
        return
    newest = history_of(row).last()
    since = f"{newest.user.display_name}: {newest.change_message}" if newest else ""
    require_as_shown(as_shown, str(newest.pk if newest else 0), since=since)


def _content_type_of(row: Model) -> ContentType:
    """Not from Django's cache: after a database is restored, its keys may be different."""
    return ContentType.objects.get(app_label=row._meta.app_label, model=row._meta.model_name)
