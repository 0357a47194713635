"""The yearly question to people on rosters: who is due, and what an answer does.

Asking is the clock's part, in ``requests.clock.yearly``; changed jobs, which asks the questions of the join
form again, is in ``requests.my.recorded_work``.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from membership.emails.kinds import Event
from membership.emails.queue import cancel
from membership.errors import RefusedError
from membership.models import Enrolment, User, WorklistRow, YearlyConfirmation
from membership.rosters.enrolments import lock_own_enrolment
from membership.rosters.roster_checks import lock_row, settle

Answer = YearlyConfirmation.Answer
# The kinds of roster check that staff may settle with a word: no fact of the register can do it for them.
SETTLED_BY_HAND = (WorklistRow.Kind.UNCONFIRMED, WorklistRow.Kind.CHANGED_JOBS)
MAX_LEAVE = timedelta(days=2 * 366)


def year_after(day: date) -> date:
    """The same day a year later; a year after 29 February is over on 1 March."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 3, 1)
    return day.replace(year=day.year + 1)


def year_before(day: date) -> date:
    """The last day whose year is over on ``day``."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def open_confirmations() -> QuerySet[YearlyConfirmation]:
    """The questions that wait for an answer, of people who are still on the roster."""
    return YearlyConfirmation.objects.filter(
        answered_on__isnull=True, enrolment__ended_on__isnull=True
    )


def has_open_confirmation() -> Exists:
    """For a query of enrolments: does its yearly question wait for an answer?"""
    return Exists(open_confirmations().filter(enrolment=OuterRef("pk")))


@transaction.atomic
def confirm(*, enrolment_id: int, by: User, now: datetime) -> YearlyConfirmation:
    """They are still here: all is as EVA BC has it."""
    confirmation = _lock_own_question(enrolment_id, by)
    record_answer(confirmation, Answer.STILL_HERE, now=now)
    return confirmation


@transaction.atomic
def on_leave(
    *, enrolment_id: int, by: User, until: date | None, now: datetime
) -> YearlyConfirmation:
    """They are on leave and stay on the roster; they are asked again when back, or in a year."""
    confirmation = _lock_own_question(enrolment_id, by)
    today = timezone.localdate(now)
    if until and not today <= until <= today + MAX_LEAVE:
        raise RefusedError("Give a last day of your leave that is within the next two years.")
    confirmation.leave_until = until
    record_answer(confirmation, Answer.ON_LEAVE, now=now)
    return confirmation


@transaction.atomic
def settle_by_hand(*, row_id: int, by: User, text: str, now: datetime) -> WorklistRow:
    """Staff looked at it, and ``text`` says what they found. A question that waits is closed."""
    row = lock_row(row_id, by)
    if row.kind not in SETTLED_BY_HAND:
        raise RefusedError("This row leaves the worklist when the rules are met again.")
    if not text.strip():
        raise RefusedError("Write what you found.")
    settle(row, how=WorklistRow.How.LOOKED_AT, by=by, text=text, now=now)
    if row.kind == WorklistRow.Kind.UNCONFIRMED and (
        waiting := lock_open_confirmation(row.enrolment)
    ):
        record_answer(waiting, Answer.SETTLED, now=now)
    return row


def lock_open_confirmation(enrolment: Enrolment) -> YearlyConfirmation | None:
    """Lock the question that waits about a locked enrolment. Inside the caller's transaction."""
    confirmation = open_confirmations().select_for_update(of=("self",)).filter(enrolment=enrolment)
    waiting = confirmation.first()
    if waiting:
        waiting.enrolment = enrolment
    return waiting


def _lock_own_question(enrolment_id: int, by: User) -> YearlyConfirmation:
    """Lock their own enrolment and the question that waits about it. Inside the caller's transaction."""
    waiting = lock_open_confirmation(lock_own_enrolment(enrolment_id, by))
    if waiting is None:
        raise RefusedError("There is nothing to confirm now. Nothing was changed.")
    return waiting


def record_answer(confirmation: YearlyConfirmation, answer: str, *, now: datetime) -> None:
    """Write the answer, cancel emails that wait, and settle the roster check that waited for it.

    Runs inside the caller's transaction, which has locked the question.
    """
    today = timezone.localdate(now)
    confirmation.answer, confirmation.answered_on = answer, today
    back = confirmation.leave_until
    confirmation.ask_again_on = back + timedelta(days=1) if back else year_after(today)
    confirmation.save(update_fields=["answer", "answered_on", "leave_until", "ask_again_on"])
    enrolment = confirmation.enrolment
    cancel(about=enrolment.about, event=Event.YEARLY_ANSWERED)
    rows = enrolment.worklist.filter(kind=WorklistRow.Kind.UNCONFIRMED).select_for_update()
    for row in rows.exclude(state=WorklistRow.State.SETTLED):
        settle(row, how=WorklistRow.How.ANSWERED, by=None, now=now)
