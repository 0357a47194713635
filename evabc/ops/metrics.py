"""Metrics for Prometheus at /metrics, behind a token. Without EVABC_METRICS_TOKEN nothing is counted."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.db import Error
from django.db.models import Count, Min, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from evabc.middleware import method_of, view_of
from evabc.ops.health import has_metrics_token
from membership.emails.delivery import due_emails
from membership.models import Heartbeat, ListImport, OutboxEmail

REQUESTS = Counter(
    "evabc_requests",
    "Responses by URL name, method and status.",
    ["view", "method", "status"],
    registry=None,
)
SECONDS = Histogram(
    "evabc_request_seconds",
    "Response time by URL name.",
    ["view"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    registry=None,
)


class RequestMetricsMiddleware:
    """Counts responses and their duration."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.METRICS_TOKEN:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.monotonic()
        response = self.get_response(request)
        view = view_of(request)
        REQUESTS.labels(view, method_of(request), response.status_code).inc()
        SECONDS.labels(view).observe(time.monotonic() - started)
        return response


class DatabaseCollector(Collector):
    """Figures from the database at the time of the request: the same from any process."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Without a database only ``evabc_database_up`` is reported, as 0."""
        try:
            found = list(self._figures())
        except Error:
            found = []
        yield GaugeMetricFamily(
            "evabc_database_up", "1 if the database answers.", value=1 if found else 0
        )
        yield from found

    def _figures(self) -> Iterator[GaugeMetricFamily]:
        yield _by_state("evabc_letters", "Emails by state.", OutboxEmail.objects.all())
        oldest = due_emails(self.now).aggregate(at=Min("due_at"))["at"]
        yield GaugeMetricFamily(
            "evabc_letters_oldest_due_seconds",
            "How long the oldest due email has been waiting; 0 if none is.",
            value=(self.now - oldest).total_seconds() if oldest else 0,
        )
        yield _by_state("evabc_lists", "Imports by state.", ListImport.objects.all())
        seen = GaugeMetricFamily(
            "evabc_seen_seconds",
            "Time since the scheduler sent a task and since a worker ran one.",
            labels=["part"],
        )
        for part, at in Heartbeat.objects.values_list("part", "seen_at"):
            seen.add_metric([part], (self.now - at).total_seconds())
        yield seen


def _by_state(
    name: str, text: str, rows: QuerySet[OutboxEmail] | QuerySet[ListImport]
) -> GaugeMetricFamily:
    """The number of rows in each state of the model, including 0."""
    found = dict(rows.order_by().values_list("state").annotate(Count("pk")))
    family = GaugeMetricFamily(name, text, labels=["state"])
    for state in rows.model.State.values:
        family.add_metric([state], found.get(state, 0))
    return family


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Metrics of all processes of this web server, and of the database."""
    if not has_metrics_token(request):
        raise Http404
    registry = CollectorRegistry()
    registry.register(DatabaseCollector(timezone.now()))
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        MultiProcessCollector(registry)
    else:
        registry.register(REQUESTS)
        registry.register(SECONDS)
    return HttpResponse(
        generate_latest(registry), content_type="text/plain; version=0.0.4; charset=utf-8"
    )
