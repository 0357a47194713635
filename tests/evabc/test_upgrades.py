"""Upgrading a portal in use: no data is lost, and the previous version keeps working."""

import os
import subprocess
import sys
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django_migration_linter import MigrationLinter

from tests.evabc.released import FIRST_RELEASE, NOW, write_rows
from tests.servers.parts import ROOT

OURS = ["communities", "membership", "joinrequests"]
DB = "upgraded"
BEFORE_ONE_FORM = [
    ("membership", "0015_words"),
    ("account", "0009_emailaddress_unique_primary_email"),
]
ONE_FORM = ("membership", "0017_emails_are_normal")
BEFORE_PARAMETERS = ("communities", "0002_meetings")
PARAMETERS = ("communities", "0003_parameters_of_a_rule")

# Its column has no default in the database, so the previous version could not insert rows. The default
# came with 0010_region_default, and the two were always applied together.
MADE_GOOD = ["0002_region"]
# Its unique constraints replace ones on lower(email), which refused the same rows.
AS_STRICT_AS_BEFORE = ["0017_emails_are_normal"]


class ToTheUpgraded:
    """Routes queries in migrations to the database that is migrated."""

    def db_for_read(self, model, **hints):
        return DB

    db_for_write = db_for_read


@pytest.fixture
def upgraded(django_db_setup, django_db_blocker, settings, tmp_path, monkeypatch):
    """An empty database beside the tests' own, with the alias `upgraded`. Deleted afterwards."""
    with django_db_blocker.unblock():
        name = f"evabc_upgrade_{uuid4().hex[:12]}"
        on_sqlite = connection.vendor == "sqlite"
        if on_sqlite:
            name = str(tmp_path / "first.sqlite3")
        else:
            run_beside(f"CREATE DATABASE {name}")
        monkeypatch.setitem(
            connections.databases, DB, {**connections.databases["default"], "NAME": name}
        )
        settings.DATABASE_ROUTERS = [ToTheUpgraded()]
        yield connections[DB]
        connections[DB].close()
        del connections[DB]
        if not on_sqlite:
            run_beside(f"DROP DATABASE {name}")
        connection.close()


