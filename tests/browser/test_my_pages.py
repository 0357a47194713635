"""A member's own pages on a phone: details, preferences and the yearly question."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from membership.models import Enrolment, OutboxEmail, Person, YearlyConfirmation
from requests.clock.yearly import ask_yearly
from tests import builders
from tests.browser.test_main_job import PHONE, WITH_AND_WITHOUT, choose, sign_in
from tests.membership.meetings.plans import member

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def fits(page):
    return page.evaluate("document.documentElement.scrollWidth") <= PHONE


def test_details_and_reminders_without_javascript(portal, open_page):
    page = open_page(width=PHONE, javascript=False)
    builders.sign_in_browser(page, portal.url, builders.worker())
    page.goto(f"{portal.url}/my/")
    expect(page.get_by_text("You have nothing to do right now.")).to_be_visible()
    assert fits(page)

    page.get_by_role("link", name="My details").click()
    page.get_by_label("Your full name").fill("Dana Neu")
    page.get_by_label("Work phone").fill("250 555 0100")
    page.get_by_role("button", name="Save details").click()
    expect(page.get_by_text("Your details have been saved.")).to_be_visible()
    expect(page.get_by_label("Your full name")).to_have_value("Dana Neu")
    assert fits(page)

    page.goto(f"{portal.url}/my/preferences/")
    choose(page, "Do you want reminders?", "No reminders, please")
    page.get_by_role("button", name="Save preferences").click()
    expect(page.get_by_text("Reminders are off.")).to_be_visible()
    expect(page.get_by_label("No reminders, please")).to_be_checked()
    assert fits(page)

    kept = Person.objects.values_list("name", "phone", "wants_reminders").get()
    assert kept == ("Dana Neu", "250 555 0100", False)


def test_the_tab_that_is_open_is_seen_in_forced_colours(portal, open_page):
    page = open_page(width=PHONE)
    page.emulate_media(forced_colors="active")
    builders.sign_in_browser(page, portal.url, member().user)
    page.goto(f"{portal.url}/my/communities/stvc/topics/")
    line = "(tabs) => tabs.map((tab) => getComputedStyle(tab).borderBottomColor)"

    tabs = page.locator(".tabs a")
    open_one, others = (
        page.locator(".tabs a[aria-current]"),
        page.locator(".tabs a:not([aria-current])"),
    )

    assert tabs.count() == 6
    assert open_one.evaluate_all(line)[0] not in others.evaluate_all(line)


def test_the_way_to_other_pages_is_not_printed(portal, open_page):
    page = open_page(width=PHONE)
    page.emulate_media(media="print")
    builders.sign_in_browser(page, portal.url, member().user)
    page.goto(f"{portal.url}/my/communities/stvc/resources/")

    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator(".tabs")).to_be_hidden()
    expect(page.get_by_label("Search")).to_be_hidden()


@pytest.fixture
def link(portal):
    """The address in the email to somebody who never signed in before."""
    person = Person.objects.create(name="Dana Sample", email="dana@example.org")
    person.positions.create(
        program_type="STVC", agency_name="Old Sample House", carries_caseload=True
    )
    Enrolment.objects.create(person=person, community=builders.community(), started_on="2020-02-29")
    ask_yearly(now=timezone.now())
    path = re.search(r"/my/communities/\d+/confirm/", OutboxEmail.objects.get().body)
    return portal.url + path[0]


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_from_the_link_to_still_here(smtp_server, open_page, link, javascript):
    page = open_page(width=PHONE, javascript=javascript)
    page.goto(link)
    sign_in(page, smtp_server, "dana@example.org")
    expect(page.get_by_text("Old Sample House")).to_be_visible()
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    assert YearlyConfirmation.objects.get().answer == ""

    choose(page, "Which of these is true", "I still work there and carry a caseload")
    page.get_by_role("button", name="Send answer").click()

    expect(
        page.get_by_text("Thank you for checking in. You are still a member of STVC.")
    ).to_be_visible()
    expect(page.get_by_text("It’s time for your yearly check-in.")).to_have_count(0)
    assert YearlyConfirmation.objects.get().answer == "still-here"


def test_from_the_link_to_new_work(smtp_server, open_page, link):
    page = open_page(width=PHONE)
    page.goto(link)
    sign_in(page, smtp_server, "dana@example.org")
    page.get_by_label("I have changed jobs").check()
    page.get_by_role("button", name="Send answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your new work")
    expect(page.get_by_label("Your full name")).to_have_value("Dana Sample")

    page.get_by_label("Your agency or organization").fill("New Sample House")
    page.get_by_label("Town or community you serve").fill("Example Harbour")
    choose(page, "Which program", "Stopping the Violence Counselling (STVC)")
    choose(page, "Do you carry a caseload", "Yes")
    choose(page, "Does the Ministry", "I’m not sure")
    choose(page, "Do you or your agency hold", "My agency does")
    page.get_by_role("button", name="Send details").click()

    expect(page.get_by_text("EVA BC staff will review your new work")).to_be_visible()
    work = Person.objects.get().positions.order_by("pk")
    assert [(p.agency_name, p.ends_on is None) for p in work] == [
        ("Old Sample House", False),
        ("New Sample House", True),
    ]
