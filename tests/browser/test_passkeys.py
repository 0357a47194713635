"""Staff set up a passkey and sign in with it, without an emailed code."""

import pytest

from tests import builders
from tests.browser.test_accessibility import WIDTHS, problems
from tests.browser.test_main_job import sign_in
from tests.servers import processes

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def sign_in_with_a_device(page, address, smtp_server):
    """Open the page on a device that supports passkeys, and sign in with a code."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})
    page.goto(address)
    sign_in(page, smtp_server, "priya@example.org")


def test_a_passkey_opens_the_desk_in_one_step(portal, smtp_server, open_page):
    builders.staff()
    page = open_page(width=360)
    sign_in_with_a_device(
        page, f"{portal.url}/accounts/login/?next=/accounts/2fa/webauthn/add/", smtp_server
    )
    page.get_by_label("Use it to sign in without an emailed code").check()
    page.get_by_role("button", name="Add passkey or key").click()
    page.wait_for_url("**/accounts/2fa/**")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()

    page.goto(f"{portal.url}/accounts/login/?next=/admin/")
    page.get_by_role("button", name="Sign in with a passkey").click()

    page.wait_for_url(f"{portal.url}/admin/")
    assert page.get_by_role("heading", level=1).inner_text().startswith("Today, ")


def test_the_passkey_button_is_hidden_without_javascript(portal, open_page):
    page = open_page(width=360, javascript=False)
    page.goto(f"{portal.url}/accounts/login/")
    assert page.get_by_role("button", name="Send me a code").is_visible()
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()


@pytest.fixture
def strict_portal(transactional_db, redis_url, smtp_server, data_folder):
    """A portal that requires two-step sign-in, as every portal does except `make run`."""
    log = data_folder / "strict.log"
    with processes.portal(log, EMAIL_URL=smtp_server.url, EVABC_SECOND_FACTOR="1") as portal:
        yield portal


@pytest.mark.parametrize("width", WIDTHS)
def test_staff_set_up_two_step_sign_in_and_reach_the_page_they_asked_for(
    strict_portal, smtp_server, open_page, width
):
    builders.staff()
    page = open_page(width=width)
    wanted = f"{strict_portal.url}/admin/membership/agency/"
    sign_in_with_a_device(page, wanted, smtp_server)

    assert page.get_by_role("heading", level=1).inner_text() == "Two-step sign-in"
    seen = problems(page)
    page.get_by_role("link", name="Set up a passkey").click()
    seen += problems(page)
    page.get_by_label("Use it to sign in without an emailed code").check()
    page.get_by_role("button", name="Add passkey or key").click()
    page.get_by_role("link", name="I have saved my codes").wait_for()
    seen += problems(page)
    page.get_by_role("link", name="I have saved my codes").click()

    page.wait_for_url(wanted)
    assert seen == []
