"""Every fault, long, on PostgreSQL and on SQLite; then a table of what was lost and doubled.

1,500 letters and 100 kills in the storm, 1,000 lives with a model. Ends with 1 where a promise is
broken. The figures are kept as JSON.
"""

import argparse
import json
import os
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.faults.tally import Tally, table
from tests.servers.parts import ROOT

TESTS = [
    "tests/faults",
    "tests/joinrequests/test_whole_lives_with_a_model.py",
    "tests/joinrequests/test_at_the_same_time.py",
]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("--short", action="store_true", help="As in `make test`.")
    parser.add_argument(
        "--output", type=Path, default=ROOT / ".data" / "faults.json", help="Where the figures go."
    )
    asked = parser.parse_args(arguments)
    with TemporaryDirectory(prefix="evabc-faults-") as folder:
        notes = Path(folder) / "notes"
        environment = os.environ | {
            "EVABC_TEST_FAULTS": "short" if asked.short else "long",
            "EVABC_TEST_FAULTS_FILE": str(notes),
        }
        codes = [
            _run(environment),
            _run(environment | {"EVABC_TEST_DATABASE": "sqlite"}, "-m", "core"),
        ]
        held = _show(notes, asked.output)
    return 0 if held and not any(codes) else 1


def _run(environment: dict[str, str], *arguments: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", *arguments, *TESTS]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _show(notes: Path, output: Path) -> bool:
    rows = [json.loads(line) for line in notes.read_text().splitlines()]
    tallies = sorted((Tally(**row) for row in rows), key=lambda t: (t.case, t.database))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(
        json.dumps([asdict(t) | {"holds": t.holds} for t in tallies], indent=2) + "\n"
    )
    print(table(tallies), f"{len(tallies)} rows in {output}", sep="\n")  # noqa: T201
    return all(tally.holds for tally in tallies)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
