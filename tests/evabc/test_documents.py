"""Commands, settings, files, links and services in the documents exist."""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from evabc.env import SETTINGS
from tests.servers.parts import ROOT

DOCUMENTS = ["README.md", "CONTRIBUTING.md", "SECURITY.md"]
DOCUMENTS += [f"evabc/docs/{file.name}" for file in (ROOT / "evabc/docs").glob("*.md")]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(params=sorted(DOCUMENTS))
def document(request) -> Path:
    return ROOT / request.param


@pytest.fixture
def text(document) -> str:
    return document.read_text()


def test_every_management_command_exists(text):
    assert set(re.findall(r"manage\.py ([a-z_]+)", text)) <= set(get_commands())


def test_every_make_target_exists(text):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"(?:`|^    )make ([a-z-]+)", text, re.M)) <= targets


def test_every_setting_is_declared(text):
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", text)) <= {*SETTINGS, "NAME_FILE"}


def test_every_file_exists(text):
    named = set(re.findall(r"`([a-z_]+/[\w./-]+)`", text))
    named |= set(re.findall(r"python3 (\S+\.py)", text))

    assert sorted(path for path in named if not (ROOT / path).exists()) == []


def test_every_link_leads_to_a_file(document, text):
    links = {link.partition("#")[0] for link in re.findall(r"\]\((\S+?)\)", text)}
    files = {link for link in links if link and "//" not in link}

    assert sorted(link for link in files if not (document.parent / link).exists()) == []


def test_every_service_is_one_of_compose(text):
    several = re.findall(r"docker compose (?:up --detach|logs|stop) ([a-z][a-z ]*)", text)
    named = {service for services in several for service in services.split()}
    named |= set(re.findall(r"docker compose exec (?:-T )?([a-z]+)", text))

    assert named <= set(COMPOSE["services"])
