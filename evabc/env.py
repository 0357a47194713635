"""The environment, read and declared in this one place.

Each setting that differs from machine to machine is one entry of `SETTINGS`. `make docs`
derives evabc/docs/settings.md and .env.example from it.

Every value can also come from a file: for ``SECRET_KEY`` name the file in ``SECRET_KEY_FILE``. A
value that is missing or cannot be right stops the start with a sentence that names its variable.

Long, because the declarations are more than half of it.
"""

import os
import re
import secrets
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import environ
import pyrage
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


class SetBy(Enum):
    """Who sets a setting."""

    OPERATOR = "Set in `.env`"
    COMPOSE = "Set by `docker-compose.yml`"
    DEVELOPER = "Set for `make run` and `make dev`"
    TESTS = "Set by the tests"


@dataclass(frozen=True)
class Setting:
    """One variable of the environment.

    `purpose` says in a sentence or two what it is for. The type of `default` is the type of the setting: a
    text (empty for none), a whole number not below `least`, or a flag. A text that is given matches
    `pattern`; `must` says so in words, for who has set another one. `required` settings must be given in
    production; those that are `made` are made by make_env.py. `local` says in words what holds in
    `make run` when nothing is set, where that differs.
    """

    name: str
    purpose: str
    default: str | int | bool = ""
    set_by: SetBy = SetBy.OPERATOR
    required: bool = False
    made: bool = False
    local: str = ""
    least: int = 0
    pattern: str = ".*"
    must: str = ""


