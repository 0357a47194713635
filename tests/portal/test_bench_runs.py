"""The benchmark itself works: a small run of `make bench`, whatever the figures are."""

import json
import subprocess
import sys
from pathlib import Path

from tests.servers.parts import ROOT

SMALL = [
    "--enrolments",
    "600",
    "--rows",
    "40",
    "--sizes",
    "50,200",
    "--rounds",
    "1",
    "--times",
    "1",
]
MEASURED = [
    "import 40 new people, CSV",
    "import the same 40 people again, XLSX",
    "import 40 people as a roster, CSV",
    "reassess 600 enrolments, first night",
    "reassess 600 enrolments, nothing changed",
    "queries for a chunk of 10",
    "queries for a chunk of 500",
    "letters of one worker / bare loop",
    "the home page with style and script",
    "memory of a web worker after all pages",
]
MEASURED_AT_EACH_SIZE = [
    "public page, hit / small page",
    "public page, miss",
    "submit / insert and enqueue",
    "join form",
    "queue",
    "queue: p95 / bare list",
    "queue, search for a frequent name",
    "review page",
    "decision",
    "dashboard",
    "reports",
    "roster export",
]


def bench(output: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.bench", *SMALL, "--output", output, *arguments]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    # 1 is a figure beyond its promise: on a busy machine that says nothing.
    assert ended.returncode in (0, 1), ended.stderr
    return ended


def test_a_small_run_measures_everything_and_a_chunk_costs_the_same_queries_at_any_size(
    tmp_path: Path,
):
    output, earlier = tmp_path / "figures.json", tmp_path / "earlier.json"
    earlier.write_text(json.dumps([{"name": "queue", "size": 200, "value": 0.001}]))

    said = bench(output, "--compare", earlier).stdout

    figures = {(row["name"], row["size"]): row["value"] for row in json.loads(output.read_text())}
    wanted = {(name, 0) for name in MEASURED}
    wanted |= {(name, size) for name in MEASURED_AT_EACH_SIZE for size in (50, 200)}
    assert wanted - figures.keys() == set()
    assert figures["queries for a chunk of 10", 0] == figures["queries for a chunk of 500", 0]
    assert "Earlier, now, ratio:\nqueue, at 200" in said
    assert "queue, all states" in output.with_suffix(".svg").read_text()
