"""Django's backend for PostgreSQL, for a database that may be away: no page waits for it more than a second or two."""

import os
import socket
import threading
import time
from contextlib import closing, suppress
from typing import Any

from django.db.backends.postgresql import base

SILENT_SECONDS = 1.5


class DatabaseWrapper(base.DatabaseWrapper):
    # time.monotonic() until which no thread tries to connect: each would wait in vain, and there are few.
    _silent_until = 0.0

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        started = time.monotonic()
        if started < self._silent_until:
            raise self.Database.OperationalError("The database did not answer a moment ago.")
        try:
            return super().get_new_connection(conn_params)
        except self.Database.OperationalError:
            # A refused connection costs nothing and can be tried again at once.
            if time.monotonic() - started > SILENT_SECONDS / 2:
                self._is_silent()
            raise

    def is_usable(self) -> bool:
        """Whether the connection still answers. One to a frozen machine stays open and would never answer."""
        try:
            answer = socket.socket(fileno=os.dup(self.connection.fileno()))
        except self.Database.Error:  # it is closed
            return False
        with closing(answer):
            timer = threading.Timer(SILENT_SECONDS, self._shut_down, [answer])
            timer.start()
            try:
                return super().is_usable()
            finally:
                timer.cancel()
                timer.join()

    def _shut_down(self, answer: socket.socket) -> None:
        self._is_silent()
        with suppress(OSError):
            answer.shutdown(socket.SHUT_RDWR)

    @classmethod
    def _is_silent(cls) -> None:
        cls._silent_until = time.monotonic() + SILENT_SECONDS
