"""The sample year is the same each time it is created on one day."""

import pytest
from django.db import transaction

from requests.models import JoinRequestEvent
from tests.evabc.sample.test_year import load

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def test_two_loads_on_one_day_create_the_same_year():
    stories = []
    for _ in range(2):
        with transaction.atomic():
            load()
            stories.append(story())
            transaction.set_rollback(True)

    assert len(stories[0]) > 150
    assert stories[0] == stories[1]


def story() -> list[tuple]:
    """The steps, without random references and Message-IDs."""
    steps = JoinRequestEvent.objects.order_by("pk")
    return list(steps.values_list("join_request__person__email", "verb", "at", "text", "reason"))
