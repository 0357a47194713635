"""Ask people on rosters once a year whether anything has changed, and remind them.

Without an answer a roster check is opened. The portal does this by itself every hour of the day.
Running it again changes nothing.
"""

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from requests.clock.yearly import ask_yearly


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Count, and write nothing.")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        done = ask_yearly(now=timezone.now(), dry_run=dry_run)
        verb = "would be" if dry_run else "were"
        self.stdout.write(
            f"{done.questions} questions and {done.reminders} reminders {verb} queued, "
            f"{done.put_on_worklist} people {verb} put on the worklist."
        )
