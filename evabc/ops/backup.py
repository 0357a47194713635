"""Backups that stock tools open: an archive by `pg_dump`, or a copy of the SQLite file, encrypted with age.

The portal knows only the public key (EVABC_BACKUP_RECIPIENT), so nothing on its machine opens a backup.
The private key is given to `restore` each time, and never stored.
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
# Left out, so that nobody is signed in by a restored backup.
SESSIONS = [Session._meta.db_table, UserSession._meta.db_table]

# An application and one of its migrations, as in the table django_migrations.
Migration = tuple[str, str]


def new_key_pair() -> tuple[str, str]:
    """A public and a private key for backups, as age writes them ("age1…", "AGE-SECRET-KEY-1…")."""
    identity = pyrage.x25519.Identity.generate()
    return str(identity.to_public()), str(identity)


def make_backup(*, now: datetime) -> Path:
    """Write the database to a new encrypted file, and delete all but the newest EVABC_BACKUPS_KEPT.

    The file gets its name only when it is whole. Refused without a public key, or when `pg_dump` is
    missing, too old or fails.
    """
    if not settings.BACKUP_RECIPIENT:
        raise RefusedError(
            "Backups need a public key. Run: python manage.py setup_portal, and set "
            "EVABC_BACKUP_RECIPIENT to the public key that it shows."
        )
    recipient = pyrage.x25519.Recipient.from_str(settings.BACKUP_RECIPIENT)
    folder = settings.BACKUP_DIR
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / (now.strftime(NAME) + SUFFIX[connection.vendor])
    unfinished = folder / "unfinished"
    try:
        with _private_file(unfinished) as encrypted, _dump() as dump:
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


def holds_people() -> bool:
    """Whether the database is in use; one without tables is not."""
    return User._meta.db_table in connection.introspection.table_names() and User.objects.exists()


def restore(*, file: Path, private_key: str) -> None:
    """Replace the whole database by a backup, all of it or nothing, and bring it to this version.

    `private_key` is age's private key, or the text of a file by `age-keygen`. Refused when the key does
    not fit, the file is damaged or holds no backup for this kind of database, or the backup comes
    from a newer version. Nothing decrypted is left on the disk, even when the process is killed on
    PostgreSQL.
    """
    identity = _identity(private_key)
    if connection.vendor == "postgresql":
        _restore_postgresql(file, identity)
    else:
        _restore_sqlite(file, identity)
    connection.close()  # What it has prepared belongs to the tables of before.
    call_command("migrate", interactive=False, verbosity=0)
    cache.clear()  # Pages and counts of the database of before.


def _finished() -> list[Path]:
    """The backups, oldest first."""
    return sorted(settings.BACKUP_DIR.glob("portal-*.age"))


@contextmanager
def _dump() -> Iterator[IO[bytes]]:
    """The database as of one moment, as a stream of bytes."""
    if connection.vendor == "postgresql":
        left_out = [f"--exclude-table-data={table}" for table in SESSIONS]
        command, environment = _client("pg_dump", "--format=custom", *left_out)
        with _unnamed_file() as dump:
            _run(command, stdout=dump, environment=environment)
            yield dump
        return
    with TemporaryDirectory(dir=settings.DATA_DIR) as folder:  # for its owner alone
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
        # By its schema, because the database may hold tables that the backup does not know.
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
        connection.close()  # Its locks, if it holds any, would keep psql waiting.
        try:
            _run(command, stdin=script, stdout=output, environment=environment)
        except RefusedError as error:
            raise RefusedError(
                f"{error}. Nothing was changed. Are web, worker and beat stopped?"
            ) from error


def _restore_sqlite(file: Path, identity: pyrage.x25519.Identity) -> None:
    with TemporaryDirectory(dir=settings.DATA_DIR) as folder:  # for its owner alone
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
                f"The backup cannot be restored: {error}. Nothing was changed."
            ) from error


def _refuse_newer_version(applied: set[Migration]) -> None:
    """Refused when the backup holds migrations that this version does not know, or none at all."""
    loader = MigrationLoader(None)
    unknown = {row for row in applied if row[0] in loader.migrated_apps} - set(
        loader.disk_migrations
    )
    if not applied:
        raise RefusedError("This file holds no backup of the portal. Nothing was changed.")
    if unknown:
        raise RefusedError(
            "This backup comes from a newer version of the portal. Install that version, and restore "
            "it there. Nothing was changed."
        )


def _decrypt(file: Path, decrypted: IO[bytes], identity: pyrage.x25519.Identity) -> None:
    """Age vouches for every byte: what is damaged or cut off fails here."""
    try:
        with file.open("rb") as encrypted:
            pyrage.decrypt_io(encrypted, decrypted, [identity])
    except pyrage.DecryptError as error:
        raise RefusedError(
            "This key does not open this backup. Look whether both are the right ones; the file must "
            "be one that the portal or age has made. Nothing was changed."
        ) from error
    except FileNotFoundError as error:
        raise RefusedError(f"There is no file {file}.") from error
    except OSError as error:
        raise RefusedError(
            f"This backup cannot be read to its end: {error.strerror or 'it is damaged'}. "
            "Nothing was changed."
        ) from error
    decrypted.flush()


def _identity(private_key: str) -> pyrage.x25519.Identity:
    """The private key, from a text that may hold comments too."""
    found = re.search(r"^AGE-SECRET-KEY-1\w+", private_key.strip(), re.MULTILINE)
    try:
        return pyrage.x25519.Identity.from_str(found[0] if found else "")
    except pyrage.IdentityError as error:
        raise RefusedError(
            "This is no private key for backups. It is one line that begins with AGE-SECRET-KEY-1."
        ) from error


def _private_file(path: Path) -> IO[bytes]:
    """A new file for its owner alone."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _unnamed_file() -> IO[bytes]:
    """A file on the portal's disk that is gone with the process, however it ends."""
    return TemporaryFile(dir=settings.DATA_DIR)


def _client(tool: str, *arguments: str) -> tuple[list[str], dict[str, str]]:
    """The command of a PostgreSQL tool for our database, and its environment with the password."""
    (_, *database), secrets = connection.client.settings_to_cmd_args_env(
        connection.settings_dict, []
    )
    return [_tool(tool), *arguments, *database], {**os.environ, **(secrets or {})}


def _tool(name: str) -> str:
    """A PostgreSQL tool from PATH; Refused when it is missing or older than the server."""
    path = shutil.which(name)
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version_num")
        server = int(cursor.fetchone()[0]) // 10_000
    if path is None:
        raise RefusedError(
            f"{name} is missing. Install PostgreSQL’s client tools, version {server}."
        )
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    version = re.search(r"\d+", said)
    if version is None or int(version[0]) < server:
        raise RefusedError(
            f"{path} is older than the database server. Install PostgreSQL’s client tools, version "
            f"{server}; this one says: {said.strip()}."
        )
    return path


def _run(
    command: list[str],
    *,
    stdout: IO[bytes],
    stdin: IO[bytes] | None = None,
    environment: dict[str, str] | None = None,
) -> None:
    """Run a tool from one file into another, both at their beginning then; Refused when it fails."""
    if stdin:
        stdin.seek(0)
    with _unnamed_file() as errors:
        code = subprocess.run(  # noqa: S603 - our own arguments
            command, env=environment, stdin=stdin, stdout=stdout, stderr=errors, check=False
        ).returncode
        errors.seek(0)
        if code:
            # Only the first line: the others may hold rows.
            first = errors.readline().decode(errors="replace").strip()
            raise RefusedError(f"{Path(command[0]).name} failed: {first}")
    stdout.seek(0)
