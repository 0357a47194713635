"""A measured figure, and a table of them."""

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One thing that was measured, with what was promised of it: nothing where both are None.

    ``size`` is the number of requests that the tables held; 0 where it does not matter.
    """

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    size: int = 0

    @property
    def is_met(self) -> bool:
        enough = self.at_least is None or self.value >= self.at_least
        return enough and (self.at_most is None or self.value <= self.at_most)

    @property
    def title(self) -> str:
        return f"{self.name}, at {self.size:,}" if self.size else self.name

    @property
    def line(self) -> str:
        """Its row of the table."""
        promise = "" if self.at_most is None else f"at most {self.at_most:g}"
        if self.at_least is not None:
            promise = f"at least {self.at_least:g}"
        met = ("met" if self.is_met else "NOT MET") if promise else ""
        return f"{self.title:<64} {self.value:>10.2f} {self.unit:<9} {promise:<14} {met}".rstrip()


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


def compared(figures: Sequence[Figure], earlier: Path) -> list[str]:
    """A line for each figure that an earlier result has too: then, now, and the ratio."""
    rows = json.loads(earlier.read_text())
    before = {(row["name"], row["size"]): row["value"] for row in rows}
    lines = []
    for figure in figures:
        then = before.get((figure.name, figure.size))
        if then:
            ratio = figure.value / then
            lines.append(f"{figure.title:<64} {then:>10.2f} {figure.value:>10.2f} {ratio:>6.2f} ×")
    return lines
