"""Django's backend for PostgreSQL, for a database that may be away: no page waits for it more than a second or two."""

import os
import socket
import threading
import time
from contextlib import closing, suppress
from typing import Any

import psycopg2  # type: ignore[import-untyped]
from django.db.backends.postgresql import base

ANSWER_SECONDS = 1.5  # for a connection that is open already
SILENT_SECONDS = 5


class DatabaseWrapper(base.DatabaseWrapper):
    # time.monotonic() until which no thread waits for the database, because one has just waited in vain.
    _silent_until = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        started = time.monotonic()
        if self._is_silent():
            raise psycopg2.OperationalError("The database did not answer a moment ago.")
        try:
            return super().get_new_connection(conn_params)
        except psycopg2.OperationalError:
            # A refused connection costs nothing and can be tried again at once.
            if time.monotonic() - started > 1:
                self._note_silence()
            raise

    def is_usable(self) -> bool:
        """Whether the connection still answers. One to a frozen machine stays open and would never answer."""
        if self.connection is None or self._is_silent():
            return False
        try:
            answer = socket.socket(fileno=os.dup(self.connection.fileno()))
        except psycopg2.Error:  # it is closed
            return False
        with closing(answer):
            timer = threading.Timer(ANSWER_SECONDS, self._shut_down, [answer])
            timer.start()
            try:
                return super().is_usable()
            finally:
                timer.cancel()
                timer.join()

    def _shut_down(self, answer: socket.socket) -> None:
        self._note_silence()
        with suppress(OSError):
            answer.shutdown(socket.SHUT_RDWR)

    def _is_silent(self) -> bool:
        return time.monotonic() < self._silent_until

    @classmethod
    def _note_silence(cls) -> None:
        cls._silent_until = time.monotonic() + SILENT_SECONDS
