"""The most sensitive actions ask for a fresh emailed code, even from a user who is signed in."""

import time

import pytest
import time_machine
from django.core import mail
from django.utils.http import urlencode

from membership.models import Export
from tests import builders
from tests.membership.accounts.conftest import newest_code, wrong

pytestmark = pytest.mark.django_db

SET_UP = "/accounts/2fa/totp/activate/"
CONFIRM = "/accounts/confirm/"


@pytest.fixture
def priya(client):
    """Staff who signed in this morning and may have left the device open."""
    staff = builders.staff()
    builders.sign_in(client, staff)
    return staff


def ask_for_a_code(client):
    client.post(CONFIRM, {"action": "send", "next": SET_UP})
    return newest_code()


def test_the_page_asks_for_a_code_and_opens_after_it(client, priya):
    led = client.get(SET_UP)
    assert led.url == f"{CONFIRM}?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    assert mail.outbox == []  # looking at the page sends nothing
    assert "Send me a code" in client.get(led.url).content.decode()

    code = ask_for_a_code(client)
    answer = client.post(CONFIRM, {"code": f" {code[:3]} {code[3:]} ", "next": SET_UP})

    assert mail.outbox[-1].to == [priya.email]
    assert answer.url == SET_UP
    assert client.get(SET_UP).status_code == 200


def test_the_code_from_signing_in_counts_as_fresh_for_ten_minutes(client):
    builders.sign_in(client, builders.staff(), fresh_code=True)
    assert client.get(SET_UP).status_code == 200
    with time_machine.travel(time.time() + 601):
        assert client.get(SET_UP).status_code == 302


def test_a_wrong_code_shows_an_error_and_the_third_one_ends_the_code(client, priya):
    code = ask_for_a_code(client)
    answers = [client.post(CONFIRM, {"code": wrong(code), "next": SET_UP}) for _ in range(3)]
    pages = [answer.content.decode() for answer in answers]

    assert ["That code is incorrect" in page for page in pages] == [True, True, False]
    assert answers[2].url == f"{CONFIRM}?next=%2Faccounts%2F2fa%2Ftotp%2Factivate%2F"
    page = client.get(answers[2].url).content.decode()
    assert "That was the third wrong code, so it no longer works. Ask for a new one." in page
    assert "Send me a code" in page
    client.post(CONFIRM, {"code": code, "next": SET_UP})
    assert client.get(SET_UP).status_code == 302


def test_a_code_expires(client, priya, settings):
    code = ask_for_a_code(client)
    with time_machine.travel(time.time() + 60 * settings.CODE_MINUTES + 1):
        page = client.post(CONFIRM, {"code": code, "next": SET_UP}, follow=True)
        assert "That code has expired. Ask for a new one." in page.content.decode()
        assert client.get(SET_UP).status_code == 302


def test_another_users_code_does_not_work(client, priya):
    code = ask_for_a_code(client)
    other = builders.staff(builders.CCSS, "camille@example.org")
    builders.sign_in(client, other)

    client.post(CONFIRM, {"code": code, "next": SET_UP})

    assert client.get(SET_UP).status_code == 302


def test_after_many_codes_a_page_says_to_wait(client, priya, small):
    statuses = [client.post(CONFIRM, {"action": "send"}).status_code for _ in range(4)]
    assert statuses == [302, 302, 302, 429]


def test_a_code_sent_too_often_is_not_said_to_be_kept(client, priya, small):
    ask_for_a_code(client)
    answers = [client.post(CONFIRM, {"code": "0", "next": SET_UP}) for _ in range(4)]
    assert answers[-1].status_code == 429
    assert "Send again" not in answers[-1].content.decode()


@pytest.mark.parametrize(
    ("wanted", "to"), [("https://elsewhere.example/", "/my/"), ("no-page", "no-page")]
)
def test_it_never_redirects_to_another_site_and_never_fails(client, priya, wanted, to):
    code = ask_for_a_code(client)
    assert client.post(CONFIRM, {"code": code, "next": wanted}).url == to


@pytest.mark.parametrize(
    ("page", "sheet"),
    [
        ("/admin/coverage/", "/admin/coverage/sheet/"),
        ("/admin/reports/?first=2026-01-01&last=2026-03-31", "/admin/reports/sheet/"),
        ("/admin/roster-sheet/", "/admin/roster-sheet/"),
    ],
)
def test_an_export_needs_a_code_and_its_page_opens_after_the_code(client, priya, page, sheet):
    led = client.post(sheet, {"format": "csv"}, headers={"referer": f"http://testserver{page}"})
    assert led.url == f"{CONFIRM}?{urlencode({'next': page})}"
    assert Export.objects.count() == 0


@pytest.mark.parametrize(
    "page",
    [
        "/accounts/reauthenticate/",
        "/accounts/2fa/reauthenticate/",
        "/accounts/2fa/webauthn/reauthenticate/",
    ],
)
def test_allauths_reauthentication_asks_for_a_code_if_there_is_no_second_factor(
    client, priya, page
):
    assert client.get(f"{page}?next=/my/").url == f"{CONFIRM}?next=%2Fmy%2F"
