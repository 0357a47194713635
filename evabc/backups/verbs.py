"""Make a backup, look whether it is whole, restore it."""

import gzip
import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from evabc.backups import tables
from evabc.backups.sealing import NotReadable, Sealed, Unsealed
from membership.models import User
from membership.refusal import Refused

NAME = "portal-%Y%m%dT%H%M%SZ.backup"
END = b"\\.\n"  # as in COPY, whose lines never look like this


@dataclass(frozen=True)
class Backup:
    """A backup that was read to its end: when it was made, and its rows by table."""

    file: Path
    made_at: datetime
    migrations: list[str]
    vendor: str
    rows: dict[str, int]


def make_backup(*, now: datetime) -> Backup:
    """Write all of the database as of one moment to a file of its own, and read it back.

    The file gets its name only when it was read back whole. Older ones than EVABC_BACKUPS_KEPT go.
    """
    folder = _folder()
    file = folder / now.strftime(NAME)
    part = file.with_suffix(".part")
    try:
        with _private(part) as raw, Sealed(raw, _key()) as sealed, gzip.open(sealed, "wb") as out:
            _write(out, now)
        made = replace(look_at(part), file=file)
        part.rename(file)
    finally:
        part.unlink(missing_ok=True)
    for old in sorted(folder.glob("portal-*.backup"))[: -settings.BACKUPS_KEPT]:
        old.unlink()
    return made


def last_backup() -> datetime | None:
    """When the newest good backup was made."""
    names = sorted(file.name for file in settings.BACKUP_DIR.glob("portal-*.backup"))
    return datetime.strptime(names[-1] + "+0000", NAME + "%z") if names else None


def look_at(file: Path) -> Backup:
    """Read a backup to its end; NotReadable when it is not whole."""
    with _opened(file) as lines:
        head = _head(lines)
        counts = {table: sum(1 for _ in rows) for table, _, rows in _tables_of(lines)}
        if next(lines, b"") != b"end\n":
            raise NotReadable("This backup is damaged: it has no end.")
    return Backup(
        file,
        datetime.fromisoformat(head["made_at"]),
        head["migrations"],
        head["vendor"],
        counts,
    )


def restore(file: Path, *, over_what_is_there: bool = False) -> Backup:
    """Make the database what it was when the backup was made; all of it or nothing."""
    backup = look_at(file)
    if backup.vendor != connection.vendor:
        raise Refused(
            f"This backup was made on {backup.vendor}, and this portal runs on {connection.vendor}."
        )
    call_command("migrate", verbosity=0)
    call_command("createcachetable", verbosity=0)
    if backup.migrations != _migrations():
        raise Refused(
            "This backup belongs to another version of the portal. Start the version that made it, "
            "restore there, and then upgrade."
        )
    if User.objects.exists() and not over_what_is_there:
        raise Refused(
            "This portal holds people already. To replace all of it, add --over-what-is-there."
        )
    with transaction.atomic(), _opened(file) as lines:
        tables.empty()
        _head(lines)
        for table, columns, rows in _tables_of(lines):
            tables.lines_in(table, columns, rows)
        tables.let_new_rows_follow()
    return backup


def _write(out: Any, now: datetime) -> None:
    head = {
        "made_at": now.isoformat(),
        "vendor": connection.vendor,
        "migrations": _migrations(),
    }
    out.write(json.dumps(head).encode() + b"\n")
    with tables.one_moment():
        for table in tables.tables():
            columns = tables.columns_of(table)
            out.write(json.dumps([table, columns]).encode() + b"\n")
            tables.lines_out(table, columns, out.write)
            out.write(END)
    out.write(b"end\n")


def _head(lines: Iterator[bytes]) -> dict[str, Any]:
    return json.loads(next(lines))


def _tables_of(lines: "_Lines") -> Iterator[tuple[str, list[str], Iterator[bytes]]]:
    """Each table with its columns and its lines, which must be read before the next one."""
    for line in lines:
        if line == b"end\n":
            lines.put_back(line)
            return
        table, columns = json.loads(line)
        yield table, columns, _until_end(lines)


def _until_end(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        if line == END:
            return
        yield line
    raise NotReadable("This backup is damaged: a table has no end.")


class _Lines:
    """The lines of a file, of which the last one read can be put back."""

    def __init__(self, file: io.BufferedIOBase) -> None:
        self._file, self._back = file, b""

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        line, self._back = self._back or self._file.readline(), b""
        if not line:
            raise StopIteration
        return line

    def put_back(self, line: bytes) -> None:
        self._back = line


@contextmanager
def _opened(file: Path) -> Iterator[_Lines]:
    with (
        file.open("rb") as raw,
        gzip.open(io.BufferedReader(Unsealed(raw, _key())), "rb") as clear,
    ):
        try:
            yield _Lines(clear)
        except (EOFError, gzip.BadGzipFile) as error:
            raise NotReadable("This backup is damaged: it cannot be read to its end.") from error


def _private(file: Path) -> BinaryIO:
    return os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb")


def _folder() -> Path:
    settings.BACKUP_DIR.mkdir(mode=0o700, exist_ok=True)
    return settings.BACKUP_DIR


def _key() -> str:
    if not settings.BACKUP_KEY:
        raise Refused(
            "There is no key for backups. Set EVABC_BACKUP_KEY to a long random text, and keep a copy "
            "of it away from this machine: without it no backup can be read."
        )
    return settings.BACKUP_KEY


def _migrations() -> list[str]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted(f"{app}.{name}" for app, name in applied)
