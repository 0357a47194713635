"""Our pages and the floor, in turns, on the same database server and the same kind of web server."""

import gzip
import os
import re
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]
import redis
from django.core.cache import caches
from django.test import Client

from membership.models import User
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.bench.figures import Figure
from tests.bench.load import Ask, a_second, get, milliseconds, post
from tests.servers.parts import ROOT
from tests.servers.processes import portal

SYNC = ["--worker-class", "sync", "--workers", "2", "--no-control-socket", "--log-level", "warning"]
# As in the Dockerfile.
MALLOC = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
# One visitor asks for thousands of pages here, more than anybody may.
OURS = {"EVABC_LOCAL": "0", "EVABC_LIMITS_TIMES": "1000000", **MALLOC}
_DESK = "/admin/joinrequests/joinrequest/"
# What may be at most 1.5 times as slow as with few requests, and as the bare admin list.
_QUEUE = {
    "queue": "",
    "queue, next page": "?p=2",
    "queue, all states": "?state=all",
    "queue, by team and community": "?team=program-support&community=stvc&state=approved",
    "queue, by region and verdict": "?region=FRASER&verdict=met&state=all",
    # As many rows on the page at any size: five.
    "queue, search for a person": "?state=all&q=crowd77@example.org",
    "queue, search for a frequent name": "?state=all&q=given7x",
    "queue, search for two words": "?state=all&q=given7x+family1x",
    "queue, search for a reference": "?state=all&q=R00000077",
    "queue, search for an agency": "?state=all&q=agency+77+society",
    "queue, search that finds nothing": "?state=all&q=nobodyhasthis",
}
_PAGES = {
    "dashboard": "/admin/",
    "reports": "/admin/reports/",
    "coverage": "/admin/coverage/",
    "history": "/admin/history/",
    "letters": "/admin/membership/outboxemail/",
    "people": "/admin/membership/person/",
    "people, search": "/admin/membership/person/?q=family777x",
    "rosters": "/admin/membership/enrolment/",
}


@dataclass(frozen=True)
class Case:
    """A page: how to ask for it so many times, and what was promised of it."""

    name: str
    asks: Callable[[int], Sequence[Ask]]
    before: Callable[[], object] = lambda: None
    is_queue: bool = False


@dataclass
class Sites:
    """Both web servers, and who is signed in where."""

    ours: str
    floor: str
    floor_session: str
    lead: str
    process: int
    floor_process: int

    def floor_list(self, number: int) -> list[Ask]:
        return [get(f"{self.floor}/admin/floor/entry/", session=self.floor_session)] * number

    def floor_page(self, number: int) -> list[Ask]:
        return [get(f"{self.floor}/")] * number

    def floor_post(self, number: int) -> list[Ask]:
        fields = {"name": "Sample", "email": "s@example.org", "agency": "House", "state": "open"}
        return [post(f"{self.floor}/insert/", fields)] * number

    def desk(self, path: str) -> Callable[[int], list[Ask]]:
        return lambda number: [get(f"{self.ours}{path}", session=self.lead)] * number


