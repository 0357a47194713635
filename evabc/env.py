"""The environment, read in this one place.

Every value can also come from a file: for ``SECRET_KEY`` name the file in ``SECRET_KEY_FILE``. A
value that is missing or cannot be right stops the start with a sentence that names its variable.
"""

import os
import secrets
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.FileAwareEnv()

WEAK_SECRET_LENGTH = 32
SAMPLE_SECRETS = ("change-me", "changeme", "secret", "sample", "insecure")

SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;",
}


def text(name: str, default: str = "") -> str:
    """A plain variable; the line end that a file brings along does not count."""
    return str(env.str(name, default=default)).strip()


def flag(name: str, default: bool = False) -> bool:
    """A yes-or-no variable."""
    try:
        return bool(env.bool(name, default=default))
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} must be 1 or 0.") from error


def number(name: str, default: int) -> int:
    """A whole number, zero or more."""
    value = text(name, str(default))
    if not value.isdigit():
        raise ImproperlyConfigured(f"{name} must be a whole number, not {value!r}.")
    return int(value)


def data_dir() -> Path:
    """The folder for what the portal writes itself; made when it is missing."""
    folder = Path(text("EVABC_DATA_DIR", str(BASE_DIR / ".data"))).resolve()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"EVABC_DATA_DIR names {folder}, and this folder cannot be made: {error.strerror}."
        ) from error
    return folder


def secret_key(*, local: bool, folder: Path) -> str:
    """The signing secret: from the environment, or in local mode one made once and kept."""
    key = text("SECRET_KEY")
    if local and not key:
        return _kept_secret(folder / "secret-key")
    if len(key) < WEAK_SECRET_LENGTH or any(word in key.lower() for word in SAMPLE_SECRETS):
        raise ImproperlyConfigured(
            f"SECRET_KEY must be a random text of at least {WEAK_SECRET_LENGTH} characters and not a sample. "
            "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return key


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
    default = f"http://localhost:{number('PORT', 8000)}" if local else ""
    url = text("PORTAL_URL", default).rstrip("/")
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ImproperlyConfigured(
            "PORTAL_URL must be the address of the portal, for example https://communities.example.org."
        )
    return url


def databases(folder: Path, *, local: bool) -> dict[str, Any]:
    """PostgreSQL by DATABASE_URL; in local mode, where it is not given, SQLite in the data folder."""
    url = text("DATABASE_URL")
    if not url:
        if not local:
            raise ImproperlyConfigured(
                "DATABASE_URL must name the database, for example postgres://user:password@host/name."
            )
        config: dict[str, Any] = {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(folder / "portal.sqlite3"),
        }
    else:
        config = dict(environ.Env.db_url_config(url))
    engine = config.get("ENGINE", "")
    if engine.endswith("sqlite3"):
        config["OPTIONS"] = SQLITE_OPTIONS
    elif engine.endswith("postgresql"):
        config.update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True)
    else:
        raise ImproperlyConfigured(
            "DATABASE_URL must name PostgreSQL or SQLite, for example postgres://user:password@host/name."
        )
    return {"default": config}


def redis_url(*, local: bool) -> str:
    """Redis for jobs and cache; in local mode it may be left out."""
    url = text("REDIS_URL")
    if not url and not local:
        raise ImproperlyConfigured("REDIS_URL must name Redis, for example redis://redis:6379/0.")
    return url


def mail(*, local: bool) -> dict[str, Any]:
    """How mail leaves: to the server of EMAIL_URL, or in local mode as files into the data folder."""
    url = text("EMAIL_URL")
    if not url:
        if not local:
            raise ImproperlyConfigured(
                "EMAIL_URL must name the mail server, for example smtp+tls://user:password@mail.example.org:587."
            )
        return {"EMAIL_BACKEND": "membership.outbox.backends.FolderBackend"}
    if not url.startswith(("smtp://", "smtp+tls://", "smtp+ssl://")) or not urlsplit(url).hostname:
        raise ImproperlyConfigured(
            "EMAIL_URL must start with smtp://, smtp+tls:// or smtp+ssl:// and name a host."
        )
    config = dict(environ.Env.email_url_config(url))
    config.pop("EMAIL_FILE_PATH", None)
    return {**config, "EMAIL_BACKEND": "membership.outbox.backends.SMTPBackend"}


def list_limits() -> dict[str, int]:
    """Days after which an imported list is too old to propose anything, by the rule it serves."""
    return {
        "eva-membership": number("EVABC_MEMBERSHIP_LIST_DAYS", 400),
        "funding": number("EVABC_PROGRAM_LIST_DAYS", 400),
        "coordination-role": number("EVABC_ROLE_LIST_DAYS", 400),
        "caseload": number("EVABC_POSITION_LIST_DAYS", 400),
    }


def limits_times() -> int:
    """What every limit of evabc/limits.py is multiplied by."""
    times = number("EVABC_LIMITS_TIMES", 1)
    if times < 1:
        raise ImproperlyConfigured("EVABC_LIMITS_TIMES must be at least 1.")
    return times


def retention() -> dict[str, int]:
    """How long each kind of personal data is kept, in the unit that its name ends with."""
    return {
        "signup_days": number("EVABC_KEEP_SIGNUP_DAYS", 7),
        "draft_days": number("EVABC_KEEP_DRAFT_DAYS", 30),
        "request_months": number("EVABC_KEEP_REQUEST_MONTHS", 13),
        "person_months": number("EVABC_KEEP_PERSON_MONTHS", 24),
        "letter_days": number("EVABC_KEEP_LETTER_DAYS", 30),
        "export_months": number("EVABC_KEEP_EXPORT_MONTHS", 24),
    }


def waiting_limits() -> dict[str, int]:
    """Working days after which a request that waits for staff gets a quiet and a loud mark."""
    limits = {"quiet": number("EVABC_QUIET_DAYS", 3), "loud": number("EVABC_LOUD_DAYS", 7)}
    if limits["quiet"] > limits["loud"]:
        raise ImproperlyConfigured("EVABC_QUIET_DAYS must not be more than EVABC_LOUD_DAYS.")
    return limits


def backup_key() -> str:
    """What backups are encrypted with; none are made without it."""
    return _random_text("EVABC_BACKUP_KEY")


def log_lines(*, local: bool) -> str:
    """How lines of the log look: JSON for programs, plain for who reads along."""
    style = text("EVABC_LOG_LINES", "plain" if local else "json")
    if style not in {"json", "plain"}:
        raise ImproperlyConfigured("EVABC_LOG_LINES must be json or plain.")
    return style


def metrics_token() -> str:
    """What Prometheus shows to read /metrics; without one there is no such page."""
    return _random_text("EVABC_METRICS_TOKEN")


def _random_text(name: str) -> str:
    """A secret that may be left out."""
    given = text(name)
    if given and len(given) < WEAK_SECRET_LENGTH:
        raise ImproperlyConfigured(
            f"{name} must be a random text of at least {WEAK_SECRET_LENGTH} characters."
        )
    return given
