"""Email each team what has waited beyond the limit, on working days.

The portal does this by itself every morning. Running it again the same day changes nothing.
"""

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from requests.clock.digest import send_digests


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Count, and write nothing.")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        digests = send_digests(now=timezone.now(), dry_run=dry_run)
        self.stdout.write(f"{digests} digests {'would be' if dry_run else 'were'} queued.")
