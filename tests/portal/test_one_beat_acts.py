"""Two beats are no worse than one: one acts, the other takes over when it falls silent."""

from datetime import timedelta

import pytest
from django.utils import timezone

from evabc.schedule import SCHEDULE
from evabc.tasks import say_that_you_live
from membership.heartbeats import LEASE, act_as_beat
from membership.models import Heartbeat
from tests import builders
from tests.servers import processes
from tests.servers.parts import wait_until_ready

NOW = builders.NOW


@pytest.mark.core
@pytest.mark.django_db
def test_the_first_one_acts_until_it_is_silent_for_the_lease():
    assert act_as_beat(owner="first", now=NOW)
    assert not act_as_beat(owner="second", now=NOW + LEASE)
    assert act_as_beat(owner="first", now=NOW + LEASE)
    assert not act_as_beat(owner="second", now=NOW + 2 * LEASE)

    assert act_as_beat(owner="second", now=NOW + 2 * LEASE + timedelta(seconds=1))
    assert not act_as_beat(owner="first", now=NOW + 2 * LEASE + timedelta(seconds=2))


@pytest.mark.core
@pytest.mark.django_db
def test_a_sign_of_life_from_a_clock_that_was_ahead_keeps_nobody_from_acting():
    assert act_as_beat(owner="first", now=NOW + timedelta(days=1))
    assert act_as_beat(owner="second", now=NOW)
    assert not act_as_beat(owner="first", now=NOW + timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_of_two_real_beats_the_second_takes_over_when_the_first_is_killed(
    redis_url, smtp_server, tmp_path
):
    logs = tmp_path / "first.log", tmp_path / "second.log"
    with processes.celery_beat(logs[0], tmp_path / "first") as first:
        owner = Heartbeat.objects.get(part="beat").owner
        assert owner.endswith(f"/{first.pid}")
        with processes.celery_beat(logs[1], tmp_path / "second") as second:
            assert "stands by" in logs[1].read_text()
            assert "Sending due task" not in logs[1].read_text()
            first.kill()
            first.wait()
            # The lease would end in a minute; the row says that it ended already.
            silent_since = timezone.now() - LEASE - timedelta(seconds=1)
            Heartbeat.objects.filter(part="beat").update(seen_at=silent_since)
            wait_until_ready(
                second, ready=lambda: "This beat acts" in logs[1].read_text(), log=logs[1]
            )
            assert Heartbeat.objects.get(part="beat").owner.endswith(f"/{second.pid}")


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_rung_leaves_a_sign_of_life(redis_url, celery_worker_process, data_folder):
    say_that_you_live.delay()

    wait_until_ready(
        celery_worker_process,
        ready=lambda: Heartbeat.objects.filter(part="worker").exists(),
        log=data_folder / "worker.log",
    )
    assert Heartbeat.objects.get(part="worker").owner.endswith(f"/{celery_worker_process.pid}")
    assert SCHEDULE["say-that-you-live"]["task"] == say_that_you_live.name
