"""Create the communities, rules, public texts, reasons and teams that do not exist yet."""

from django.core.management.base import BaseCommand
from django.db import transaction

from communities import catalogue
from membership.accounts.teams import seed_groups
from requests.reasons import seed_reasons


class Command(BaseCommand):
    help = __doc__

    @transaction.atomic
    def handle(self, *args: object, **options: object) -> None:
        written = catalogue.seed() + seed_reasons()
        groups = seed_groups()
        self.stdout.write(f"{written} rows and {groups} teams were created.")
