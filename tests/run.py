"""Run the suite, and beside it what checks the code. `make help` says which is for when.

python -m tests.run              every test but the long ones, on PostgreSQL; the core again on SQLite
python -m tests.run --all        all of them, with the long forms
python -m tests.run --lint       style and types alone
python -m tests.run PATH -k ...  style, types and the tests that these arguments name
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.servers.parts import ROOT, settings_environment

PYTEST = [sys.executable, "-m", "pytest"]
# Stealing keeps the tests of a module together for as long as both workers have some: what a module
# shares is made once. Eight at most, for there are 16 databases in a Redis.
ON_ALL_CORES = ["-n", "auto", "--maxprocesses", "8", "--dist", "worksteal"]
WITHOUT_LONG_FORMS = ["-m", "not slow"]
ON_SQLITE = {"EVABC_TEST_DATABASE": "sqlite"}
LINT = [
    [sys.executable, "-m", "ruff", "check", "."],
    [sys.executable, "-m", "ruff", "format", "--check", "."],
    [sys.executable, "-m", "mypy", "."],
]


def main(arguments: list[str]) -> int:
    if arguments == ["--lint"]:
        return lint()
    started = time.monotonic()
    # Where it is set, as in many containers, each of a hundred processes would compile all modules again.
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    with lint_beside() as linting:
        codes = {name: _run(command, **env) for name, command, env in _suites(arguments)}
        codes["style and types"] = linting.wait()
    failed = [name for name, code in codes.items() if code]
    _say(f"FAILED: {', '.join(failed)}." if failed else "All passed.")
    _say(f"It took {time.monotonic() - started:.0f} s.")
    return 1 if failed else 0


def _suites(arguments: list[str]) -> list[tuple[str, list[str], dict[str, str]]]:
    """What to run, one after the other: its name, the command and what is added to its environment."""
    if arguments == ["--all"]:
        # What was skipped is listed: a Python, say, that this machine does not have.
        every = [*PYTEST, *ON_ALL_CORES, "-rs", "--hypothesis-profile", "long"]
        return [
            ("tests on PostgreSQL", every, {}),
            ("core tests on SQLite", [*every, "-m", "core"], ON_SQLITE),
        ]
    if arguments:
        return [("tests", [*PYTEST, *WITHOUT_LONG_FORMS, *arguments], {})]
    most = [*PYTEST, *ON_ALL_CORES]
    return [
        ("tests on PostgreSQL", [*most, *WITHOUT_LONG_FORMS], {}),
        ("core tests on SQLite", [*most, "-m", "core and not slow"], ON_SQLITE),
    ]


def lint() -> int:
    """Run every check, also after one failed: one run shows everything that is wrong."""
    with TemporaryDirectory(prefix="evabc-lint-") as data:
        # mypy's plugin for Django loads the settings.
        environment = settings_environment(Path(data))
        return max(_run(command, **environment) for command in LINT)


@contextmanager
def lint_beside() -> Iterator[subprocess.Popen[bytes]]:
    """Style and types in a process of their own, whose output is shown at the end in one piece."""
    with TemporaryDirectory(prefix="evabc-lint-") as folder:
        output = Path(folder, "output")
        command = [sys.executable, "-m", "tests.run", "--lint"]
        with output.open("wb") as file:
            linting = subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=subprocess.STDOUT)
        try:
            yield linting
            _say(output.read_text())
        finally:
            linting.terminate()
            linting.wait()


def _run(command: list[str], **environment: str) -> int:
    # pytest ends with 5 when it found no test: a failure here like any other number but 0.
    return subprocess.run(command, cwd=ROOT, env=os.environ | environment, check=False).returncode


def _say(line: str) -> None:
    # Flushed, so that the lines keep their place among those of the commands.
    print(line, flush=True)  # noqa: T201 - what this command is for


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
