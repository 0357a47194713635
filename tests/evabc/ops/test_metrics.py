"""Metrics for Prometheus: correct with several processes, and only with the token."""

import urllib.error
import urllib.request
from datetime import timedelta

import pytest
from django.test import RequestFactory
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from evabc.ops.metrics import metrics
from membership.models import Heartbeat, OutboxEmail
from tests import builders
from tests.servers import processes

TOKEN = "only-for-tests-" + "0123456789" * 3


def figures(text):
    """Every sample as {(name, labels): value}."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def ask(url, token=TOKEN):
    request = urllib.request.Request(f"{url}/metrics", headers={"Authorization": f"Bearer {token}"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        return answer.read().decode()


@pytest.mark.django_db(transaction=True)
def test_the_processes_of_a_web_server_are_summed(redis_url, smtp_server, tmp_path):
    path = tmp_path / "portal.log"
    extra = {"EVABC_METRICS_TOKEN": TOKEN, "GUNICORN_CMD_ARGS": "--workers 3 --threads 1"}
    with processes.portal(path, EMAIL_URL=smtp_server.url, **extra) as portal:
        for _ in range(40):
            urllib.request.urlopen(f"{portal.url}/", timeout=10).close()  # noqa: S310
        for _ in range(5):
            with pytest.raises(urllib.error.HTTPError):
                urllib.request.urlopen(f"{portal.url}/no/such/page", timeout=10)  # noqa: S310
        seen = [figures(ask(portal.url)) for _ in range(6)]
        with pytest.raises(urllib.error.HTTPError, match="404"):
            ask(portal.url, token="another")

    # Every process reports the sum of all.
    for found in seen:
        assert found["evabc_requests_total", "200", "GET", "home"] == 40
        assert found["evabc_requests_total", "404", "GET", "none"] == 5
        assert found["evabc_request_seconds_count", "home"] == 40
        assert found["evabc_request_seconds_bucket", "+Inf", "home"] == 40


@pytest.fixture
def found(settings):
    """`found()`: the current metrics."""
    settings.METRICS_TOKEN = TOKEN
    request = RequestFactory().get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})
    return lambda: figures(metrics(request).content.decode())


@pytest.mark.core
@pytest.mark.django_db
def test_emails_imports_and_heartbeats_come_from_the_database(found):
    assert found()["evabc_letters_oldest_due_seconds",] == 0
    assert ("evabc_seen_seconds", "beat") not in found()
    builders.sent(builders.worker())
    emails = OutboxEmail.objects.count()
    now = timezone.now()
    OutboxEmail.objects.update(due_at=now - timedelta(minutes=5))
    Heartbeat.objects.create(part="beat", owner="a", seen_at=now - timedelta(minutes=2))

    after = found()

    assert emails > 0
    assert after["evabc_letters", "queued"] == emails
    assert after["evabc_letters", "failed"] == 0
    assert after["evabc_lists", "applied"] == 0
    assert 300 <= after["evabc_letters_oldest_due_seconds",] < 310
    assert 120 <= after["evabc_seen_seconds", "beat"] < 130
    assert after["evabc_database_up",] == 1


@pytest.mark.django_db
def test_the_number_of_queries_does_not_grow(found, django_assert_num_queries):
    builders.sent(builders.worker())
    with django_assert_num_queries(4):
        found()
    builders.sent(builders.worker(email="amal@example.org"))
    with django_assert_num_queries(4):
        found()


@pytest.mark.django_db
def test_the_page_does_not_exist_without_the_token(client, settings):
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    settings.METRICS_TOKEN = TOKEN
    for given in ("", "Bearer ", "Bearer another", TOKEN, "Bearer ключ"):
        assert client.get("/metrics", headers={"Authorization": given}).status_code == 404
    assert client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 200
