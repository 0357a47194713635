"""Leave: staff pause an enrolment until a day, and resume it. The member stays on the roster meanwhile.

On leave, they get no yearly check-in, no reminders and no emails about meetings. A roster check opens on the
day after the leave. Members report a leave of their own in the yearly check-in (``confirmations``).
"""

from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format

from membership.access import verbs as access
from membership.emails.kinds import Event
from membership.emails.queue import cancel
from membership.errors import RefusedError
from membership.meetings.attendance import cancel_emails_to_leaver
from membership.models import Enrolment, User, WorklistRow, YearlyConfirmation
from membership.rosters.confirmations import MAX_LEAVE, lock_open_confirmation, record_answer
from membership.rosters.enrolments import NO_REASON, lock_open_for_staff, log_and_email
from membership.rosters.roster_checks import settle

Kind, How = WorklistRow.Kind, WorklistRow.How


@transaction.atomic
def pause_enrolment(
    *,
    enrolment_id: int,
    until: date,
    by: User,
    text: str,
    now: datetime,
    with_email: bool = True,
    ends_access: bool = False,
    as_shown: str = "",
) -> Enrolment:
    """The member is on leave up to and including ``until``; also to change that day.

    They keep Slack and the Zoom list, unless ``ends_access`` asks for the tasks to remove them.
    """
    enrolment, today = _lock(enrolment_id, by, text, as_shown), timezone.localdate(now)
    if not today <= until <= today + MAX_LEAVE:
        raise RefusedError("Enter the last day of the leave. It must be within the next two years.")
    _set_leave(enrolment, until)
    _settle(enrolment, Kind.LEAVE_ENDED, Kind.UNCONFIRMED, how=How.ON_LEAVE, by=by, now=now)
    if waiting := lock_open_confirmation(enrolment):
        waiting.leave_until = until
        record_answer(waiting, YearlyConfirmation.Answer.ON_LEAVE, now=now)
    cancel(about=enrolment.about, event=Event.PAUSED)
    cancel_emails_to_leaver(enrolment.person, on=today)
    if ends_access:
        access.end_access(enrolment=enrolment, by=by, now=now)
    did = f"On leave until {date_format(until)}."
    log_and_email(
        enrolment, "roster-paused", did=did, text=text, with_email=with_email, by=by, now=now
    )
    return enrolment


@transaction.atomic
def resume_enrolment(
    *,
    enrolment_id: int,
    by: User,
    text: str,
    now: datetime,
    with_email: bool = True,
    as_shown: str = "",
) -> Enrolment:
    """The member is back from leave. What was removed from Slack and Zoom is given again."""
    enrolment = _lock(enrolment_id, by, text, as_shown)
    if enrolment.leave_until is None:
        raise RefusedError("They are not on leave. Nothing was changed.")
    _set_leave(enrolment, None)
    _settle(enrolment, Kind.LEAVE_ENDED, how=How.BACK, by=by, now=now)
    cancel(about=enrolment.about, event=Event.RESUMED)
    access.require_access(people=[enrolment.person], community=enrolment.community, by=by, now=now)
    log_and_email(
        enrolment,
        "roster-resumed",
        did="Back from leave.",
        text=text,
        with_email=with_email,
        by=by,
        now=now,
    )
    return enrolment


def _lock(enrolment_id: int, by: User, text: str, as_shown: str) -> Enrolment:
    enrolment = lock_open_for_staff(enrolment_id, by, as_shown)
    if not text.strip():
        raise RefusedError(NO_REASON)
    return enrolment


def _set_leave(enrolment: Enrolment, until: date | None) -> None:
    enrolment.leave_until = until
    enrolment.save(update_fields=["leave_until"])


def _settle(enrolment: Enrolment, *kinds: str, how: str, by: User, now: datetime) -> None:
    rows = enrolment.worklist.filter(kind__in=kinds).select_for_update()
    for row in rows.exclude(state=WorklistRow.State.SETTLED):
        settle(row, how=how, by=by, now=now)
