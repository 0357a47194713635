"""The pytest plugin that gives a run its servers before Django reads its settings.

Loaded by `-p tests.servers.plugin` in pyproject.toml. With xdist, the controller starts the servers
once, and each worker gets its own Redis database number and data folder. pytest-django gives each its
own database.
"""

import os
from pathlib import Path

import pytest

from tests.servers.keeper import Keeper
from tests.servers.parts import VARIABLE, MissingPart, servers_of_this_run, settings_environment


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    options = early_config.known_args_namespace
    if options.help or options.version:
        return
    if "PYTEST_XDIST_WORKER" not in os.environ:
        keeper = Keeper()
        early_config.add_cleanup(keeper.stop)
        try:
            os.environ[VARIABLE] = keeper.servers().to_json()
        except MissingPart as error:
            raise pytest.UsageError(str(error)) from error
    _point_settings_to_servers(os.environ.get("PYTEST_XDIST_WORKER", "main"))


def _point_settings_to_servers(worker: str) -> None:
    servers = servers_of_this_run()
    data = Path(servers.folder) / f"data-{worker}"
    data.mkdir()
    os.environ |= settings_environment(data)
    number = 0 if worker == "main" else int(worker.removeprefix("gw")) + 1
    os.environ["REDIS_URL"] = f"{servers.redis_url}/{number}"
    if servers.database_url:
        os.environ["DATABASE_URL"] = servers.database_url