def run_beside(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def migrate(database, targets):
    executor = MigrationExecutor(database)
    executor.migrate(targets)
    return MigrationExecutor(database).loader


def rows(database, columns_of=None):
    """The columns and rows of our tables, or the current values of ``columns_of``."""
    with database.cursor() as cursor:
        found = {}
        for table in database.introspection.table_names(cursor):
            if not table.startswith((*OURS, "account_")):
                continue
            if columns_of is None:
                described = database.introspection.get_table_description(cursor, table)
                columns = [column.name for column in described]
            else:
                columns = columns_of.get(table, ([], []))[0]
            if columns:
                names = ", ".join(f'"{column}"' for column in columns)
                cursor.execute(f'SELECT {names} FROM "{table}"')  # noqa: S608 - names of the schema
                found[table] = (columns, sorted(map(repr, cursor.fetchall())))
        return found


@pytest.mark.core
def test_a_portal_of_the_first_release_is_upgraded_with_all_it_holds(upgraded):
    loader = migrate(upgraded, FIRST_RELEASE)
    first_version = loader.project_state(FIRST_RELEASE).apps
    write_rows(first_version, "1")
    before = rows(upgraded)

    migrate(upgraded, loader.graph.leaf_nodes())

    assert rows(upgraded, columns_of=before) == before
    # The previous version still serves requests while the new one starts.
    write_rows(first_version, "2")
    assert first_version.get_model("joinrequests.JoinRequest").objects.count() == 4


@pytest.mark.core
def test_rules_keep_their_parameters_on_the_way_up_and_back(upgraded):
    loader = migrate(upgraded, [BEFORE_PARAMETERS])
    before = loader.project_state([BEFORE_PARAMETERS]).apps
    team = before.get_model("communities.SupportTeam").objects.create(family="coordination")
    community = before.get_model("communities.CommunityOfPractice").objects.create(team=team)
    columns = before.get_model("communities.EligibilityCriterion").objects
    columns.create(community=community, kind="caseload", program_types=["SAS", "STVC"])
    columns.create(community=community, kind="funding", funder="PSSG")
    columns.create(community=community, kind="eva-membership")
    columns.create(
        community=community,
        kind="coordination-role",
        roles=["CHAIR"],
        initiatives_to_check=["ICAT"],
    )
    kept = list(columns.order_by("pk").values())

    loader = migrate(upgraded, [PARAMETERS])
    criteria = (
        loader.project_state([PARAMETERS])
        .apps.get_model("communities.EligibilityCriterion")
        .objects
    )
    assert list(criteria.order_by("pk").values_list("kind", "parameters")) == [
        ("caseload", {"program_types": ["SAS", "STVC"]}),
        ("funding", {"funder": "PSSG"}),
        ("eva-membership", {}),
        (
            "coordination-role",
            {
                "roles": ["CHAIR"],
                "initiatives": [],
                "roles_to_check": [],
                "initiatives_to_check": ["ICAT"],
            },
        ),
    ]
    criteria.filter(kind="funding").update(parameters={"funder": "OTHER"})

    migrate(upgraded, [BEFORE_PARAMETERS])
    kept[1]["funder"] = "OTHER"
    assert list(columns.order_by("pk").values()) == kept


@pytest.mark.core
def test_emails_are_brought_into_one_form_and_those_that_cannot_be_stay(upgraded):
    loader = migrate(upgraded, BEFORE_ONE_FORM)
    before = loader.project_state(BEFORE_ONE_FORM).apps
    user, person, address, access, email = (
        before.get_model(label).objects
        for label in (
            "membership.User",
            "membership.Person",
            "account.EmailAddress",
            "membership.Access",
            "membership.OutboxEmail",
        )
    )
    dana = user.create(email="dana@bücher.example")
    address.create(user=dana, email=dana.email, verified=True, primary=True)
    person.create(user=dana, name="Dana", email="Dana@bücher.example", search_text="dana")
    user.create(email="same@xn--bcher-kva.example")
    user.create(email="same@bücher.example")
    user.create(email="ırene@shine.example")
    person.create(name="Kim", email="kim@example.org")
    person.create(name="Ari", email="ari@sh☃ne.example")
    team = before.get_model("communities.SupportTeam").objects.create(family="coordination")
    access.create(address="kai@bücher.example", team=team, kind="slack", since=date(2026, 5, 4))
    email.create(to_email="Dana@bücher.example", team=team, key="1", due_at=NOW, queued_at=NOW)

    migrate(upgraded, [ONE_FORM])

    assert list(user.order_by("pk").values_list("email", flat=True)) == [
        "dana@xn--bcher-kva.example",
        "same@xn--bcher-kva.example",
        "same@bücher.example",
        "ırene@shine.example",
    ]
    assert list(person.order_by("pk").values_list("email", "search_text")) == [
        ("dana@xn--bcher-kva.example", "dana danabucherexample"),
        ("kim@example.org", ""),
        ("ari@sh☃ne.example", ""),
    ]
    assert access.get().address == "kai@xn--bcher-kva.example"
    assert email.get().to_email == "dana@xn--bcher-kva.example"
    assert not address.exists()
    after = loader.project_state([ONE_FORM]).apps
    for name, odd in (("User", [3, 4]), ("Person", [3])):
        rows_of_it = after.get_model("membership", name).objects
        pks = list(rows_of_it.order_by("pk").values_list("pk", flat=True))
        marked = list(
            rows_of_it.filter(email_is_odd=True).order_by("pk").values_list("pk", flat=True)
        )
        assert marked == [pks[number - 1] for number in odd]


@pytest.mark.core
def test_the_history_of_the_register_loses_the_references_of_requests(upgraded):
    before = [("joinrequests", "0013_words"), *FIRST_RELEASE[-1:]]
    entries = migrate(upgraded, before).project_state(before).apps.get_model("admin.LogEntry")
    user = entries.user.field.related_model.objects.create(email="priya@example.org")
    for words in ("Request AB2CD3: Matched “Dana’s house” to Sample House.", "Agency checked.", ""):
        entries.objects.create(
            user=user, object_repr="Sample House", action_flag=2, change_message=words
        )

    migrate(upgraded, [("joinrequests", "0014_history_without_references")])

    found = entries.objects.order_by("pk").values_list("change_message", flat=True)
    assert list(found) == ["A request to join was matched to this.", "Agency checked.", ""]


@pytest.mark.slow
def test_the_new_version_works_on_what_the_first_one_wrote(upgraded):
    loader = migrate(upgraded, FIRST_RELEASE)
    write_rows(loader.project_state(FIRST_RELEASE).apps, "1")
    migrate(upgraded, loader.graph.leaf_nodes())
    upgraded.close()

    for command in (
        ["migrate", "--check"],
        ["reassess"],
        ["run_due", "reminders"],
        ["run_due", "yearly"],
    ):
        done = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=ROOT,
            env=os.environ | {"DATABASE_URL": address_of(upgraded)},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr


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
        ignore_name=[*MADE_GOOD, *AS_STRICT_AS_BEFORE],
        no_cache=True,
        quiet=["ok", "ignore", "warning"],
    )

    linter.lint_all_migrations()

    assert linter.nb_erroneous == 0, capsys.readouterr().out
    assert linter.nb_valid + linter.nb_warnings > 10
