"""Write an encrypted backup of the database, and read it back."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from evabc.backups.sealing import NotReadable
from evabc.backups.verbs import look_at as read_to_its_end
from evabc.backups.verbs import make_backup
from membership.refusal import Refused


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--look-at", metavar="FILE", help="read a backup to its end, write none"
        )

    def handle(self, *args: Any, look_at: str | None = None, **options: Any) -> None:
        try:
            done = read_to_its_end(Path(look_at)) if look_at else make_backup(now=timezone.now())
        except (Refused, NotReadable, OSError) as refused:
            raise CommandError(str(refused)) from refused
        self.stdout.write(
            f"{done.file}: {sum(done.rows.values())} rows of {len(done.rows)} tables, "
            f"as of {done.made_at:%Y-%m-%d %H:%M} UTC, read to the end."
        )
