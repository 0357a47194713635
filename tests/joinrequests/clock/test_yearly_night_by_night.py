"""The yearly question over two years of nights, some of which do not run, with a model beside it.

The days, and the nights that are missing, are those of the reminders' own clock test; they cross
February 29, 2028.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

import pytest

from membership.emails import delivery
from membership.models import Enrolment, OutboxEmail, WorklistStep
from membership.rosters import confirmations, leaving
from requests.clock.yearly import ask_yearly
from tests import builders
from tests.joinrequests.clock.test_reminders_night_by_night import (
    AUTUMN,
    END,
    START,
    bc_day,
    days_of_life,
)
from tests.membership.rosters.enrolments import enrolled

pytestmark = pytest.mark.django_db


def anniversary(day: date) -> date:
    try:
        return day.replace(year=day.year + 1)
    except ValueError:
        return date(day.year + 1, 3, 1)


@dataclass
class Place:
    """One enrolment, worked out by hand."""

    due_on: date
    asked: date | None = None
    emails: dict[str, date] = field(default_factory=dict)
    listed: bool = False


@dataclass
class Model:
    places: dict[int, Place] = field(default_factory=dict)
    done: list[tuple[int, str, date]] = field(default_factory=list)

    def answer(self, pk: int, today: date) -> None:
        self.places[pk] = Place(anniversary(today))

    def night(self, today: date) -> None:
        for pk, place in self.places.items():
            if place.asked is None:
                if place.due_on <= today:
                    place.asked = today
                    self.done.append((pk, "confirm", today))
                continue
            waited = (today - place.asked).days
            rested = all((today - day).days >= 7 for day in place.emails.values())
            kind = "confirm-28" if waited >= 28 else "confirm-14" if waited >= 14 else ""
            if kind and rested and not {kind, "confirm-28"} & set(place.emails):
                place.emails[kind] = today
                self.done.append((pk, kind, today))
            elif waited >= 45 and rested and "confirm-28" in place.emails and not place.listed:
                place.listed = True
                self.done.append((pk, "worklist", today))


def done_by_the_clock():
    sent = OutboxEmail.objects.filter(kind__startswith="confirm")
    rows = WorklistStep.objects.filter(verb="opened", row__kind="unconfirmed")
    return Counter(
        (int(about.removeprefix("enrolment:")), kind, bc_day(at))
        for about, kind, at in sent.values_list("about", "kind", "queued_at")
    ) + Counter((pk, "worklist", bc_day(at)) for pk, at in rows.values_list("row__enrolment", "at"))


@pytest.mark.parametrize(
    ("end", "at_least"), [(AUTUMN, 2), pytest.param(END, 5, marks=pytest.mark.slow)]
)
def test_a_long_time_of_nights_does_what_the_model_does_and_nothing_twice(end, at_least):
    random = Random(1)  # noqa: S311  (a plan of days, not a secret)
    model = Model()
    for n in range(30):
        enrolment = enrolled(f"P{n} Sample")
        day = date(2025, 1, 20) + timedelta(days=random.randrange(700))
        add(model, enrolment, day)
    # Starts on and around February 28, 2027, whose year is over beside February 29, 2028.
    for n, day in enumerate([date(2027, 2, 28), date(2027, 3, 1)]):
        add(model, enrolled(f"L{n} Sample"), day)

    for at, what in days_of_life(random, end):
        today = bc_day(at)
        waiting = sorted(pk for pk, place in model.places.items() if place.asked)
        if what == "run":
            ask_yearly(now=at)
            for pk in delivery.due_emails(at).values_list("pk", flat=True):
                builders.deliver(pk, now=at)
            model.night(today)
            assert done_by_the_clock() == Counter(model.done)
        elif what == "reply" and waiting:
            pk = random.choice(waiting)
            confirmations.confirm(enrolment_id=pk, by=user_of(pk), now=at)
            model.answer(pk, today)
        elif what == "withdraw" and waiting and random.random() < 0.4:
            pk = random.choice(waiting)
            leaving.leave(enrolment_id=pk, by=user_of(pk), now=at)
            del model.places[pk]

    kinds = Counter(kind for _, kind, _ in model.done)
    assert set(Counter(model.done).values()) == {1}
    assert all(kinds[k] > at_least for k in ("confirm", "confirm-14", "confirm-28", "worklist")), (
        kinds
    )
    assert all(START.date() <= day <= end.date() for _, _, day in model.done)


def add(model: Model, enrolment: Enrolment, started_on: date) -> None:
    enrolment.started_on = started_on
    enrolment.save()
    enrolment.person.user = builders.User.objects.create_user(enrolment.person.email)
    enrolment.person.save()
    model.places[enrolment.pk] = Place(anniversary(started_on))


def user_of(pk: int):
    return Enrolment.objects.get(pk=pk).person.user