_DECLARED = [
    Setting(
        "PORTAL_URL",
        "The address that people type, such as https://communities.example.org. Its name must point to "
        "this machine, and ports 80 and 443 must reach it: certificates are then fetched by themselves.",
        required=True,
        local="`http://localhost:PORT`",
        pattern=r"https?://[^/\s]+.*",
        must="be the address of the portal, for example https://communities.example.org.",
    ),
    Setting(
        "SECRET_KEY",
        "At least 32 random characters that sign sessions and encrypt second factors. Keep it: a new "
        "one signs everybody out.",
        required=True,
        made=True,
        local="made once and kept",
        pattern=r"(?i)(?!.*(change-?me|secret|sample|insecure)).{32,}",
        must="be a random text of at least 32 characters and not a sample. Make one with: "
        "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
    ),
    Setting(
        "POSTGRES_PASSWORD",
        "The password of the database, letters and digits only. It is set when the database is "
        "first made; changing it here later does not change it there.",
        required=True,
        made=True,
        local="not used",
    ),
    Setting(
        "DATABASE_URL",
        "The database, such as postgres://user:password@host/name",
        set_by=SetBy.COMPOSE,
        local="SQLite in the data folder",
        pattern=r"(postgres(ql)?|sqlite)://.+",
        must="name PostgreSQL or SQLite, for example postgres://user:password@host/name.",
    ),
    Setting(
        "REDIS_URL",
        "Redis for tasks, cache and limits, such as redis://host:6379/0",
        set_by=SetBy.COMPOSE,
        local="files in the data folder",
        pattern=r"(rediss?|unix)://.+",
        must="name Redis, for example redis://redis:6379/0.",
    ),
    Setting(
        "EMAIL_URL",
        "The mail server, such as smtp+tls://portal%40example.org:password@mail.example.org:587 (%40 is "
        "the @ inside a user name)",
        required=True,
        local="files in the data folder",
        pattern=r"smtp(\+tls|\+ssl)?://(.*@)?[^@/:?]+(:\d+)?([/?].*)?",
        must="start with smtp://, smtp+tls:// or smtp+ssl:// and name a host, for example "
        "smtp+tls://user:password@mail.example.org:587.",
    ),
    Setting(
        "EVABC_PRIVACY_OFFICER_NAME",
        "The person who answers for privacy in EVA BC, named on the page /privacy/",
        required=True,
    ),
    Setting(
        "EVABC_PRIVACY_OFFICER_EMAIL",
        "The email address of that person",
        required=True,
    ),
    Setting(
        "EVABC_BACKUP_RECIPIENT",
        "The public key that backups are encrypted to, as `manage.py setup_portal` shows it (age1…). "
        "Without it no backups are made",
    ),
    Setting("EVABC_BACKUPS_KEPT", "How many backups are kept", 14, least=1),
    Setting("EVABC_LEAST_FREE_MB", "Megabytes of free disk below which /readyz is red", 500),
    Setting(
        "EVABC_DATA_DIR",
        "The folder for what the portal writes itself: backups, and in `make run` its database and emails",
        ".data",
        set_by=SetBy.COMPOSE,
    ),
    Setting(
        "EVABC_TRUSTED_PROXIES",
        "How many proxies stand in front; so many entries of X-Forwarded-For count, from the right",
        0,
        set_by=SetBy.COMPOSE,
    ),
    Setting(
        "EVABC_LIMITS_TIMES",
        "Multiplies every limit of evabc/limits.py, for many people behind one address",
        1,
        least=1,
    ),
    Setting(
        "EVABC_MEMBERSHIP_LIST_DAYS",
        "Days after which an imported list of EVA BC memberships is too old to propose anything",
        400,
    ),
    Setting("EVABC_PROGRAM_LIST_DAYS", "The same for lists of funded programs", 400),
    Setting("EVABC_ROLE_LIST_DAYS", "The same for lists of initiatives and roles", 400),
    Setting("EVABC_POSITION_LIST_DAYS", "The same for lists of people and positions", 400),
    Setting("EVABC_QUIET_DAYS", "Business days after which a waiting request is marked quietly", 3),
    Setting(
        "EVABC_LOUD_DAYS",
        "Business days after which it is marked loudly, and the team gets a morning digest",
        7,
    ),
    Setting(
        "EVABC_KEEP_SIGNUP_DAYS",
        "Days after which a sign-up that was never confirmed is deleted",
        7,
    ),
    Setting(
        "EVABC_KEEP_DRAFT_DAYS", "Days after which a request that was never sent is deleted", 30
    ),
    Setting(
        "EVABC_KEEP_REQUEST_MONTHS",
        "Months after the decision, or the end of the enrolment, until a request is anonymized",
        13,
    ),
    Setting(
        "EVABC_KEEP_PERSON_MONTHS",
        "Months after which somebody without enrolment or request is deleted, from when a list last "
        "named them or they last signed in",
        24,
    ),
    Setting(
        "EVABC_KEEP_LETTER_DAYS", "Days after sending until the words of an email are deleted", 30
    ),
    Setting("EVABC_KEEP_EXPORT_MONTHS", "Months for which the log of exports is kept", 24),
    Setting(
        "EVABC_LOG_LINES",
        "How lines of the log look: json for programs that collect them, plain for reading along",
        "json",
        local="plain",
        pattern="json|plain",
        must="be json or plain.",
    ),
    Setting(
        "EVABC_METRICS_TOKEN",
        "What Prometheus shows to read /metrics, at least 32 random characters. Without it there is "
        "no such page",
        pattern=".{32,}",
        must="be a random text of at least 32 characters.",
    ),
    Setting(
        "EVABC_LOCAL",
        "One machine, with sample data, a mailbox and no TLS",
        False,
        set_by=SetBy.DEVELOPER,
    ),
    Setting(
        "EVABC_DEV",
        "With EVABC_LOCAL: Django’s DEBUG, and the web server reloads and shows developers a toolbar",
        False,
        set_by=SetBy.DEVELOPER,
    ),
    Setting("PORT", "The port of `make run`", 8000, set_by=SetBy.DEVELOPER),
    Setting(
        "EVABC_SECOND_FACTOR",
        "With EVABC_LOCAL: staff need a second factor there too. Elsewhere they always do",
        False,
        set_by=SetBy.DEVELOPER,
    ),
    Setting("EVABC_TEST", "Pages need no collected static files", False, set_by=SetBy.TESTS),
]


SETTINGS = {setting.name: setting for setting in _DECLARED}


