"""Create the communities, rules, public texts, reasons and teams that do not exist yet."""

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction

from communities import catalogue
from membership.accounts.teams import seed_groups
from requests.reasons import seed_reasons


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Count only; write nothing.")

    @transaction.atomic
    def handle(self, *args: object, dry_run: bool, **options: object) -> None:
        written = catalogue.seed() + seed_reasons()
        groups = seed_groups()
        if dry_run:
            transaction.set_rollback(True)
        verb = "would be" if dry_run else "were"
        self.stdout.write(f"{written} rows and {groups} teams {verb} created.")
