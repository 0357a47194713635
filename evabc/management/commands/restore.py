"""Replace the database by a backup. Stop web, worker and beat first.

The private key is asked for at the terminal, read from standard input, or from --key-file.
"""

import sys
from getpass import getpass
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from evabc.ops.backup import holds_people, restore
from membership.errors import RefusedError


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # the database may still be empty

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--key-file", type=Path, help="a file that holds the private key")
        parser.add_argument(
            "--overwrite", action="store_true", help="replace a database in use without asking"
        )

    def handle(
        self,
        *args: object,
        file: Path,
        key_file: Path | None,
        overwrite: bool,
        **options: object,
    ) -> None:
        if not overwrite and holds_people():
            self._confirm()
        try:
            restore(file=file, private_key=_private_key(key_file))
        except (RefusedError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Restored from {file}. Everybody has to sign in again.")

    def _confirm(self) -> None:
        """Ask at the terminal; without one, only --overwrite will do."""
        if not sys.stdin.isatty():
            raise CommandError("This database is in use. To replace all of it, add --overwrite.")
        self.stdout.write("This database is in use. A restore replaces all of it.")
        if input("Type replace to go on: ").strip() != "replace":
            raise CommandError("Nothing was changed.")


def _private_key(file: Path | None) -> str:
    if file:
        return file.read_text()
    if sys.stdin.isatty():
        return getpass("Private key (AGE-SECRET-KEY-1…): ")
    return sys.stdin.read()
