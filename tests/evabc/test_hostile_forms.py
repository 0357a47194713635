"""Every field of every form that a worker or a lead can open, filled with what means harm."""

from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.urls import get_resolver

from tests import builders
from tests.evabc.hostile import IN_TURN_OR_EVERY, PAYLOADS, payloads_for, read
from tests.evabc.permission_table import address, addresses
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
def test_no_field_brings_a_page_down_or_runs(client, world, who, every, settings):
    settings.LIMITS_TIMES = 1_000
    user = world["worker"] if who == "worker" else builders.lead()
    builders.sign_in(client, user, fresh_code=True)
    client.raise_request_exception = False
    wrong, fields, tried = [], 0, 0
    for number, (name, pattern) in enumerate(addresses(get_resolver())):
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


def test_ten_thousand_fields_get_a_page_that_says_what_to_do(client):
    builders.sign_in(client, builders.worker())
    page = client.post("/my/details/", {f"name{number}": "x" for number in range(10_000)})
    assert page.status_code == 400
    assert "it may be more than one form takes" in page.content.decode()


def test_a_field_of_a_megabyte_gets_the_same_page(client):
    builders.sign_in(client, builders.worker())
    body = urlencode({"name": "x" * 1_000_000})
    page = client.post("/my/details/", body, content_type=FORM)
    assert page.status_code == 400
    assert "it may be more than one form takes" in page.content.decode()


@pytest.mark.parametrize(
    ("url", "status"), [("/communities/%00/", 404), ("/communities/?q=%00", 400)]
)
def test_an_address_with_a_nul_is_answered_in_words(client, url, status):
    page = client.get(url)
    assert page.status_code == status
    assert "<h1>" in page.content.decode()
