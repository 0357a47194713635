"""The pytest plugin that gives a run its servers before Django reads its settings.

Loaded by `-p tests.servers.plugin` in pyproject.toml. With xdist the controller starts the
servers once, and each worker gets a database number of Redis and a data folder of its own
(pytest-django gives each its own database).
"""

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.servers.keeper import Keeper
from tests.servers.parts import (
    HOW_TO_GET,
    VARIABLE,
    Servers,
    is_ci,
    not_run_without,
    servers_of_this_run,
    settings_environment,
)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    options = early_config.known_args_namespace
    if options.help or options.version:
        return
    if "PYTEST_XDIST_WORKER" not in os.environ:
        _start_servers(early_config)
    _point_settings_to(servers_of_this_run(), os.environ.get("PYTEST_XDIST_WORKER", "main"))


def _start_servers(config: pytest.Config) -> None:
    keeper = Keeper()
    config.add_cleanup(keeper.stop)
    servers = keeper.servers()
    if servers.missing and is_ci():
        lines = [f"{p} is missing: {why}. {HOW_TO_GET[p]}" for p, why in servers.missing.items()]
        raise pytest.UsageError(*lines)
    os.environ[VARIABLE] = servers.to_json()


def _point_settings_to(servers: Servers, worker: str) -> None:
    data = Path(servers.folder) / f"data-{worker}"
    data.mkdir()
    os.environ |= settings_environment(data)
    if servers.database_url:
        os.environ["DATABASE_URL"] = servers.database_url
    if servers.redis_url:
        os.environ["REDIS_URL"] = f"{servers.redis_url}/{_redis_number(worker)}"


def _redis_number(worker: str) -> int:
    return 0 if worker == "main" else int(worker.removeprefix("gw")) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        for part in servers_of_this_run().missing:
            if _NEEDS[part](item):
                item.add_marker(pytest.mark.skip(reason=not_run_without(part)))


def _needs_postgresql(item: pytest.Item) -> bool:
    """Without it the settings name SQLite, where the core must hold as well."""
    return _uses_database(item) and not item.get_closest_marker("core")


def _needs_redis(item: pytest.Item) -> bool:
    """The cache stands behind every page, and it is in Redis."""
    return _uses_database(item) or not {"redis_url", "client"}.isdisjoint(_fixtures(item))


def _uses_database(item: pytest.Item) -> bool:
    marked = item.get_closest_marker("django_db") is not None
    return marked or not {"db", "transactional_db", "django_db_setup"}.isdisjoint(_fixtures(item))


def _fixtures(item: pytest.Item) -> list[str]:
    """With those its fixtures ask for."""
    return getattr(item, "fixturenames", [])


_NEEDS = {"PostgreSQL": _needs_postgresql, "Redis": _needs_redis}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = terminalreporter.getreports("skipped")
    for part, how in HOW_TO_GET.items():
        reason = not_run_without(part)
        files = Counter(r.nodeid.split("::")[0] for r in skipped if reason in str(r.longrepr))
        if files:
            where = ", ".join(f"{file} ({number})" for file, number in files.items())
            terminalreporter.write_line(f"NOT RUN without {part}: {where}. To run them: {how}.")
