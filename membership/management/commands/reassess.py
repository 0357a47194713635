"""Hold all open enrolments against the rules again, and bring the worklist up to date."""

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from membership.rosters.reassessment import reassess


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Count, and write nothing.")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        done = reassess(now=timezone.now(), dry_run=dry_run)
        verb = "would be" if dry_run else "were"
        self.stdout.write(
            f"{done.looked_at} enrolments looked at; worklist rows: {done.opened} {verb} opened, "
            f"{done.changed} changed, {done.settled} settled."
        )
