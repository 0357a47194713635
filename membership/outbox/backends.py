"""How mail leaves the portal: over SMTP, or as files in local mode.

Both write to no real mailbox of EVA BC while the sample province is loaded, whatever the settings.
"""

import contextlib
import secrets
import smtplib
import socket
import threading
from collections.abc import Sequence
from email.message import EmailMessage as PlainMessage
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from membership.sample import sample_data_loaded

REAL_DOMAIN = "endingviolence.org"
SAMPLE_DOMAIN = "example.org"


def keep_sample_mail_at_home(messages: Sequence[EmailMessage]) -> None:
    """While the sample province is loaded, EVA BC's own addresses become addresses of example.org."""
    if not sample_data_loaded():
        return
    for message in messages:
        message.to = [_sample(a) for a in message.to]
        message.cc = [_sample(a) for a in message.cc]
        message.bcc = [_sample(a) for a in message.bcc]
        message.reply_to = [_sample(a) for a in message.reply_to]
        message.from_email = _sample(message.from_email)


def _sample(address: str) -> str:
    at, found, domain_and_rest = address.rpartition("@")
    domain = domain_and_rest.rstrip("> ").lower()
    if found and (domain == REAL_DOMAIN or domain.endswith("." + REAL_DOMAIN)):
        return f"{at}@{SAMPLE_DOMAIN}" + (">" if domain_and_rest.rstrip().endswith(">") else "")
    return address


class SMTPBackend(EmailBackend):
    """Django's SMTP backend with one deadline for the whole conversation.

    smtplib's timeout counts for each socket operation, so a server that drips a byte a second would
    hold a worker for ever. At the deadline the line is cut, and the letter is tried again later.
    """

    _socket: socket.socket | None = None

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        keep_sample_mail_at_home(email_messages)
        cut = threading.Timer(settings.LETTER_DEADLINE, self._cut_the_line)
        cut.daemon = True
        cut.start()
        try:
            return super().send_messages(email_messages) or 0
        finally:
            cut.cancel()

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        backend = self
        base: type[smtplib.SMTP] = super().connection_class  # type: ignore[misc]

        class Connection(base):  # type: ignore[misc, valid-type]
            """Shows its socket to the backend before the server's greeting has come."""

            def _get_socket(self, *args: Any) -> Any:
                backend._socket = super()._get_socket(*args)
                return backend._socket

        return Connection

    def close(self) -> None:
        """Hang up. The server has taken the letter by now: trouble in parting must not send it again."""
        try:
            super().close()
        except (OSError, smtplib.SMTPException):
            self.connection = None

    def _cut_the_line(self) -> None:
        if self._socket:
            with contextlib.suppress(OSError):  # it may be closed already
                self._socket.shutdown(socket.SHUT_RDWR)


class FolderBackend(BaseEmailBackend):
    """Writes each mail as a file of its own into MAIL_FOLDER, whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        keep_sample_mail_at_home(email_messages)
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            self._write(folder, message.message())
        return len(email_messages)

    def _write(self, folder: Path, message: PlainMessage) -> None:
        name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
        unfinished = folder / f".{name}.part"
        try:
            unfinished.write_bytes(message.as_bytes())
            unfinished.rename(folder / f"{name}.eml")
        finally:
            # Where the disk is full, halves of each try would fill it further.
            unfinished.unlink(missing_ok=True)
