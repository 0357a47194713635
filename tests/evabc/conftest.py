"""What tests of the whole portal share."""

import pytest

from tests import builders


@pytest.fixture
def lou(client, settings):
    """A lead who may ask for more than anybody, and gets a page where something fails."""
    settings.LIMITS_TIMES = 1_000
    client.raise_request_exception = False
    builders.sign_in(client, builders.lead(), fresh_code=True)
    return client
