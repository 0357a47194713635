"""The benchmark itself works: a small run of `make bench`, whatever the figures are."""

import json
import subprocess
import sys
from pathlib import Path

from tests.servers.parts import ROOT


def test_a_small_run_measures_everything_and_a_chunk_costs_the_same_queries_at_any_size(
    tmp_path: Path,
):
    output = tmp_path / "figures.json"
    command = [sys.executable, "-m", "tests.bench", "--enrolments", "600", "--rows", "40"]
    ended = subprocess.run(
        [*command, "--output", output], cwd=ROOT, capture_output=True, text=True, check=False
    )

    # 1 is a figure beyond its promise: on a busy machine that says nothing.
    assert ended.returncode in (0, 1), ended.stderr
    figures = {figure["name"]: figure["value"] for figure in json.loads(output.read_text())}
    assert list(figures) == [
        "import 40 new people, CSV",
        "import the same 40 people again, XLSX",
        "import 40 people as a roster, CSV",
        "reassess 600 enrolments, first night",
        "reassess 600 enrolments, nothing changed",
        "queries for a chunk of 10",
        "queries for a chunk of 500",
    ]
    assert figures["queries for a chunk of 10"] == figures["queries for a chunk of 500"]
