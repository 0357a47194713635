"""Backups in standard formats: a `pg_dump` archive or a copy of the SQLite file, encrypted with age.

The portal knows only the public key (EVABC_BACKUP_RECIPIENT), so its own machine cannot decrypt a backup.
The private key is passed to `restore` each time and never stored.
"""

import fcntl
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from errno import ENOSPC
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pyrage
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import call_command
from django.db import Error, connection, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from evabc.checks import EARLIER_VERSION, is_too_old
from membership.errors import RefusedError
from membership.models import User

NAME = "portal-%Y%m%dT%H%M%SZ"
SUFFIX = {"postgresql": ".dump.age", "sqlite": ".sqlite3.age"}
# Left out, so that a restored backup signs no one in.
SESSIONS = [Session._meta.db_table, UserSession._meta.db_table]
# The portal's version is recorded like a migration of this app, which has none of its own. So it is in
# every backup, and no backup needs a table for it.
VERSION_APP = "evabc"


class ToolError(Exception):
    """A PostgreSQL tool is missing or failed. The message says which, and why."""


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
    file = folder / f"{now:{NAME}}-{settings.VERSION}{SUFFIX[connection.vendor]}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with _only_one(folder):
            _write(file, recipient)
            for old in _finished()[: -settings.BACKUPS_KEPT]:
                old.unlink()
    except (OSError, pyrage.EncryptError, ToolError) as error:
        raise RefusedError(
            f"No backup was made in {folder}: {_reason(error)}. Correct this, and run python manage.py "
            "backup again."
        ) from error
    return file


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Refused while another process makes a backup. The lock ends with the process, in any way."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError as error:
        raise RefusedError("Another backup is being made. Wait until it is done.") from error
    finally:
        os.close(handle)


def _write(file: Path, recipient: pyrage.x25519.Recipient) -> None:
    unfinished = file.with_name("unfinished")
    try:
        handle = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as encrypted, _dump() as dump:
            pyrage.encrypt_io(dump, encrypted, [recipient])
            encrypted.flush()
            os.fsync(handle)
        unfinished.rename(file)
    finally:
        unfinished.unlink(missing_ok=True)


def last_backup(*, now: datetime) -> datetime | None:
    """When the newest backup was made; None when there is none.

    A time in the future, left by a wrong clock, does not count.
    """
    length = len("portal-20260504T100000Z")
    made = [datetime.strptime(f"{file.name[:length]}+0000", f"{NAME}%z") for file in _finished()]
    return max((moment for moment in made if moment <= now), default=None)


def is_in_use() -> bool:
    """Whether the database has any account; False if it has no tables."""
    return User._meta.db_table in connection.introspection.table_names() and User.objects.exists()


def record_version(*, using: str, **_: object) -> None:
    """After each `migrate`: record the version of the portal that the database now belongs to."""
    recorder = MigrationRecorder(connections[using])
    recorder.ensure_schema()
    recorded = recorder.migration_qs.filter(app=VERSION_APP).order_by("-pk").first()
    if recorded is None or recorded.name != settings.VERSION:
        recorder.record_applied(VERSION_APP, settings.VERSION)


def restore(*, file: Path, private_key: str) -> str:
    """Replace the whole database with a backup, all or nothing, and migrate it to this version.

    Returns the version of the portal that made the backup; empty if it is older than 1.0.0.

    `private_key` is age's private key, or the text of a file written by `age-keygen`. Refused if the key
    does not match, the file is damaged or is no backup of this kind of database, or the backup comes
    from a newer version. Nothing decrypted stays on the disk, even if the process is killed.
    """
    identity = _identity(private_key)
    replace = _restore_postgresql if connection.vendor == "postgresql" else _restore_sqlite
    try:
        version = replace(file, identity)
    except OSError as error:
        raise RefusedError(
            f"The backup cannot be unpacked in {settings.DATA_DIR}: {_reason(error)}. Nothing was "
            "changed. Correct this, and restore it again."
        ) from error
    except (sqlite3.Error, ToolError) as error:
        raise RefusedError(
            f"This backup cannot be restored: {error}. Nothing was changed. If the database is locked, "
            "stop the rest of the portal first."
        ) from error
    connection.close()  # its prepared statements belong to the old tables
    try:
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)  # only the cache of `make run` has one
    except Error as error:
        raise RefusedError(
            f"The backup is restored, but the database is not yet upgraded: {error}. Correct this, and run "
            "python manage.py migrate."
        ) from error
    cache.clear()  # pages and counts of the old database
    return version


def _finished() -> list[Path]:
    """All complete backups, oldest first."""
    return sorted(settings.BACKUP_DIR.glob("portal-????????T??????Z*.age"))


@contextmanager
def _dump() -> Iterator[IO[bytes]]:
    """A consistent snapshot of the database, as a stream of bytes."""
    if connection.vendor == "postgresql":
        left_out = [f"--exclude-table-data={table}" for table in SESSIONS]
        with _output(*_client("pg_dump", "--format=custom", *left_out)) as dump:
            yield dump
        return
    with closing(sqlite3.connect(":memory:")) as copy:
        connection.ensure_connection()
        connection.connection.backup(copy)
        tables = {name for (name,) in copy.execute("SELECT name FROM sqlite_master")}
        for table in tables.intersection(SESSIONS):
            copy.execute(f"DELETE FROM {table}")  # noqa: S608 - our own names
        copy.commit()
        copy.execute("VACUUM")  # deleted rows are still in the pages
        yield BytesIO(copy.serialize())


