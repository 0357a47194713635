"""The sample province's yearly question: most have answered, a few have not, one has changed jobs."""

from datetime import datetime

from membership.applicants import person_for
from membership.confirmations import confirm, open_confirmations
from membership.models import Person, User, YearlyConfirmation
from requests.changing_jobs import change_jobs
from requests.sample_applicants import new_work
from requests.yearly import ask_yearly

# Days ago: the question, its two reminders, and today, when whoever is still silent is overdue.
ASKED, REMINDED, ANSWERED, MOVED = 46, (32, 18), 45, 20
_SILENT = 3


def ask(now: datetime) -> None:
    """A night of the yearly question."""
    ask_yearly(now=now)


def answer(now: datetime) -> None:
    """Everybody who was asked is still here, but for a few who say nothing."""
    for waiting in _waiting()[_SILENT + 1 :]:
        confirm(enrolment_id=waiting.enrolment_id, by=_user_of(waiting), now=now)


def change(now: datetime) -> None:
    """The first of those who were silent has changed jobs."""
    first = _waiting()[0]
    person, community = first.enrolment.person, first.enrolment.community
    answers = {**new_work(community), "name": person.name}
    change_jobs(enrolment_id=first.enrolment_id, by=_user_of(first), answers=answers, now=now)


def _waiting() -> list[YearlyConfirmation]:
    rows = open_confirmations().select_related("enrolment__person", "enrolment__community__team")
    return list(rows.order_by("pk"))


def _user_of(waiting: YearlyConfirmation) -> User:
    """Her sign-in, which is made at her first one."""
    email = Person.objects.values_list("email", flat=True).get(pk=waiting.enrolment.person_id)
    user, _ = User.objects.get_or_create(email=email)
    person_for(user)
    return user
