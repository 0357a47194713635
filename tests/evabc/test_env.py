"""A setting is one declaration: it is read by it, and three files for operators are derived from it."""

import re
from io import StringIO

import pytest
import yaml
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from evabc import env
from evabc.checks import variables_are_declared
from evabc.management.commands.write_settings import DERIVED, compose, env_example, settings_md
from tests.servers.parts import ROOT

EXTRA = env.Setting("EVABC_EXTRA_DAYS", "Days that this test adds", 5, least=2)
READS = re.compile(r"os\.environ\b|\bgetenv\b|\benviron\.(?:Env|FileAwareEnv)\b")

# What is no setting: Django's own variable, Prometheus' folder, and the environment given to processes.
NO_SETTING = re.compile(
    r'"DJANGO_SETTINGS_MODULE"|PROMETHEUS_MULTIPROC_DIR|environ\[_COUNTS\]|env(?:ironment)?=dict\(os\.environ\)'
    r"|\{\*\*os\.environ, "
)


def test_the_derived_files_are_what_the_declarations_say():
    call_command("write_settings", "--check", stdout=StringIO())


def test_a_setting_is_read_and_documented_by_its_declaration_alone(monkeypatch):
    monkeypatch.setitem(env.SETTINGS, EXTRA.name, EXTRA)

    assert env.number(EXTRA.name) == 5
    monkeypatch.setenv(EXTRA.name, "1")
    with pytest.raises(ImproperlyConfigured, match="EVABC_EXTRA_DAYS must be at least 2"):
        env.number(EXTRA.name)
    assert "| `EVABC_EXTRA_DAYS` | Days that this test adds. | `5` |" in settings_md()
    assert "# Days that this test adds.\nEVABC_EXTRA_DAYS=5\n" in env_example()
    services = yaml.safe_load(compose((ROOT / "docker-compose.yml").read_text()))["services"]
    assert services["web"]["environment"][EXTRA.name] == "${EVABC_EXTRA_DAYS:-5}"


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


def test_no_secret_has_a_default():
    assert [s.name for s in env.SETTINGS.values() if s.secret and s.default] == []
    assert set(DERIVED) == {"evabc/docs/settings.md", ".env.example", "docker-compose.yml"}
