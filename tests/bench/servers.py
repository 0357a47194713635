"""What the portal answers by the settings of its web server: how docker-compose.yml came by its own."""

import statistics
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.figures import Figure
from tests.bench.load import Ask, a_second, get, milliseconds
from tests.bench.web import OURS, held_by
from tests.servers.processes import portal

SERVERS = {
    "sync, 2 workers": ["--worker-class", "sync", "--workers", "2"],
    "sync, 4 workers": ["--worker-class", "sync", "--workers", "4"],
    "gthread, 1 worker of 8": ["--worker-class", "gthread", "--workers", "1", "--threads", "8"],
    "gthread, 2 workers of 4": ["--worker-class", "gthread", "--workers", "2", "--threads", "4"],
    "gthread, 4 workers of 2": ["--worker-class", "gthread", "--workers", "4", "--threads", "2"],
}
_QUEUE = "/admin/joinrequests/joinrequest/"
_REPORTS = "/admin/reports/"


def measure(folder: Path, *, lead: str, number: int) -> Iterator[Figure]:
    """Many small pages, many large ones, and a small one while large ones are made.

    ``lead`` is the session of one; ``number`` of small pages are asked for, a tenth as many large.
    """
    for name, options in SERVERS.items():
        log = folder / "bench-servers.log"
        with portal(log, ["evabc.wsgi", *options, "--no-control-socket"], **OURS) as server:
            home, queue = get(f"{server.url}/"), get(f"{server.url}{_QUEUE}", session=lead)
            reports = get(f"{server.url}{_REPORTS}", session=lead)
            for ask in (home, queue, reports):
                a_second([ask] * 16, visitors=8)  # each worker has made it
            small = a_second([home] * number, visitors=16)
            large = a_second([queue] * (number // 10), visitors=8)
            with _somebody_always_asks(reports, visitors=4):
                beside = statistics.quantiles([milliseconds(home) for _ in range(40)], n=20)[-1]
            memory = sum(held_by(server.process.pid))
        yield Figure(f"{name}: home page", small, "a second")
        yield Figure(f"{name}: queue", large, "a second")
        yield Figure(f"{name}: home page beside four reports, p95", beside, "ms")
        yield Figure(f"{name}: memory of all workers", memory, "MB")


@contextmanager
def _somebody_always_asks(ask: Ask, *, visitors: int) -> Iterator[None]:
    enough = threading.Event()

    def go_on() -> None:
        while not enough.is_set():
            ask.send()

    threads = [threading.Thread(target=go_on) for _ in range(visitors)]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        enough.set()
        for thread in threads:
            thread.join()
