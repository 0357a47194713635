"""A backup holds everything as of one moment, only its key opens it, and a restore brings all of it back."""

import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from evabc.backups import tables
from evabc.backups.sealing import PIECE, NotReadable, Sealed, Unsealed
from evabc.backups.verbs import last_backup, look_at, make_backup, restore
from membership.models import Agency, ListImport, Person
from membership.refusal import Refused
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders

pytestmark = [
    pytest.mark.core,
    pytest.mark.django_db(transaction=True),
]
NOW = builders.NOW
KEY = "only-for-tests-" + "0123456789" * 3


@pytest.fixture(autouse=True)
def place(settings, tmp_path):
    settings.BACKUP_KEY, settings.BACKUP_DIR, settings.BACKUPS_KEPT = KEY, tmp_path / "kept", 3
    return settings.BACKUP_DIR


def everything() -> dict[str, list[bytes]]:
    """Every table's rows, as the database itself writes them."""
    found = {}
    for table in tables.tables():
        lines: list[bytes] = []
        tables.lines_out(table, tables.columns_of(table), lines.append)
        found[table] = sorted(b"".join(lines).splitlines())
    return found


@pytest.fixture
def a_portal_in_use():
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


def test_a_restore_brings_back_every_row_of_every_table(a_portal_in_use):
    before = everything()
    backup = make_backup(now=NOW)
    Person.objects.update(name="Somebody Else")
    Agency.objects.create(name="Newer House")
    JoinRequest.objects.filter(state="declined").delete()
    assert everything() != before

    restore(backup.file, over_what_is_there=True)

    assert everything() == before
    assert backup.rows == {table: len(rows) for table, rows in before.items()}
    assert sum(backup.rows.values()) > 100
    # Numbers go on after the restored ones.
    newest = Agency.objects.order_by("pk").last().pk
    assert Agency.objects.create(name="The Next House").pk > newest


def test_nobody_is_signed_in_by_a_restore(a_portal_in_use, client):
    builders.sign_in(client, builders.lead())
    backup = make_backup(now=NOW)
    assert client.get("/my/").status_code == 200

    restore(backup.file, over_what_is_there=True)

    assert client.get("/my/").status_code == 302


def test_a_portal_that_holds_people_is_not_replaced_by_accident(a_portal_in_use):
    backup = make_backup(now=NOW)
    before = everything()

    with pytest.raises(Refused, match="add --over-what-is-there"):
        restore(backup.file)

    assert everything() == before


def test_another_key_opens_nothing_and_says_so(a_portal_in_use, settings):
    backup = make_backup(now=NOW)
    settings.BACKUP_KEY = KEY[::-1]

    with pytest.raises(NotReadable, match="cannot be opened with the key"):
        look_at(backup.file)
    with pytest.raises(CommandError, match="cannot be opened with the key"):
        call_command("restore", str(backup.file), "--over-what-is-there")


def test_nothing_readable_is_on_the_disk_and_only_the_owner_may_open_it(a_portal_in_use):
    file = make_backup(now=NOW).file

    assert b"Sample" not in file.read_bytes()
    assert file.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("harm", ["cut", "changed", "empty", "another file"])
def test_a_damaged_backup_is_refused_and_nothing_is_touched(a_portal_in_use, harm):
    file = make_backup(now=NOW).file
    data = file.read_bytes()
    middle = len(data) // 2
    file.write_bytes(
        {
            "cut": data[:-5],
            "changed": data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :],
            "empty": b"",
            "another file": b"name,city\n",
        }[harm]
    )
    before = everything()

    with pytest.raises(NotReadable):
        restore(file, over_what_is_there=True)

    assert everything() == before


@pytest.mark.parametrize("size", [0, 1, PIECE, PIECE + 1, 3 * PIECE])
def test_pieces_are_put_together_again_whatever_their_size(tmp_path, size):
    data, file = os.urandom(size), tmp_path / "sealed"
    with file.open("wb") as raw, Sealed(raw, KEY) as sealed:
        sealed.write(data)

    with file.open("rb") as raw:
        assert Unsealed(raw, KEY).readall() == data


def test_pieces_cannot_be_cut_off_at_their_border(tmp_path):
    file = tmp_path / "sealed"
    with file.open("wb") as raw, Sealed(raw, KEY) as sealed:
        sealed.write(os.urandom(2 * PIECE))
    whole = file.read_bytes()
    file.write_bytes(whole[: 15 + 16 + 4 + PIECE + 16])

    with file.open("rb") as raw, pytest.raises(NotReadable, match="damaged"):
        Unsealed(raw, KEY).readall()


def test_only_the_newest_are_kept(place):
    for night in range(5):
        make_backup(now=NOW + timedelta(days=night))

    assert [file.name[:15] for file in sorted(place.iterdir())] == [
        "portal-20260506",
        "portal-20260507",
        "portal-20260508",
    ]
    assert last_backup() == NOW + timedelta(days=4)


def test_without_a_key_the_command_says_what_to_do(settings):
    settings.BACKUP_KEY = ""

    with pytest.raises(CommandError, match="Set EVABC_BACKUP_KEY"):
        call_command("backup")


def test_the_commands_say_what_they_did(a_portal_in_use, capsys, place):
    call_command("backup")
    file = next(place.iterdir())
    call_command("backup", "--look-at", str(file))
    call_command("restore", str(file), "--over-what-is-there")

    said = capsys.readouterr().out.splitlines()
    assert [line.count("rows of") for line in said] == [1, 1, 1]
    assert said[2].endswith("Everybody signs in anew.")


def test_a_backup_sees_one_moment(a_portal_in_use):
    """On PostgreSQL; SQLite lets nobody else write meanwhile, by its IMMEDIATE transactions."""
    with tables.one_moment():
        before = Person.objects.count()
        with ThreadPoolExecutor() as pool:
            written = pool.submit(write_from_another_connection).result()
        assert Person.objects.count() == before

    assert written == (connection.vendor == "postgresql")
    assert Person.objects.count() == before + written


def write_from_another_connection() -> bool:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA busy_timeout = 100")
        try:
            Person.objects.create(name="New Sample", email="new@example.org")
        except OperationalError:
            return False
        finally:
            connection.close()
    return True
