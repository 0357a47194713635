"""A real SMTP server on a free port that keeps the messages it receives."""

import asyncio
from collections import Counter
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Condition
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

HOST = "127.0.0.1"


class SmtpServer:
    """A server whose own thread writes the messages that the test reads.

    ``refusals`` are its answers to senders and recipients that it refuses. ``hosts`` are the names that
    clients gave in their EHLO. It closes a connection after
    ``emails_per_connection``, and ``counts`` is the number of emails of each connection. ``how`` are other
    arguments for aiosmtpd's controller, such as the encryption.
    """

    def __init__(self, **how: Any) -> None:
        self._messages: list[EmailMessage] = []
        self._arrived = Condition()
        self._controller = _OnFreePort(self, hostname=HOST, port=0, **how)
        self.clear()

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self._controller.stop()

    @property
    def url(self) -> str:
        """The value for EMAIL_URL."""
        return f"smtp://{HOST}:{self._controller.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        with self._arrived:
            return list(self._messages)

    def clear(self) -> None:
        with self._arrived:
            self._messages.clear()
        self.refusals: dict[str, str] = {}
        self.emails_per_connection = 0
        self._sessions: list[Session] = []

    @property
    def counts(self) -> list[int]:
        return list(Counter(map(id, self._sessions)).values())

    @property
    def hosts(self) -> set[str | None]:
        return {session.host_name for session in self._sessions}

    def wait_for(
        self, *, to: str = "", subject_contains: str = "", timeout: float = 20
    ) -> EmailMessage:
        """The first message to `to`, or to anyone, waiting for it if needed."""

        def found() -> EmailMessage | None:
            return next((m for m in self._messages if _matches(m, to, subject_contains)), None)

        with self._arrived:
            message = self._arrived.wait_for(found, timeout)
            arrived = [f"{m['X-Envelope-To']}: {m['Subject']}" for m in self._messages]
        if message is None:
            raise AssertionError(
                f"no message to {to!r} with {subject_contains!r} in its subject in {timeout} s; "
                f"arrived: {arrived}"
            )
        return message

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refusals:
            return self.refusals[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        """Keep one message. aiosmtpd calls this and sends the answer to the client."""
        assert isinstance(envelope.content, bytes)
        message = message_from_bytes(envelope.content, EmailMessage, policy=policy.default)
        # The real recipients: the To header is only part of the text.
        message["X-Envelope-To"] = ", ".join(envelope.rcpt_tos)
        with self._arrived:
            self._messages.append(message)
            self._arrived.notify_all()
        self._sessions.append(session)
        if server.transport and self._sessions.count(session) == self.emails_per_connection:
            # After the answer, which is written first.
            asyncio.get_running_loop().call_soon(server.transport.close)
        return "250 OK"


def _matches(message: EmailMessage, to: str, subject_contains: str) -> bool:
    recipients = message["X-Envelope-To"].split(", ")
    return (not to or to in recipients) and subject_contains in (message["Subject"] or "")


class _OnFreePort(Controller):
    """Listens on a port that the system picks. A port picked earlier could be in use by now."""

    async def _listen(self) -> asyncio.Server:
        server = await super()._create_server()
        assert isinstance(server, asyncio.Server)
        self.port = server.sockets[0].getsockname()[1]
        return server

    def _create_server(self):
        return self._listen()
