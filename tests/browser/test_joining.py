"""Filling in the join form on a phone: nothing is cut, one answer is changed, the rest is discarded."""

import pytest
from playwright.sync_api import expect

from requests.joining.forms import MAX_NOTE_LENGTH
from requests.models import JoinRequest
from tests import builders
from tests.browser.test_main_job import choose

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.mark.parametrize("javascript", [True, pytest.param(False, marks=pytest.mark.slow)])
def test_a_long_note_stays_and_one_answer_is_changed(portal, open_page, javascript):
    worker = builders.worker()
    page = open_page(width=360, javascript=javascript)
    builders.sign_in_browser(page, portal.url, worker)
    page.goto(f"{portal.url}/communities/icat/join/")
    expect(page.get_by_role("link", name="Discard these answers")).to_have_count(0)
    page.get_by_label("Your agency").fill("Sample Police Service")
    page.get_by_label("Town or community").fill("Invented Lake")
    choose(page, "Is your initiative an ICAT?", "Yes")
    choose(page, "What is your role?", "Chair")
    note = page.get_by_label("Anything else")
    note.fill("x" * (MAX_NOTE_LENGTH + 3))
    if javascript:
        expect(page.get_by_text("3 characters too many")).to_be_visible()
        expect(page.get_by_role("link", name="Discard these answers")).to_be_visible()
    page.get_by_role("button", name="Continue").click()

    page.get_by_role("link", name="Your note is 2003 characters long.").click()
    expect(note).to_be_focused()
    expect(note).to_have_value("x" * (MAX_NOTE_LENGTH + 3))
    note.fill("We meet monthly.")
    page.get_by_role("button", name="Continue").click()
    rules = page.locator("#rules")
    expect(rules).to_contain_text("To check")
    page.get_by_role("link", name="What is your role?").click()
    choose(page, "What is your role?", "Coordinator")
    page.get_by_role("button", name="Save answer").click()
    expect(rules).to_contain_text("Your answers fit")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360

    page.goto(f"{portal.url}/my/")
    expect(page.get_by_text("You have nothing to do right now.")).to_be_visible()
    page.get_by_role("link", name="Discard these answers").click()
    page.get_by_role("button", name="Discard answers").click()
    expect(page.get_by_text("have been deleted")).to_be_visible()
    assert not JoinRequest.objects.exists()
