"""Email backends: SMTP, or files in local mode.

While the sample province is loaded, neither sends anything to a real mailbox of EVA BC.
"""

import contextlib
import secrets
import select
import smtplib
import socket
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend
from django.core.mail.utils import DNS_NAME
from django.utils import timezone

from membership.models import SampleProvince

# For EHLO and every Message-ID. Django would ask the name server, and get the name of the container.
DNS_NAME._fqdn = settings.PORTAL_HOST

REAL_DOMAIN = "endingviolence.org"
SAMPLE_DOMAIN = "example.org"


def redirect_real_addresses(messages: Sequence[EmailMessage]) -> None:
    """Replace EVA BC's own addresses by addresses of example.org."""
    for message in messages:
        message.to = [_sample_address(a) for a in message.to]
        message.cc = [_sample_address(a) for a in message.cc]
        message.bcc = [_sample_address(a) for a in message.bcc]
        message.reply_to = [_sample_address(a) for a in message.reply_to]
        message.from_email = _sample_address(message.from_email)


def _sample_address(address: str) -> str:
    at, found, domain_and_rest = address.rpartition("@")
    domain = domain_and_rest.rstrip("> ").lower()
    if found and (domain == REAL_DOMAIN or domain.endswith("." + REAL_DOMAIN)):
        return f"{at}@{SAMPLE_DOMAIN}" + (">" if domain_and_rest.rstrip().endswith(">") else "")
    return address


class SMTPBackend(EmailBackend):
    """Django's SMTP backend with a total deadline for each message, including the connection.

    The timeout of smtplib applies to each socket operation, so a server that sends a byte a second would
    block a worker forever. At the deadline a timer shuts the socket down. The pending operation fails, and
    the email is tried again later.

    In a ``with`` block, the first message opens the connection, later ones reuse it, and the end of the
    block closes it.
    """

    _is_reused = False
    _is_late = False
    _timer: threading.Timer | None = None
    _socket: socket.socket | None = None

    def __enter__(self) -> Self:
        # Django would open it here. An error then belongs to the first message.
        self._is_reused = True
        return self

    def open(self) -> bool | None:
        try:
            return super().open()
        except UnicodeError as error:  # not an OSError as from any other wrong EMAIL_URL
            raise ConnectionError(
                "the name of the server, the user name or the password cannot be sent as ASCII"
            ) from error

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if SampleProvince.objects.exists():
            redirect_real_addresses(email_messages)
        with self._deadline():
            try:
                if self._is_reused:
                    self._close_if_the_server_did()
                    self.open()
                return super().send_messages(email_messages) or 0
            except Exception as error:
                self.close()
                if self._is_late:
                    raise TimeoutError("the mail server took too long") from error
                raise

    def close(self) -> None:
        """Close the connection. The server has the email by now, so errors here are ignored."""
        with self._deadline():
            try:
                super().close()
            except (OSError, smtplib.SMTPException):
                self.connection = None
            finally:
                if self._socket:
                    self._socket.close()
                    self._socket = None

    def _close_if_the_server_did(self) -> None:
        """Drop a connection that the server closed, so that the next email opens a new one.

        Between two emails a server sends nothing, except that it is closing.
        """
        sock = self.connection.sock if self.connection else None
        if sock and select.select([sock], [], [], 0)[0]:
            self.close()

    @contextlib.contextmanager
    def _deadline(self) -> Iterator[None]:
        """The block must end within the deadline. A nested block shares the deadline of the outer one."""
        if self._timer:
            yield
            return
        self._is_late = False
        self._timer = threading.Timer(settings.EMAIL_DEADLINE, self._shut_down)
        self._timer.start()
        try:
            yield
        finally:
            self._timer.cancel()
            self._timer.join()
            self._timer = None

    def _shut_down(self) -> None:
        self._is_late = True
        if self._socket:
            with contextlib.suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)

    def _watch(self, connected: socket.socket) -> None:
        # A duplicate, because TLS wraps the socket later and detaches the first object.
        self._socket = socket.fromfd(connected.fileno(), connected.family, connected.type)
        if self._is_late:
            self._shut_down()

    @property
    def connection_class(self) -> type[smtplib.SMTP]:
        base: type[smtplib.SMTP] = super().connection_class  # type: ignore[misc]
        watch = self._watch

        class WatchedSMTP(base):  # type: ignore[misc, valid-type]
            def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
                connected: socket.socket = super()._get_socket(host, port, timeout)
                watch(connected)
                return connected

        return WatchedSMTP


class FolderBackend(BaseEmailBackend):
    """Writes each email to a file of its own in MAIL_FOLDER, whole or not at all."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if SampleProvince.objects.exists():
            redirect_real_addresses(email_messages)
        folder = Path(settings.MAIL_FOLDER)
        folder.mkdir(parents=True, exist_ok=True)
        for message in email_messages:
            name = f"{timezone.now():%Y%m%d-%H%M%S-%f}-{secrets.token_hex(4)}"
            unfinished = folder / f".{name}.part"
            try:
                unfinished.write_bytes(message.message().as_bytes())
                unfinished.rename(folder / f"{name}.eml")
            finally:
                # If the disk is full, partial files would fill it even more.
                unfinished.unlink(missing_ok=True)
        return len(email_messages)
