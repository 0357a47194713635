"""From `make run` to the first page, where the sample province is there already."""

import os
import signal
import statistics
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.figures import Figure, seconds
from tests.servers.parts import ROOT, free_port, stop, wait_until_ready

TIMES = 3


def measure() -> Iterator[Figure]:
    """The first start makes the sample province; the later ones are measured."""
    with TemporaryDirectory(prefix="evabc-start-") as folder:
        _start(Path(folder))
        took = [_start(Path(folder)) for _ in range(TIMES)]
    yield Figure("from `make run` to the first page", statistics.median(took), "s", at_most=5)


def _start(folder: Path) -> float:
    """Start, ask for the first page, and end. The seconds until the page was there."""
    port, log = free_port(), folder / "portal.log"
    # Of ours only what finds Python and its packages: the settings are those of `make run`.
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment |= {"EVABC_LOCAL": "1", "EVABC_DATA_DIR": str(folder), "PORT": str(port)}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_portal"],
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    ready = partial(_answers, port)
    try:
        return seconds(partial(wait_until_ready, process, ready=ready, log=log, seconds=60))
    finally:
        stop(process, signal=signal.SIGINT)


def _answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://localhost:{port}/", timeout=10).close()
    except OSError:
        return False
    return True
