"""Undoing what staff did from a roster check a moment ago: an email, a snooze, or the end of an enrolment."""

from datetime import datetime

from django.db import transaction

from membership.emails.kinds import UNDO_TIME
from membership.emails.queue import take_back
from membership.errors import RefusedError
from membership.models import User, WorklistRow, WorklistStep
from membership.rosters.enrolments import NOT_UNDONE, undo_end
from membership.rosters.roster_checks import add_step, lock_any_row, reopen

_Verb = WorklistStep.Verb


def undoable(row: WorklistRow, *, by: User, now: datetime) -> WorklistStep | None:
    """The newest step of a roster check, if ``by`` can undo it now. A snooze of anyone, at any time."""
    step = row.steps.last()
    if step and step.verb == _Verb.GAVE_TIME and row.state == WorklistRow.State.GIVEN_TIME:
        return step
    if step is None or step.by_id != by.pk or now >= step.at + UNDO_TIME:
        return None
    has_ended = step.verb == _Verb.SETTLED and row.how == WorklistRow.How.ENDED
    return step if has_ended or step.verb == _Verb.WROTE else None


@transaction.atomic
def undo(*, row_id: int, by: User, now: datetime) -> WorklistRow:
    """Take back what ``by`` did last, with its email. The history keeps both steps."""
    row = lock_any_row(row_id, by)
    step = undoable(row, by=by, now=now)
    if step is None:
        raise RefusedError(NOT_UNDONE)
    if step.verb == _Verb.SETTLED:
        undo_end(row, ended_at=step.at, by=by, now=now)
    elif step.verb == _Verb.GAVE_TIME:
        reopen(row, by=by, now=now, text="Not snoozed: this was undone.")
    elif take_back(about=row.enrolment.about, event=step.pk):
        add_step(row, _Verb.UNWROTE, by, now, "No email went out.")
    else:
        raise RefusedError(NOT_UNDONE)
    return row
