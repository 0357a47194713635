"""A measured figure, and a table of them."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One thing that was measured. ``at_most`` is what it may be; None where nothing was promised."""

    name: str
    value: float
    unit: str
    at_most: float | None = None

    @property
    def is_met(self) -> bool:
        return self.at_most is None or self.value <= self.at_most

    @property
    def line(self) -> str:
        promise = "" if self.at_most is None else f"at most {self.at_most:g} {self.unit}"
        met = "" if self.at_most is None else ("met" if self.is_met else "NOT MET")
        return f"{self.name:<58} {self.value:>10.2f} {self.unit:<8} {promise:<20} {met}".rstrip()


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes, in seconds of the wall clock."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def write_json(figures: Sequence[Figure], file: Path) -> None:
    """All figures as JSON, to be kept and compared."""
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(figure), "is_met": figure.is_met} for figure in figures]
    file.write_text(json.dumps(rows, indent=2) + "\n")
