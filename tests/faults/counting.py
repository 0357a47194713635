"""Hold the rows of the outbox against the mail server's own log."""

from django.db import connection

from membership.models import OutboxEmail
from tests.faults.post import MailServer
from tests.faults.tally import Tally, note

State = OutboxEmail.State


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
