"""What is left after the faults, and the table of it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Tally:
    """``kills`` counts whatever ended a process or a line at a bad moment."""

    case: str
    database: str
    letters: int
    kills: int
    lost: int
    extra: int
    strange: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        return self.lost == self.strange == 0 and self.extra <= self.kills

    @property
    def line(self) -> str:
        figures = (self.letters, self.kills, self.lost, self.extra, self.strange)
        verdict = "holds" if self.holds else "BROKEN"
        return (
            f"{self.case:<62} {self.database:<10} "
            + " ".join(f"{n:>7}" for n in figures)
            + f" {self.seconds:>7.0f}  {verdict}"
        )


def table(tallies: list[Tally]) -> str:
    names = ("letters", "kills", "lost", "extra", "strange", "seconds")
    head = f"{'after':<62} {'database':<10} " + " ".join(f"{name:>7}" for name in names)
    return "\n".join([head, *(tally.line for tally in tallies)])


def note(tally: Tally) -> Tally:
    """Keep it for the table of `make faults`."""
    if file := os.environ.get("EVABC_TEST_FAULTS_FILE"):
        with Path(file).open("a") as lines:
            lines.write(json.dumps(asdict(tally)) + "\n")
    return tally
