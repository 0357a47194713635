"""What matters most asks for a fresh emailed code, also of somebody who is signed in."""

import re
import time

import pytest
import time_machine
from django.core import mail
from django.core.cache import cache

from tests import builders

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("catalogue")]

SET_UP = "/accounts/2fa/totp/activate/"
CONFIRM = "/accounts/confirm/"


@pytest.fixture(autouse=True)
def no_limits_from_other_tests():
    cache.clear()


@pytest.fixture
def priya(client):
    """Signed in this morning; the device may have been left open."""
    staff = builders.staff()
    builders.sign_in(client, staff)
    return staff


def ask_for_a_code(client):
    client.post(CONFIRM, {"action": "send", "next": SET_UP})
    return re.search(r"^\d{6}$", mail.outbox[-1].body, re.MULTILINE)[0]


def test_she_is_led_to_the_code_and_back(client, priya):
    led = client.get(SET_UP)
    assert led.url == f"{CONFIRM}?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    assert mail.outbox == []  # looking at the page sends nothing
    assert "Send me a code" in client.get(led.url).content.decode()

    code = ask_for_a_code(client)
    answer = client.post(CONFIRM, {"code": f" {code[:3]} {code[3:]} ", "next": SET_UP})

    assert mail.outbox[-1].to == [priya.email]
    assert answer.url == SET_UP
    assert client.get(SET_UP).status_code == 200


def test_a_code_of_the_sign_in_itself_is_fresh_for_ten_minutes(client):
    builders.sign_in(client, builders.staff(), fresh_code=True)
    assert client.get(SET_UP).status_code == 200
    with time_machine.travel(time.time() + 601):
        assert client.get(SET_UP).status_code == 302


def test_a_wrong_code_says_so_and_the_third_ends_it(client, priya):
    code = ask_for_a_code(client)
    wrong = "000000" if code != "000000" else "111111"

    said = [
        client.post(CONFIRM, {"code": wrong, "next": SET_UP}).content.decode() for _ in range(3)
    ]

    assert ["This code is not right" in page for page in said] == [True] * 3
    assert "Ask for a new one." in said[2]
    client.post(CONFIRM, {"code": code, "next": SET_UP})
    assert client.get(SET_UP).status_code == 302


def test_a_code_is_too_old_after_ten_minutes(client, priya):
    code = ask_for_a_code(client)
    with time_machine.travel(time.time() + 601):
        client.post(CONFIRM, {"code": code, "next": SET_UP})
        assert client.get(SET_UP).status_code == 302


def test_somebody_elses_code_is_no_use(client, priya):
    code = ask_for_a_code(client)
    other = builders.staff(builders.CCSS, "camille@example.org")
    builders.sign_in(client, other)

    client.post(CONFIRM, {"code": code, "next": SET_UP})

    assert client.get(SET_UP).status_code == 302


def test_three_codes_a_minute_and_then_a_page_that_says_so(client, priya):
    statuses = [client.post(CONFIRM, {"action": "send"}).status_code for _ in range(4)]
    assert statuses == [302, 302, 302, 429]


def test_it_leads_to_no_other_site(client, priya):
    code = ask_for_a_code(client)
    answer = client.post(CONFIRM, {"code": code, "next": "https://elsewhere.example/"})
    assert answer.url == "/my/"
