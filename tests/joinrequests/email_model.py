"""What must become of an email, in a few lines: the model that the outbox is compared with."""

import smtplib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from django.core.mail.backends.base import BaseEmailBackend

from membership.emails.delivery import LEASE

TRIES = 9
MINUTES = (1, 5, 15, 60, 180, 360, 720, 1440)
MOODS = ["takes it", "not now", "never", "kills the worker", "takes it and kills the worker"]
OF_THE_QUESTION = {"question"}
NEWS = {"news-submit", "news-reply"}
CONTRADICTED = {
    "reply": OF_THE_QUESTION,
    "approve": OF_THE_QUESTION | NEWS,
    "decline": OF_THE_QUESTION | NEWS,
    "withdraw": OF_THE_QUESTION | NEWS | {"receipt"},
    "lapse": OF_THE_QUESTION,
    "reopen": {"declined", "lapsed"},
}


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours runs after it. (The real one is in tests/faults/.)"""


class MoodyServer(BaseEmailBackend):
    """Takes emails as the mood is; remembers what it took, by Message-ID."""

    mood = MOODS[0]
    taken: ClassVar[list[str]] = []

    def send_messages(self, messages):
        if self.mood == "not now":
            raise smtplib.SMTPDataError(451, b"later")
        if self.mood == "never":
            raise smtplib.SMTPDataError(554, b"no")
        if self.mood.startswith("takes it"):
            self.taken.extend(m.extra_headers["Message-ID"] for m in messages)
        if self.mood.endswith("kills the worker"):
            raise Killed
        return len(messages)


@dataclass
class ModelEmail:
    kind: str
    about: str
    due: datetime
    state: str = "queued"
    wanted: bool = True
    lease: datetime | None = None
    tries: int = 0
    taken: int = 0

    def contradict(self) -> None:
        if self.state == "queued":
            self.state, self.wanted = "cancelled", False
        elif self.state in ("sending", "failed"):
            self.wanted = False

    def deliver(self, mood: str, now: datetime) -> None:
        orphaned = self.lease is not None and self.lease < now
        if not (orphaned or (self.state == "queued" and self.due <= now)):
            return
        self.lease = None
        if not self.wanted:
            self.state = "cancelled"
            return
        self.tries += 1
        self.taken += mood.startswith("takes it")
        if mood.endswith("kills the worker"):
            self.state, self.lease = "sending", now + LEASE
        elif mood == "takes it":
            self.state = "sent"
        elif mood == "never" or self.tries == TRIES:
            self.state = "failed"
        else:
            self.state, self.due = "queued", now + timedelta(minutes=MINUTES[self.tries - 1])
