"""Fixtures for tests of the whole portal."""

import pytest

from tests import builders


@pytest.fixture
def lou(client, settings):
    """A client signed in as a lead, with raised rate limits, that gets an error page instead of an exception."""
    settings.LIMITS_TIMES = 1_000
    client.raise_request_exception = False
    builders.sign_in(client, builders.lead(), fresh_code=True)
    return client
