"""Hold the rows of the outbox against the mail server's own log."""

from dataclasses import dataclass

from membership.models import OutboxEmail
from tests.faults.mail_stack import MailServer

State = OutboxEmail.State


@dataclass(frozen=True)
class Count:
    """Lost is an email that has not ended, and one that is `sent` and was never accepted.

    Extra are the copies beyond the first; they share a Message-ID. Strange is what the server
    accepted and no row knows.
    """

    emails: int
    lost: int
    extra: int
    strange: int = 0


def count_emails(mail: MailServer) -> Count:
    rows = dict(OutboxEmail.objects.values_list("message_id", "state"))
    accepted = mail.accepted()
    ended = (State.SENT, State.FAILED, State.CANCELLED)
    lost = [
        m for m, s in rows.items() if s not in ended or (s == State.SENT and not accepted.get(m))
    ]
    return Count(
        emails=len(rows),
        lost=len(lost),
        extra=sum(accepted.values()) - len(accepted),
        strange=len(set(accepted) - set(rows)),
    )
