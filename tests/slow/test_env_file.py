"""Docker Compose reads what make_env.py writes."""

import json
import shutil
import subprocess

import pytest

from tests.evabc.test_setup_portal import OFFICER, PORTAL, WRITTEN, make_env

pytestmark = pytest.mark.slow


def compose():
    """The command of Docker Compose on this machine."""
    for command in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(command[0]):
            found = subprocess.run([*command, "version"], check=False, capture_output=True)
            if not found.returncode:
                return command
    pytest.skip("Docker Compose is not installed.")


@pytest.mark.parametrize("value", WRITTEN)
def test_compose_reads_what_was_typed(tmp_path, value):
    given = [*PORTAL, f"EVABC_PRIVACY_OFFICER_NAME={value}", *OFFICER[1:]]
    make_env(tmp_path / ".env", *given)
    (tmp_path / "docker-compose.yml").write_text("services: {web: {image: none, env_file: .env}}\n")
    command = [*compose(), "config", "--format", "json"]
    read = subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, text=True)

    environment = json.loads(read.stdout)["services"]["web"]["environment"]
    # As it would have to be written in a compose file.
    assert environment["EVABC_PRIVACY_OFFICER_NAME"] == value.replace("$", "$$")
