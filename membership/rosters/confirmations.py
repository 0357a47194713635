"""The yearly check-in of members: the answers, and what each one does.

The check-in emails are sent by ``requests.clock.yearly``. "Changed jobs" asks the questions of the join
form again, in ``requests.my.recorded_work``.
"""

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone

from membership.access import verbs as access
from membership.emails.kinds import Event
from membership.emails.queue import cancel
from membership.errors import RefusedError
from membership.models import Enrolment, User, WorklistRow, YearlyConfirmation
from membership.rosters.enrolments import lock_own_enrolment
from membership.rosters.roster_checks import lock_row, settle

Answer = YearlyConfirmation.Answer
# The kinds of roster check that staff resolve by hand, because no fact in the register can resolve them.
SETTLED_BY_HAND = (WorklistRow.Kind.UNCONFIRMED, WorklistRow.Kind.CHANGED_JOBS)
MAX_LEAVE = timedelta(days=2 * 366)


def year_after(day: date) -> date:
    """The same day a year later. A year after February 29 it is March 1."""
    if (day.month, day.day) == (2, 29):
        return date(day.year + 1, 3, 1)
    return day.replace(year=day.year + 1)


def year_before(day: date) -> date:
    """The latest day that is at least a year before ``day``."""
    if (day.month, day.day) == (2, 29):
        return date(day.year - 1, 2, 28)
    return day.replace(year=day.year - 1)


def open_confirmations() -> QuerySet[YearlyConfirmation]:
    """The check-ins that members still on a roster have not answered."""
    return YearlyConfirmation.objects.filter(
        answered_on__isnull=True, enrolment__ended_on__isnull=True
    )


def has_open_confirmation() -> Exists:
    """For a query of enrolments: is a check-in waiting for an answer?"""
    return Exists(open_confirmations().filter(enrolment=OuterRef("pk")))


@transaction.atomic
def confirm(*, enrolment_id: int, by: User, now: datetime) -> YearlyConfirmation:
    """The member answers that nothing has changed."""
    confirmation = _lock_own_question(enrolment_id, by)
    record_answer(confirmation, Answer.STILL_HERE, now=now)
    return confirmation


@transaction.atomic
def on_leave(
    *, enrolment_id: int, by: User, until: date | None, now: datetime
) -> YearlyConfirmation:
    """The member is on leave and stays on the roster. We ask again after the leave, or in a year."""
    confirmation = _lock_own_question(enrolment_id, by)
    today = timezone.localdate(now)
    if until and not today <= until <= today + MAX_LEAVE:
        raise RefusedError(
            "Enter the last day of your leave. It must be within the next two years."
        )
    confirmation.leave_until = until
    record_answer(confirmation, Answer.ON_LEAVE, now=now)
    return confirmation


@transaction.atomic
def settle_by_hand(*, row_id: int, by: User, text: str, now: datetime) -> WorklistRow:
    """Staff resolve a roster check. ``text`` says what they found. An open check-in is closed."""
    row = lock_row(row_id, by)
    if row.kind not in SETTLED_BY_HAND:
        raise RefusedError("This roster check is resolved once the rules are met again.")
    if not text.strip():
        raise RefusedError("Enter what you found.")
    settle(row, how=WorklistRow.How.LOOKED_AT, by=by, text=text, now=now)
    if row.kind == WorklistRow.Kind.UNCONFIRMED and (
        waiting := lock_open_confirmation(row.enrolment)
    ):
        record_answer(waiting, Answer.SETTLED, now=now)
    return row


def lock_open_confirmation(enrolment: Enrolment) -> YearlyConfirmation | None:
    """Lock the open check-in of a locked enrolment. Runs inside the caller's transaction."""
    confirmation = open_confirmations().select_for_update(of=("self",)).filter(enrolment=enrolment)
    waiting = confirmation.first()
    if waiting:
        waiting.enrolment = enrolment
    return waiting


def _lock_own_question(enrolment_id: int, by: User) -> YearlyConfirmation:
    """Lock the member's own enrolment and its open check-in. Runs inside the caller's transaction."""
    waiting = lock_open_confirmation(lock_own_enrolment(enrolment_id, by))
    if waiting is None:
        raise RefusedError("There is nothing to confirm right now. Nothing was changed.")
    return waiting


def record_answer(confirmation: YearlyConfirmation, answer: str, *, now: datetime) -> None:
    """Save the answer, cancel queued emails, and resolve the roster check about the missing answer.

    Runs inside the caller's transaction, which has locked the check-in.
    """
    today = timezone.localdate(now)
    confirmation.answer, confirmation.answered_on = answer, today
    back = confirmation.leave_until
    confirmation.ask_again_on = back + timedelta(days=1) if back else year_after(today)
    confirmation.save(update_fields=["answer", "answered_on", "leave_until", "ask_again_on"])
    enrolment, kinds = confirmation.enrolment, [WorklistRow.Kind.UNCONFIRMED]
    if enrolment.leave_until and answer in (Answer.STILL_HERE, Answer.CHANGED_JOBS):
        people, community = [enrolment.person], enrolment.community
        access.require_access(people=people, community=community, by=None, now=now)
    if answer != Answer.SETTLED:  # what the member says about a leave is the newest
        kinds.append(WorklistRow.Kind.LEAVE_ENDED)
        enrolment.leave_until = confirmation.leave_until
        enrolment.save(update_fields=["leave_until"])
    cancel(about=enrolment.about, event=Event.YEARLY_ANSWERED)
    rows = enrolment.worklist.filter(kind__in=kinds).select_for_update()
    for row in rows.exclude(state=WorklistRow.State.SETTLED):
        settle(row, how=WorklistRow.How.ANSWERED, by=None, now=now)
