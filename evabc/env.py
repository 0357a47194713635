"""The settings from the environment, declared and read here only.

Each setting that differs from machine to machine is one entry of `SETTINGS`. `make docs` writes
evabc/docs/settings.md and .env.example from them.

A value can also come from a file: ``SECRET_KEY_FILE`` names the file for ``SECRET_KEY``. A value that is
missing or invalid stops the portal from starting, with a message that names the setting.

More than half of this module is the declarations.
"""

import os
import re
import secrets
import tomllib
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

import environ
import pyrage
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION: str = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["project"]["version"]

env = environ.FileAwareEnv()

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
    "PRAGMA recursive_triggers=ON;",
}
CONNECT_SECONDS = 2  # to PostgreSQL: the least that libpq accepts before version 17


class SetBy(Enum):
    """Who sets a setting."""

    OPERATOR = "Set in `.env`"
    COMPOSE = "Set by `docker-compose.yml`"
    DEVELOPER = "Set for `make run` and `make dev`"
    TESTS = "Set by the tests"


@dataclass(frozen=True)
class Setting:
    """One environment variable.

    `purpose` describes it in a sentence or two. The type of `default` is the type of the setting: text
    (empty for none), a whole number from `minimum` to `maximum` (0: no maximum), or a flag. Text must match `pattern`; `must` is
    the end of the error message if it does not. `required` settings must be set in production; make_env.py
    creates those that are `generated`. `local` describes the default in `make run`, where it differs.
    """

    name: str
    purpose: str
    default: str | int | bool = ""
    set_by: SetBy = SetBy.OPERATOR
    required: bool = False
    generated: bool = False
    local: str = ""
    minimum: int = 0
    maximum: int = 0
    pattern: str = ".*"
    must: str = ""


_EMAIL = r"[^@\s]+@[^@\s]+"