@contextmanager
def sites(folder: Path) -> Iterator[Sites]:
    """Start both, each with two sync workers."""
    database = os.environ["DATABASE_URL"]
    # CREATE DATABASE runs outside of any transaction.
    line = psycopg2.connect(database.rpartition("/")[0] + "/postgres")
    line.autocommit = True
    with line.cursor() as cursor:
        cursor.execute("CREATE DATABASE floor")
    line.close()
    environment = {
        "DATABASE_URL": database.rpartition("/")[0] + "/floor",
        "DJANGO_SETTINGS_MODULE": "tests.bench.floor.settings",
    }
    prepared = subprocess.run(
        [sys.executable, "-m", "tests.bench.floor.prepare"],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    log = folder / "bench-web.log"
    with ExitStack() as stack:
        ours = stack.enter_context(portal(log, ["evabc.wsgi", *SYNC], **OURS))
        floor = stack.enter_context(
            portal(log, ["tests.bench.floor.wsgi", *SYNC], **environment, **MALLOC)
        )
        yield Sites(
            ours=ours.url,
            floor=floor.url,
            floor_session=prepared.stdout.strip(),
            lead=session_of(builders.lead()),
            process=ours.process.pid,
            floor_process=floor.process.pid,
        )


def session_of(user: User) -> str:
    """Signed in, the second factor shown and the emailed code typed just now."""
    client = Client()
    builders.sign_in(client, user, fresh_code=True)
    return client.cookies["sessionid"].value


def measure(
    at: Sites, *, size: int, rounds: int, times: int, models: list[JoinRequest], now: datetime
) -> Iterator[Figure]:
    """Everything at one size of the tables. The values of pages are medians of all rounds."""
    yield from _rates(at, size, rounds, times * 100, now)
    cases = [Case("floor: bare admin list", at.floor_list), *_cases(at, models)]
    for case in cases:
        _round(case, times)  # the first opens lines to the database, and reads from disk
    took: dict[str, list[float]] = {case.name: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            took[case.name] += _round(case, times)
        _drain()
    bare = took.pop(cases[0].name)
    yield Figure(cases[0].name, statistics.median(bare), "ms", size=size)
    for case in cases[1:]:
        yield Figure(case.name, statistics.median(took[case.name]), "ms", size=size)
        if case.is_queue:
            ratio = _p95(took[case.name]) / _p95(bare)
            yield Figure(f"{case.name}: p95 / bare list", ratio, "×", at_most=1.5, size=size)


def _round(case: Case, times: int) -> list[float]:
    """How long each answer took, in milliseconds."""
    took = []
    for ask in case.asks(times):
        case.before()
        took.append(milliseconds(ask))
    return took


def _rates(at: Sites, size: int, rounds: int, number: int, now: datetime) -> Iterator[Figure]:
    """Answers a second, ours against the floor's, with four visitors at once."""
    home = [get(f"{at.ours}/")] * number
    page, kept, bare, sent = [], [], [], []
    busy = {at.process: 0.0, at.floor_process: 0.0}
    a_second(home)  # each worker makes the page once
    for place in range(rounds):
        drafts = _drafts(at, f"{size}-{place}", number // 8)
        before = {process: _processor(process) for process in busy}
        page.append(a_second(at.floor_page(number)))
        kept.append(a_second(home))
        for process in busy:
            busy[process] += _processor(process) - before[process]
        bare.append(a_second(at.floor_post(number // 8)))
        _drain()
        sent.append(a_second(drafts))
        _drain()
    yield Figure("floor: small page", statistics.median(page), "a second", size=size)
    ratio = statistics.median(a / b for a, b in zip(kept, page, strict=True))
    yield Figure("public page, hit / small page", ratio, "×", at_least=2, size=size)
    # Says the same where other programs, and this one, take their share of the machine.
    ratio = busy[at.floor_process] / max(busy[at.process], 0.01)
    yield Figure("small page / public page, hit, processor time", ratio, "×", size=size)
    yield Figure("floor: insert and enqueue", statistics.median(bare), "a second", size=size)
    ratio = statistics.median(a / b for a, b in zip(sent, bare, strict=True))
    yield Figure("submit / insert and enqueue", ratio, "×", at_least=0.3, size=size)


def _drafts(at: Sites, mark: str, number: int) -> list[Ask]:
    """Workers who have answered everything and only have to send it."""
    asks = []
    for place in range(number):
        worker = builders.worker(f"sender-{mark}-{place}@example.org")
        builders.draft(worker)
        asks.append(post(f"{at.ours}/communities/stvc/join/check/", {}, session=session_of(worker)))
    return asks


def _cases(at: Sites, models: list[JoinRequest]) -> Iterator[Case]:
    visitor = session_of(builders.worker(f"visitor-{JoinRequest.objects.count()}@example.org"))
    yield Case("public page, miss", lambda n: [get(f"{at.ours}/")] * n, _forget_the_public_pages)
    yield Case(
        "join form", lambda n: [get(f"{at.ours}/communities/stvc/join/", session=visitor)] * n
    )
    for name, query in _QUEUE.items():
        yield Case(name, at.desk(f"{_DESK}{query}"), is_queue=True)
    yield Case("review page", at.desk(f"{_DESK}{models[0].pk}/change/"))
    yield Case("decision", lambda n: _decisions(at, n))
    for name, path in _PAGES.items():
        yield Case(name, at.desk(path))
    chosen = {"community": str(models[0].community_id), "columns": "name", "format": "csv"}
    yield Case(
        "roster export",
        lambda n: [post(f"{at.ours}/admin/roster-sheet/", chosen, session=at.lead, status=200)],
    )


def _forget_the_public_pages() -> None:
    caches["pages"].clear()


def _decisions(at: Sites, number: int) -> list[Ask]:
    waiting = JoinRequest.objects.filter(state=State.AWAITING_REVIEW, reference__startswith="R0")
    return [
        post(f"{at.ours}{_DESK}{pk}/decline/", {"text": "Not this time."}, session=at.lead)
        for pk in waiting.order_by("-pk").values_list("pk", flat=True)[:number]
    ]


def growth(figures: Sequence[Figure]) -> Iterator[Figure]:
    """The queue at the largest size against the smallest, each in units of the bare list beside it.

    So the speed of the machine at either moment does not count.
    """
    values = {(figure.name, figure.size): figure.value for figure in figures}
    sizes = sorted({size for _, size in values if size})
    for name in (f"{page}: p95 / bare list" for page in _QUEUE):
        ratio = values[name, sizes[-1]] / values[name, sizes[0]]
        title = f"{name.partition(':')[0]}: {sizes[-1]:,} / {sizes[0]:,}"
        yield Figure(title, ratio, "×", at_most=1.5)


def _drain() -> None:
    """Nobody works through the doorbells that were rung: they must not add up."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as broker:
        broker.delete("celery")


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[max(round(len(values) * 0.95) - 1, 0)]


def held_by(server: int) -> list[float]:
    """The memory that each worker of a web server holds now, in MB."""
    return [float(size) / 1024 for size in _of_workers("rss", server)]


def _processor(server: int) -> float:
    """Seconds that the workers of a web server have computed so far."""
    ticks = 0
    for worker in _of_workers("pid", server):
        # After the name in brackets, which may hold spaces: user and system time are fields 14, 15.
        fields = Path(f"/proc/{worker}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def _of_workers(what: str, server: int) -> list[str]:
    command = ["ps", "-o", f"{what}=", "--ppid", str(server)]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()


def weights(at: Sites) -> Iterator[Figure]:
    """What a public page weighs over the wire, with its style and scripts, compressed as Caddy does."""
    page = get(f"{at.ours}/").send().partition(b"\r\n\r\n")[2]
    addresses = re.findall(rb'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page)
    files = [get(f"{at.ours}{a.decode()}").send().partition(b"\r\n\r\n")[2] for a in addresses]
    total = sum(len(gzip.compress(content)) for content in [page, *files])
    yield Figure("the home page with style and script", total / 1024, "KB", at_most=60)
