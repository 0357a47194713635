"""The connection to the mail server, what its answers mean, and emails that someone waits for.

Everything that sends an email takes the connection from here, or sends inside ``refused_in_words()``.
"""

import logging
import re
import smtplib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import formataddr
from enum import Enum

from django.conf import settings
from django.core.mail import get_connection
from django.core.mail.backends.base import BaseEmailBackend

from communities.models import SupportTeam
from membership.errors import RefusedError
from membership.register.names import clean_text

logger = logging.getLogger(__name__)

_ADDRESS = re.compile(r"[^\s<>\"]+@[^\s<>\"]+")
_STATUS = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
# RFC 3463: the recipient's address (5.1) or mailbox (5.2). 5.1.7 and 5.1.8 are about the sender's. 5.4.1 is
# what Exchange Online answers for an unknown recipient.
_ABOUT_RECIPIENT = re.compile(r"5\.1\.(?![78]$)|5\.2\.|5\.4\.1$")
# Without such a status, the reply codes of RFC 5321 for a mailbox that cannot be used.
_NO_SUCH_MAILBOX = {550, 551, 552, 553}


# Of the four threads of a web server's process. The others are for pages, however slow the mail server is.
PLACES = 2
PATIENCE = 3  # seconds until one of them is free
_places = threading.BoundedSemaphore(PLACES)


class Trouble(Enum):
    """Why an email was not sent, with the sentence for the person who waits for it."""

    ADDRESS = (
        "Our mail server did not accept this email address. Check it for typing mistakes. "
        "If it is correct, email us at one of the addresses below."
    )
    LATER = "Our mail server asked us to wait. Try again in a few minutes."
    AWAY = (
        "We can’t send emails right now. The problem is on our end. Try again in a few minutes. "
        "If this keeps happening, email us at one of the addresses below."
    )


class NotSentError(RefusedError):
    """The email that someone waits for was not sent. The text is the sentence for them."""

    def __init__(self, trouble: Trouble) -> None:
        super().__init__(trouble.value)
        self.trouble = trouble


@dataclass(frozen=True)
class Answer:
    """What the mail server answered to an email that was not sent.

    ``code`` is the reply code, None if there was no answer. ``status`` is the enhanced status, such as
    "5.1.1", and ``words`` the whole text, which may name addresses.
    """

    error: Exception
    code: int | None = None
    status: str = ""
    words: str = ""

    @classmethod
    def of(cls, error: Exception) -> "Answer":
        given: bytes | str
        if isinstance(error, smtplib.SMTPRecipientsRefused) and error.recipients:
            code, given = max(error.recipients.values())
        elif isinstance(error, smtplib.SMTPResponseException):
            code, given = error.smtp_code, error.smtp_error
        else:
            return cls(error)
        words = given.decode(errors="replace") if isinstance(given, bytes) else str(given)
        status = _STATUS.search(words)
        # smtplib's code for an answer without one is -1.
        return cls(error, code if code > 0 else None, status[0] if status else "", words)

    @property
    def name(self) -> str:
        return type(self.error).__name__

    @property
    def words_without_addresses(self) -> str:
        return clean_text(_ADDRESS.sub("[address]", self.words))

    @property
    def is_about_message(self) -> bool:
        """Whether the server answered to the sender, a recipient or the text, and not to the portal as such."""
        return isinstance(
            self.error,
            smtplib.SMTPSenderRefused | smtplib.SMTPRecipientsRefused | smtplib.SMTPDataError,
        )

    @property
    def is_permanent(self) -> bool:
        """Whether the same email would be refused again, or cannot become a message at all.

        As in Postfix, a server that turns the portal away before any message may take it back later.
        """
        if self.code is None:
            return not isinstance(self.error, OSError)  # smtplib's own errors are OSErrors too
        return self.code >= 500 and self.is_about_message

    @property
    def trouble(self) -> Trouble:
        if self.code and self.code < 500:
            return Trouble.LATER
        is_recipient = isinstance(self.error, smtplib.SMTPRecipientsRefused) and (
            _ABOUT_RECIPIENT.match(self.status) if self.status else self.code in _NO_SUCH_MAILBOX
        )
        return Trouble.ADDRESS if is_recipient else Trouble.AWAY

    def __str__(self) -> str:
        """The type of error, the reply code and the enhanced status: nothing personal."""
        return " ".join(str(part) for part in (self.name, self.code, self.status) if part)


def cause_in_words(last_error: str) -> str:
    """What ``str(Answer)`` kept of an error, for staff."""
    name, _, numbers = last_error.partition(" ")
    if not numbers:
        return f"No answer from the mail server ({name or 'unknown'})"
    refused = "address" if name == smtplib.SMTPRecipientsRefused.__name__ else "email"
    return f"The mail server refused the {refused} ({numbers})"


def connection() -> BaseEmailBackend:
    """A connection to the mail server. In a ``with`` block, it serves several emails."""
    return get_connection()


@contextmanager
def refused_in_words() -> Iterator[None]:
    """Raise ``NotSentError`` if the email of the block cannot be sent, and log the server's answer."""
    try:
        if not _places.acquire(timeout=PATIENCE):
            raise TimeoutError("The mail server is slow, and others already wait for it.")
        try:
            yield
        finally:
            _places.release()
    except OSError as error:  # smtplib's errors are among them
        answer = Answer.of(error)
        logger.warning("An email that someone waits for was not sent: %s", str(answer))
        raise NotSentError(answer.trouble) from error


def portal_sender() -> str:
    """The sender of sign-in codes and notices: the setting, or the first team."""
    address = settings.DEFAULT_FROM_EMAIL or SupportTeam.objects.all()[0].sender
    return formataddr(("EVA BC Communities of Practice", address))
