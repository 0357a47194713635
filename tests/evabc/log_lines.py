"""The log lines of a test, as they would be written in production."""

import io
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from logging.config import DictConfigurator
from typing import Any

from evabc.ops.logging import configuration


def handler(stream: io.StringIO, *, style: str = "json") -> logging.Handler:
    """The portal's log handler, writing to ``stream``."""
    settings = configuration(style=style, local=False)
    settings["handlers"]["console"]["stream"] = stream
    parts = DictConfigurator(settings)
    for name in settings["formatters"]:
        parts.config["formatters"][name] = parts.configure_formatter(settings["formatters"][name])
    for name in settings["filters"]:
        parts.config["filters"][name] = parts.configure_filter(settings["filters"][name])
    made: logging.Handler = parts.configure_handler(settings["handlers"]["console"])
    return made


@contextmanager
def written(*, style: str = "json") -> Iterator[io.StringIO]:
    """The log that is written while the block runs."""
    stream = io.StringIO()
    added = handler(stream, style=style)
    # Before the others, whose filter would already have put the numbers into the message.
    logging.getLogger().handlers.insert(0, added)
    try:
        yield stream
    finally:
        logging.getLogger().removeHandler(added)


def read(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


def of(logger: str, text: str) -> list[dict[str, Any]]:
    """The lines of one logger, without fields that differ each time or are always the same."""
    lines = [line for line in read(text) if line["logger"] == logger]
    return [
        {
            k: v
            for k, v in line.items()
            if k not in {"at", "request", "ms", "logger", "level", "version"}
        }
        for line in lines
    ]
