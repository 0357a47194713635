"""The review page on a laptop: what is on the first screen, and that each action updates its row in place."""

import pytest
from playwright.sync_api import expect

from membership.models import Agency, EvaMembership, Program, ProgramPosition
from requests import workflow
from tests import builders

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

PLACE = "Example Harbour"
LISTED = {"evidence": "listed", "list_name": "the ministry’s list", "list_as_of": "2026-01-01"}


@pytest.fixture
def agency():
    return Agency.objects.create(name="Example Harbour Family Services", city=PLACE)


def review_of(join_request, portal, page, user):
    builders.sign_in_browser(page, portal.url, user)
    page.goto(f"{portal.url}/admin/joinrequests/joinrequest/{join_request.pk}/change/")


def test_the_bar_the_reply_and_all_rows_of_a_clean_request_are_on_one_screen(
    agency, portal, open_page
):
    lead = builders.lead()
    Program.objects.create(
        agency=agency, type="STVC", community_served=PLACE, funder="PSSG", **LISTED
    )
    days = {"starts_on": "2026-01-01", "ends_on": "2099-12-31"}
    EvaMembership.objects.create(agency=agency, **days, **LISTED)
    worker = builders.worker()
    asked = builders.sent(worker)
    how = {"join_request_id": asked.pk, "now": builders.NOW}
    workflow.ask(by=lead, text="Which town do you serve most of the week?", **how)
    workflow.reply(by=worker, text="Example Harbour. On Fridays I drive to Sampleton.", **how)
    page = open_page(width=1280)
    review_of(asked, portal, page, lead)

    rows = page.locator("#rules tbody tr")
    expect(rows).to_have_count(5)
    assert rows.last.evaluate("row => row.getBoundingClientRect().bottom") <= 800
    assert page.evaluate("document.documentElement.scrollWidth") == 1280

    # The decision stays in reach at the end of the page.
    page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    expect(page.get_by_role("link", name="Approve and email Dana")).to_be_in_viewport()


def test_matching_confirming_and_undoing_change_the_row_and_keep_the_focus(
    agency, portal, open_page
):
    Program.objects.create(agency=agency, type="STVC", community_served="Sampleton")
    asked = builders.sent(builders.worker(), agency="Exampel Harbour Family Services")
    page = open_page(width=1280)
    review_of(asked, portal, page, builders.lead())
    page.evaluate("window.stays = true")
    row = {name: page.locator(f"#row-{name}") for name in ("agency", "program", "caseload")}

    row["agency"].get_by_role("button", name="Match to Example Harbour Family Services").click()
    expect(row["agency"]).to_contain_text("Matched by Lou Sample")
    expect(row["agency"]).to_be_focused()
    # What differs says so, and is matched only when staff say it.
    expect(row["program"]).to_contain_text("they serve Example Harbour")
    row["program"].get_by_role("button", name="Match to Stopping the Violence").click()
    expect(row["program"]).to_contain_text("Matched by Lou Sample")
    row["agency"].get_by_text("Change").click()
    city = row["agency"].get_by_label("City or town")
    city.fill("Typed, not sent")
    row["caseload"].get_by_role("button", name="Confirm (carries a caseload)").click()
    expect(row["caseload"]).to_contain_text("Carries a caseload (confirmed by Lou Sample")
    expect(page.locator("#desk-messages")).to_contain_text("Recorded under your name today.")
    expect(city).to_have_value("Typed, not sent")
    expect(city).to_be_visible()

    row["agency"].get_by_role("button", name="Undo").click()
    expect(page.get_by_role("alert")).to_contain_text("Undo this first")
    row["caseload"].get_by_role("button", name="Undo").click()
    expect(row["caseload"]).to_contain_text("Nothing yet")
    assert not ProgramPosition.objects.filter(evidence="confirmed").exists()
    assert page.evaluate("window.stays")
    expect(page.locator("#history-card")).to_contain_text("Undone: Checked: carries a caseload.")

    # What a colleague decides meanwhile changes the bar with the next click.
    workflow.decline(
        join_request_id=asked.pk, by=builders.staff(), text="Not now.", now=builders.NOW
    )
    row["caseload"].get_by_role("button", name="Confirm (carries a caseload)").click()
    expect(page.get_by_role("alert")).to_contain_text("already been declined")
    expect(page.locator("#review-bar").get_by_text("Reopen request")).to_be_visible()


def test_a_search_shows_its_results_in_the_row(agency, portal, open_page):
    name = "Wolfeschlegelsteinhausenbergerdorff Sample"
    asked = builders.sent(builders.worker(name=name), agency="Somewhere else", name=name)
    page = open_page(width=360)
    review_of(asked, portal, page, builders.lead())
    row = page.locator("#row-agency")
    row.get_by_text("Search or add").click()
    row.get_by_role("searchbox").fill("harbour")
    row.get_by_role("button", name="Search").click()
    row.get_by_role("button", name="Match to Example Harbour Family Services").click()
    expect(row).to_contain_text("Matched: Example Harbour Family Services")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
