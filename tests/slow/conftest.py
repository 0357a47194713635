"""Fixtures of the slow tests."""

from collections.abc import Iterator

import pytest
from django.db import connection

from tests.servers.processes import process_environment


@pytest.fixture
def empty_database() -> Iterator[str]:
    """The URL of an empty PostgreSQL database beside the one of the tests."""
    name = f"{connection.settings_dict['NAME']}_empty"
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE DATABASE "{name}"')
    yield process_environment()["DATABASE_URL"].rpartition("/")[0] + f"/{name}"
    with connection.cursor() as cursor:
        cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
