"""Handing one letter to the mail server: claim, send, finish.

The claim is a compare-and-set with a lease: SQLite ignores SKIP LOCKED, and a worker that dies
leaves its letter to the next one when the lease ends. No transaction is open while the mail server
talks.
"""

import logging
import re
import smtplib
import uuid
from datetime import datetime, timedelta
from typing import Any, Self

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from communities.models import SupportTeam
from membership.models import LetterAttempt, OutboxEmail
from membership.names import clean_text
from membership.outbox.message import message_of

logger = logging.getLogger(__name__)

State = OutboxEmail.State

LEASE = timedelta(seconds=settings.LETTER_DEADLINE * 3)
# Minutes until the next try, after the first failure, the second, and so on; then staff decide.
RETRY_MINUTES = (1, 5, 15, 60, 180, 360, 720, 1440)


def due_letters(now: datetime) -> QuerySet[OutboxEmail]:
    """Letters that wait and are due, and those whose sender's lease has ended."""
    return OutboxEmail.objects.filter(
        Q(state=State.QUEUED, due_at__lte=now) | Q(state=State.SENDING, lease_until__lt=now)
    )


_TO_SEND = {"id", "team", "subject", "body", "to_email", "message_id", "lease_owner", "attempts"}
# In the model's order, as it takes them from a row.
_COLUMNS = [f.attname for f in OutboxEmail._meta.concrete_fields if f.name in _TO_SEND]
# By the model's own methods these two would take the worker four times as long, and the claim would
# be two questions.
_CLAIM = f"""
    UPDATE membership_outboxemail
    SET state = 'sending', lease_owner = %(owner)s, lease_until = %(until)s, attempts = attempts + 1
    WHERE id = %(id)s AND wanted AND (
        state = 'queued' AND due_at <= %(now)s OR state = 'sending' AND lease_until < %(now)s)
    RETURNING {", ".join(_COLUMNS)}
"""  # noqa: S608 - names of columns
_SENT = """
    UPDATE membership_outboxemail
    SET state = 'sent', sent_at = %(now)s, last_error = '', lease_owner = '', lease_until = NULL
    WHERE id = %(id)s AND state = 'sending' AND lease_owner = %(owner)s
"""


def _in_sql(moment: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(moment)


class Trip:
    """One way to the mail server with one letter or several: the line is opened once.

    Used in a ``with``, which hangs up at its end.
    """

    def __init__(self) -> None:
        self._line: BaseEmailBackend = get_connection(keep=True)
        self._teams = SupportTeam.objects.in_bulk()
        self._owner = str(uuid.uuid4())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *trouble: object) -> None:
        self._line.close()

    def deliver(self, outbox_email_id: int, *, now: datetime) -> bool:
        """Send one letter if it is due and nobody else has it. True when it was sent."""
        letter = self._claimed(outbox_email_id, now)
        if letter is None:
            _close_unwanted(outbox_email_id, now)
            return False
        try:
            message_of(letter, self._line).send()
        except Exception as error:
            _note_failure(letter, error, now)
            return False
        _note_sent(letter, now)
        return True

    def _claimed(self, outbox_email_id: int, now: datetime) -> OutboxEmail | None:
        """The letter as it is when it becomes ours; None where somebody has it, or it is not due."""
        values = {
            "id": outbox_email_id,
            "owner": self._owner,
            "now": _in_sql(now),
            "until": _in_sql(now + LEASE),
        }
        with connection.cursor() as cursor:
            cursor.execute(_CLAIM, values)
            rows = cursor.fetchall()
        if not rows:
            return None
        letter = OutboxEmail.from_db(connection.alias, _COLUMNS, rows[0])
        letter.team = self._teams[letter.team_id]
        return letter


def _note_sent(letter: OutboxEmail, now: datetime) -> None:
    values = {"id": letter.pk, "owner": letter.lease_owner, "now": _in_sql(now)}
    with connection.cursor() as cursor:
        cursor.execute(_SENT, values)


_RELEASED = {"lease_owner": "", "lease_until": None}


def _mine(letter: OutboxEmail) -> QuerySet[OutboxEmail]:
    """The row, if whoever claimed it so still has it."""
    return OutboxEmail.objects.filter(
        pk=letter.pk, state=State.SENDING, lease_owner=letter.lease_owner
    )


def _close_unwanted(outbox_email_id: int, now: datetime) -> None:
    """Its sender died while a decision contradicted it: it will not be tried again."""
    due_letters(now).filter(pk=outbox_email_id, wanted=False).update(
        state=State.CANCELLED, **_RELEASED
    )


def _note_failure(letter: OutboxEmail, error: Exception, now: datetime) -> None:
    """Try again later, or stop and show it to staff."""
    again = _is_passing(error) and letter.attempts <= len(RETRY_MINUTES)
    outcome = {"last_error": _describe(error), **_RELEASED}
    mine = _mine(letter)
    with transaction.atomic():
        if again:
            due_at = now + timedelta(minutes=RETRY_MINUTES[letter.attempts - 1])
            ended = mine.filter(wanted=True).update(state=State.QUEUED, due_at=due_at, **outcome)
            ended += mine.filter(wanted=False).update(state=State.CANCELLED, **outcome)
        else:
            ended = mine.update(state=State.FAILED, **outcome)
        # Another worker may have the letter by now, and tells its own story. Of a letter to somebody
        # who was erased meanwhile, the server's words are not kept.
        if ended and OutboxEmail.objects.exclude(to_email="").filter(pk=letter.pk).exists():
            LetterAttempt.objects.create(letter=letter, at=now, **_answer_of(error))
    logger.warning(
        "Letter %s was not taken, attempt %s, again: %s", letter.pk, letter.attempts, again
    )


def _code_of(error: Exception) -> int | None:
    """The SMTP reply code, where the server gave one."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return max(codes, default=None)
    if isinstance(error, smtplib.SMTPResponseException):
        return error.smtp_code
    return None


def _is_passing(error: Exception) -> bool:
    """4xx and a broken line pass; 5xx, and what we cannot even write down as a mail, stay."""
    code = _code_of(error)
    if code is not None:
        return not 500 <= code < 600
    return isinstance(error, OSError)  # smtplib's own errors without a code are OSErrors too


_ADDRESS = re.compile(r"[^\s<>\"]+@[^\s<>\"]+")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")


def _answer_of(error: Exception) -> dict[str, Any]:
    """What the server said, for the letter's page: code, enhanced status, and text."""
    said = b""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        said = max(error.recipients.values(), default=(0, b""))[1]
    elif isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error if isinstance(error.smtp_error, bytes) else b""
    text = clean_text(_ADDRESS.sub("[address]", said.decode(errors="replace")))
    status = _STATUS.search(text)
    return {
        "trouble": type(error).__name__[:60],
        "code": _code_of(error),
        "status": status[0] if status else "",
        "answer": text[:300],
    }


def _describe(error: Exception) -> str:
    """For staff, without addresses: the kind of error and the server's reply code."""
    code = _code_of(error)
    return f"{type(error).__name__} {code}" if code is not None else type(error).__name__
