"""Undoing what staff did from a roster check.

An email and the end of an enrolment are undone by who did it, while the email waits; a snooze and what was confirmed
by anyone of the team, at any time, as long as nothing was built on it.
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from membership.emails.kinds import UNDO_TIME
from membership.emails.queue import take_back
from membership.errors import RefusedError
from membership.models import (
    Enrolment,
    ProgramPosition,
    RosterConfirmation,
    User,
    WorklistRow,
    WorklistStep,
)
from membership.register.undoing import undo_checked
from membership.rosters.enrolments import NOT_UNDONE, undo_end
from membership.rosters.roster_checks import add_step, lock_any_row, reopen, settle

_Verb = WorklistStep.Verb


def can_undo(row: WorklistRow, *, by: User, now: datetime) -> bool:
    """Whether ``by`` can undo what was done last from a roster check."""
    return _confirmation(row) is not None or _undoable(row, by=by, now=now) is not None


def _confirmation(row: WorklistRow) -> RosterConfirmation | None:
    """The confirmation that resolved a roster check."""
    return row.confirmations.filter(undone_at=None).first() if row.is_settled else None


def _undoable(row: WorklistRow, *, by: User, now: datetime) -> WorklistStep | None:
    """The newest step of a roster check, if it is an email, a snooze or an end that ``by`` can undo now."""
    step = row.steps.last()
    if step and step.verb == _Verb.GAVE_TIME and row.state == WorklistRow.State.GIVEN_TIME:
        return step
    if step is None or step.by_id != by.pk or now >= step.at + UNDO_TIME:
        return None
    has_ended = step.verb == _Verb.SETTLED and row.how == WorklistRow.How.ENDED
    return step if has_ended or step.verb == _Verb.WROTE else None


@transaction.atomic
def undo(*, row_id: int, by: User, now: datetime) -> bool:
    """Undo what was done last, with its email. The history keeps both steps. Returns whether an email was stopped."""
    row = lock_any_row(row_id, by)
    if confirmation := _confirmation(row):
        _undo_confirming(row, confirmation, by=by, now=now)
        return False
    step = _undoable(row, by=by, now=now)
    if step is None:
        raise RefusedError(NOT_UNDONE)
    if step.verb == _Verb.SETTLED:
        undo_end(row, ended_at=step.at, by=by, now=now)
    elif step.verb == _Verb.GAVE_TIME:
        reopen(row, by=by, now=now, text="Not snoozed: this was undone.")
    else:
        _undo_email(row, step, by=by, now=now)
    return step.verb != _Verb.GAVE_TIME


def is_undone(row: WorklistRow, *, by: User, now: datetime) -> bool:
    """Whether this click has undone it already, with another roster check that the same email was about."""
    return row.steps.filter(verb__in=[_Verb.UNWROTE, _Verb.OPENED], by=by, at=now).exists()


def _undo_email(row: WorklistRow, step: WorklistStep, *, by: User, now: datetime) -> None:
    """Stop the email, for all of the member's roster checks that it is about: their steps are the same."""
    enrolment = row.enrolment
    same = WorklistStep.objects.filter(verb=step.verb, by=step.by, at=step.at, text=step.text)
    same = same.filter(
        row__enrolment__person=enrolment.person,
        row__enrolment__community__team=enrolment.community.team,
    )
    for each in same.select_related("row__enrolment").order_by("pk"):
        if not take_back(about=each.row.enrolment.about, event=each.pk):
            raise RefusedError(NOT_UNDONE)
        add_step(each.row, _Verb.UNWROTE, by, now, "No email went out.")


def _undo_confirming(
    row: WorklistRow, confirmation: RosterConfirmation, *, by: User, now: datetime
) -> None:
    """Give every fact back its evidence, and open the roster check again. Reminders of a check-in stay cancelled."""
    if row.enrolment.ended_on:
        raise RefusedError("The enrolment has ended since, so this can no longer be undone.")
    undo_checked(confirmation, by=by, now=now)
    # If one of the kind was opened since, this one takes its place.
    newer = row.enrolment.worklist.filter(kind=row.kind).exclude(state=WorklistRow.State.SETTLED)
    for other in newer.select_for_update():
        settle(other, how=WorklistRow.How.MOVED_ON, by=by, now=now)
    reopen(row, by=by, now=now, text="Not confirmed: this was undone.")


def concerned_by(rows: Iterable[WorklistRow]) -> QuerySet[Enrolment]:
    """The enrolments of these roster checks, and of everyone who works in a program of their members."""
    own = Enrolment.objects.filter(worklist__in=rows).values("person")
    programs = ProgramPosition.objects.filter(person__in=own, program__isnull=False)
    colleagues = ProgramPosition.objects.filter(program__in=programs.values("program"))
    return Enrolment.objects.filter(Q(person__in=own) | Q(person__in=colleagues.values("person")))
