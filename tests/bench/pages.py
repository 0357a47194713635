"""The portal's pages and those of a bare Django project, in turns, on the same database server."""

import math
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import redis
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from communities.models import CommunityOfPractice
from membership.models import User
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.bench.figures import Figure
from tests.bench.load import Request, a_second, milliseconds
from tests.servers.parts import ROOT
from tests.servers.processes import portal

SERVER = ["--worker-class", "sync", "--workers", "2", "--no-control-socket", "--log-level", "error"]
# One visitor asks for thousands of pages here, more than anybody may.
SETTINGS = {"EVABC_LOCAL": "0", "EVABC_LIMITS_TIMES": "1000000"}
QUEUE = "/admin/joinrequests/joinrequest/"
# Each at most 1.5 times the bare list, but the reports.
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
    """Both web servers, and who is signed in at the portal."""

    url: str
    bare_url: str
    lead: str
    process: int

    def page(self, path: str) -> Callable[[int], list[Request]]:
        return lambda times: [Request(f"{self.url}{path}", self.lead)] * times

    def decisions(self, times: int) -> list[Request]:
        """Each declines another request."""
        waiting = JoinRequest.objects.filter(state=State.AWAITING_REVIEW, reference__startswith="R")
        words = {"text": "Not this time."}
        return [
            Request(f"{self.url}{QUEUE}{pk}/decline/", self.lead, words, status=302)
            for pk in waiting.order_by("-pk").values_list("pk", flat=True)[:times]
        ]


@contextmanager
def sites(folder: Path) -> Iterator[Sites]:
    """Start both, each with two workers."""
    database = psycopg2.connect(os.environ["DATABASE_URL"].rpartition("/")[0] + "/postgres")
    database.autocommit = True  # CREATE DATABASE runs outside of any transaction
    with database.cursor() as cursor:
        cursor.execute("CREATE DATABASE bare")
    database.close()
    log = folder / "bench-web.log"
    with ExitStack() as stack:
        ours = stack.enter_context(portal(log, ["evabc.wsgi", *SERVER], **SETTINGS))
        bare_application = "django.core.wsgi:get_wsgi_application()"
        bare = stack.enter_context(portal(log, [bare_application, *SERVER], **_of_the_bare()))
        yield Sites(ours.url, bare.url, session_of(builders.lead()), ours.process.pid)


def _of_the_bare() -> dict[str, str]:
    address = os.environ["DATABASE_URL"].rpartition("/")[0] + "/bare"
    return {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "tests.bench.bare.settings"}


def _bare_session(rows: int) -> str:
    """Fill the bare project's table, and sign in there."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bare.prepare", str(rows)],
        cwd=ROOT,
        env={**os.environ, **_of_the_bare()},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def session_of(user: User) -> str:
    """Signed in, the second factor shown and the emailed code typed just now."""
    client = Client()
    builders.sign_in(client, user, fresh_code=True)
    return client.cookies["sessionid"].value


def measure(at: Sites, *, size: int, rounds: int, review: JoinRequest) -> Iterator[Figure]:
    """Every page against the bare list of as many rows; four answers a round, in turns."""
    bare = Request(f"{at.bare_url}/admin/bare/entry/", _bare_session(size))
    cases: dict[str, Callable[[int], Sequence[Request]]] = {
        "bare admin list": lambda times: [bare] * times,
        **{name: at.page(path) for name, path in PAGES.items()},
        "review": at.page(f"{QUEUE}{review.pk}/change/"),
        "decision": at.decisions,
    }
    took: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(rounds + 1):
        for name, requests in cases.items():
            measured = [milliseconds(request) for request in requests(4)]
            # The first round opens connections to the database, and reads from disk.
            took[name] += measured if number else []
        with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
            broker.delete("celery")  # nobody works here
    bare_p95 = _p95(took["bare admin list"])
    yield Figure("bare admin list", statistics.median(took.pop("bare admin list")), "ms", size=size)
    for name, values in took.items():
        promised = 2.5 if name == "reports" else 1.5
        detail = f"({statistics.median(values):.0f} ms)"
        ratio = _p95(values) / bare_p95
        yield Figure(name, ratio, "× bare", at_most=promised, size=size, detail=detail)
    yield _found_of_a_quarter(at, size)


def _found_of_a_quarter(at: Sites, size: int) -> Figure:
    """Every request of the name that a quarter has, counted by turning the pages of the search."""
    there = JoinRequest.objects.filter(person__name__startswith="Márta").count()
    found: set[str] = set()
    for number in range(1, math.ceil(there / 25) + 1):
        [page] = at.page(f"{QUEUE}?state=all&q=marta&p={number}")(1)
        found |= set(re.findall(r'name="_selected_action" value="(\d+)"', page.send()))
    return Figure("found / there of that name", len(found) / there, "×", at_least=1, size=size)


def _p95(values: Sequence[float]) -> float:
    return statistics.quantiles(values, n=20)[-1]


def public_pages(at: Sites) -> Iterator[Figure]:
    """The public page against the bare page, its queries, and how soon a change shows on it."""
    home, bare = Request(f"{at.url}/"), Request(f"{at.bare_url}/")
    a_second(home, times=20)  # each worker has made it
    rates = [a_second(home, times=300) / a_second(bare, times=300) for _ in range(3)]
    yield Figure("public page / bare page", statistics.median(rates), "×", at_least=1)
    caches["pages"].clear()
    client = Client()
    yield Figure("queries of a public page, miss", _queries(client, "/"), "queries", at_most=3)
    yield Figure("queries of a public page, hit", _queries(client, "/"), "queries", at_most=0)
    community = CommunityOfPractice.objects.get(slug="stvc")
    community.summary = "Changed by the benchmark."
    community.save()
    started = time.perf_counter()
    while community.summary not in home.send() and time.perf_counter() - started < 30:
        pass
    yield Figure("until a change shows", time.perf_counter() - started, "s", at_most=1)
    worker = builders.worker("visitor@example.org")
    builders.sign_in(client, worker)
    form = _queries(client, "/communities/stvc/join/")
    yield Figure("queries of the join form", form, "queries", at_most=12)
    builders.draft(worker)
    sending = _queries(client, "/communities/stvc/join/check/", {})
    yield Figure("queries of sending a request", sending, "queries", at_most=25)


def _queries(client: Client, path: str, fields: dict[str, str] | None = None) -> int:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(path) if fields is None else client.post(path, fields)
    if answer.status_code != (200 if fields is None else 302):
        raise RuntimeError(f"{path} answered {answer.status_code}")
    return len(captured)


def memory_of_a_worker(server: int) -> Figure:
    """The largest of a web server's workers now, in MB."""
    command = ["ps", "-o", "rss=", "--ppid", str(server)]
    sizes = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    largest = max(int(size) for size in sizes) / 1024
    return Figure("memory of a web worker after every page", largest, "MB", at_most=120)