_DECLARED = [
    Setting(
        "PORTAL_URL",
        "The address that people type, such as https://communities.example.org. The name must point to "
        "this machine, with ports 80 and 443 open. Certificates are then issued automatically.",
        required=True,
        local="`http://localhost:PORT`",
        # Without TLS only on one machine, and for Django's test client.
        pattern=r"https://[^/\s]+.*|http://(localhost|testserver)(:\d+)?/?",
        must="be the address of the portal, for example https://communities.example.org.",
    ),
    Setting(
        "SECRET_KEY",
        "At least 32 random characters. They sign sessions and encrypt two-step sign-in. A new key "
        "signs everyone out.",
        required=True,
        generated=True,
        local="created once and stored",
        pattern=r"(?i)(?!.*(change-?me|secret|sample|insecure)).{32,}",
        must="be at least 32 random characters, not a sample. Create one with: "
        "python -c 'import secrets; print(secrets.token_urlsafe(50))'",
    ),
    Setting(
        "POSTGRES_PASSWORD",
        "The database password: letters and digits only. It is set when the database is first created. "
        "Changing it here later does not change it in the database.",
        required=True,
        generated=True,
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
        "Redis for tasks, cache and rate limits, such as redis://host:6379/0",
        set_by=SetBy.COMPOSE,
        local="files in the data folder",
        pattern=r"(rediss?|unix)://.+",
        must="name Redis, for example redis://redis:6379/0.",
    ),
    Setting(
        "EMAIL_URL",
        "The mail server, such as smtp+tls://portal%40example.org:password@mail.example.org:587. Write "
        "%40 for an @ in the user name",
        required=True,
        local="files in the data folder",
        pattern=r"smtp(\+tls|\+ssl)?://(.*@)?[^@/:?]+(:\d+)?([/?].*)?",
        must="start with smtp://, smtp+tls:// or smtp+ssl:// and name a host, for example "
        "smtp+tls://user:password@mail.example.org:587.",
    ),
    Setting(
        "EVABC_SENDER_EMAIL",
        "The address that sign-in codes and notices about two-step sign-in come from. The mail server must "
        "allow the portal to send from it. Without it, they come from the address of the program support team",
        pattern=_EMAIL,
        must="be an email address, for example portal@example.org.",
    ),
    Setting(
        "EVABC_PRIVACY_OFFICER_NAME",
        "The name of EVA BC’s privacy officer, shown on the privacy page",
        required=True,
    ),
    Setting(
        "EVABC_PRIVACY_OFFICER_EMAIL",
        "The email address of the privacy officer",
        required=True,
        pattern=_EMAIL,
        must="be an email address, for example name@example.org.",
    ),
    Setting(
        "EVABC_HSTS_PRELOAD",
        "1 asks browsers to open the portal’s domain and all its subdomains over https only, even the first "
        "time. Choose it only if you will also enter the domain at hstspreload.org: it is hard to undo",
        False,
    ),
    Setting(
        "EVABC_BACKUP_RECIPIENT",
        "The public key for encrypting backups (age1…), as shown by `manage.py setup_portal`. Without it, "
        "no backups are made",
    ),
    Setting("EVABC_BACKUPS_KEPT", "The number of backups to keep", 14, minimum=1),
    Setting(
        "EVABC_LEAST_FREE_MB",
        "/readyz reports a problem when the disk has fewer free megabytes",
        500,
    ),
    Setting(
        "EVABC_DATA_DIR",
        "The folder for the portal’s own files: backups, and with `make run` the database and emails",
        ".data",
        set_by=SetBy.COMPOSE,
    ),
    Setting(
        "EVABC_TRUSTED_PROXIES",
        "The number of proxies in front of the portal: how many entries of X-Forwarded-For to trust, from the right",
        0,
        set_by=SetBy.COMPOSE,
    ),
    Setting(
        "EVABC_LIMITS_TIMES",
        "Multiplies every rate limit in evabc/limits.py, for many people who share one address",
        1,
        minimum=1,
    ),
    Setting(
        "EVABC_CODE_MINUTES",
        "Minutes until an emailed code expires, at most 60",
        15,
        minimum=1,
        maximum=60,  # then the session of a visitor ends
    ),
    Setting(
        "EVABC_MEMBERSHIP_LIST_DAYS",
        "Days until an import of EVA BC memberships is too old to use in roster checks",
        400,
    ),
    Setting("EVABC_PROGRAM_LIST_DAYS", "The same for imports of funded programs", 400),
    Setting("EVABC_ROLE_LIST_DAYS", "The same for imports of initiatives and roles", 400),
    Setting("EVABC_POSITION_LIST_DAYS", "The same for imports of people and positions", 400),
    Setting("EVABC_QUIET_DAYS", "Business days until a waiting request is marked as due soon", 3),
    Setting(
        "EVABC_LOUD_DAYS",
        "Business days until a waiting request is marked as overdue, and the team gets a morning summary",
        7,
    ),
    Setting(
        "EVABC_KEEP_SIGNUP_DAYS",
        "Days until an unconfirmed sign-up is deleted",
        7,
    ),
    Setting("EVABC_KEEP_DRAFT_DAYS", "Days until a request that was not sent is deleted", 30),
    Setting(
        "EVABC_KEEP_REQUEST_MONTHS",
        "Months from the decision, or from the end of the enrolment, until a request is anonymized",
        13,
    ),
    Setting(
        "EVABC_KEEP_PERSON_MONTHS",
        "Months until a person without an enrolment or request is deleted, from when an import last "
        "named them or they last signed in",
        24,
    ),
    Setting(
        "EVABC_KEEP_LETTER_DAYS", "Days from sending until the text of an email is deleted", 30
    ),
    Setting("EVABC_KEEP_ANNOUNCEMENT_MONTHS", "Months to keep announcements to members", 36),
    Setting(
        "EVABC_KEEP_RESOURCE_DAYS",
        "Days to keep resources that members offered and staff did not publish, or that staff took off the page",
        90,
    ),
    Setting("EVABC_KEEP_TOPIC_MONTHS", "Months to keep topics that members raise", 60),
    Setting("EVABC_KEEP_EXPORT_MONTHS", "Months to keep the log of exports", 24),
    Setting(
        "EVABC_LOG_LINES",
        "The format of log lines: json for log collectors, plain for reading in a terminal",
        "json",
        local="plain",
        pattern="json|plain",
        must="be json or plain.",
    ),
    Setting(
        "EVABC_METRICS_TOKEN",
        "The token that monitoring sends to read /metrics and the parts of /readyz: at least 32 random "
        "characters. Without it, /metrics does not exist and /readyz tells no parts",
        pattern=".{32,}",
        must="be at least 32 random characters.",
    ),
    Setting(
        "EVABC_LOCAL",
        "Local mode: one machine, sample data, a mailbox page and no TLS",
        False,
        set_by=SetBy.DEVELOPER,
    ),
    Setting(
        "EVABC_DEV",
        "With EVABC_LOCAL: Django’s DEBUG, automatic reload and a debug toolbar",
        False,
        set_by=SetBy.DEVELOPER,
    ),
    Setting("PORT", "The port of `make run`", 8000, set_by=SetBy.DEVELOPER),
    Setting(
        "EVABC_SECOND_FACTOR",
        "With EVABC_LOCAL: staff need two-step sign-in too. In production they always do",
        False,
        set_by=SetBy.DEVELOPER,
    ),
    Setting(
        "EVABC_TEST", "Serve static files without collecting them first", False, set_by=SetBy.TESTS
    ),
]


SETTINGS = {setting.name: setting for setting in _DECLARED}


