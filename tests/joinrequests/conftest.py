"""An applicant, and their browser."""

import pytest
from django.test import Client

from membership.models import User
from tests import builders


@pytest.fixture
def worker() -> User:
    return builders.worker()


@pytest.fixture
def signed_in(client: Client, worker: User) -> Client:
    builders.sign_in(client, worker)
    return client
