"""A fixture that prints figures and compares them with their targets."""

import logging
import os
from collections.abc import Iterator

import pytest

QUICK = "EVABC_TEST_QUICK" in os.environ  # small tables and one round, to try the benchmark


class Measured:
    """`measured(name, value, unit, at_most=…)` prints a figure, and keeps it if it misses its target."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys
        self.missed: list[str] = []

    def __call__(
        self,
        name: str,
        value: float,
        unit: str,
        *,
        at_most: float | None = None,
        at_least: float | None = None,
        detail: str = "",
    ) -> None:
        limits = {"at most": at_most, "at least": at_least}
        promise = " ".join(f"{word} {limit:g}" for word, limit in limits.items() if limit)
        if (at_most and value > at_most) or (at_least and value < at_least):
            self.missed.append(f"{name}: {value:.2f} {unit}, {promise}")
            promise += ", NOT MET"
        with self.capsys.disabled():
            print(f"\n{name:<60} {value:>9.2f} {unit:<9} {promise:<22} {detail}", end="")  # noqa: T201


@pytest.fixture
def measured(transactional_db: None, capsys: pytest.CaptureFixture[str]) -> Iterator[Measured]:
    logging.disable(logging.INFO)  # otherwise every request would be logged
    yield (measured := Measured(capsys))
    logging.disable(logging.NOTSET)
    assert measured.missed == []
