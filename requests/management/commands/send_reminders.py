"""Remind applicants of questions that wait for their reply, and close requests that waited too long.

The portal does this by itself every hour of the day. Running it again changes nothing.
"""

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from requests.clock.reminders import lapse_overdue, send_due_reminders


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Count, and write nothing.")

    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        now = timezone.now()
        reminders = send_due_reminders(now=now, dry_run=dry_run)
        lapsed = lapse_overdue(now=now, dry_run=dry_run)
        verb = "would be" if dry_run else "were"
        self.stdout.write(f"{reminders} reminders {verb} queued, {lapsed} requests {verb} closed.")
