"""How mail leaves the portal: over SMTP, or as files in local mode.

Both write to no real mailbox of EVA BC while the sample province is loaded, whatever the settings.
"""

import contextlib
import secrets
import smtplib
import socket
import threading
from collections.abc import Iterator, Sequence
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
_FINE = 250  # SMTP's reply code


def keep_at_home(messages: Sequence[EmailMessage]) -> None:
    """EVA BC's own addresses become addresses of example.org."""
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
    """Django's SMTP backend with one deadline for a whole conversation.

    smtplib's timeout counts for each socket operation, so a server that drips a byte a second would
    hold a worker for ever. At the deadline the line is cut, and the letter is tried again later.

    With ``keep`` the line stays open for the next letter, until ``close`` or the first trouble.
    """

    _socket: socket.socket | None = None
    _is_sample = False

    def __init__(self, *args: Any, keep: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep = keep

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with self._deadline():
            try:
                self._hang_up_where_nobody_answers()
                self.open()
                if self._is_sample:
                    keep_at_home(email_messages)
                sent = super().send_messages(email_messages)
            except Exception:
                self.close()
                raise
            if not self.keep:
                self.close()
            return sent or 0

    def open(self) -> bool | None:
        opened = super().open()
        if opened:
            self._is_sample = sample_data_loaded()
        return opened

    def _hang_up_where_nobody_answers(self) -> None:
        """Servers end a line after some letters or some time; no letter must run into that."""
        if self.connection is None:
            return
        try:
            answer, _ = self.connection.noop()
        except (OSError, smtplib.SMTPException):
            answer = 0
        if answer != _FINE:
            self.close()

    @contextlib.contextmanager
    def _deadline(self) -> Iterator[None]:
        cut = threading.Timer(settings.LETTER_DEADLINE, self._cut_the_line)
        cut.daemon = True
        cut.start()
        try:
            yield
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
        with self._deadline():
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
        if sample_data_loaded():
            keep_at_home(email_messages)
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
