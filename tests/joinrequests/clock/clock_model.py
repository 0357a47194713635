"""What the clock should do for requests that wait for a reply, worked out by hand and without a database."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

# The last change of clocks in British Columbia: March 8, 2026, 2:00 in winter time.
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
