"""Check all open enrolments against the rules again, and update the roster checks."""

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from membership.rosters.reassessment import reassess


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="Count the changes without saving them."
        )

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        result = reassess(now=timezone.now(), dry_run=dry_run)
        self.stdout.write(
            f"Enrolments checked: {result.looked_at}. Roster checks opened: {result.opened}, "
            f"changed: {result.changed}, resolved: {result.settled}."
            + (" Dry run: nothing was saved." if dry_run else "")
        )
