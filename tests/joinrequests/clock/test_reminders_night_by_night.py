"""Reminders and lapses over two years of nights, some of which do not run, with a model beside them.

The nights cross BC's last change of clocks (March 8, 2026), November 1, 2026, when clocks were once
set back and are no more, and February 29, 2028.
"""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from random import Random

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from membership.emails import delivery
from membership.models import OutboxEmail
from requests import workflow
from requests.clock.reminders import lapse_overdue, send_due_reminders
from requests.models import JoinRequest, JoinRequestEvent
from tests import builders

pytestmark = pytest.mark.django_db

START, AUTUMN, END = (
    datetime(*day, tzinfo=UTC) for day in [(2026, 1, 5), (2026, 11, 15), (2028, 4, 15)]
)


# The last change of clocks in British Columbia: 8 March 2026, 2:00 in winter time.
LAST_CHANGE = datetime(2026, 3, 8, 10, tzinfo=UTC)


def bc_day(at: datetime) -> date:
    """The date in British Columbia, by its hours behind UTC and by nobody's zone data."""
    return (at - timedelta(hours=8 if at < LAST_CHANGE else 7)).date()


@dataclass
class ClockModel:
    """The waits that are open, and all that the clock did: (request, what, day)."""

    asked: dict[int, date] = field(default_factory=dict)
    reminded: dict[int, dict[int, date]] = field(default_factory=dict)
    done: list[tuple[int, str, date]] = field(default_factory=list)

    def ask(self, pk: int, at: datetime) -> None:
        self.asked[pk], self.reminded[pk] = bc_day(at), {}

    def answer(self, pk: int) -> None:
        del self.asked[pk]

    def night(self, at: datetime) -> None:
        today = bc_day(at)
        for pk, asked_on in list(self.asked.items()):
            waited, reminded = (today - asked_on).days, self.reminded[pk]
            if waited >= 21 and 21 not in reminded:
                self._remind(pk, 21, today)
            elif 7 <= waited < 21 and 7 not in reminded:
                self._remind(pk, 7, today)
            if waited >= 30 and (today - reminded[21]).days >= 3:
                self.done.append((pk, "lapse", today))
                self.answer(pk)

    def _remind(self, pk: int, days: int, today: date) -> None:
        self.reminded[pk][days] = today
        self.done.append((pk, f"reminder-{days}", today))


def run_night(now):
    """What beat schedules, and a worker that sends what is due."""
    send_due_reminders(now=now)
    lapse_overdue(now=now)
    for pk in delivery.due_emails(now).values_list("pk", flat=True):
        builders.deliver(pk, now=now)


def done_by_the_clock():
    """All that the portal did by itself: (request, what, day in BC), each as often as it was done."""
    reminders = OutboxEmail.objects.filter(kind__startswith="reminder")
    lapses = JoinRequestEvent.objects.filter(verb="lapse")
    return Counter(
        (int(about.removeprefix("joinrequest:")), kind, bc_day(at))
        for about, kind, at in reminders.values_list("about", "kind", "queued_at")
    ) + Counter((pk, "lapse", bc_day(at)) for pk, at in lapses.values_list("join_request", "at"))


def days_of_life(random, end=END):
    """What happens until then, in order: the job runs (mostly once or twice a day, at any hour; some days and
    some whole weeks never), and people send, ask, reply and withdraw at any time of the day."""
    day, silent = START, 0
    while day < end:
        if not silent and random.random() < 0.02:
            silent = random.choice([7, 7, 14, 21, 28])
        missing = silent > 0 or random.random() < 0.15
        silent = max(0, silent - 1)
        what = [] if missing else ["run"] * random.choice([1, 1, 1, 2, 3])
        chances = {"send": 0.15, "ask": 0.3, "reply": 0.05, "withdraw": 0.03}
        what += [verb for verb, chance in chances.items() if random.random() < chance]
        for at in sorted(day + timedelta(seconds=random.randrange(24 * 60 * 60)) for _ in what):
            yield at, what.pop(random.randrange(len(what)))
        day += timedelta(days=1)


