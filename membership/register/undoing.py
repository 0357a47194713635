"""Undoing what staff matched or checked: every row of the register becomes what it was before."""

from datetime import datetime
from typing import Any

from django.apps import apps
from django.db.models import Model

from membership.history import log_change
from membership.models import Agency, Program, User
from membership.recorded_changes import RecordedMerge, lock_rows, undo


def undo_checked(step: RecordedMerge, *, by: User, now: datetime) -> None:
    """Undo a step whose ``changes`` were recorded by ``Watched``. Its subjects' history keeps both.

    Runs inside the caller's transaction. Raises ``RefusedError`` if something of it has changed since.
    """
    lock_rows(step.changes)
    undo(step.changes, what="step can no longer be undone")
    for row in _subjects(step.changes):
        log_change(row, by=by, words="What was matched or checked was undone.")
    step.undone_at, step.undone_by, step.changes = now, by, {}
    step.save()


def _subjects(changes: dict[str, Any]) -> list[Model]:
    """The person, agency, program or initiative that a step changed or was matched to, if it is there."""
    subjects: dict[tuple[type[Model], int], Model] = {}
    for kept in changes["rows"]:
        model = apps.get_model(kept["model"])
        row = model._base_manager.filter(pk=kept["pk"]).first()
        values = kept["after"] or kept["before"]
        for name in ("person", "agency", "program", "initiative"):
            if key := values.get(name):
                to = model._meta.get_field(name).related_model
                row = to._base_manager.filter(pk=key).first()
                if row:
                    subjects[to, row.pk] = row
        if isinstance(row, Program | Agency):
            subjects[model, row.pk] = row
    return list(subjects.values())
