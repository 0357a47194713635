"""Hostile input in the fields of every form and in URLs."""

import re
import socket
from urllib.parse import urlencode, urlsplit

import pytest
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.core.handlers.exception import response_for_exception
from django.db import InterfaceError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver

from tests import builders
from tests.evabc.hostile import BAD_IDS, IN_TURN_OR_EVERY, PAYLOADS, payloads_for, read
from tests.evabc.permission_table import address, addresses, can_open
from tests.figures import report_figure

pytestmark = pytest.mark.django_db

TYPED = [
    "attribute",
    "header",
    "NUL",
    "half a character",
    "flood of marks",
    "huge number",
    "date that is none",
    "long",
]
FORM = "application/x-www-form-urlencoded"


def as_bytes(text: str) -> bytes:
    return text.encode(errors="surrogatepass")


@pytest.mark.parametrize("every", IN_TURN_OR_EVERY)
@pytest.mark.parametrize("who", ["worker", "lead"])
def test_no_field_causes_an_error_or_runs(client, world, who, every, settings):
    settings.LIMITS_TIMES = 1_000
    user = world["worker"] if who == "worker" else builders.lead()
    builders.sign_in(client, user, fresh_code=True)
    client.raise_request_exception = False
    wrong, fields, tried = [], 0, 0
    for number, (name, pattern) in enumerate(addresses(get_resolver())):
        if not can_open(name, who):
            continue
        url = address(pattern, world)
        page = client.get(url)
        if page.status_code != 200 or not page["Content-Type"].startswith("text/html"):
            continue
        form = read(page.content.decode())
        fields += len(form.texts)
        for payload in payloads_for(number, TYPED, every=every) if form.texts else []:
            typed = {**form.fields, **dict.fromkeys(form.texts, PAYLOADS[payload])}
            body = urlencode({as_bytes(k): as_bytes(v) for k, v in typed.items()})
            with transaction.atomic():
                answer = client.post(url, body.encode(), content_type=FORM)
                transaction.set_rollback(True)
            tried += len(form.texts)
            if answer.status_code == 500:
                wrong.append(f"{name} {payload}: {answer.status_code}")
            elif answer["Content-Type"].startswith("text/html"):
                wrong += [f"{name} {payload}: {w}" for w in read(answer.content.decode()).found]
    report_figure(f"{who}: {fields} fields, {tried} filled with one of {len(TYPED)} payloads")
    assert fields > 5
    assert wrong == []


@pytest.mark.parametrize(
    "typed", [{f"name{number}": "x" for number in range(10_000)}, {"name": "x" * 1_000_000}]
)
def test_a_form_that_is_too_large_gets_a_page_that_says_what_to_do(client, typed):
    builders.sign_in(client, builders.worker())
    page = client.post("/my/details/", urlencode(typed), content_type=FORM)
    assert page.status_code == 413
    assert "<h1>That was too large</h1>" in page.content.decode()


@pytest.mark.parametrize(
    ("url", "status"), [("/communities/%00/", 404), ("/communities/?q=%00", 400)]
)
def test_an_address_with_a_nul_gets_an_error_page(client, url, status):
    page = client.get(url)
    assert page.status_code == status
    assert "<h1>" in page.content.decode()


def test_an_unexpected_error_gets_a_page_without_its_cause(client, monkeypatch):
    def fail():
        raise ValueError("the password of the database")

    monkeypatch.setattr("communities.views._communities", fail)
    client.raise_request_exception = False
    page = client.get("/communities/")

    assert page.status_code == 500
    assert "<h1>Something went wrong</h1>" in page.text
    assert "password" not in page.text
    assert "ValueError" not in page.text


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (BadRequest("no"), 400),
        (RequestDataTooBig("no"), 413),
        (ValueError("no"), 500),
        (InterfaceError("no"), 503),
    ],
)
def test_error_pages_name_the_mailboxes_without_a_database(client, rf, error, status):
    client.get("/questions/")  # this process has read them once

    with CaptureQueriesContext(connection) as queries:
        try:
            raise error
        except type(error):
            page = response_for_exception(rf.get("/"), error)
        text = page.text

    assert page.status_code == status
    assert 'href="mailto:programsupport@endingviolence.org"' in text
    assert "email us at one of the addresses below" in text
    assert len(queries) == 0


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "second", ["Transfer-Encoding: chunked", "Content-Length: 5", "Transfer-Encoding: x, chunked"]
)
def test_a_request_with_two_lengths_is_refused(portal, second):
    """So that no server in front can take a part of it for another request."""
    place = urlsplit(portal.url)
    heading = f"POST /accounts/login/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 30\r\n{second}"
    with socket.create_connection((place.hostname, place.port), timeout=10) as connection:
        connection.sendall(f"{heading}\r\n\r\n0\r\n\r\nGET / HTTP/1.1".encode())
        assert re.match(rb"HTTP/1.1 (400|501) ", connection.recv(100))


PLACES = re.compile(r"<\w+:\w+>|\(\?P<\w+>[^)]*\)")
OURS = ["q", "kind", "who", "first", "last", "before", "next", "to", "state", "community"]
QUESTIONS = [
    *("&".join(f"{name}={value}" for name in OURS) for value in ("9" * 40, "%ED%A0%80")),
    *(f"{name}={'9' * 40}" for name in ("p", "id__exact")),
]


def answer(client: Client, method: str, url: str) -> int:
    """The status for a path exactly as given. Django's client would quote it again."""
    path, _, query = url.partition("?")
    return getattr(client, method)(path, QUERY_STRING=query).status_code


@pytest.mark.parametrize("every", IN_TURN_OR_EVERY)
@pytest.mark.parametrize("method", ["get", "post"])
def test_impossible_ids_in_urls(lou, world, method, every):
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
def test_nonsense_query_strings(lou, world, every):
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
