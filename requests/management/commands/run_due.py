"""Do now what is due of one of the portal's scheduled jobs. Running it again changes nothing.

With --dry-run everything is rolled back: it says what would be done.
"""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import asdict
from datetime import datetime

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from requests.clock.digest import send_digests
from requests.clock.reminders import lapse_overdue, send_due_reminders
from requests.clock.retention import retain
from requests.clock.yearly import ask_yearly

# Each job gives numbers by what they count.
JOBS: dict[str, Callable[[datetime], Mapping[str, int]]] = {
    "reminders": lambda now: {
        "reminders": send_due_reminders(now=now),
        "requests closed": lapse_overdue(now=now),
    },
    "yearly": lambda now: asdict(ask_yearly(now=now)),
    "digest": lambda now: {"digests": send_digests(now=now)},
    "retention": lambda now: retain(now=now),
}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("job", choices=JOBS)
        parser.add_argument("--dry-run", action="store_true", help="Count, and write nothing.")

    def handle(self, *args: object, job: str, dry_run: bool, **options: object) -> None:
        with transaction.atomic() if dry_run else nullcontext():
            counts = JOBS[job](timezone.now())
            if dry_run:
                transaction.set_rollback(True)
        for what, number in counts.items():
            self.stdout.write(f"{what.replace('_', ' ')}: {number}")
        if dry_run:
            self.stdout.write("Dry run: nothing was written.")
