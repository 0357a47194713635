"""Make the database what it was when a backup was made. Stop web, worker and beat before."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from evabc.backups.sealing import NotReadable
from evabc.backups.verbs import restore
from membership.refusal import Refused


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("file")
        parser.add_argument(
            "--over-what-is-there",
            action="store_true",
            help="replace a database that holds people already",
        )

    def handle(self, *args: Any, file: str, over_what_is_there: bool, **options: Any) -> None:
        try:
            done = restore(Path(file), over_what_is_there=over_what_is_there)
        except (Refused, NotReadable, OSError) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(
            f"Restored {sum(done.rows.values())} rows of {len(done.rows)} tables, as of "
            f"{done.made_at:%Y-%m-%d %H:%M} UTC. Everybody signs in anew."
        )
