"""What the README names exists: settings, commands, files, pictures."""

import re

from tests.servers.parts import ROOT

README = (ROOT / "README.md").read_text()


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"make ([a-z]+)", README)) - {"python"} <= targets


def test_every_path_it_names_exists():
    paths = re.findall(r"`([a-z_]+/[\w/.]*)`", README) + re.findall(r"\]\((\S+?)\)", README)

    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_every_management_command_it_names_exists():
    from django.core.management import get_commands

    named = set(re.findall(r"manage\.py ([a-z_]+)", README))

    assert named <= set(get_commands())
