"""The portal's pages compared with a bare Django project, in turn, on the same database server."""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice, repeat
from pathlib import Path

import redis
from django.db import connection
from django.test import Client
from django.utils import timezone

from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders, crowd
from tests.bench.conftest import QUICK, Measured
from tests.bench.measure import Request, answers_a_second, seconds
from tests.servers.parts import ROOT
from tests.servers.processes import portal

SERVER = ["--worker-class", "sync", "--workers", "2", "--no-control-socket", "--log-level", "error"]
# One visitor sends thousands of requests, more than the limits allow.
SETTINGS = {"EVABC_LOCAL": "0", "EVABC_LIMITS_TIMES": "1000000"}
BARE_APPLICATION = "django.core.wsgi:get_wsgi_application()"
QUEUE = "/admin/joinrequests/joinrequest/"
ROUNDS = 1 if QUICK else 25  # fewer leave the 95th percentile to chance
# The target is 1.5 times the bare list, except for the reports.
PAGES = {
    "queue": QUEUE,
    "queue, next page": f"{QUEUE}?p=2",
    "queue, all states": f"{QUEUE}?state=all",
    "queue, by community": f"{QUEUE}?community=stvc&state=approved",
    "queue, by region and rules": f"{QUEUE}?region=KOOTENAY&verdict=met&state=all",
    "search for a name that a quarter has": f"{QUEUE}?state=all&q=marta",
    "search for two words": f"{QUEUE}?state=all&q=marta+family7",
    "search for an email": f"{QUEUE}?state=all&q=crowd77@example.org",
    "search for an agency": f"{QUEUE}?state=all&q=agency+77+society",
    "search that finds nothing": f"{QUEUE}?state=all&q=nobodyhasthis",
    "dashboard": "/admin/",
    "coverage": "/admin/coverage/",
    "history": "/admin/history/",
    "emails": "/admin/membership/outboxemail/",
    "people": "/admin/membership/person/",
    "people, search": "/admin/membership/person/?q=family777",
    "rosters": "/admin/membership/enrolment/",
    "reports": "/admin/reports/",
}


@dataclass
class Sites:
    """Both web servers, and the session of a lead."""

    url: str
    bare_url: str
    lead: str
    process: int

    def decisions(self) -> Iterator[Request]:
        """Decisions, each on a different request."""
        waiting = JoinRequest.objects.filter(state=State.AWAITING_REVIEW, reference__startswith="R")
        for pk in waiting.order_by("-pk").values_list("pk", flat=True)[: 4 * (ROUNDS + 1)]:
            words = {"text": "Not this time."}
            yield Request(f"{self.url}{QUEUE}{pk}/decline/", self.lead, words, status=302)


@contextmanager
def sites(folder: Path) -> Iterator[Sites]:
    """Start both servers, each with two workers."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE bare")
    log = folder / "bench-web.log"
    with ExitStack() as stack:
        ours = stack.enter_context(portal(log, ["evabc.wsgi", *SERVER], **SETTINGS))
        bare = stack.enter_context(portal(log, [BARE_APPLICATION, *SERVER], **_bare_environment()))
        client = Client()
        builders.sign_in(client, builders.lead(), fresh_code=True)
        yield Sites(ours.url, bare.url, client.cookies["sessionid"].value, ours.process.pid)


def _bare_environment() -> dict[str, str]:
    address = os.environ["DATABASE_URL"].rpartition("/")[0] + "/bare"
    return {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.bench.bare.settings"}


def _bare_session(rows: int) -> str:
    """Fill the bare project's table, and sign in there."""
    command = [sys.executable, "-m", "tests.bench.bare.prepare", str(rows)]
    environment = {**os.environ, **_bare_environment()}
    return subprocess.check_output(command, cwd=ROOT, env=environment, text=True).strip()


def test_pages(measured: Measured, data_folder: Path) -> None:
    """Every page compared with the bare list of the same size, then the public page and a worker's memory."""
    now = timezone.now()
    with sites(data_folder) as at:
        models, made = crowd.templates(now=now), 0
        for size in [60, 200] if QUICK else [1_000, 20_000]:
            crowd.grow(made, size, models, now=now, emails=5)
            made = size
            with connection.cursor() as cursor:
                cursor.execute("VACUUM ANALYZE")  # as autovacuum would do
            times = times_of_pages(at, size=size, review=models[0])
            bare = times.pop("bare admin list")
            measured(f"bare admin list, at {size:,}", statistics.median(bare), "ms")
            for name, values in times.items():
                measured(
                    f"{name}, at {size:,}",
                    p95(values) / p95(bare),
                    "× bare",
                    at_most=2.5 if name == "reports" else 1.5,
                    detail=f"({statistics.median(values):.0f} ms)",
                )
        home, bare_page = Request(f"{at.url}/"), Request(f"{at.bare_url}/")
        answers_a_second(home, times=20)  # so that each worker has cached it
        rates = [
            answers_a_second(home, times=300) / answers_a_second(bare_page, times=300)
            for _ in range(3)
        ]
        measured("public page / bare page", statistics.median(rates), "×", at_least=1)
        measured("memory of a web worker", memory_of_workers(at.process), "MB", at_most=120)


def times_of_pages(at: Sites, *, size: int, review: JoinRequest) -> dict[str, list[float]]:
    """The times of each page in milliseconds, requested in turn, four times in each round."""
    pages = {"bare admin list": Request(f"{at.bare_url}/admin/bare/entry/", _bare_session(size))}
    for name, path in {**PAGES, "review": f"{QUEUE}{review.pk}/change/"}.items():
        pages[name] = Request(f"{at.url}{path}", at.lead)
    cases: dict[str, Iterator[Request]] = {name: repeat(request) for name, request in pages.items()}
    cases["decision"] = at.decisions()
    took: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(ROUNDS + 1):
        for name, requests in cases.items():
            times = [1_000 * seconds(request.send) for request in islice(requests, 4)]
            # The first round opens database connections and reads from disk, so it does not count.
            took[name] += times if number else []
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            broker.delete("celery")  # no worker runs
    return took


def p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def memory_of_workers(server: int) -> float:
    """The size of a web server's largest worker, in MB."""
    command = ["ps", "-o", "rss=", "--ppid", str(server)]
    sizes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return max(int(size) for size in sizes) / 1024
