"""A template of an email is changed in Chromium, and the next email goes out in the new words."""

import pytest
from playwright.sync_api import expect

from tests import builders
from tests.browser.test_main_job import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("celery_worker_process"),
]

DESK = "/admin/membership"


def test_a_changed_template_is_used_for_the_next_email(portal, smtp_server, open_page):
    builders.lead()
    pk = builders.sent(builders.worker()).pk
    page = open_page(width=1280, javascript=False)
    page.goto(f"{portal.url}/admin/")
    sign_in(page, smtp_server, "lou@example.org")
    page.goto(f"{portal.url}{DESK}/letterwording/")
    page.get_by_role("link", name="Request declined").click()
    words = "Dear {name},\n\nA new word.\n\n{text}\n\n{community_link}\n\n{team}"

    page.get_by_role("textbox", name="Text").fill(words + "\n{agency}")
    page.get_by_role("button", name="Save template").click()
    expect(page.get_by_role("alert")).to_contain_text("Line 10: {agency} is not a placeholder")
    expect(page.get_by_role("textbox", name="Text")).to_have_value(words + "\n{agency}")

    page.get_by_role("textbox", name="Text").fill(words)
    page.get_by_role("button", name="Preview email").click()
    expect(page.get_by_role("region", name="Preview (not saved yet)")).to_contain_text("Dear Dana,")
    page.get_by_role("button", name="Save template").click()
    expect(page.get_by_text("Template saved. The next email")).to_be_visible()

    page.goto(f"{portal.url}/admin/joinrequests/joinrequest/{pk}/decline/")
    expect(page.get_by_label("No ready text, only my own words")).to_be_checked()
    page.get_by_label("No current EVA BC membership").check()
    page.get_by_label("Your message").fill("Warm greetings.")
    page.get_by_role("button", name="Decline and email Dana").click()
    expect(page.get_by_text("Declined. An email is on its way to Dana.")).to_be_visible()

    mail = smtp_server.wait_for(to="dana@example.org", subject_contains="About your request")
    text = mail.get_body(("plain",)).get_content().replace("\r\n", "\n")
    assert text.startswith("Dear Dana,\n\nA new word.\n\nTo join this community, you or")
    assert "\n\nWarm greetings.\n\n" in text
