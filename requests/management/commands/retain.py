"""Delete all personal data that has been kept for as long as the privacy page says.

The portal does this by itself every hour. Running it again changes nothing.
"""

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from requests.clock.retention import retain


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Count, and write nothing.")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        counts = retain(now=timezone.now(), dry_run=dry_run)
        verb = "would be" if dry_run else "were"
        said = ", ".join(f"{number} {kind}" for kind, number in counts.items())
        self.stdout.write(f"These {verb} let go: {said}.")
