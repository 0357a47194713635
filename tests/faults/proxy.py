"""A line to Redis that can be stopped at a command: nothing of it, or after it, arrives any more."""

import socket
import threading
from contextlib import suppress
from urllib.parse import urlsplit


class StoppableProxy:
    def __init__(self, redis_url: str, *, stop_at: bytes) -> None:
        parts = urlsplit(redis_url)
        self._target, self._stop_at = (parts.hostname, parts.port), stop_at
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = parts._replace(netloc=f"127.0.0.1:{self._listener.getsockname()[1]}").geturl()
        self.stopped = threading.Event()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                far = socket.create_connection(self._target)
                for source, sink, watched in ((near, far, True), (far, near, False)):
                    threading.Thread(
                        target=self._pass_on, args=[source, sink, watched], daemon=True
                    ).start()

    def _pass_on(self, source: socket.socket, sink: socket.socket, watched: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if watched and self._stop_at in data:
                    self.stopped.set()
                    return
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