def _restore_postgresql(file: Path, identity: pyrage.x25519.Identity) -> str:
    # Files without a name, which disappear when the process ends, in any way.
    folder = settings.DATA_DIR
    with TemporaryFile(dir=folder) as archive, TemporaryFile(dir=folder) as script:
        _decrypt(file, archive, identity)
        to_sql = [_tool("pg_restore"), "--no-owner", "--no-privileges", "--file=-"]
        only_migrations = ["--data-only", "--table=django_migrations"]
        with _output([*to_sql, *only_migrations], stdin=archive) as output:
            rows = [line.split("\t") for line in output.read().decode().splitlines()]
        version = _version({int(row[0]): (row[1], row[2]) for row in rows if len(row) == 4})
        with _output(to_sql, stdin=archive) as output:
            shutil.copyfileobj(output, script)
            script.flush()
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
        with _output(command, environment, stdin=script) as output:
            output.read()
    return version


def _restore_sqlite(file: Path, identity: pyrage.x25519.Identity) -> str:
    clear = BytesIO()
    _decrypt(file, clear, identity)
    with closing(sqlite3.connect(":memory:")) as backup:
        backup.deserialize(clear.getvalue() or b"nothing")  # of no bytes: a MemoryError
        rows = backup.execute("SELECT id, app, name FROM django_migrations").fetchall()
        version = _version({number: (app, name) for number, app, name in rows})
        connection.ensure_connection()
        backup.backup(connection.connection)
    return version


def _version(applied: dict[int, tuple[str, str]]) -> str:
    """The version of the portal in a backup, from its applied migrations (app, name) by their id.

    Empty before 1.0.0, the first that was recorded. Refused if this version does not know all of the
    migrations, if they are too old to be upgraded, or if the backup has none of the portal's own.
    """
    if User._meta.app_label not in {app for app, _ in applied.values()}:
        raise RefusedError("This file is not a backup of the portal. Nothing was changed.")
    versions = [name for _, (app, name) in sorted(applied.items()) if app == VERSION_APP]
    version = versions[-1] if versions else ""
    loader = MigrationLoader(None)
    known = set(loader.disk_migrations)
    known.update(old for squash in loader.disk_migrations.values() for old in squash.replaces)
    unknown = {row for row in applied.values() if row[0] in loader.migrated_apps} - known
    newer = f" ({version})" if _numbers(version) > _numbers(settings.VERSION) else ""
    if unknown or newer:
        raise RefusedError(
            f"This backup comes from a newer version of the portal{newer}, and this is version "
            f"{settings.VERSION}. Install that version, and restore the backup there. Nothing was changed."
        )
    if is_too_old(applied.values()):
        raise RefusedError(
            f"This version cannot upgrade a backup that is so old. Run git checkout {EARLIER_VERSION} and "
            "docker compose build, restore the backup there, and upgrade then. Nothing was changed."
        )
    return version


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


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
    except OSError as error:
        if error.errno == ENOSPC:
            raise
        raise RefusedError(
            f"{file} cannot be read: {error.strerror or 'it is damaged'}. Nothing was changed."
        ) from error


def _reason(error: Exception) -> str:
    """The words of the system, without its number. pyrage has them in errors of its own."""
    return str(error).rpartition("] ")[2]


def _identity(private_key: str) -> pyrage.x25519.Identity:
    """The private key, from text that may also contain comments, a label or the mark of an editor."""
    found = re.search(r"^[^#\n]*(AGE-SECRET-KEY-1\w+)", private_key, re.MULTILINE)
    try:
        return pyrage.x25519.Identity.from_str(found[1] if found else "")
    except pyrage.IdentityError as error:
        raise RefusedError(
            "This is not a private key for backups. Give the line that begins with AGE-SECRET-KEY-1. "
            "Nothing was changed."
        ) from error


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
    raise ToolError(
        f"{name} was not found; install the PostgreSQL client tools, in the version of the server"
    )


@contextmanager
def _output(
    command: list[str], environment: dict[str, str] | None = None, *, stdin: IO[bytes] | None = None
) -> Iterator[IO[bytes]]:
    """The output of a tool, whose input is the whole file ``stdin``. A ToolError at the end if the tool fails."""
    if stdin:
        stdin.seek(0)
    with TemporaryFile() as errors:
        with subprocess.Popen(  # noqa: S603 - our own arguments
            command, env=environment, stdin=stdin, stdout=subprocess.PIPE, stderr=errors
        ) as process:
            assert process.stdout  # noqa: S101 - a pipe
            yield process.stdout
        if process.returncode:
            errors.seek(0)
            # Only one line, because others may contain rows. Warnings can come before it.
            lines = [line.decode(errors="replace").strip() for line in errors]
            wrong = [line for line in lines if re.search("error:|fatal:", line, re.IGNORECASE)]
            raise ToolError(f"{Path(command[0]).name} failed: {[*wrong, *lines, ''][0]}")
