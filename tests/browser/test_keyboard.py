"""The main job and a review in Chromium with the keyboard alone, on a phone's width and a desk's."""

import re

import pytest
from playwright.sync_api import expect

from membership.models import Agency
from tests import builders
from tests.browser import keyboard
from tests.membership.meetings.plans import member

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("celery_worker_process"),
]


def sign_in(page, smtp_server, email):
    keyboard.write(page, "Your work email", email)
    page.keyboard.press("Enter")
    mail = smtp_server.wait_for(to=email, subject_contains="sign-in code")
    page.get_by_label("Code").wait_for()
    code = re.search(r"\b\d{6}\b", mail.get_body(("plain",)).get_content())[0]
    if not page.get_by_label("Code").evaluate("e => e === document.activeElement"):
        keyboard.go_to(page, page.get_by_label("Code"))
    page.keyboard.type(code)
    page.keyboard.press("Enter")


@pytest.mark.parametrize("width", [pytest.param(360, marks=pytest.mark.slow), 1280])
def test_ask_to_join_and_be_approved(portal, smtp_server, open_page, width):
    builders.staff()
    worker = open_page(width=width)
    worker.goto(f"{portal.url}/communities/stvc/")
    keyboard.press(worker, worker.get_by_role("link", name="Ask to join").first)
    sign_in(worker, smtp_server, "dana@example.org")
    keyboard.write(worker, "Your full name", "Dana Sample")
    keyboard.write(worker, "Your agency or organization", "Example Harbour Family Services")
    keyboard.write(worker, "Town or community you serve", "Example Harbour")
    keyboard.choose(worker, "Do you work in", "Yes")
    keyboard.choose(worker, "Do you carry a caseload", "Yes")
    keyboard.choose(worker, "Does the Ministry", "I’m not sure")
    keyboard.choose(worker, "Do you or your agency hold", "My agency does")
    keyboard.press(worker, worker.get_by_role("button", name="Continue"))
    keyboard.press(worker, worker.get_by_role("button", name="Send request"))
    expect(worker.get_by_role("heading", level=1)).to_have_text("We received your request")

    staff = open_page(width=width)
    staff.goto(f"{portal.url}/admin/joinrequests/joinrequest/")
    sign_in(staff, smtp_server, "priya@example.org")
    keyboard.press(staff, staff.get_by_role("link", name=re.compile("Dana Sample")))
    keyboard.press(staff, staff.get_by_role("link", name="Approve and email Dana"))
    keyboard.write(staff, "Reason for approving", "Their supervisor confirmed it.")
    keyboard.write(staff, "Personal message", "We are glad that you are here.")
    keyboard.press(staff, staff.get_by_role("button", name="Approve and email Dana"))
    expect(staff.get_by_text("Dana will get a welcome email in 30 seconds.")).to_be_visible()
    builders.send_now("welcome")
    welcome = smtp_server.wait_for(to="dana@example.org", subject_contains="Welcome")
    assert "We are glad that you are here." in welcome.get_body(("plain",)).get_content()


def test_the_first_stop_skips_to_the_content(portal, open_page):
    page = open_page()
    page.goto(f"{portal.url}/communities/stvc/")

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to main content")).to_be_focused()
    page.keyboard.press("Enter")

    expect(page.locator("main")).to_be_focused()


def test_an_error_takes_the_focus_and_leads_to_its_field(portal, smtp_server, open_page):
    Agency.objects.create(name="Example Harbour Family Services")
    page = open_page()
    page.goto(f"{portal.url}/communities/stvc/join/")
    sign_in(page, smtp_server, "dana@example.org")
    keyboard.write(page, "Your agency or organization", "Example Harbour Family Services")
    suggested = page.locator("datalist option")
    expect(suggested).to_have_attribute("value", "Example Harbour Family Services")
    keyboard.press(page, page.get_by_role("button", name="Continue"))

    summary = page.get_by_role("alert").or_(page.locator(".error-summary"))
    expect(summary.first).to_be_focused()
    keyboard.press(page, summary.get_by_role("link").first)

    expect(page.get_by_label("Your full name")).to_be_focused()
    # The address ends with the name of that field now. The errors are first again anyway.
    keyboard.press(page, page.get_by_role("button", name="Continue"))
    expect(summary.first).to_be_focused()
    agency = page.get_by_label("Your agency or organization")
    expect(agency).to_have_value("Example Harbour Family Services")


def test_one_sees_where_one_is_also_on_the_calendar_button_of_a_date(portal, open_page):
    page = open_page(width=360)
    builders.sign_in_browser(page, portal.url, member("Ana Sample").user)
    page.goto(f"{portal.url}/my/communities/stvc/resources/offer/")

    keyboard.go_to(page, page.get_by_role("button", name="Offer it"))
