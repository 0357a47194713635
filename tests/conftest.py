"""Fixtures that give a test a real server. Each is started when the first test asks for it."""

import gc
import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
import redis
from django.core.cache import caches
from django.test import Client
from hypothesis import HealthCheck, settings
from playwright.sync_api import Browser, Page, sync_playwright
from pytest_django import DjangoDbBlocker
from whitenoise.middleware import WhiteNoiseMiddleware

from evabc import limits
from membership.models import User
from tests import builders
from tests.servers import chromium as browser
from tests.servers import processes
from tests.servers.parts import MissingPart, servers_of_this_run
from tests.servers.smtp import SmtpServer
from tests.world import clients, world  # noqa: F401 - fixtures

# How often a property is tried: `make test-all` asks for "long". A busy machine is no failure, and the
# database of a function-scoped fixture is put back by the tests themselves.
for profile, examples in (("short", 20), ("long", 300)):
    settings.register_profile(
        profile,
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )
settings.load_profile("short")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest tests come first, so that no xdist worker waits for another one's at the end: those that
    share one long walk, which stay with the worker that takes it."""
    items.sort(key=lambda item: "visits" not in getattr(item, "fixturenames", ()))


def pytest_collection_finish() -> None:
    """Thousands of tests and all modules live as long as the run: the garbage collector need not go through
    them again and again, which took an eighth of the time."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """A folder of this xdist worker alone, gone after the run."""
    return Path(os.environ["EVABC_DATA_DIR"])


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, data_folder: Path
) -> None:
    """On SQLite, test on a file: Django's own choice, memory, is closed to other processes."""
    from django.db import connection

    if connection.vendor == "sqlite":
        connection.settings_dict["TEST"]["NAME"] = str(data_folder / "test.sqlite3")


@pytest.fixture(scope="session")
def _catalogue_of_every_database() -> None:
    """Write the catalogue whenever Django has made or emptied the tests' database."""
    from django.apps import apps
    from django.db.models.signals import post_migrate

    # Sent for one app after the other, also after the flush that ends a transactional test. The
    # permissions that the groups hold are there when it is this app's turn.
    post_migrate.connect(_write_the_catalogue, sender=apps.get_app_config("joinrequests"))


def _write_the_catalogue(**signal: object) -> None:
    """The six communities with their rules, the first reasons, the teams and their groups."""
    from communities.catalogue import seed
    from membership.accounts.teams import seed_groups
    from requests.reasons import seed_reasons

    seed()
    seed_reasons()
    seed_groups()


@pytest.fixture(scope="session")
def _quick_flush() -> Iterator[None]:
    """A transactional test ends with a flush, in which Django empties each table and has all handlers of
    ``post_migrate`` write again what they wrote into the database. Here it puts back their rows."""
    from django.core.management.commands import flush
    from django.db import connection

    operations = type(connection.ops)
    empty = _empty_on_postgresql if connection.vendor == "postgresql" else _empty_on_sqlite
    execute = operations.execute_sql_flush
    catalogue = _all_rows()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(operations, "execute_sql_flush", lambda ops, sql: execute(ops, empty(sql)))
        patch.setattr(flush, "emit_post_migrate_signal", lambda *args: _put_back(catalogue))
        yield


def _empty_on_postgresql(statements: list[str]) -> list[str]:
    """DELETE of what few rows there are, without the triggers that protect history and relations. TRUNCATE
    would make a new file for each table and index. As it does, this waits for open transactions."""
    tables = [f'"{table}"' for table in _tables()]
    return [
        f"LOCK TABLE {', '.join(tables)} IN ACCESS EXCLUSIVE MODE",
        "SET LOCAL session_replication_role = replica",
        "; ".join(f"DELETE FROM {table}" for table in tables),  # noqa: S608 - our own tables
    ]


def _empty_on_sqlite(statements: list[str]) -> list[str]:
    """One table after the other, so the one that releases history comes last."""
    from membership.append_only import HistoryRelease

    table = HistoryRelease._meta.db_table
    released = sorted(statements, key=lambda statement: table in statement)
    return [f"INSERT INTO {table} DEFAULT VALUES", *released]


def _tables() -> list[str]:
    from django.db import connection

    return connection.introspection.django_table_names(only_existing=True, include_views=False)


def _all_rows() -> dict[str, tuple[list[str], list[tuple[Any, ...]]]]:
    """The columns and rows of each table that has any."""
    from django.db import connection

    found = {}
    with connection.cursor() as cursor:
        for table in _tables():
            cursor.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - our own tables
            if rows := cursor.fetchall():
                found[table] = [f'"{column[0]}"' for column in cursor.description], rows
    return found


def _put_back(found: dict[str, tuple[list[str], list[tuple[Any, ...]]]]) -> None:
    from django.db import connection, transaction

    with transaction.atomic(), connection.cursor() as cursor:
        for table, (columns, rows) in found.items():
            row = f"({', '.join(['%s'] * len(columns))})"
            cursor.execute(
                f'INSERT INTO "{table}" ({", ".join(columns)}) VALUES {", ".join([row] * len(rows))}',  # noqa: S608
                [value for values in rows for value in values],
            )


