"""The locked packages and the portal on each Python that it supports."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.servers.parts import ROOT, settings_environment

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

# From requires-python to the image's; test_the_image_and_the_lowest_python_are_tried compares.
PYTHONS = ["3.11", "3.12", "3.13"]


def test_the_image_and_the_lowest_python_are_tried():
    assert f"FROM python:{PYTHONS[-1]}-" in (ROOT / "Dockerfile").read_text()
    assert f'requires-python = ">={PYTHONS[0]}"' in (ROOT / "pyproject.toml").read_text()


@pytest.mark.parametrize("version", PYTHONS)
def test_from_the_lock_to_a_page_and_an_email(
    version, tmp_path, empty_database, redis_url, smtp_server
):
    environment = tmp_path / "environment"
    run(find(version), "-m", "venv", str(environment))
    python = str(environment / "bin" / "python")
    lock = ["--require-hashes", "--only-binary", ":all:", "-r", "requirements.txt"]
    run(python, "-m", "pip", "install", "--quiet", *lock)
    servers = {
        "DATABASE_URL": empty_database,
        "REDIS_URL": redis_url,
        "EMAIL_URL": smtp_server.url,
    }

    run(python, "-m", "tests.slow.smoke", **settings_environment(tmp_path) | servers)

    assert smtp_server.wait_for(to="dana@example.org", subject_contains="code")


def find(version: str) -> str:
    """The program of this Python: by its name on PATH, or among pyenv's versions."""
    programs = [f"python{version}"]
    if shutil.which("pyenv"):
        for name in output_of("pyenv", "versions", "--bare").split():
            if name.startswith(f"{version}."):
                programs.append(str(Path(output_of("pyenv", "prefix", name).strip(), "bin/python")))
    for program in programs:
        # Debian's may lack venv's parts, and a shim of pyenv may lead nowhere.
        if shutil.which(program) and output_of(program, "-c", "import ensurepip; print(1)"):
            return program
    missing = f"Python {version} with venv is missing here, so the portal was not tried on it."
    if os.environ.get("CI"):
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)


def output_of(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def run(*command: str, **extra: str) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | extra,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
