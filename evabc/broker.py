"""The message broker of `make run`: a folder with one file for each message, instead of Redis.

kombu's own file-system transport writes messages in place, and a worker exits when it reads a partial one.
Here a file gets its final name when it is complete, and an unreadable file is renamed and skipped.
"""

import json
import logging
import os
import time
import uuid
from collections import deque
from pathlib import Path
from queue import Empty
from typing import Any

from kombu.transport import virtual

logger = logging.getLogger(__name__)

Message = dict[str, Any]  # a task as kombu serializes it: JSON


class Channel(virtual.Channel):
    """Reads and writes messages in the folder of the transport option ``folder``."""

    # kombu puts messages in progress back when the worker exits. One that ended the worker would end it again;
    # the sweeps find the work of the others.
    do_restore = False
    _is_blocked = False  # whether the folder could not be used the last time

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._listed: dict[str, deque[Path]] = {}

    @property
    def _folder(self) -> Path:
        """The folder, created again if it was deleted; otherwise worker and beat would exit."""
        folder = Path(self.connection.client.transport_options["folder"])
        folder.mkdir(exist_ok=True)
        return folder

    def _put(self, queue: str, message: Message, **_: object) -> None:
        name = f"{time.time_ns()}_{uuid.uuid4()}.{queue}.msg"
        unfinished = self._folder / f"{name}.part"
        try:
            unfinished.write_text(json.dumps(message))
            unfinished.rename(unfinished.with_suffix(""))
        except OSError:  # such as a full disk
            unfinished.unlink(missing_ok=True)
            raise

    def _get(self, queue: str, timeout: float | None = None) -> Message:
        """The oldest message. Without the folder there is none; an error here would end the worker."""
        try:
            message = self._take(queue)
        except OSError as error:
            if not self._is_blocked:
                logger.error("The folder for task messages cannot be used: %s", error)
            self._is_blocked, message = True, None
        else:
            self._is_blocked = False
        if message is None:
            raise Empty
        return message

    def _take(self, queue: str) -> Message | None:
        """Remove the oldest message that can be read, and return it.

        The folder is listed again only after all messages of the last list, because a list takes long when
        thousands are waiting.
        """
        listed = self._listed.setdefault(queue, deque())
        listed.extend(() if listed else self._waiting(queue))
        while listed:
            file = listed.popleft()
            ours = file.with_suffix(f".{os.getpid()}")
            try:
                file.rename(ours)
            except FileNotFoundError:
                continue  # another worker took it
            message = self._read(ours)
            if message is not None:
                ours.unlink(missing_ok=True)
                return message
            ours.rename(file.with_suffix(".unreadable"))
            logger.error("A task message could not be read. It was renamed to .unreadable.")
        return None

    def _read(self, file: Path) -> Message | None:
        """The message in a file; None if it is incomplete."""
        try:
            message: Message = json.loads(file.read_bytes())
            self.Message(message, channel=self)  # raises if a required key is missing
        except (OSError, ValueError, LookupError, TypeError, AttributeError):
            return None
        return message

    def _waiting(self, queue: str) -> list[Path]:
        """The messages of a queue, oldest first."""
        return sorted(self._folder.glob(f"*.{queue}.msg"))

    def _size(self, queue: str) -> int:
        return len(self._waiting(queue))

    def _purge(self, queue: str) -> int:
        waiting = self._waiting(queue)
        for file in waiting:
            file.unlink(missing_ok=True)
        return len(waiting)


class Transport(virtual.Transport):
    Channel = Channel
    driver_type = driver_name = "folder"