@pytest.mark.parametrize(
    ("seed", "end", "at_least"),
    [
        (1, AUTUMN, 10),
        pytest.param(1, END, 20, marks=pytest.mark.slow),
        pytest.param(2, END, 20, marks=pytest.mark.slow),
    ],
)
def test_a_long_time_of_nights_does_what_the_model_does_and_nothing_twice(seed, end, at_least):
    random = Random(seed)  # noqa: S311  (a plan of days, not a secret)
    model, staff = ClockModel(), builders.staff()
    under_review, numbers = [], count()

    for at, what in days_of_life(random, end):
        if what == "run":
            step(model, at)
        elif what == "send":
            user = builders.worker(f"w{next(numbers)}@example.org")
            under_review.append(builders.sent(user).pk)
        elif what == "ask" and under_review:
            pk = under_review.pop(random.randrange(len(under_review)))
            workflow.ask(join_request_id=pk, by=staff, text="Which program?", now=at)
            model.ask(pk, at)
        elif what in ("reply", "withdraw") and model.asked:
            pk = random.choice(sorted(model.asked))
            user = JoinRequest.objects.get(pk=pk).person.user
            if what == "reply":
                workflow.reply(join_request_id=pk, by=user, text="This one.", now=at)
                under_review.append(pk)
            else:
                workflow.withdraw(join_request_id=pk, by=user, now=at)
            model.answer(pk)

    kinds = Counter(kind for _, kind, _ in model.done)
    assert done_by_the_clock() == Counter(model.done)
    assert all(kinds[kind] > at_least for kind in ("reminder-7", "reminder-21", "lapse")), kinds


def step(model, now):
    """One run of the job, here and in the model; both have done the same up to now."""
    run_night(now)
    model.night(now)
    assert done_by_the_clock() == Counter(model.done)


@given(
    asked=st.datetimes(datetime(2026, 1, 1), datetime(2028, 3, 1), timezones=st.just(UTC)),
    nights=st.lists(
        st.tuples(st.integers(0, 60), st.integers(0, 24 * 60 * 60 - 1)), max_size=12, unique=True
    ),
)
def test_whatever_nights_are_missing_each_step_is_done_once_and_never_early(asked, nights):
    with transaction.atomic():
        staff, model = builders.staff(), ClockModel()
        pk = builders.sent(builders.worker()).pk
        workflow.ask(join_request_id=pk, by=staff, text="Which program?", now=asked)
        model.ask(pk, asked)
        asked_on = bc_day(asked)
        for days, seconds in sorted(nights):
            step(model, asked + timedelta(days=days, seconds=seconds))

        done = {what: (day - asked_on).days for _, what, day in done_by_the_clock().elements()}
        assert set(done_by_the_clock().values()) <= {1}
        assert done.get("reminder-7", 7) in range(7, 21)
        assert done.get("reminder-21", 21) >= 21
        if "lapse" in done:
            assert done["lapse"] >= max(30, done["reminder-21"] + 3)
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    "asked",
    [
        datetime(2026, 2, 10, 3, 30, tzinfo=UTC),  # the evening of the 9th in BC, in winter time
        datetime(2026, 10, 20, 6, 30, tzinfo=UTC),  # 23:30 on the 19th
        datetime(2026, 10, 20, 7, 0, tzinfo=UTC),  # midnight
        datetime(2028, 2, 1, 8, 0, tzinfo=UTC),
    ],
)
def test_where_every_night_runs_each_step_is_on_its_very_day(asked):
    staff, pk = builders.staff(), builders.sent(builders.worker()).pk
    workflow.ask(join_request_id=pk, by=staff, text="Which program?", now=asked)
    for hours in range(0, 24 * 40, 6):
        run_night(asked + timedelta(hours=hours))

    asked_on = bc_day(asked)
    assert sorted(done_by_the_clock().elements(), key=lambda d: d[2]) == [
        (pk, "reminder-7", asked_on + timedelta(days=7)),
        (pk, "reminder-21", asked_on + timedelta(days=21)),
        (pk, "lapse", asked_on + timedelta(days=30)),
    ]


def test_the_clocks_of_the_model_are_those_of_british_columbia():
    assert bc_day(datetime(2026, 3, 8, 7, 59, tzinfo=UTC)) == date(2026, 3, 7)
    assert bc_day(datetime(2026, 3, 9, 6, 59, tzinfo=UTC)) == date(2026, 3, 8)
    assert bc_day(datetime(2026, 11, 2, 7, 0, tzinfo=UTC)) == date(2026, 11, 2)
