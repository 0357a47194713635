"""Deciding on one request after the other: the keys, the email as it is typed, the next request, and Undo."""

import re

import pytest
from playwright.sync_api import expect

from membership.models import Person
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

QUEUE = "/admin/joinrequests/joinrequest/"


@pytest.fixture
def staff(portal, open_page):
    page = open_page(width=1280)
    builders.sign_in_browser(page, portal.url, builders.staff())
    return page


def test_a_request_is_decided_by_keys_the_next_one_opens_and_one_click_undoes(portal, staff):
    first, second = (
        builders.sent(builders.worker(f"{name.lower()}@example.org", f"{name} Sample"), name=name)
        for name in ("Robin", "Kim")
    )
    staff.goto(f"{portal.url}{QUEUE}{first.pk}/change/")
    staff.keyboard.press("j")
    staff.wait_for_url(f"**/{second.pk}/change/**")
    staff.keyboard.press("k")
    staff.wait_for_url(f"**/{first.pk}/change/**")
    staff.keyboard.press("a")
    staff.wait_for_url(f"**/{first.pk}/approve/**")
    words = staff.get_by_label("Personal message (optional)")
    button = staff.get_by_role("button", name=re.compile("^Approve and email"))
    box = button.bounding_box()
    assert box
    assert box["y"] + box["height"] < 800

    words.fill("a day in Sampleton")  # no key while they write
    expect(staff.locator("#email-preview")).to_contain_text("a day in Sampleton")
    button.click()

    staff.wait_for_url(f"**/{second.pk}/change/**")
    staff.get_by_role("button", name="Undo").click()
    staff.wait_for_url(f"**/{first.pk}/change/**")
    assert JoinRequest.objects.get(pk=first.pk).state == State.AWAITING_REVIEW


def test_the_keys_are_listed_and_can_be_turned_off(portal, staff):
    asked = builders.sent(builders.worker())
    url = f"{portal.url}{QUEUE}{asked.pk}/change/"
    staff.goto(url)
    staff.get_by_role("link", name="Roster checks").focus()  # keys work from the menu too
    staff.keyboard.press("?")
    expect(staff.get_by_text("Ask a question")).to_be_visible()
    expect(staff.get_by_text("Next request")).to_be_hidden()  # there is none
    expect(staff.get_by_role("button", name="Close")).to_be_focused()
    staff.get_by_role("button", name="Turn off").click()
    expect(staff.get_by_text("Keyboard shortcuts are off.")).to_be_visible()

    staff.keyboard.press("a")
    staff.keyboard.press("/")

    assert staff.url == url
    assert staff.evaluate("document.activeElement.id") != "desk-search"


def test_the_key_m_leads_to_the_merge_of_two_similar_records(portal, staff):
    Person.objects.create(name="Dana Sample", email="dana@other.example")
    asked = builders.sent(builders.worker())
    staff.goto(f"{portal.url}{QUEUE}{asked.pk}/change/")

    staff.keyboard.press("m")

    staff.wait_for_url("**/merge/**")
    expect(staff.get_by_role("button", name="Merge the two records")).to_be_visible()


def test_on_a_phone_the_decision_stays_in_sight_and_its_button_is_on_the_first_screen(
    portal, open_page
):
    phone = open_page(width=360)
    builders.sign_in_browser(phone, portal.url, builders.staff())
    asked = builders.sent(builders.worker(), carries_caseload="no")
    phone.goto(f"{portal.url}{QUEUE}{asked.pk}/change/")
    phone.evaluate("scrollTo(0, document.body.scrollHeight)")

    decline = phone.get_by_role("link", name=re.compile("^Decline and email"))
    expect(decline).to_be_in_viewport(ratio=1)

    for verb in ("approve", "ask", "decline"):
        phone.goto(f"{portal.url}{QUEUE}{asked.pk}/{verb}/")
        button = phone.locator(f"button.desk-button-{verb}")
        expect(button).to_be_in_viewport(ratio=1)
        assert phone.evaluate("scrollY") == 0
