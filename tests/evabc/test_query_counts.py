"""The number of queries of every page is the same for a few rows and for thousands."""

import pytest
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from evabc.desk import navigation
from membership.accounts import middleware
from requests.desk import queue
from tests import builders, crowd
from tests.builders import queries_of
from tests.evabc.permission_table import address, addresses, can_open

pytestmark = pytest.mark.django_db

FEW = 500


@pytest.mark.parametrize("many", [2_000, pytest.param(10_000, marks=pytest.mark.slow)])
def test_every_page_takes_no_more_queries_with_thousands_of_requests_than_with_a_few(
    world, many, monkeypatch
):
    # The session is written once a minute; on a busy machine that would fall into the second round.
    monkeypatch.setattr(middleware, "SEEN_INTERVAL", 3600)
    # So are the counts of the menu and of the queue's views, which are kept for some seconds.
    for module in (navigation, queue):
        monkeypatch.setattr(module, "COUNTS_KEPT_FOR", 3600)
    clients = {"lead": Client(), "worker": Client()}
    for visitor, user in (("lead", builders.lead()), ("worker", world["worker"])):
        builders.sign_in(clients[visitor], user, fresh_code=True)
    models = crowd.templates(now=builders.NOW)
    crowd.grow(0, FEW, models, now=builders.NOW)
    # So are content types.
    ContentType.objects.get_for_models(*apps.get_models())
    clients["lead"].get("/admin/joinrequests/joinrequest/")
    few = {}
    for name, pattern in addresses(get_resolver()):
        url = address(pattern, world)
        for visitor, client in clients.items():
            if not can_open(name, visitor) or "logout" in name or "mfa" in name:
                continue
            with CaptureQueriesContext(connection) as queries:
                if client.get(url).status_code == 200:
                    few[visitor, url] = len(queries)
    crowd.grow(FEW, many, models, now=builders.NOW)

    more = {
        (visitor, url): (number, now)
        for (visitor, url), number in few.items()
        if (now := queries_of(clients[visitor].get, url)) > number
    }

    assert more == {}
    assert all(sum(one == visitor for one, _ in few) > 20 for visitor in clients)
