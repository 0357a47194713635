"""The yearly question: asking it, two reminders, then a roster check by the team.

A run does what is due and not yet done, as in ``requests.clock.reminders``. A question is due a year
after the enrolment started or after its last answer. Reminders count from the day the question went
out, so a backlog never sends two emails at once; if runs were missed, only the newest reminder goes
out. A person on two rosters gets at most one of these emails a day; the other is due the next day.

People who turned reminders off get the question and no other email; the days are the same.

A roster check is opened if there is no answer after 45 days, but not before the last reminder has
been out for a week. Without an email in the register it is opened at once, because no one can be asked.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from membership.emails.kinds import Event
from membership.emails.queue import cancel, queue_once
from membership.models import Enrolment, Person, WorklistRow, YearlyConfirmation
from membership.rosters import emails
from membership.rosters.confirmations import open_confirmations, year_after, year_before
from membership.rosters.roster_checks import open_roster_check
from requests.clock.reminders import for_each

ROSTER_CHECK_DAYS = 45
NOTICE_DAYS = 7  # between two emails of one question, and before the roster check
QUESTION_ERROR = "Yearly question %s: %s. Will be tried again."
_FIRST, _LAST = sorted(emails.CONFIRM_REMINDERS)


Due = QuerySet[Enrolment] | QuerySet[YearlyConfirmation]
_Row = TypeVar("_Row", Enrolment, YearlyConfirmation)


def ask_yearly(*, now: datetime) -> dict[str, int]:
    """Do everything that is due and not yet done. A second run changes nothing. Returns the numbers."""
    today = timezone.localdate(now)
    written: set[int] = set()  # people who were emailed in this run

    def run(due: Due, act: Callable[[int, datetime], bool], *, person: str) -> int:
        keys = []  # one for each person; ``person`` leads from a row to theirs
        for pk, whose in due.order_by("pk").values_list("pk", person):
            if whose not in written:
                written.add(whose)
                keys.append(pk)
        return for_each(keys, act, now, error_message=QUESTION_ERROR)

    reminders = run(_to_remind(today), _remind, person="enrolment__person")
    questions = run(_to_ask(today), _ask, person="person")
    overdue = list(_overdue(today).order_by("pk").values_list("pk", flat=True))
    roster_checks = for_each(overdue, _open_roster_check, now, error_message=QUESTION_ERROR)
    return {"questions": questions, "reminders": reminders, "roster_checks": roster_checks}


# -- What is due ----------------------------------------------------------------------------------


def _to_ask(today: date) -> QuerySet[Enrolment]:
    """Enrolments whose year is over, with no open question and none answered this year."""
    asked = YearlyConfirmation.objects.filter(enrolment=OuterRef("pk"))
    enough = asked.filter(Q(ask_again_on__isnull=True) | Q(ask_again_on__gt=today))
    return (
        Enrolment.objects.filter(ended_on__isnull=True)
        .filter(Q(started_on__lte=year_before(today)) | Exists(asked))
        .filter(~Exists(enough), ~_written_to(today, OuterRef("person_id")))
        .exclude(leave_until__gte=today)
    )


def _to_remind(today: date) -> QuerySet[YearlyConfirmation]:
    """Open questions whose newest due reminder is not out."""
    due = Q(asked_on__lte=today - timedelta(days=_FIRST), reminded__lt=_FIRST) | Q(
        asked_on__lte=today - timedelta(days=_LAST), reminded__lt=_LAST
    )
    rested = Q(reminded_on__isnull=True) | Q(reminded_on__lte=today - timedelta(days=NOTICE_DAYS))
    return (
        open_confirmations()
        .filter(due, rested)
        .filter(~Q(enrolment__person__email=""))
        .filter(~_written_to(today, OuterRef("enrolment__person_id")))
    )


def _overdue(today: date) -> QuerySet[YearlyConfirmation]:
    """Questions that were not answered in time or could not be asked, without a roster check."""
    waited = Q(
        asked_on__lte=today - timedelta(days=ROSTER_CHECK_DAYS),
        reminded=_LAST,
        reminded_on__lte=today - timedelta(days=NOTICE_DAYS),
    )
    rows = WorklistRow.objects.filter(
        enrolment=OuterRef("enrolment_id"), kind=WorklistRow.Kind.UNCONFIRMED
    )
    return (
        open_confirmations()
        .filter(waited | Q(enrolment__person__email=""))
        .filter(~Exists(rows.exclude(state=WorklistRow.State.SETTLED)))
    )


def _written_to(today: date, person: OuterRef) -> Exists:
    """True if this person got one of these emails today."""
    confirmations = YearlyConfirmation.objects.filter(enrolment__person=person)
    return Exists(confirmations.filter(Q(asked_on=today) | Q(reminded_on=today)))


# -- Doing it: each in its own transaction, which checks again ------------------------------------


def _ask(enrolment_id: int, now: datetime) -> bool:
    today = timezone.localdate(now)
    _lock_person(Person.objects.filter(enrolments=enrolment_id))
    enrolment = _again(_to_ask(today), enrolment_id, "person", "community__team")
    if enrolment is None:
        return False
    last = enrolment.confirmations.first()
    due_on = (last.ask_again_on if last else None) or year_after(enrolment.started_on)
    YearlyConfirmation.objects.create(enrolment=enrolment, due_on=due_on, asked_on=today)
    if enrolment.person.email:
        key = f"{enrolment.about}:{due_on}:confirm"
        email = emails.email_of("confirm", enrolment)
        queue_once(email, key=key, about=enrolment.about, now=now)
    return True


def _remind(confirmation_id: int, now: datetime) -> bool:
    today = timezone.localdate(now)
    _lock_person(Person.objects.filter(enrolments__confirmations=confirmation_id))
    confirmation = _again(
        _to_remind(today), confirmation_id, "enrolment__person", "enrolment__community__team"
    )
    if confirmation is None:
        return False
    days = _LAST if confirmation.asked_on <= today - timedelta(days=_LAST) else _FIRST
    enrolment = confirmation.enrolment
    confirmation.reminded, confirmation.reminded_on = days, today
    confirmation.save(update_fields=["reminded", "reminded_on"])
    if not enrolment.person.wants_reminders:
        return False
    email = emails.email_of("confirm-reminder", enrolment)
    email = replace(email, kind=emails.CONFIRM_REMINDERS[days])
    # An earlier email that was not sent yet would say the same.
    cancel(about=enrolment.about, event=Event.REPLACED)
    key = f"{enrolment.about}:{confirmation.due_on}:{email.kind}"
    return queue_once(email, key=key, about=enrolment.about, now=now)


def _open_roster_check(confirmation_id: int, now: datetime) -> bool:
    confirmation = _again(_overdue(timezone.localdate(now)), confirmation_id, "enrolment__person")
    if confirmation is None:
        return False
    if confirmation.enrolment.person.email:
        asked = date_format(confirmation.asked_on)
        why = f"Asked on {asked} and reminded. No answer."
    else:
        why = "The register has no email for this person, so they could not be asked."
    kind = WorklistRow.Kind.UNCONFIRMED
    open_roster_check(confirmation.enrolment, kind=kind, findings=[], text=why, now=now)
    return True


def _lock_person(people: QuerySet[Person]) -> None:
    """Lock the person, so that their rosters are handled one at a time. ``no_key``: facts can still be added."""
    people.select_for_update(of=("self",), no_key=True).first()


def _again(due: QuerySet[_Row], pk: int, *with_them: str) -> _Row | None:
    """The row, locked, if it is still due."""
    return due.filter(pk=pk).select_related(*with_them).select_for_update(of=("self",)).first()
