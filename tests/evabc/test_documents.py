"""What the documents for operators and reviewers name exists: commands, settings, files, services."""

import re

import pytest
import yaml
from django.core.management import get_commands

from evabc.env import SETTINGS
from tests.servers.parts import ROOT

DOCUMENTS = [
    "SECURITY.md",
    "evabc/docs/operating.md",
    "evabc/docs/changelog.md",
    "evabc/docs/figures.md",
    "evabc/docs/growth.md",
]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(params=DOCUMENTS)
def text(request) -> str:
    return (ROOT / request.param).read_text()


def test_every_management_command_exists(text):
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())


def test_every_make_target_exists(text):
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"`make ([a-z]+)`", text)) <= targets


def test_every_setting_is_declared(text):
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", text)) <= set(SETTINGS)


def test_every_file_exists(text):
    named = set(re.findall(r"`([a-z_]+/[\w./-]+)`", text))
    named |= set(re.findall(r"python3 (\S+\.py)", text))

    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_service_is_one_of_compose(text):
    commands = re.findall(r"docker compose (?:up --detach|logs|stop|exec) ([a-z][a-z ]*)", text)
    named = {word for words in commands for word in words.split()} - {"python", "manage"}

    assert named <= set(COMPOSE["services"])
