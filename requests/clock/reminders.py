"""While a request waits for a reply: two reminders, then it lapses.

A run does what is due and not yet done: the next run makes up for a missed one, and running again
changes nothing. Days are calendar days in British Columbia after the day of the question.

* Reminders are due after 7 and after 21 days. If runs were missed, only the newest one goes out. Its
  key names the request, the day of the question and the reminder, so the database refuses a second
  one. A question asked later starts again.
* A request lapses after 30 days, but not before its last reminder has been out for 3 days. A reminder
  is out when the mail server has accepted or permanently refused it, so an address that does not work
  does not keep a request open forever.
* People who turned reminders off get none, and their requests lapse after 30 days too.
"""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils import timezone

from membership.emails.kinds import Event
from membership.emails.queue import cancel, queue_once
from membership.models import OutboxEmail
from requests import emails, workflow
from requests.lifecycle import LAPSE_DAYS, NOTICE_DAYS, REMINDER_DAYS, State
from requests.models import JoinRequest

logger = logging.getLogger(__name__)

REQUEST_ERROR = "Request %s: %s. Will be tried again."

_UNDER_WAY = (OutboxEmail.State.QUEUED, OutboxEmail.State.SENDING)


def send_due_reminders(*, now: datetime) -> int:
    """Queue every reminder that is due and not queued yet. Returns their number."""
    today = timezone.localdate(now)
    due = [w.join_request.pk for w in _waiting(REMINDER_DAYS[0], today) if w.due_reminder]
    return for_each(due, _remind, now, error_message=REQUEST_ERROR)


def lapse_overdue(*, now: datetime) -> int:
    """Close every request that has waited too long for its reply. Returns their number."""
    today = timezone.localdate(now)
    overdue = [w.join_request.pk for w in _waiting(LAPSE_DAYS, today) if w.is_overdue]
    return for_each(overdue, _lapse, now, error_message=REQUEST_ERROR)


@dataclass(frozen=True)
class Reminder:
    """One reminder of a wait: its day, and its email if there is one."""

    days: int
    due_on: date
    email: OutboxEmail | None
    left_out: bool  # because a later one was already due

    @property
    def out_on(self) -> date | None:
        """The day it went out, or None if it has not gone out yet."""
        if self.email is None or self.email.state in _UNDER_WAY:
            return None
        return timezone.localdate(self.email.sent_at or self.email.queued_at)


@dataclass(frozen=True)
class Wait:
    """A request's wait for a reply, as of ``today``. ``emails`` are its reminders, by the days they are due after."""

    join_request: JoinRequest
    asked_on: date
    today: date
    emails: dict[int, OutboxEmail]

    def key(self, days: int) -> str:
        """The key of a reminder. The day is enough to tell questions apart: a question that is followed by
        another on the same day has had no reminder yet."""
        return f"{self.join_request.about}:{self.asked_on}:{emails.REMINDER_KINDS[days]}"

    @property
    def reminders(self) -> list[Reminder]:
        """All reminders, in order."""
        newest = max(self.emails, default=0)
        return [
            Reminder(
                days,
                due_on=self.asked_on + timedelta(days=days),
                email=self.emails.get(days),
                left_out=days < newest and days not in self.emails,
            )
            for days in REMINDER_DAYS
        ]

    @property
    def due_reminder(self) -> int | None:
        """The newest reminder that is due, by its days, unless it or a later one is already queued.

        None for a person who wants no reminders.
        """
        if not self.join_request.person.wants_reminders:
            return None
        due = max((r.days for r in self.reminders if r.due_on <= self.today), default=0)
        return due if due > max(self.emails, default=0) else None

    @property
    def lapses_on(self) -> date:
        """The first day on which it lapses without a reply, as far as is known today."""
        last = self.reminders[-1]
        if last.email is None and not self.join_request.person.wants_reminders:
            return self.asked_on + timedelta(days=LAPSE_DAYS)
        last_out_on = last.out_on or max(last.due_on, self.today)
        return max(
            self.asked_on + timedelta(days=LAPSE_DAYS), last_out_on + timedelta(days=NOTICE_DAYS)
        )

    @property
    def last_day(self) -> date:
        """The last day on which a reply is certain to be in time."""
        return max(self.lapses_on - timedelta(days=1), self.today)

    @property
    def is_overdue(self) -> bool:
        return self.lapses_on <= self.today


def wait_of(join_request: JoinRequest, today: date) -> Wait | None:
    """The wait for the reply to its last question, or None if nothing was asked."""
    return next(iter(waits_of([join_request], today)), None)


def waits_of(join_requests: Iterable[JoinRequest], today: date) -> list[Wait]:
    """The waits of these requests, in one query."""
    waits = [Wait(r, r.asked_on, today, {}) for r in join_requests if r.asked_on]
    reminders = {wait.key(days): (wait, days) for wait in waits for days in REMINDER_DAYS}
    for email in OutboxEmail.objects.filter(key__in=list(reminders)).defer("body"):
        wait, days = reminders[email.key]
        wait.emails[days] = email
    return waits


def _waiting(days: int, today: date) -> list[Wait]:
    """The waits that began at least ``days`` ago."""
    waiting = JoinRequest.objects.filter(
        state=State.AWAITING_REPLY, asked_on__lte=today - timedelta(days=days)
    )
    return waits_of(waiting.select_related("person").order_by("pk"), today)


def for_each(
    ids: Iterable[int], act: Callable[[int, datetime], bool], now: datetime, *, error_message: str
) -> int:
    """Act on each id in its own transaction; a failure does not stop the others. Returns how many were done.

    ``error_message`` is logged for each failure, with the id and the kind of error.
    """
    done = 0
    for pk in ids:
        try:
            with transaction.atomic():
                done += act(pk, now)
        except Exception as error:
            # Only the kind of error: the message of a database error can contain what people wrote.
            logger.error(error_message, pk, type(error).__name__)
    return done


def _remind(join_request_id: int, now: datetime) -> bool:
    """Queue the reminder if it is still due, and cancel an earlier one that was not sent yet."""
    wait = _locked(join_request_id, now)
    if wait is None or wait.due_reminder is None:
        return False
    join_request, days = wait.join_request, wait.due_reminder
    email = emails.reminder(join_request, days=days, last_day=wait.last_day)
    cancel(about=join_request.about, event=Event.REPLACED)
    return queue_once(email, key=wait.key(days), about=join_request.about, now=now)


def _lapse(join_request_id: int, now: datetime) -> bool:
    """Close the request if it is still overdue."""
    wait = _locked(join_request_id, now)
    if wait is None or not wait.is_overdue:
        return False
    workflow.lapse(join_request_id=join_request_id, now=now)
    return True


def _locked(join_request_id: int, now: datetime) -> Wait | None:
    """The wait of a request that is still waiting, with its row locked."""
    join_request = (
        JoinRequest.objects.select_for_update(of=("self",))
        .select_related("person", "community__team")
        .filter(pk=join_request_id, state=State.AWAITING_REPLY)
        .first()
    )
    return wait_of(join_request, timezone.localdate(now)) if join_request else None
