"""Staff complete two-step sign-in in each session before any page of the staff desk."""

import re
import time

import pytest
import time_machine

from tests import builders
from tests.membership.accounts.conftest import newest_code

pytestmark = pytest.mark.django_db

DESK = "/admin/joinrequests/joinrequest/"


@pytest.mark.django_db(transaction=True)  # allauth signals a new factor on commit
def test_staff_set_up_an_app_and_reach_the_desk(client):
    builders.sign_in(client, builders.staff(), second_factor=False, fresh_code=True)
    assert client.get(f"{DESK}?state=all").url == "/accounts/2fa/first/"
    page = client.get("/accounts/2fa/totp/activate/").content.decode()
    secret = re.search(r"\b[A-Z2-7]{32}\b", page)[0]

    codes = client.post(
        "/accounts/2fa/totp/activate/", {"code": builders.totp_code(secret)}, follow=True
    ).content.decode()

    assert "I have saved my codes" in codes
    assert client.get("/accounts/2fa/first/").url == f"{DESK}?state=all"
    assert client.get(DESK).status_code == 200
    assert "I have saved" not in client.get("/accounts/2fa/recovery-codes/").content.decode()


def test_after_a_form_was_sent_to_the_desk_they_reach_its_front_page(client):
    builders.sign_in(client, builders.staff(), second_factor=False, fresh_code=True)
    client.post(DESK)
    assert client.session["wanted_before_first_factor"] == "/admin/"


def test_staff_with_a_second_factor_use_it_again_in_a_new_session(client):
    staff = builders.staff()
    builders.authenticator_app(staff)
    builders.sign_in(client, staff, second_factor=False, fresh_code=True)

    assert client.get(DESK).url == f"/accounts/2fa/reauthenticate/?next={DESK.replace('/', '%2F')}"


def test_in_the_sample_mode_it_can_be_off_and_a_banner_says_so(client, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    builders.sign_in(client, builders.staff(), second_factor=False, fresh_code=True)

    page = client.get(DESK)

    assert page.status_code == 200
    assert "Two-step sign-in for staff is turned off on this computer." in page.content.decode()


@pytest.mark.parametrize("page", ["totp/deactivate", "recovery-codes/generate"])
def test_changing_two_step_sign_in_takes_both_steps_again(client, page):
    staff = builders.staff()
    secret = builders.authenticator_app(staff)
    builders.sign_in(client, staff)
    url = f"/accounts/2fa/{page}/"
    assert client.get(url).url.startswith("/accounts/confirm/")
    client.post("/accounts/confirm/", {"action": "send"})
    client.post("/accounts/confirm/", {"code": newest_code()})
    assert client.get(url).url.startswith("/accounts/2fa/reauthenticate/")
    with time_machine.travel(time.time(), tick=False):  # or its thirty seconds could end in between
        client.post("/accounts/2fa/reauthenticate/", {"code": builders.totp_code(secret)})
    assert client.get(url).status_code == 200
