"""Addresses and questions that no page of ours leads to: an answer in words, never a fault."""

import re

import pytest
from django.test import Client
from django.urls import get_resolver

from tests import builders
from tests.evabc.hostile import BAD_IDS, IN_TURN_OR_EVERY, payloads_for
from tests.evabc.permission_table import address, addresses
from tests.figures import report_figure

pytestmark = pytest.mark.django_db

PLACES = re.compile(r"<\w+:\w+>|\(\?P<\w+>[^)]*\)")
OURS = ["q", "kind", "who", "first", "last", "before", "next", "to", "state", "community"]
QUESTIONS = [
    *("&".join(f"{name}={value}" for name in OURS) for value in ("9" * 40, "%ED%A0%80")),
    *(f"{name}={'9' * 40}" for name in ("p", "id__exact")),
]


def answer(client: Client, method: str, url: str) -> int:
    """The path as the browser sends it; Django's client would quote it once more."""
    path, _, query = url.partition("?")
    return getattr(client, method)(path, QUERY_STRING=query).status_code


@pytest.fixture
def lou(client, settings):
    settings.LIMITS_TIMES = 1_000  # what is asked here is thousands of pages
    client.raise_request_exception = False
    builders.sign_in(client, builders.lead(), fresh_code=True)
    return client


@pytest.mark.parametrize("every", IN_TURN_OR_EVERY)
@pytest.mark.parametrize("method", ["get", "post"])
def test_places_that_cannot_be(lou, world, method, every):
    faults, tried = [], 0
    with_places = [one for one in addresses(get_resolver()) if PLACES.search(one[1])]
    for number, (name, pattern) in enumerate(with_places):
        for bad in payloads_for(number, BAD_IDS, every=every):
            tried += 1
            url = PLACES.sub(lambda _: bad, pattern)  # noqa: B023
            if answer(lou, method, url) == 500:
                faults.append(f"{method} {name} {bad[:30]}")
    report_figure(f"{tried} addresses")
    assert faults == []


@pytest.mark.parametrize("every", IN_TURN_OR_EVERY)
def test_questions_that_cannot_be(lou, world, every):
    faults, tried = [], 0
    for number, (name, pattern) in enumerate(addresses(get_resolver())):
        if name in ("account_logout", "admin:logout"):
            continue
        for question in payloads_for(number, QUESTIONS, every=every):
            tried += 1
            if answer(lou, "get", f"{address(pattern, world)}?{question}") == 500:
                faults.append(f"{name} {question[:60]}")
    report_figure(f"{tried} questions")
    assert faults == []
