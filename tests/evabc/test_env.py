"""Each setting has one declaration, which is used to read it and to write two files for operators."""

import re
from functools import partial
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from evabc import env
from evabc.checks import variables_are_declared
from evabc.management.commands.write_settings import env_example, settings_md
from evabc.ops.backup import new_key_pair
from tests.servers.parts import ROOT

EXTRA = env.Setting("EVABC_EXTRA_DAYS", "Days that this test adds", 5, minimum=2)
READS = re.compile(r"os\.environ\b|\bgetenv\b|\benviron\.(?:Env|FileAwareEnv)\b")

# Not settings: Django's own variable, Prometheus' folder, the environment of processes, and the check of names.
NO_SETTING = re.compile(
    r'"DJANGO_SETTINGS_MODULE"|PROMETHEUS_MULTIPROC_DIR|environ\[_COUNTS\]|env(?:ironment)?=dict\(os\.environ\)'
    r'|\{\*\*os\.environ, |in sorted\(os\.environ\)|"NO_COLOR"'
)


def test_the_written_files_are_up_to_date():
    assert (ROOT / "evabc/docs/settings.md").read_text() == settings_md(), "Run: make docs"
    assert (ROOT / ".env.example").read_text() == env_example(), "Run: make docs"


def test_a_setting_is_read_and_documented_by_its_declaration_alone(monkeypatch):
    monkeypatch.setitem(env.SETTINGS, EXTRA.name, EXTRA)

    assert env.number(EXTRA.name) == 5
    monkeypatch.setenv(EXTRA.name, "1")
    with pytest.raises(ImproperlyConfigured, match="EVABC_EXTRA_DAYS must be at least 2"):
        env.number(EXTRA.name)
    assert "| `EVABC_EXTRA_DAYS` | Days that this test adds. | `5` |" in settings_md()
    assert "# Days that this test adds.\nEVABC_EXTRA_DAYS=5\n" in env_example()


def test_a_setting_without_a_declaration_cannot_be_read(monkeypatch):
    monkeypatch.setenv("EVABC_EXTRA_DAYS", "3")

    with pytest.raises(KeyError, match="EVABC_EXTRA_DAYS"):
        env.number("EVABC_EXTRA_DAYS")
    assert "EVABC_EXTRA_DAYS is set" in next(check.msg for check in variables_are_declared())


def test_the_environment_is_read_through_env_py_alone():
    packages = ("evabc", "communities", "membership", "requests")
    files = [
        *ROOT.glob("*.py"),
        *(file for name in packages for file in (ROOT / name).rglob("*.py")),
    ]
    found = [
        f"{file.relative_to(ROOT)}: {line.strip()}"
        for file in files
        if file != ROOT / "evabc" / "env.py"
        for line in file.read_text().splitlines()
        if READS.search(line) and not NO_SETTING.search(line)
    ]

    assert found == []


def test_every_declared_setting_is_read():
    source = "".join(file.read_text() for file in (ROOT / "evabc").rglob("*.py"))
    read = set(re.findall(r'\b(?:text|flag|number)\(\s*["\']([A-Z_]+)["\']', source))

    # The database's password reaches the portal as a part of DATABASE_URL.
    assert read == set(env.SETTINGS) - {"POSTGRES_PASSWORD"}


@pytest.mark.parametrize("empty", ["", " "])
def test_an_empty_value_means_the_default(monkeypatch, empty):
    for name in ("EVABC_QUIET_DAYS", "EVABC_LOG_LINES", "EVABC_HSTS_PRELOAD"):
        monkeypatch.setenv(name, empty)

    assert env.number("EVABC_QUIET_DAYS") == 3
    assert env.text("EVABC_LOG_LINES") == "json"
    assert env.flag("EVABC_HSTS_PRELOAD") is False