def text(name: str, *, default: str | None = None, needed: bool = False) -> str:
    """The value of a declared text setting, stripped of whitespace. An empty one means its `default`.

    Raises ``ImproperlyConfigured`` if it does not match its pattern, or is `needed` and missing.
    """
    setting = SETTINGS[name]
    # Not by env.str, which takes the value of another variable for one that begins with a $.
    given = env.ENVIRON.get(name, "").strip()
    value = given or (str(setting.default) if default is None else default)
    if (value or needed) and not re.fullmatch(setting.pattern, value):
        raise ImproperlyConfigured(f"{name} must {setting.must}")
    return value


def flag(name: str) -> bool:
    """The value of a declared flag."""
    return bool(env.parse_value(text(name), bool))


def number(name: str) -> int:
    """The value of a declared whole number, between its `minimum` and `maximum`."""
    value, minimum, maximum = text(name), SETTINGS[name].minimum, SETTINGS[name].maximum
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    if int(value) < minimum:
        raise ImproperlyConfigured(f"{name} must be at least {minimum}.")
    if maximum and int(value) > maximum:
        raise ImproperlyConfigured(f"{name} must be at most {maximum}.")
    return int(value)


def data_dir() -> Path:
    """The folder for the portal's own files, created if it is missing."""
    folder = (BASE_DIR / text("EVABC_DATA_DIR")).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"EVABC_DATA_DIR must be a folder that can be created. {folder}: {error.strerror}."
        ) from error
    return folder


def secret_key(*, local: bool, folder: Path) -> str:
    """The signing key: from the environment, or in local mode one that is created once and stored.

    If several processes start at once, only one writes it.
    """
    if key := text("SECRET_KEY", needed=not local):
        return key
    path = folder / "secret-key"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text()
    with os.fdopen(handle, "w") as file:
        file.write(secrets.token_urlsafe(50))
    return path.read_text()


def portal_url(*, local: bool) -> str:
    """The public address of the portal, without a trailing slash."""
    url = text("PORTAL_URL", needed=not local) or f"http://localhost:{number('PORT')}"
    return url.rstrip("/")


def database(folder: Path, *, local: bool) -> dict[str, Any]:
    """The database of DATABASE_URL. In local mode the default is SQLite in the data folder."""
    if url := text("DATABASE_URL", needed=not local):
        config = dict(environ.Env.db_url_config(url))
    else:
        config = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(folder / "portal.sqlite3")}
    if config["ENGINE"].endswith("sqlite3"):
        return {**config, "OPTIONS": SQLITE_OPTIONS}
    options = {"connect_timeout": CONNECT_SECONDS, **config.get("OPTIONS", {})}
    patient = {"ENGINE": "evabc.postgresql", "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    return {**config, **patient, "OPTIONS": options}


def mail(*, local: bool) -> dict[str, Any]:
    """Settings for sending email: the server of EMAIL_URL. In local mode the default is files in the data folder."""
    url = text("EMAIL_URL", needed=not local)
    if not url:
        return {"EMAIL_BACKEND": "membership.emails.backends.FolderBackend"}
    config = dict(environ.Env.email_url_config(url))
    config.pop("EMAIL_FILE_PATH", None)
    return {**config, "EMAIL_BACKEND": "membership.emails.backends.SMTPBackend"}


def waiting_limits() -> dict[str, int]:
    """Business days until a request that waits for staff gets the quiet and the loud mark."""
    limits = {"quiet": number("EVABC_QUIET_DAYS"), "loud": number("EVABC_LOUD_DAYS")}
    if limits["quiet"] > limits["loud"]:
        raise ImproperlyConfigured("EVABC_QUIET_DAYS must not be more than EVABC_LOUD_DAYS.")
    return limits


def backup_recipient() -> str:
    """The public key for encrypting backups; empty for none."""
    given = text("EVABC_BACKUP_RECIPIENT")
    if given:
        try:
            pyrage.x25519.Recipient.from_str(given)
        except pyrage.RecipientError as error:
            # The message leaves out the value, because it may be the private key.
            raise ImproperlyConfigured(
                "EVABC_BACKUP_RECIPIENT must be an age public key, which begins with age1. Do not store the "
                "private key on this machine."
            ) from error
    return given


def log_lines(*, local: bool) -> str:
    """The format of log lines: "json" or "plain"."""
    return text("EVABC_LOG_LINES", default="plain" if local else None)


def undeclared() -> list[str]:
    """Environment variables that are named like settings of the portal but are not declared."""
    known = {*SETTINGS, *(f"{name}_FILE" for name in SETTINGS)}
    ours = (name for name in os.environ if name.startswith("EVABC_"))
    return sorted(name for name in ours if name not in known and not name.startswith("EVABC_TEST_"))