def text(name: str, *, default: str | None = None, needed: bool = False) -> str:
    """A declared text, or its `default`; the line end that a file brings along does not count.

    Raises ``ImproperlyConfigured`` when it is not as declared, or `needed` and not there.
    """
    setting = SETTINGS[name]
    value = str(env.str(name, default=str(setting.default) if default is None else default)).strip()
    if (value or needed) and not re.fullmatch(setting.pattern, value):
        raise ImproperlyConfigured(f"{name} must {setting.must}")
    return value


def flag(name: str) -> bool:
    """A declared yes-or-no variable."""
    try:
        return bool(env.bool(name, default=SETTINGS[name].default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.") from error


def number(name: str) -> int:
    """A declared whole number, not below its `least`."""
    value, least = text(name), SETTINGS[name].least
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    if int(value) < least:
        raise ImproperlyConfigured(f"{name} must be at least {least}.")
    return int(value)


def data_dir() -> Path:
    """The folder for what the portal writes itself; made when it is missing."""
    folder = (BASE_DIR / text("EVABC_DATA_DIR")).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"EVABC_DATA_DIR names {folder}, and this folder cannot be made: {error.strerror}."
        ) from error
    return folder


def secret_key(*, local: bool, folder: Path) -> str:
    """The signing secret: from the environment, or in local mode one made once and kept."""
    return text("SECRET_KEY", needed=not local) or _kept_secret(folder / "secret-key")


def _kept_secret(path: Path) -> str:
    """Make the secret once; of several processes that start at once, one writes it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text()


def portal_url(*, local: bool) -> str:
    """The address under which people reach the portal, without a slash at the end."""
    url = text("PORTAL_URL", needed=not local) or f"http://localhost:{number('PORT')}"
    return url.rstrip("/")


def database(folder: Path, *, local: bool) -> dict[str, Any]:
    """PostgreSQL by DATABASE_URL; in local mode, where it is not given, SQLite in the data folder."""
    if url := text("DATABASE_URL", needed=not local):
        config = dict(environ.Env.db_url_config(url))
    else:
        config = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "portal.sqlite3")}
    if config["ENGINE"].endswith("sqlite3"):
        return {**config, "OPTIONS": SQLITE_OPTIONS}
    return {**config, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def mail(*, local: bool) -> dict[str, Any]:
    """How mail leaves: to the server of EMAIL_URL, or in local mode as files into the data folder."""
    url = text("EMAIL_URL", needed=not local)
    if not url:
        return {"EMAIL_BACKEND": "membership.emails.backends.FolderBackend"}
    config = dict(environ.Env.email_url_config(url))
    config.pop("EMAIL_FILE_PATH", None)
    return {**config, "EMAIL_BACKEND": "membership.emails.backends.SMTPBackend"}


def waiting_limits() -> dict[str, int]:
    """Working days after which a request that waits for staff gets a quiet and a loud mark."""
    limits = {"quiet": number("EVABC_QUIET_DAYS"), "loud": number("EVABC_LOUD_DAYS")}
    if limits["quiet"] > limits["loud"]:
        raise ImproperlyConfigured("EVABC_QUIET_DAYS must not be more than EVABC_LOUD_DAYS.")
    return limits


def backup_recipient() -> str:
    """The public key that backups are encrypted to; none are made without it."""
    given = text("EVABC_BACKUP_RECIPIENT")
    if given:
        try:
            pyrage.x25519.Recipient.from_str(given)
        except pyrage.RecipientError as error:
            # The value is not repeated: it may be the private key.
            raise ImproperlyConfigured(
                "EVABC_BACKUP_RECIPIENT must be a public key by age, which begins with age1. The private key "
                "does not belong on this machine."
            ) from error
    return given


def log_lines(*, local: bool) -> str:
    """How lines of the log look: JSON for programs, plain for who reads along."""
    return text("EVABC_LOG_LINES", default="plain" if local else None)


def undeclared() -> list[str]:
    """Variables of the environment that are named like ours and that nobody reads."""
    known = {*SETTINGS, *(f"{name}_FILE" for name in SETTINGS)}
    ours = (name for name in os.environ if name.startswith("EVABC_"))
    return sorted(name for name in ours if name not in known and not name.startswith("EVABC_TEST_"))
