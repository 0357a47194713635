"""The rows of the database as lines, out and in, as each database keeps them itself.

PostgreSQL gives and takes the lines of COPY, SQLite rows as JSON. Both are read in one transaction
that sees one moment.
"""

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction

# Sessions end with a restore: nobody is signed in by an old backup. The cache is no data.
LEFT_OUT = {"django_session", "usersessions_usersession", "portal_cache"}
AT_ONCE = 1000  # rows of one INSERT


@contextmanager
def one_moment() -> Iterator[None]:
    """A transaction in which every table is read as of its start."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def tables() -> list[str]:
    """Every table that a backup holds."""
    return sorted(set(connection.introspection.table_names()) - LEFT_OUT)


def columns_of(table: str) -> list[str]:
    """Its columns, in the order of the table."""
    with connection.cursor() as cursor:
        return [c.name for c in connection.introspection.get_table_description(cursor, table)]


def lines_out(table: str, columns: list[str], write: Any) -> None:
    """Give every row of a table to `write` (bytes), one line each."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.copy_expert(f"COPY {_named(table, columns)} TO STDOUT", _Writer(write))
            return
        # The plus makes it an expression: SQLite then gives what it keeps, not Django's idea of it.
        as_kept = ", ".join(f"+{_quoted(column)}" for column in columns)
        rows = f"SELECT {as_kept} FROM {_quoted(table)}"  # noqa: S608 - our names
        for row in cursor.execute(rows):
            write(json.dumps(row, default=_as_text).encode() + b"\n")


def lines_in(table: str, columns: list[str], lines: Iterable[bytes]) -> None:
    """Write the rows back."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.copy_expert(f"COPY {_named(table, columns)} FROM STDIN", _Reader(lines))
            return
        marks = ", ".join(["%s"] * len(columns))
        insert = f"INSERT INTO {_named(table, columns)} VALUES ({marks})"  # noqa: S608 - our names
        rows = (json.loads(line, object_hook=_as_bytes) for line in lines)
        while some := list(islice(rows, AT_ONCE)):
            cursor.executemany(insert, some)


def empty() -> None:
    """Delete every row of every table."""
    with connection.cursor() as cursor:
        everything = sorted(connection.introspection.table_names(cursor))
        if connection.vendor == "postgresql":
            cursor.execute(f"TRUNCATE {', '.join(map(_quoted, everything))} CASCADE")
            return
        cursor.execute("PRAGMA defer_foreign_keys = ON")
        for table in everything:
            cursor.execute(f"DELETE FROM {_quoted(table)}")  # noqa: S608 - our names


def let_new_rows_follow() -> None:
    """Numbers of new rows go on after the restored ones."""
    models = apps.get_models(include_auto_created=True)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), list(models)):
            cursor.execute(statement)


def _named(table: str, columns: list[str]) -> str:
    return f"{_quoted(table)} ({', '.join(map(_quoted, columns))})"


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


def _as_text(value: bytes) -> dict[str, str]:
    return {"base64": base64.b64encode(value).decode()}


def _as_bytes(value: dict[str, str]) -> bytes:
    return base64.b64decode(value["base64"])


class _Writer:
    """What COPY writes to."""

    def __init__(self, write: Any) -> None:
        self.write = write


class _Reader:
    """What COPY reads from."""

    def __init__(self, lines: Iterable[bytes]) -> None:
        self._lines = iter(lines)

    def read(self, size: int = -1) -> bytes:
        return b"".join(islice(self._lines, 200))
