"""A measured figure, and what was promised of it."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Figure:
    """``size`` is the number of requests that the tables held; 0 where it does not matter."""

    name: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None
    size: int = 0
    detail: str = ""

    @property
    def is_met(self) -> bool:
        enough = self.at_least is None or self.value >= self.at_least
        return enough and (self.at_most is None or self.value <= self.at_most)

    @property
    def line(self) -> str:
        """Its row of the table."""
        title = f"{self.name}, at {self.size:,}" if self.size else self.name
        promise = ""
        if self.at_most is not None:
            promise = f"at most {self.at_most:g}"
        elif self.at_least is not None:
            promise = f"at least {self.at_least:g}"
        met = ("met" if self.is_met else "NOT MET") if promise else ""
        return f"{title:<60} {self.value:>9.2f} {self.unit:<9} {promise:<13} {met:<7} {self.detail}".rstrip()


def seconds(work: Callable[[], object]) -> float:
    """How long ``work`` takes, by the clock on the wall."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
