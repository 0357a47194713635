"""Staff members: Priya and Sam from program support, Camille from the other team."""

import pytest
from django.test import Client

from membership.models import User
from tests import builders


@pytest.fixture
def priya() -> User:
    return builders.staff()


@pytest.fixture
def sam() -> User:
    return builders.staff(email="sam@example.org")


@pytest.fixture
def camille() -> User:
    return builders.staff(builders.CCSS, "camille@example.org")


@pytest.fixture
def desk(client: Client, priya: User) -> Client:
    """Priya's browser."""
    builders.sign_in(client, priya)
    return client
