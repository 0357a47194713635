"""Many at once: the clicks of a Monday for roster checks, and for Slack and Zoom."""

import re
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import Page, expect

from membership.models import Access, Enrolment, OutboxEmail, WorklistRow
from membership.rosters.enrolments import enrol
from membership.rosters.reassessment import reassess
from tests import builders
from tests.browser.test_main_job import WITH_AND_WITHOUT
from tests.membership.rosters.enrolments import agency, enrolled, on_list, program

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


class Clicks:
    """Counts the clicks on a page. Typing is not one, choosing the field is."""

    def __init__(self, page: Page) -> None:
        self.page, self.count = page, 0

    def __call__(self, role, name) -> None:
        self.count += 1
        self.page.get_by_role(role, name=name).first.click()


def test_thirty_two_roster_checks_take_at_most_twelve_clicks(portal, open_page):
    now = timezone.now()
    today = timezone.localdate(now)
    listed = on_list(as_of=today)
    stays, ends = agency(ends_on=today + timedelta(days=300)), agency("Second Society")
    for number in range(32):
        # Nobody knows who funds the programs of twenty; those of the others have another funder.
        of, funder = (stays, "") if number < 20 else (ends, "other")
        how = {**listed, "community_served": f"Place {number}"} if funder else {}
        work = program(of, funder, **{"community_served": f"Place {number}", **how})
        enrolled(f"Member{number} Sample", work, **listed)
    reassess(now=now)
    assert WorklistRow.objects.filter(state="open").count() == 32
    page = open_page(width=1280)
    builders.sign_in_browser(page, portal.url, builders.staff())
    page.goto(f"{portal.url}/admin/")
    click = Clicks(page)

    click("link", re.compile("^Roster checks"))
    click("checkbox", re.compile("Select all"))
    click("button", "Confirm selected…")
    expect(page.get_by_role("heading", name="20 roster checks")).to_be_visible()
    click("textbox", "What you found")
    page.keyboard.type("The ministry’s list of this week names them.")
    click("button", "Confirm that they stay")
    expect(page.get_by_text("20 roster checks confirmed.")).to_be_visible()

    click("checkbox", re.compile("Select all"))
    click("button", "Email selected…")
    button = page.get_by_role("button", name="Email selected members")
    expect(button).to_be_in_viewport(ratio=1)  # above the members, however many they are
    click("button", "Email selected members")
    expect(page.get_by_text("12 emails go out in 30 seconds.")).to_be_visible()

    assert click.count == 8
    assert WorklistRow.objects.filter(state="settled").count() == 20
    assert OutboxEmail.objects.count() == 12


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_invitations_are_copied_and_marked_as_done_and_undone(portal, open_page, javascript):
    now = timezone.now()
    for name in ("Dana Sample", "Kai Sample"):
        person = builders.worker(f"{name[:3].lower()}@example.org", name).person
        on = timezone.localdate(now)
        with transaction.atomic():
            enrol(person=person, community=builders.community(), on=on, now=now)
    page = open_page(width=1280, javascript=javascript)
    builders.sign_in_browser(page, portal.url, builders.staff())
    page.goto(f"{portal.url}/admin/membership/access/?kind__exact=slack")
    click = Clicks(page)

    page.get_by_text("Invite to Slack: 2").click()
    emails = page.get_by_label("Emails to paste into Slack or Zoom")
    expect(emails).to_have_value("dan@example.org, kai@example.org")
    if javascript:
        click("button", "Copy emails")
        # Chromium without a screen may have no clipboard: then the list is selected for Ctrl+C.
        expect(page.get_by_role("status")).to_have_text(re.compile(r"^(Copied\.|Selected\. Press)"))
        assert page.evaluate("getSelection().toString()") == emails.input_value()
    click("button", "Mark all 2 as done")
    assert "kind__exact=slack" in page.url
    expect(
        page.get_by_text("Updated: Dana Sample (Program support Slack: invited)")
    ).to_be_visible()
    assert Access.objects.filter(kind="slack", state="invited").count() == 2
    click("button", "Undo")
    expect(page.get_by_text("Undone: 2 tasks.")).to_be_visible()
    assert Access.objects.filter(state="to-do").count() == 4
    assert Enrolment.objects.filter(ended_on=None).count() == 2


def test_the_words_select_all_select_all_on_a_phone(portal, open_page):
    listed = on_list(as_of=timezone.localdate())
    for name in ("Dana Sample", "Kai Sample"):
        enrolled(name, program(agency(name), "other", **listed), **listed)
    reassess(now=timezone.now())
    page = open_page(width=360)
    builders.sign_in_browser(page, portal.url, builders.staff())
    page.goto(f"{portal.url}/admin/membership/worklistrow/")
    words = page.locator("#result_list thead .action-checkbox-column span")
    for selected in (2, 0):
        words.click(position={"x": 70, "y": 20})
        expect(page.locator("input.action-select:checked")).to_have_count(selected)
