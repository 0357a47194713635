"""The lines of the log that a test brought about, as they would be written."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from evabc.logs import JsonLines


@contextmanager
def written() -> Iterator[io.StringIO]:
    """What the portal writes while the block runs."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    try:
        yield stream
    finally:
        logging.getLogger().removeHandler(handler)


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def of(logger: str, text: str) -> list[dict[str, Any]]:
    """The lines of one logger, without the time and the id, which differ each time."""
    lines = [line for line in read(text) if line["logger"] == logger]
    return [
        {k: v for k, v in line.items() if k not in {"at", "request", "ms", "logger", "level"}}
        for line in lines
    ]
