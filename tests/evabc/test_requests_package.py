"""The package ``requests`` is the portal's app, and PyPI's library of that name is not installed."""

import subprocess
import sys
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


def test_the_checks_pass_here():
    assert checks.requests_is_ours() == checks.no_dependency_needs_the_library() == []


def test_the_check_fails_when_requests_comes_from_elsewhere(tmp_path):
    (tmp_path / "requests").mkdir()
    (tmp_path / "requests" / "__init__.py").write_text("")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); sys.path.append({str(ROOT)!r})\n"
        "import os; os.environ['DJANGO_SETTINGS_MODULE'] = 'evabc.settings'\n"
        "from evabc.checks import requests_is_ours\n"
        "print([m.id for m in requests_is_ours()])"
    )
    answer = subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=tmp_path,  # Celery puts the current folder first on the path
        capture_output=True,
        text=True,
        check=False,
    )

    assert answer.stdout.strip() == "['evabc.E001']", answer.stderr


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
