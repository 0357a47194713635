"""Fixtures for tests of the whole portal."""

import pytest
from django.db import transaction
from pytest_django import DjangoDbBlocker

from tests import builders
from tests.evabc.walk import Visit, walk
from tests.world import clients_of, one_of_each


@pytest.fixture(scope="session")
def visits(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> list[Visit]:
    """What every URL of the permission table answered to every visitor."""
    with django_db_blocker.unblock(), transaction.atomic():
        world = one_of_each()
        found = list(walk(world, clients_of(world)))
        transaction.set_rollback(True)
    return found


@pytest.fixture
def lou(client, settings):
    """A client signed in as a lead, with raised rate limits, that gets an error page instead of an exception."""
    settings.LIMITS_TIMES = 1_000
    client.raise_request_exception = False
    builders.sign_in(client, builders.lead(), fresh_code=True)
    return client
