"""A day at the desk in Chromium: take a request from the queue, review it, go on to the next by keyboard."""

import pytest
from playwright.sync_api import expect

from tests import builders
from tests.portal.test_main_job_in_a_browser import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("catalogue"),
]


def access_key(page, letter):
    """Alt and a letter, as the browser itself takes them: Playwright's own press leaves the text out."""
    keys = page.context.new_cdp_session(page)
    key = {"key": letter, "unmodifiedText": letter, "windowsVirtualKeyCode": ord(letter.upper())}
    for kind in ("rawKeyDown", "keyUp"):
        keys.send("Input.dispatchKeyEvent", {"type": kind, "modifiers": 1, **key})


@pytest.mark.parametrize("javascript", [True, False], ids=["with JavaScript", "without"])
def test_take_review_and_on_to_the_next(portal, smtp_server, open_page, javascript):
    staff = builders.staff()
    first, second = (
        builders.sent(builders.worker(f"{name.lower()}@example.org"), name=f"{name} Sample")
        for name in ("Dana", "Kai")
    )
    page = open_page(width=1280, javascript=javascript)
    page.goto(f"{portal.url}/admin/joinrequests/joinrequest/?whose=nobody")
    sign_in(page, smtp_server, staff.email)

    page.get_by_role("button", name=f"I’m on it ({first.reference})").click()
    expect(page.get_by_text(f"You are on {first.reference} for a day.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Dana Sample ({first.reference})")).to_have_count(0)
    page.get_by_role("link", name="I am", exact=True).click()
    page.get_by_role("link", name=f"Dana Sample ({first.reference})").click()
    expect(page.get_by_text("You are on it")).to_be_visible()

    page.goto(f"{portal.url}/admin/joinrequests/joinrequest/{first.pk}/change/")
    page.get_by_label("A note for your colleagues").fill("She called this morning.")
    page.get_by_role("button", name="Keep this note").click()
    expect(page.get_by_text("She called this morning.")).to_be_visible()
    access_key(page, "j")
    expect(page.get_by_role("heading", level=1)).to_have_text("Kai Sample: STVC")
    page.get_by_role("button", name="I’m on it").press("Enter")
    expect(page.get_by_text(f"You are on {second.reference} for a day.")).to_be_visible()
    access_key(page, "k")
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana Sample: STVC")
