"""The number of queries of every page is the same for a few rows and for thousands."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from tests import builders, crowd
from tests.evabc.permission_table import VISITORS, address, addresses

pytestmark = pytest.mark.django_db

FEW = 50


def queries(client: Client, url: str) -> int | None:
    """The number of queries of a page; None if the visitor cannot open it."""
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(url)
    return len(captured) if answer.status_code == 200 else None


@pytest.mark.parametrize("many", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("visitor", ["lead", "worker"])
def test_every_page_takes_no_more_queries_with_thousands_of_requests_than_with_a_few(
    world, visitor, many
):
    assert visitor in VISITORS
    client = Client()
    builders.sign_in(
        client, builders.lead() if visitor == "lead" else world["worker"], fresh_code=True
    )
    models = crowd.templates(now=builders.NOW)
    crowd.grow(0, FEW * 10, models, now=builders.NOW)
    urls = [
        address(pattern, world)
        for name, pattern in addresses(get_resolver())
        if "logout" not in name and "mfa" not in name
    ]
    few = {}
    for url in urls:
        client.get(url)  # so that caches are filled
        few[url] = queries(client, url)
    crowd.grow(FEW * 10, many, models, now=builders.NOW)

    more = {
        url: (number, now)
        for url, number in few.items()
        if number is not None and (now := queries(client, url)) is not None and now > number
    }

    assert more == {}
    assert len([number for number in few.values() if number is not None]) > 20
