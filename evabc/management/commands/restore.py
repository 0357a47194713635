"""Replace the database with a backup. Stop web, worker and beat first.

The private key is read from --key-file, from the terminal, or from standard input.
"""

import sys
from getpass import getpass
from pathlib import Path

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import Error

from evabc.ops.backup import is_in_use, restore
from membership.errors import RefusedError


class Command(BaseCommand):
    help = __doc__
    requires_system_checks = []  # the database may still be empty

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="The backup to restore.")
        parser.add_argument("--key-file", type=Path, help="A file with the private key.")
        parser.add_argument(
            "--overwrite",
            action="store_true",
            help="Replace a database in use without asking first.",
        )

    def handle(
        self,
        *args: object,
        file: Path,
        key_file: Path | None,
        overwrite: bool,
        **options: object,
    ) -> None:
        try:
            if not overwrite and is_in_use():
                self._confirm()
            private_key = _private_key(key_file)
        except (EOFError, KeyboardInterrupt) as error:
            raise CommandError("The input ended. Nothing was changed.") from error
        except OSError as error:
            raise CommandError(
                f"{error.filename} cannot be read: {error.strerror}. Nothing was changed."
            ) from error
        except Error as error:
            raise CommandError(
                f"The database is not answering. Nothing was changed. {error}"
            ) from error
        try:
            version = restore(file=file, private_key=private_key)
        except (RefusedError, Error) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"Restored from {file}, a backup of version {version or 'older than 1.0.0'}. The database "
            f"now belongs to version {settings.VERSION}. Everyone must sign in again."
        )

    def _confirm(self) -> None:
        """Ask at the terminal. Without a terminal, --overwrite is required."""
        if not sys.stdin.isatty():
            raise CommandError(
                "This database is in use. To replace all of its data, add --overwrite."
            )
        self.stdout.write("This database is in use. Restoring replaces all of its data.")
        if input("Type “replace” to continue: ").strip() != "replace":
            raise CommandError("Nothing was changed.")


def _private_key(file: Path | None) -> str:
    if file:
        return file.read_text(errors="replace")
    if sys.stdin.isatty():
        return getpass("Private key (AGE-SECRET-KEY-1…): ")
    return sys.stdin.buffer.read().decode(errors="replace")
