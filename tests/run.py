"""Run what `make test` runs: the checks, all tests on PostgreSQL, the core again on SQLite.

`--lint` runs the checks alone. Other arguments go to pytest, and then only the tests on PostgreSQL
run: `python -m tests.run -k letters`.
"""

import os
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.parts import ROOT, settings_environment

# loadgroup: tests that share something slow to make (a clone with its environment) stay together.
PYTEST = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadgroup"]


@dataclass(frozen=True)
class Phase:
    name: str
    commands: list[list[str]]
    environment: dict[str, str] = field(default_factory=dict)


def checks_of_the_code(data: Path) -> Phase:
    commands = [
        [sys.executable, "-m", "ruff", "check", "."],
        [sys.executable, "-m", "ruff", "format", "--check", "."],
        [sys.executable, "-m", "mypy", "."],
    ]
    # mypy's plugin for Django loads the settings.
    return Phase("checks", commands, settings_environment(data))


def on_postgresql(arguments: list[str]) -> Phase:
    return Phase("tests on PostgreSQL", [[*PYTEST, *arguments]])


CORE_ON_SQLITE = Phase(
    "core tests on SQLite", [[*PYTEST, "-m", "core", "tests"]], {"EVABC_TEST_DATABASE": "sqlite"}
)


def main(arguments: list[str]) -> int:
    with TemporaryDirectory(prefix="evabc-checks-") as folder:
        results = [_run(phase) for phase in _phases(arguments, checks_of_the_code(Path(folder)))]
    passed = all(succeeded for _, succeeded in results)
    _say("", *(line for line, _ in results))
    _say("All passed." if passed else "FAILED: see above.")
    return 0 if passed else 1


def _phases(arguments: list[str], checks: Phase) -> list[Phase]:
    if arguments == ["--lint"]:
        return [checks]
    if arguments:
        return [on_postgresql(arguments)]
    return [checks, on_postgresql(["tests"]), CORE_ON_SQLITE]


def _run(phase: Phase) -> tuple[str, bool]:
    """Run all commands of a phase, also after one failed: one run shows everything that is wrong."""
    _say(f"== {phase.name}")
    started = time.monotonic()
    # pytest ends with 5 when it found no test: a failure here like any other number but 0.
    codes = [
        subprocess.run(
            command, cwd=ROOT, env=os.environ | phase.environment, check=False
        ).returncode
        for command in phase.commands
    ]
    succeeded = not any(codes)
    seconds = time.monotonic() - started
    return f"{phase.name}: {'passed' if succeeded else 'FAILED'} in {seconds:.0f} s", succeeded


def _say(*lines: str) -> None:
    # Flushed, so that the lines keep their place among those of the commands.
    print(*lines, sep="\n", flush=True)  # noqa: T201 - what this command is for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
