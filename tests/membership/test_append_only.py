"""The database refuses to change history, except for erasing and retention."""

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction
from model_bakery import baker

from membership.append_only import HistoryRelease, history_released
from membership.checks import history_is_protected
from membership.models import Consent, User
from tests import builders

pytestmark = pytest.mark.django_db
core = pytest.mark.core

# For each, the columns of a row that cannot be invented.
OF_STVC = {"join_request__community": builders.community}
HISTORY = {
    "admin.LogEntry": {"user": builders.worker},
    "joinrequests.JoinRequestEvent": OF_STVC,
    "joinrequests.StaffNote": OF_STVC,
    "membership.AccessStep": {
        "access__team": lambda: builders.community().team,
        "access__address": "kai@example.org",
        "access__kind": "slack",
    },
    "membership.Consent": {},
    "membership.Export": {},
    "membership.LetterAttempt": {
        "letter__team": lambda: builders.community().team,
        "letter__to_email": "kai@example.org",
    },
    "membership.LetterWording": {},
    "membership.WorklistStep": {"row__enrolment__community": builders.community},
}
RAW = {
    "postgresql": ["UPDATE {} SET id = id", "DELETE FROM {}", "TRUNCATE {} CASCADE"],
    "sqlite": ["UPDATE {} SET id = id", "DELETE FROM {}", "REPLACE INTO {0} SELECT * FROM {0}"],
}


def refused():
    return pytest.raises(IntegrityError, match="append-only")


def execute(statement):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


@core
@pytest.mark.parametrize(("name", "columns"), HISTORY.items(), ids=[*HISTORY])
def test_no_row_of_history_can_be_changed_or_deleted(name, columns):
    row = baker.make(name, **columns)
    connection.check_constraints()  # nothing else that is pending keeps a TRUNCATE out
    same = type(row)._default_manager.filter(pk=row.pk)

    for change in (row.save, row.delete, same.delete, lambda: same.update(id=row.pk)):
        with refused(), transaction.atomic():
            change()
    row = same.get()
    for statement in RAW[connection.vendor]:
        with refused():
            execute(statement.format(row._meta.db_table))

    with history_released():
        same.update(id=row.pk)
        row.delete()
    assert not same.exists()


@core
def test_every_history_is_tried():
    with connection.cursor() as cursor:
        triggers = (
            "SELECT relname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
            "WHERE NOT tgisinternal"
            if connection.vendor == "postgresql"
            else "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger'"
        )
        cursor.execute(triggers)
        protected = {table for (table,) in cursor.fetchall()}
    assert protected == {apps.get_model(name)._meta.db_table for name in HISTORY}


@core
def test_work_that_fails_while_history_is_released_leaves_it_closed_and_whole():
    consent = baker.make(Consent)

    with pytest.raises(RuntimeError), history_released():
        Consent.objects.all().delete()
        raise RuntimeError

    assert not HistoryRelease.objects.exists()
    with refused(), transaction.atomic():
        consent.delete()


@pytest.mark.django_db(transaction=True)
def test_history_is_released_for_one_transaction_only():
    consent, other = baker.make(Consent), connection.copy()
    try:
        with history_released(), refused(), other.cursor() as cursor:
            cursor.execute("DELETE FROM membership_consent")
    finally:
        other.close()
    assert Consent.objects.get() == consent


@core
@pytest.mark.django_db(transaction=True)
def test_triggers_that_a_migration_lost_are_reported_and_put_back():
    consent = baker.make(Consent)
    if connection.vendor == "sqlite":
        with connection.schema_editor() as editor:
            editor._remake_table(Consent)  # as a migration that changes a column does
    else:
        execute("ALTER TABLE membership_consent DISABLE TRIGGER USER")
    [warning] = history_is_protected(["default"])
    assert "membership_consent" in warning.msg
    Consent.objects.update(version=7)

    call_command("migrate", verbosity=0)

    assert history_is_protected(["default"]) == []
    with refused():
        consent.delete()


@core
@pytest.mark.django_db
def test_a_row_that_leaves_history_open_is_reported():
    HistoryRelease.objects.create()
    [warning] = history_is_protected(["default"])
    assert "membership_historyrelease" in warning.msg


def test_not_even_a_superuser_deletes_an_account_in_the_admin(client):
    lou = builders.lead()
    User.objects.filter(pk=lou.pk).update(is_superuser=True)
    builders.sign_in(client, lou)

    assert (
        client.post(f"/admin/membership/user/{lou.pk}/delete/", {"post": "yes"}).status_code == 403
    )
