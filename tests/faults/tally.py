"""What is left after the faults, counted from outside, and the table of it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import connection

from membership.models import OutboxEmail
from tests.faults.post import MailServer

State = OutboxEmail.State


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


def count_letters(case: str, mail: MailServer, *, kills: int, seconds: float = 0.0) -> Tally:
    """Hold the rows against the mail server's log, and note the outcome.

    Lost is a letter that has not ended, and one that is `sent` and was never accepted. Extra are the
    copies beyond the first; they share a Message-ID, or the server's log would have a strange one.
    """
    rows = dict(OutboxEmail.objects.values_list("message_id", "state"))
    accepted = mail.accepted()
    ended = (State.SENT, State.FAILED, State.CANCELLED)
    lost = [
        m for m, s in rows.items() if s not in ended or (s == State.SENT and not accepted.get(m))
    ]
    return note(
        Tally(
            case=case,
            database=connection.vendor,
            letters=len(rows),
            kills=kills,
            lost=len(lost),
            extra=sum(accepted.values()) - len(accepted),
            strange=len(set(accepted) - set(rows)),
            seconds=seconds,
        )
    )


def note(tally: Tally) -> Tally:
    """Keep it for the table of `make faults`."""
    if file := os.environ.get("EVABC_TEST_FAULTS_FILE"):
        with Path(file).open("a") as lines:
            lines.write(json.dumps(asdict(tally)) + "\n")
    return tally


def noted(file: Path) -> list[Tally]:
    lines = file.read_text().splitlines() if file.exists() else []
    return [Tally(**json.loads(line)) for line in lines]