@pytest.mark.parametrize(("given", "means"), [("1", True), ("true", True), ("0", False)])
def test_a_flag_is_on_or_off(monkeypatch, given, means):
    monkeypatch.setenv("EVABC_HSTS_PRELOAD", given)

    assert env.flag("EVABC_HSTS_PRELOAD") is means


def test_a_value_that_begins_with_a_dollar_is_no_other_variable(monkeypatch):
    monkeypatch.setenv("EVABC_PRIVACY_OFFICER_NAME", "$HOME")

    assert env.text("EVABC_PRIVACY_OFFICER_NAME") == "$HOME"


LONG = "k3Jd9-fQ2_xVb7LmZp0RtYw8Hs6GnCa4"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("SECRET_KEY", key) for key in ("short", "change-me" * 10, "django-insecure-" + LONG)),
        *(("PORTAL_URL", url) for url in ("communities.example.org", "ftp://example.org")),
        *(("PORTAL_URL", f"http://{host}") for host in ("example.org", "localhost.example.org")),
        *(("DATABASE_URL", url) for url in ("mysql://user@host/name", "nonsense")),
        *(("EMAIL_URL", url) for url in ("console://", "http://mail.example.org", "smtp://")),
        ("REDIS_URL", "localhost"),
        ("EVABC_LOG_LINES", "xml"),
        ("EVABC_METRICS_TOKEN", "short"),
        ("EVABC_PRIVACY_OFFICER_EMAIL", "ada"),
    ],
)
def test_an_invalid_text_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=f"^{name} must "):
        env.text(name)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("SECRET_KEY", partial(env.secret_key, folder=Path())),
        ("PORTAL_URL", env.portal_url),
        ("DATABASE_URL", partial(env.database, Path())),
        ("EMAIL_URL", env.mail),
    ],
)
def test_required_settings_have_no_default_in_production(monkeypatch, name, read):
    monkeypatch.setenv(name, "")

    with pytest.raises(ImproperlyConfigured, match=f"^{name} must "):
        read(local=False)


def test_a_secret_can_come_from_a_file(monkeypatch, tmp_path):
    (tmp_path / "secret").write_text(LONG + "\n")
    monkeypatch.setenv("EVABC_METRICS_TOKEN_FILE", str(tmp_path / "secret"))

    assert env.text("EVABC_METRICS_TOKEN") == LONG


def test_local_mode_creates_its_secret_once(monkeypatch, tmp_path):
    monkeypatch.delenv("SECRET_KEY", raising=False)

    first = env.secret_key(local=True, folder=tmp_path)

    assert first == env.secret_key(local=True, folder=tmp_path)
    assert (tmp_path / "secret-key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("EVABC_TRUSTED_PROXIES", value) for value in ("-1", "many", "1.5")),
        ("EVABC_LIMITS_TIMES", "0"),
        ("EVABC_CODE_MINUTES", "61"),
    ],
)
def test_an_invalid_number_is_refused(monkeypatch, name, value):
    monkeypatch.setenv(name, value)

    with pytest.raises(ImproperlyConfigured, match=name):
        env.number(name)


def test_the_private_key_of_backups_is_refused_and_not_repeated(monkeypatch):
    public, private = new_key_pair()
    monkeypatch.setenv("EVABC_BACKUP_RECIPIENT", public)
    assert env.backup_recipient() == public
    monkeypatch.setenv("EVABC_BACKUP_RECIPIENT", private)

    with pytest.raises(ImproperlyConfigured, match="EVABC_BACKUP_RECIPIENT") as refused:
        env.backup_recipient()
    assert private not in str(refused.value)


def test_the_quiet_mark_comes_no_later_than_the_loud_one(monkeypatch):
    monkeypatch.setenv("EVABC_QUIET_DAYS", "7")
    assert env.waiting_limits() == {"quiet": 7, "loud": 7}
    monkeypatch.setenv("EVABC_QUIET_DAYS", "8")

    with pytest.raises(ImproperlyConfigured, match="EVABC_QUIET_DAYS"):
        env.waiting_limits()
