"""Run one of the scheduled jobs now. The portal also runs them on schedule, and it is safe to run one again.

With --dry-run, the command shows what would be done, and saves nothing.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from datetime import datetime

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from membership.rosters.reassessment import reassess
from requests.clock.digest import send_digests
from requests.clock.reminders import lapse_overdue, send_due_reminders
from requests.clock.renewals import send_due_renewals
from requests.clock.retention import retain
from requests.clock.yearly import ask_yearly

# Each job returns numbers, by what they count.
JOBS: dict[str, Callable[[datetime], Mapping[str, int]]] = {
    "reminders": lambda now: {
        "reminders": send_due_reminders(now=now),
        "requests closed": lapse_overdue(now=now),
    },
    "renewals": lambda now: {"renewal emails": send_due_renewals(now=now)},
    "yearly": lambda now: ask_yearly(now=now),
    "digest": lambda now: {"digests": send_digests(now=now)},
    "rosters": lambda now: vars(reassess(now=now)),
    "retention": lambda now: retain(now=now),
}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", choices=JOBS, help="The job to run.")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Show what would be done, without saving anything.",
        )

    def handle(self, *args: object, job: str, dry_run: bool, **options: object) -> None:
        with transaction.atomic() if dry_run else nullcontext():
            counts = JOBS[job](timezone.now())
            if dry_run:
                transaction.set_rollback(True)
        for what, number in counts.items():
            self.stdout.write(f"{what.replace('_', ' ')}: {number}")
        if dry_run:
            self.stdout.write("Dry run: nothing was changed.")
