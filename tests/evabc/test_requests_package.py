"""The package ``requests`` is the portal's app, and PyPI's library of that name is not installed."""

from importlib import metadata
from pathlib import Path

import pytest
from django.apps import apps
from packaging.requirements import Requirement

import requests
from evabc import checks
from tests.servers.parts import ROOT


def test_requests_is_the_folder_of_the_portal():
    assert Path(requests.__file__).resolve() == ROOT / "requests" / "__init__.py"
    assert apps.get_app_config("joinrequests").name == "requests"


def test_the_librarys_functions_answer_with_a_clear_error():
    with pytest.raises(AttributeError, match="the portal's app for join requests"):
        _ = requests.get


def test_the_check_passes_here():
    assert checks.no_dependency_needs_the_library() == []


def test_the_check_fails_when_the_library_is_installed(monkeypatch):
    monkeypatch.setattr(metadata, "distribution", lambda name: name)

    assert [message.id for message in checks.no_dependency_needs_the_library()] == ["evabc.E002"]


def test_no_dependency_asks_for_the_library():
    asking = [
        d.metadata["Name"]
        for d in metadata.distributions()
        for r in (d.requires or [])
        if Requirement(r).name == "requests" and "extra ==" not in r
    ]

    assert asking == []