@pytest.fixture(scope="session")
def django_db_setup(
    _catalogue_of_every_database: None,
    django_db_setup: None,
    django_db_blocker: DjangoDbBlocker,
    request: pytest.FixtureRequest,
) -> None:
    """The test database, which every test finds with the catalogue in it."""
    with django_db_blocker.unblock():
        request.getfixturevalue("_quick_flush")


@pytest.fixture(scope="session", autouse=True)
def _static_files_are_looked_for_once() -> Iterator[None]:
    """Each client of a test makes the middleware again, which would go through all static files again."""
    find = WhiteNoiseMiddleware.add_files_from_finders
    found: dict[str, Any] = {}

    def find_once(self: WhiteNoiseMiddleware) -> None:
        if not found:
            find(self)
            found.update(self.files)
        self.files.update(found)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WhiteNoiseMiddleware, "add_files_from_finders", find_once)
        yield


@pytest.fixture(scope="module")
def rows_of_the_module(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Rows that a module's own fixture writes are there for each of its tests, which change nothing of
    them for the others. Not for a module with transactional tests."""
    from django.db import transaction

    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="session")
def _own_redis(redis_url: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(redis_url) as client:
        yield client


@pytest.fixture(autouse=True)
def _empty_caches(_own_redis: redis.Redis) -> None:
    """Each test begins without the cache, limits, tasks and public pages another one left."""
    for name in ("pages", "copies"):
        caches[name].clear()
    _own_redis.flushdb()


@pytest.fixture
def worker() -> User:
    return builders.worker()


@pytest.fixture
def signed_in(client: Client, worker: User) -> Client:
    builders.sign_in(client, worker)
    return client


@pytest.fixture
def priya() -> User:
    """Of program support, as Sam; Camille is of the other team."""
    return builders.staff()


@pytest.fixture
def sam() -> User:
    return builders.staff(email="sam@example.org")


@pytest.fixture
def camille() -> User:
    return builders.staff(builders.CCSS, "camille@example.org")


@pytest.fixture
def desk(client: Client, priya: User) -> Client:
    """The staff site in Priya's browser."""
    builders.sign_in(client, priya)
    return client


@pytest.fixture
def small(monkeypatch):
    """Limits that a test reaches quickly: three per person, five per network, six codes per email."""
    lowered = tuple(
        replace(limit, per_person=3, per_network=5, per_email=limit.per_email and 6)
        for limit in limits.LIMITS
    )
    monkeypatch.setattr(limits, "LIMITS", lowered)


@pytest.fixture(scope="session")
def redis_url() -> str:
    """Where this xdist worker has Redis to itself."""
    return os.environ["REDIS_URL"]


@pytest.fixture(scope="session")
def _smtp_server() -> Iterator[SmtpServer]:
    server = SmtpServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def smtp_server(_smtp_server: SmtpServer) -> SmtpServer:
    """A mail server that has no messages yet."""
    _smtp_server.clear()
    return _smtp_server


@pytest.fixture(scope="session")
def _portal(
    django_db_setup: None,
    django_db_blocker,
    redis_url: str,
    _smtp_server: SmtpServer,
    data_folder: Path,
) -> Iterator[processes.Portal]:
    with processes.portal(data_folder / "portal.log", EMAIL_URL=_smtp_server.url) as portal:
        yield portal


@pytest.fixture
def portal(
    transactional_db: None, smtp_server: SmtpServer, _portal: processes.Portal
) -> processes.Portal:
    """The portal's own web server on the test's database; its mail goes to `smtp_server`.

    One process for all tests of a worker: it holds no state that counts.
    """
    return _portal


@pytest.fixture(scope="module")
def _celery_worker(
    _portal: processes.Portal, _smtp_server: SmtpServer, data_folder: Path
) -> Iterator[Popen[bytes]]:
    # Links in its emails lead to the portal of the tests.
    extra = {"EMAIL_URL": _smtp_server.url, "PORTAL_URL": _portal.url}
    with processes.celery_worker(data_folder / "worker.log", **extra) as process:
        yield process


@pytest.fixture
def celery_worker_process(
    transactional_db: None, smtp_server: SmtpServer, _celery_worker: Popen[bytes]
) -> Popen[bytes]:
    """A Celery worker that takes the tasks of this test; its mail goes to `smtp_server`.

    One process for all tests of a module: those of others look at what no worker has taken yet.
    """
    return _celery_worker


@pytest.fixture(scope="session")
def chromium(data_folder: Path) -> Iterator[Browser]:
    try:
        program = browser.find(Path(servers_of_this_run().folder))
    except MissingPart as error:
        pytest.fail(f"Chromium is missing: {error}. Install it or set CHROMIUM.", pytrace=False)
    # Playwright keeps an event loop in this thread for as long as it runs, and Django refuses its
    # database where it sees one. The loop only ever runs inside Playwright's own calls, so no
    # query of a test can block it.
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        launched = playwright.chromium.launch(
            executable_path=program, args=browser.FLAGS, env=browser.environment(data_folder)
        )
        yield launched
        launched.close()


@pytest.fixture
def open_page(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """`open_page(width=1280, javascript=True)`: a page in a browser session of its own.

    The test fails when a page of it raises an error or breaks its Content Security Policy.
    """
    pages = browser.Pages(chromium)
    yield pages.open
    pages.close()
    if pages.problems:
        pytest.fail("\n".join(pages.problems), pytrace=False)
