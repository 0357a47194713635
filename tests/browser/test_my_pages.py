"""Changing details and preferences on a phone, without JavaScript."""

import pytest
from playwright.sync_api import expect

from membership.models import Person
from tests import builders
from tests.browser.test_main_job import PHONE, choose, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_details_and_reminders_without_javascript(portal, smtp_server, open_page):
    worker = builders.worker()
    page = open_page(width=PHONE, javascript=False)
    page.goto(f"{portal.url}/my/")
    sign_in(page, smtp_server, worker.email)
    expect(page.get_by_text("Nothing waits for you.")).to_be_visible()
    assert fits(page)

    page.get_by_role("link", name="My details").click()
    page.get_by_label("Your full name").fill("Dana Neu")
    page.get_by_label("Work phone").fill("250 555 0100")
    page.get_by_role("button", name="Save my details").click()
    expect(page.get_by_text("Your details are saved.")).to_be_visible()
    expect(page.get_by_label("Your full name")).to_have_value("Dana Neu")
    assert fits(page)

    page.goto(f"{portal.url}/my/preferences/")
    choose(page, "Do you want reminders?", "No, send me no reminders")
    page.get_by_role("button", name="Save my choice").click()
    expect(page.get_by_text("Reminders are off.")).to_be_visible()
    expect(page.get_by_label("No, send me no reminders")).to_be_checked()
    assert fits(page)

    kept = Person.objects.values_list("name", "phone", "wants_reminders").get()
    assert kept == ("Dana Neu", "250 555 0100", False)


def test_new_work_without_a_community(portal, smtp_server, open_page):
    worker = builders.worker()
    page = open_page(width=PHONE, javascript=False)
    page.goto(f"{portal.url}/my/details/")
    sign_in(page, smtp_server, worker.email)
    page.get_by_role("link", name="Tell us of my role in a coordination initiative").click()
    page.get_by_label("Your agency or organisation").fill("Sample Police Service")
    page.get_by_label("Town or community you serve").fill("Invented Lake")
    page.get_by_role("radio").first.check()
    page.get_by_role("group", name="What is your role").get_by_role("radio").first.check()
    page.get_by_role("button", name="Save my work").click()
    expect(page.get_by_text("Your work is on record as you told us.")).to_be_visible()
    expect(page.get_by_text("You told us", exact=True)).to_be_visible()
    assert fits(page)
