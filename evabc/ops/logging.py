"""Logging: everything in development, and no personal data in production.

JSON lines come from python-json-logger. django-guid adds the id of the request, also to tasks that it
enqueued. One filter removes personal data.
"""

import logging
import logging.config
import re
import traceback
from collections.abc import Iterator, Mapping
from datetime import date
from enum import Enum
from http import HTTPStatus
from signal import Signals
from typing import Any
from uuid import UUID

import redis
from celery import current_app
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import SystemCheckError
from gunicorn import glogging
from gunicorn.config import Config

from evabc import env
from evabc.ops.space import NoSpaceError

WITHHELD = "…"

# Fields that a line may have, by `extra=`: numbers, or names chosen by the code.
FIELDS = frozenset({"user", "method", "view", "status", "ms", "factor", "export", "rows"})
# Errors whose messages are about settings and code.
OWN_ERRORS = (ImproperlyConfigured, SystemCheckError, NoSpaceError)
# What Redis answers when it cannot work or may not write, always in the same words.
_REFUSALS_OF_REDIS = frozenset(
    {"LOADING", "MASTERDOWN", "MISCONF", "NOAUTH", "NOREPLICAS", "OOM", "READONLY", "WRONGPASS"}
)
# Their message is text that was printed.
_PRINTED = {"celery.redirected", "py.warnings"}
# Some libraries put values into the message itself: addresses, long numbers, quoted text.
_VALUES = re.compile(r"\S+@\S+|\d{5,}|'[^']*'|\"[^\"]*\"")
_SAFE_TEXT = re.compile(
    r"[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}"  # an id
    # A class of exceptions, with a mail server's reply code and enhanced status.
    r"|([A-Za-z]+(Error|Exception|Disconnected|Refused)|gaierror)( \d{3})?( [245](\.\d{1,3}){2})?"
)
_SAFE_WORDS = frozenset(
    [status.phrase for status in HTTPStatus] + [signal.name for signal in Signals]
)
_RECORD = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "correlation_id"}


class PersonalDataFilter(logging.Filter):
    """Removes everything from a line that could be personal data, whichever library writes it.

    Kept: the constant text of the message; arguments that are numbers, ids, dates, enum values or names
    in the code; of an exception its class, its traceback without values, the violated constraint, and its
    message if it is a constant in the code. Everything else becomes "…".
    """

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        record.msg, record.args = _message(record, error), ()
        if error:
            record.exc_text, record.exc_info = _trace(error), None
        for name in record.__dict__.keys() - _RECORD - FIELDS:
            delattr(record, name)
        return True


def _message(record: logging.LogRecord, error: BaseException | None) -> str:
    if record.name in _PRINTED or not isinstance(record.msg, str):
        return WITHHELD
    words = record.msg
    if error is not None and str(error):
        words = words.replace(str(error), type(error).__name__)
    if not record.args:
        return _VALUES.sub(WITHHELD, words)
    try:
        if isinstance(record.args, Mapping):
            return words % {name: _safe(value, record) for name, value in record.args.items()}
        return words % tuple(_safe(value, record) for value in record.args)
    except (KeyError, TypeError, ValueError):  # the format wants a number that was withheld
        return words


def _safe(value: object, record: logging.LogRecord) -> object:
    """The value if it may be logged, else "…"."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, bool | int | float | date | UUID):
        return value
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, str) and _is_chosen_by_code(value, record):
        return value
    return WITHHELD


def _is_chosen_by_code(text: str, record: logging.LogRecord) -> bool:
    """Whether this is an id or the name of an exception class, or in Celery's lines of a task or a schedule entry."""
    if text in _SAFE_WORDS or _SAFE_TEXT.fullmatch(text):
        return True
    return record.name.startswith("celery") and (
        text in current_app.tasks or text in current_app.conf.beat_schedule
    )


def describe(error: BaseException) -> str:
    """The class of an exception, with its message if that cannot contain personal data."""
    name = type(error).__name__
    if isinstance(error, OWN_ERRORS) or _words_are_in_the_code(error):
        return f"{name}: {error}"
    if refusal := refusal_of_redis(error):
        return f"{name}: {refusal}"
    # PostgreSQL reports the constraint separately from the row.
    diagnosis = getattr(error, "diag", None)
    constraint = getattr(diagnosis, "constraint_name", None)
    return f"{name} (constraint {constraint})" if constraint else name


def refusal_of_redis(error: BaseException) -> str:
    """The words in which Redis refused to work; empty for any other error."""
    if not isinstance(error, redis.RedisError):
        return ""
    # redis-py has taken most of the codes off the message.
    words = f"{getattr(error, 'status_code', None) or ''} {error}".strip()
    return words if words.partition(" ")[0] in _REFUSALS_OF_REDIS else ""


def _words_are_in_the_code(error: BaseException) -> bool:
    """Whether the message is a constant of the function that raised it, so that it contains no value."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    words = error.args[0] if len(error.args) == 1 else None
    return bool(frames) and isinstance(words, str) and words in frames[-1].f_code.co_consts


def _trace(error: BaseException) -> str:
    """The chain of exceptions, each with its traceback."""
    return "\n".join(
        "".join(traceback.format_tb(one.__traceback__)) + describe(one) for one in _chain(error)
    )


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def configuration(*, style: str, local: bool) -> dict[str, Any]:
    """``LOGGING`` for Django, Celery and gunicorn, with one handler.

    ``style`` is "json" or "plain". Only plain lines in ``local`` mode are unfiltered.
    """
    filters = ["request id"] if local and style == "plain" else ["request id", "personal data"]
    to_root = {"handlers": [], "propagate": True}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {
            "request id": {"()": "django_guid.log_filters.CorrelationId"},
            "personal data": {"()": "evabc.ops.logging.PersonalDataFilter"},
        },
        "formatters": {
            "plain": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"},
            "json": {
                "()": "pythonjsonlogger.json.JsonFormatter",
                "fmt": ["levelname", "name", "message", "correlation_id"],
                "rename_fields": {
                    "levelname": "level",
                    "name": "logger",
                    "correlation_id": "request",
                    "exc_info": "error",
                },
                "timestamp": "at",
                "static_fields": {"version": env.VERSION},
                "json_ensure_ascii": False,
            },
        },
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": style, "filters": filters}
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            "django": to_root,
            "django.server": to_root,
            "gunicorn.error": to_root,
            "gunicorn.access": to_root,
            "django_guid": {"level": "ERROR"},  # it logs every id that it creates
            # A line for each request would hide everything else from someone reading plain lines.
            "evabc.requests": {"level": "INFO" if style == "json" else "WARNING"},
        },
    }


class GunicornLogger(glogging.Logger):
    """Gunicorn's own lines, including those before Django is loaded."""

    def setup(self, cfg: Config) -> None:
        super().setup(cfg)
        local = env.flag("EVABC_LOCAL")
        logging.config.dictConfig(configuration(style=env.log_lines(local=local), local=local))
