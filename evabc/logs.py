"""Lines of the log: words of the program and numbers, never a text that somebody typed.

A line is made from what the code says (the constant first argument of a logger) and from values. Of
the values only those pass that can hold nothing personal; in place of any other stands "…". Of an
exception its kind and the places in the code are told, not its words: those of a database error
hold what people wrote. That is done where lines are written, so no logger and no library gets
around it.
"""

import json
import logging
import re
import traceback
import uuid
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from http import HTTPMethod, HTTPStatus
from pathlib import Path
from signal import Signals
from typing import Any

from gunicorn import glogging

from evabc import env
from evabc.request_ids import id_of, request_id

# Python would print the values of a line that could not be written.
logging.raiseExceptions = False

WITHHELD = "…"
INNERMOST = 3  # places in other people's code that an exception is told with

# Their first argument is whatever somebody printed.
_PRINTED = {"celery.redirected", "py.warnings"}
# Some libraries put values into the first argument: addresses, long numbers, what stands in quotes.
_VALUES = re.compile(r"\S+@\S+|\d{5,}|'[^']*'|\"[^\"]*\"")
_HARMLESS = re.compile(r"\d{1,3}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
_WORDS = frozenset(
    [method.value for method in HTTPMethod]
    + [status.phrase for status in HTTPStatus]
    + [signal.name.removeprefix("SIG") for signal in Signals]
    + ["raised unexpected", "raised expected", "reject requeue", "totp", "webauthn"]
    + ["recovery_codes"]
)


class Word(str):
    """A text that the program chose itself, such as the name of a page."""


def told(value: object, record: logging.LogRecord) -> object:
    """The value as the log may hold it."""
    if value is None or isinstance(value, bool | int | float | date | uuid.UUID | Word):
        return value
    if isinstance(value, BaseException):
        return type(value).__name__
    if not isinstance(value, str):
        return WITHHELD
    if value in _WORDS or _HARMLESS.fullmatch(value) or _is_a_name_in_the_code(value, record):
        return value
    return _page_of(record) or WITHHELD if value.startswith("/") else WITHHELD


def _is_a_name_in_the_code(text: str, record: logging.LogRecord) -> bool:
    """A kind of exception, and in Celery's lines a task or a line of beat's schedule."""
    if record.name.startswith("celery"):
        from evabc.celery import app

        return text in app.tasks or text in app.conf.beat_schedule
    return text.isidentifier() and text in _exceptions()


def _exceptions(kind: type[BaseException] = BaseException) -> Iterator[str]:
    for below in kind.__subclasses__():
        yield below.__name__
        yield from _exceptions(below)


def _page_of(record: logging.LogRecord) -> str:
    """Django's lines on a page hold its path, and a path may hold a secret: its name does not."""
    match = getattr(getattr(record, "request", None), "resolver_match", None)
    return match.view_name if match else ""


class _Values(dict[str, object]):
    """What is not there is an empty place in the line, not an error."""

    def __missing__(self, key: str) -> str:
        return WITHHELD


def message_of(record: logging.LogRecord) -> str:
    """The line's words."""
    words = record.msg if isinstance(record.msg, str) else WITHHELD
    if record.name in _PRINTED:
        return WITHHELD
    error = record.exc_info[1] if record.exc_info else None
    if error is not None and str(error):
        words = words.replace(str(error), type(error).__name__)
    if not record.args:
        return _in_one_line(_VALUES.sub(WITHHELD, words))
    args: Any = record.args
    try:
        if isinstance(args, Mapping):
            return _in_one_line(words % _Values({k: told(v, record) for k, v in args.items()}))
        return _in_one_line(words % tuple(told(value, record) for value in args))
    except (TypeError, ValueError):  # a number was asked for and is withheld
        return _in_one_line(words)


def _in_one_line(words: str) -> str:
    return " ".join(words.split())


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    """What the line says besides its words: the request it belongs to, and `extra={"fields": …}`."""
    fields = {name: told(v, record) for name, v in getattr(record, "fields", {}).items()}
    request = request_id() or id_of(getattr(record, "request", None))
    return {"request": request, **fields} if request else fields


def fault_of(error: BaseException) -> dict[str, Any]:
    """An exception without its words: its kind and those of its causes, and where it came from."""
    fault: dict[str, Any] = {
        "kinds": list(_kinds(error))[:5],
        "at": _places(error),
    }
    # PostgreSQL names the constraint apart from the row that broke it.
    diagnosis = getattr(error.__cause__, "diag", None)
    if getattr(diagnosis, "constraint_name", None):
        fault["constraint"] = diagnosis.constraint_name  # type: ignore[union-attr]
    return fault


def _kinds(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield type(error).__name__
        error = error.__cause__ or error.__context__


def _places(error: BaseException) -> list[str]:
    """Where it came by in our code, and the last steps in that of others."""
    steps = list(traceback.walk_tb(error.__traceback__))
    places = []
    for left, (frame, number) in zip(range(len(steps), 0, -1), steps, strict=True):
        path = Path(frame.f_code.co_filename)
        is_ours = path.is_relative_to(env.BASE_DIR) and "site-packages" not in path.parts
        if is_ours or left <= INNERMOST:
            shown = path.relative_to(env.BASE_DIR) if is_ours else "/".join(path.parts[-3:])
            places.append(f"{shown}:{number} {frame.f_code.co_name}")
    return places


class JsonLines(logging.Formatter):
    """One JSON object a line, for programs that collect logs."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": message_of(record),
            **fields_of(record),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = fault_of(record.exc_info[1])
        return json.dumps(line, ensure_ascii=False, default=str)


class PlainLines(logging.Formatter):
    """The same for somebody who reads along."""

    def format(self, record: logging.LogRecord) -> str:
        fields = "".join(f" {name}={value}" for name, value in fields_of(record).items())
        line = f"{self.formatTime(record)} {record.levelname} {record.name} {message_of(record)}"
        line += fields
        if record.exc_info and record.exc_info[1]:
            fault = fault_of(record.exc_info[1])
            line += "".join(f"\n  {place}" for place in fault.pop("at"))
            line += f"\n  {fault}"
        return line


FORMATTERS = {"json": JsonLines, "plain": PlainLines}


class ServerLog(glogging.Logger):
    """Gunicorn's own lines, in the same form; it has its own handlers and asks for this class."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        lines = FORMATTERS[env.log_lines(local=env.flag("EVABC_LOCAL"))]()
        for handler in (*self.error_log.handlers, *self.access_log.handlers):
            handler.setFormatter(lines)


def configuration(style: str) -> dict[str, Any]:
    """For Django and Celery: everything goes through one handler. Django would mail faults too."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": FORMATTERS[style]}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "django": {"handlers": [], "propagate": True},
            "django.server": {"handlers": [], "propagate": True},
            # A line for each page is for programs; who reads along would see nothing else.
            "evabc.requests": {"level": "INFO" if style == "json" else "WARNING"},
        },
    }
