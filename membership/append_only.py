"""History that the database itself protects: its rows are written once and never changed.

On each table of an ``AppendOnlyModel``, and on the admin's log, triggers refuse UPDATE, DELETE and, on
PostgreSQL, TRUNCATE. Erasing and retention run inside ``history_released``.

Django rebuilds a table on SQLite to change it, and its triggers are lost. ``protect_history`` puts back
what is missing after every ``migrate``.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from django.apps import apps
from django.contrib.admin.models import LogEntry
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from membership.accounts.models import by_user


class AppendOnlyModel(models.Model):
    """A model whose rows are written once."""

    class Meta:
        abstract = True


class Step(AppendOnlyModel):
    """A step in a history. A subclass adds its ``verb``. ``by`` is empty if the portal did it."""

    by = by_user()
    at = models.DateTimeField()
    text = models.TextField(blank=True)

    class Meta:
        abstract = True
        ordering = ["pk"]
        verbose_name = "step"

    def __str__(self) -> str:
        return f"{self.get_verb_display()} {self.at:%Y-%m-%d}"  # type: ignore[attr-defined]


class HistoryRelease(models.Model):
    """While this table has a row, its transaction may change history. The row is never committed.

    The triggers read this table, so a migration that changes it must drop them first.
    """

    def __str__(self) -> str:
        return str(self.pk)


@contextmanager
def history_released() -> Iterator[None]:
    """A transaction that may change and delete history. Also a decorator, in place of ``atomic``."""
    with transaction.atomic():
        release = HistoryRelease.objects.create()
        yield
        release.delete()


def protect_history(*, using: str = "default", **signal: object) -> None:
    """Create the triggers that are missing, on the tables that exist."""
    connection = connections[using]
    tables = set(unprotected_tables(connection))
    if not tables:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(_FUNCTION)
        for table in tables:
            for statement in _TRIGGERS[connection.vendor]:
                cursor.execute(statement.format(table=table))


def unprotected_tables(connection: BaseDatabaseWrapper) -> list[str]:
    """The tables of history that lack a trigger; none before the migration that prepares for them."""
    with connection.cursor() as cursor:
        existing = connection.introspection.table_names(cursor)
        cursor.execute(_EXISTING_TRIGGERS[connection.vendor])
        found = Counter(table for (table,) in cursor.fetchall())
    if HistoryRelease._meta.db_table not in existing:
        return []
    return [table for table in _tables() if table in existing and found[table] < 2]


def _tables() -> list[str]:
    models_of_history = (LogEntry, AppendOnlyModel)
    return [m._meta.db_table for m in apps.get_models() if issubclass(m, models_of_history)]


_FUNCTION = """
CREATE OR REPLACE FUNCTION refuse_to_change_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM membership_historyrelease) THEN
    RAISE EXCEPTION 'The table % is append-only.', TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN COALESCE(NEW, OLD);
END $$
"""
_TRIGGERS = {
    "postgresql": [
        'CREATE OR REPLACE TRIGGER "{table}_append_only_1" BEFORE UPDATE OR DELETE ON "{table}" '
        "FOR EACH ROW EXECUTE FUNCTION refuse_to_change_history()",
        'CREATE OR REPLACE TRIGGER "{table}_append_only_2" BEFORE TRUNCATE ON "{table}" '
        "FOR EACH STATEMENT EXECUTE FUNCTION refuse_to_change_history()",
    ],
    "sqlite": [
        f'CREATE TRIGGER IF NOT EXISTS "{{table}}_append_only_{number}" BEFORE {verb} ON "{{table}}" '  # noqa: S608
        "WHEN NOT EXISTS (SELECT 1 FROM membership_historyrelease) "
        "BEGIN SELECT RAISE(ABORT, 'The table {table} is append-only.'); END"
        for number, verb in ((1, "UPDATE"), (2, "DELETE"))
    ],
}
_EXISTING_TRIGGERS = {
    "postgresql": "SELECT tgrelid::regclass::text FROM pg_trigger "
    r"WHERE tgname LIKE '%\_append\_only\__' AND tgenabled = 'O'",
    "sqlite": "SELECT tbl_name FROM sqlite_master "
    r"WHERE type = 'trigger' AND name LIKE '%\_append\_only\__' ESCAPE '\'",
}
