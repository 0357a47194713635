"""How mail leaves the portal: over SMTP, or as files in local mode.

Both write to no real mailbox of EVA BC while the sample province is loaded, whatever the settings.
"""

import contextlib
import io
import secrets
import select
import smtplib
import time
from collections.abc import Callable, Iterator, Sequence
from email.message import EmailMessage as PlainMessage
from pathlib import Path
from socket import socket
from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.utils import timezone

from membership.sample import sample_data_loaded

REAL_DOMAIN = "endingviolence.org"
SAMPLE_DOMAIN = "example.org"
_AT_LEAST = 0.001  # seconds: no time at all would mean not to wait


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
    hold a worker for ever. Past the deadline nobody waits, and the letter is tried again later.

    With ``keep`` the line stays open for the next letter, until ``close`` or the first trouble.
    """

    _ends: float | None = None  # by time.monotonic(), while a conversation is under way
    _is_sample = False

    def __init__(self, *args: Any, keep: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keep = keep

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        with self._conversation():
            try:
                self._hang_up_where_the_server_did()
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
        with self._conversation():
            opened = super().open()
        if opened:
            self._is_sample = sample_data_loaded()
        return opened

    def _hang_up_where_the_server_did(self) -> None:
        """Servers end a line after some letters; no letter must run into that.

        Between two letters a server has nothing to say but that it is going.
        """
        line = self.connection.sock if self.connection else None
        if line and select.select([line], [], [], 0)[0]:
            self.close()

    @contextlib.contextmanager
    def _conversation(self) -> Iterator[None]:
        """All that is done in it has one deadline."""
        if self._ends:
            yield
            return
        self._ends = time.monotonic() + settings.LETTER_DEADLINE
        try:
            yield
        finally:
            self._ends = None

    def _left(self) -> float:
        """For how long the next step of a conversation may wait, in seconds."""
        left = self._ends - time.monotonic() if self._ends else 0
        return max(min(settings.EMAIL_TIMEOUT, left), _AT_LEAST)

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        left = self._left
        base: type[smtplib.SMTP] = super().connection_class  # type: ignore[misc]

        class Connection(base):  # type: ignore[misc, valid-type]
            """Waits at each step for no longer than the conversation may still last."""

            file: io.BufferedReader | None

            def _get_socket(self, host: str, port: int, timeout: float) -> Any:
                return super()._get_socket(host, port, left())

            def send(self, words: str | bytes) -> None:
                if self.sock:
                    self.sock.settimeout(left())
                super().send(words)

            def getreply(self) -> tuple[int, bytes]:
                if self.file is None:
                    self.file = io.BufferedReader(_Reader(self.sock, left))
                return super().getreply()

        return Connection

    def close(self) -> None:
        """Hang up. The server has taken the letter by now: trouble in parting must not send it again."""
        with self._conversation():
            try:
                super().close()
            except (OSError, smtplib.SMTPException):
                self.connection = None


class _Reader(io.RawIOBase):
    """What a line says; ``left`` tells before each byte how long to wait for it."""

    def __init__(self, line: socket, left: Callable[[], float]) -> None:
        self._line = line
        self._seconds_left = left

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._line.settimeout(self._seconds_left())
        return self._line.recv_into(buffer)


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
