"""Backups in standard formats: a `pg_dump` archive or a copy of the SQLite file, encrypted with age.

The portal knows only the public key (EVABC_BACKUP_RECIPIENT), so its own machine cannot decrypt a backup.
The private key is passed to `restore` each time and never stored.
"""

import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory, TemporaryFile
from typing import IO

import pyrage
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import connection
from django.db.migrations.loader import MigrationLoader

from membership.errors import RefusedError
from membership.models import User

NAME = "portal-%Y%m%dT%H%M%SZ"
SUFFIX = {"postgresql": ".dump.age", "sqlite": ".sqlite3.age"}
# Left out, so that a restored backup signs no one in.
SESSIONS = [Session._meta.db_table, UserSession._meta.db_table]


def new_key_pair() -> tuple[str, str]:
    """A new public and private key, in the format of age ("age1…", "AGE-SECRET-KEY-1…")."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity.to_public()), str(identity)


def make_backup(*, now: datetime) -> Path:
    """Write the database to a new encrypted file, and delete all but the newest EVABC_BACKUPS_KEPT.

    The file gets its name only when it is whole. Refused without a public key, or when `pg_dump` is
    missing or fails.
    """
    if not settings.BACKUP_RECIPIENT:
        raise RefusedError(
            "Backups need a public key. Run python manage.py setup_portal, and set "
            "EVABC_BACKUP_RECIPIENT to the public key it shows."
        )
    recipient = pyrage.x25519.Recipient.from_str(settings.BACKUP_RECIPIENT)
    folder = settings.BACKUP_DIR
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / (now.strftime(NAME) + SUFFIX[connection.vendor])
    unfinished = folder / "unfinished"
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as encrypted, _dump() as dump:
            pyrage.encrypt_io(dump, encrypted, [recipient])
            encrypted.flush()
            os.fsync(encrypted.fileno())
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)
    for old in _finished()[: -settings.BACKUPS_KEPT]:
        old.unlink()
    return file


def last_backup() -> datetime | None:
    """When the newest backup was made; None when there is none."""
    if not (files := _finished()):
        return None
    return datetime.strptime(files[-1].name.partition(".")[0] + "+0000", NAME + "%z")


def is_in_use() -> bool:
    """Whether the database has any account; False if it has no tables."""
    return User._meta.db_table in connection.introspection.table_names() and User.objects.exists()


def restore(*, file: Path, private_key: str) -> None:
    """Replace the whole database with a backup, all or nothing, and migrate it to this version.

    `private_key` is age's private key, or the text of a file written by `age-keygen`. Refused if the key
    does not match, the file is damaged or is no backup of this kind of database, or the backup comes
    from a newer version. Nothing decrypted stays on the disk; on PostgreSQL not even if the process is
    killed.
    """
    identity = _identity(private_key)
    if connection.vendor == "postgresql":
        _restore_postgresql(file, identity)
    else:
        _restore_sqlite(file, identity)
    connection.close()  # its prepared statements belong to the old tables
    call_command("migrate", interactive=False, verbosity=0)
    cache.clear()  # pages and counts of the old database


def _finished() -> list[Path]:
    """All complete backups, oldest first."""
    return sorted(settings.BACKUP_DIR.glob("portal-*.age"))


@contextmanager
def _dump() -> Iterator[IO[bytes]]:
    """A consistent snapshot of the database, as a stream of bytes."""
    if connection.vendor == "postgresql":
        left_out = [f"--exclude-table-data={table}" for table in SESSIONS]
        command, environment = _client("pg_dump", "--format=custom", *left_out)
        with _unnamed_file() as dump:
            _run(command, stdout=dump, environment=environment)
            yield dump
        return
    with TemporaryDirectory(dir=settings.DATA_DIR) as folder:  # readable by its owner only
        copy = Path(folder) / "copy.sqlite3"
        with connection.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [str(copy)])
        with closing(sqlite3.connect(copy)) as database, database:
            tables = {name for (name,) in database.execute("SELECT name FROM sqlite_master")}
            for table in tables.intersection(SESSIONS):
                database.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        with copy.open("rb") as file:
            yield file


def _restore_postgresql(file: Path, identity: pyrage.x25519.Identity) -> None:
    with _unnamed_file() as archive, _unnamed_file() as script, _unnamed_file() as output:
        _decrypt(file, archive, identity)
        to_sql = [_tool("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
        only_migrations = ["--data-only", "--table=django_migrations"]
        _run([*to_sql, *only_migrations], stdin=archive, stdout=output)
        rows = (line.split("\t") for line in output.read().decode().splitlines())
        _refuse_newer_version({(row[1], row[2]) for row in rows if len(row) == 4})
        _run(to_sql, stdin=archive, stdout=script)
        # The whole schema, because the database may have tables that the backup does not.
        command, environment = _client(
            "psql",
            "--no-psqlrc",
            "--quiet",
            "--set=ON_ERROR_STOP=1",
            "--single-transaction",
            "--command=SET LOCAL lock_timeout = '10s'",
            "--command=SET LOCAL client_min_messages = warning",
            "--command=DROP SCHEMA public CASCADE",
            "--command=CREATE SCHEMA public",
            "--file=-",
        )
        connection.close()  # its locks would keep psql waiting
        try:
            _run(command, stdin=script, stdout=output, environment=environment)
        except RefusedError as error:
            raise RefusedError(
                f"{error}. Nothing was changed. Check that the rest of the portal is stopped."
            ) from error


def _restore_sqlite(file: Path, identity: pyrage.x25519.Identity) -> None:
    with TemporaryDirectory(dir=settings.DATA_DIR) as folder:  # readable by its owner only
        copy = Path(folder) / "copy.sqlite3"
        with copy.open("wb") as decrypted:
            _decrypt(file, decrypted, identity)
        try:
            with closing(sqlite3.connect(copy)) as backup:
                rows = backup.execute("SELECT app, name FROM django_migrations").fetchall()
                _refuse_newer_version(set(rows))
                connection.ensure_connection()
                backup.backup(connection.connection)
        except sqlite3.Error as error:
            raise RefusedError(
                f"This backup cannot be restored: {error}. Nothing was changed."
            ) from error


def _refuse_newer_version(applied: set[tuple[str, str]]) -> None:
    """Refuse a backup whose migrations (application, name) this version does not know, or that has none."""
    loader = MigrationLoader(None)
    unknown = {row for row in applied if row[0] in loader.migrated_apps} - set(
        loader.disk_migrations
    )
    if not applied:
        raise RefusedError("This file is not a backup of the portal. Nothing was changed.")
    if unknown:
        raise RefusedError(
            "This backup comes from a newer version of the portal. Install that version and restore "
            "the backup there. Nothing was changed."
        )


def _decrypt(file: Path, decrypted: IO[bytes], identity: pyrage.x25519.Identity) -> None:
    """Decrypt the file. age authenticates every byte, so a damaged or truncated file is refused."""
    try:
        with file.open("rb") as encrypted:
            pyrage.decrypt_io(encrypted, decrypted, [identity])
    except pyrage.DecryptError as error:
        raise RefusedError(
            "This key does not open this backup. Check that both are the right ones, and that the file "
            "was made by the portal or by age. Nothing was changed."
        ) from error
    except FileNotFoundError as error:
        raise RefusedError(f"The file {file} does not exist.") from error
    except OSError as error:
        raise RefusedError(
            f"This backup cannot be read: {error.strerror or 'the file is damaged'}. "
            "Nothing was changed."
        ) from error
    decrypted.flush()


def _identity(private_key: str) -> pyrage.x25519.Identity:
    """The private key, from text that may also contain comments."""
    found = re.search(r"^AGE-SECRET-KEY-1\w+", private_key.strip(), re.MULTILINE)
    try:
        return pyrage.x25519.Identity.from_str(found[0] if found else "")
    except pyrage.IdentityError as error:
        raise RefusedError(
            "This is not a private key for backups. Give the line that begins with AGE-SECRET-KEY-1."
        ) from error


def _unnamed_file() -> IO[bytes]:
    """A file on the portal's disk that disappears when the process ends, in any way."""
    return TemporaryFile(dir=settings.DATA_DIR)


def _client(tool: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command line of a PostgreSQL tool for our database, and its environment with the password."""
    (_, *database), secrets = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, []
    )
    return [_tool(tool), *arguments, *database], {**os.environ, **(secrets or {})}


def _tool(name: str) -> str:
    """The path of a PostgreSQL tool. Those that are too old for the server refuse by themselves."""
    if path := shutil.which(name):
        return path
    raise RefusedError(
        f"{name} was not found. Install the PostgreSQL client tools, in the version of the server."
    )


def _run(
    command: list[str],
    *,
    stdout: IO[bytes],
    stdin: IO[bytes] | None = None,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a tool with ``stdin`` and ``stdout`` as its input and output; both are rewound. Refused if it fails."""
    if stdin:
        stdin.seek(0)
    with _unnamed_file() as errors:
        code = subprocess.run(  # noqa: S603 - our own arguments
            command, env=environment, stdin=stdin, stdout=stdout, stderr=errors, check=False
        ).returncode
        errors.seek(0)
        if code:
            # Only the first line, because the others may contain rows.
            first = errors.readline().decode(errors="replace").strip()
            raise RefusedError(f"{Path(command[0]).name} failed: {first}")
    stdout.seek(0)
