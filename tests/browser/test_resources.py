"""A member offers a file on a phone, staff publish it, and another member finds and downloads it: without JavaScript."""

import pytest
from playwright.sync_api import expect

from tests import builders
from tests.browser.test_accessibility import problems
from tests.browser.test_main_job import PHONE
from tests.membership.meetings.plans import member
from tests.membership.resources.offers import PDF

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

LIST = "/my/communities/stvc/resources/"


def test_from_the_offer_to_the_download(portal, open_page):
    ana = open_page(width=PHONE, javascript=False)
    builders.sign_in_browser(ana, portal.url, member("Ana Sample").user)
    ana.goto(f"{portal.url}/my/communities/stvc/")
    ana.get_by_role("link", name="Offer a resource").click()
    ana.get_by_label("Title").fill("Safety planning checklist")
    ana.get_by_role("button", name="Offer it").click()
    expect(ana.get_by_role("alert")).to_contain_text("Enter a link or choose a file.")
    assert ana.get_by_label("Title").input_value() == "Safety planning checklist"
    ana.get_by_label("What is it?").select_option("Tool")
    file = {"name": "list.docx", "mimeType": "application/x-msdownload", "buffer": PDF}
    ana.get_by_label("File (if it is a document)").set_input_files(file)
    ana.get_by_label("Tags").fill("Court")
    ana.get_by_role("button", name="Offer it").click()
    expect(ana.get_by_text("Waiting for staff")).to_be_visible()

    desk = open_page(width=PHONE, javascript=False)
    builders.sign_in_browser(desk, portal.url, builders.staff())
    desk.goto(f"{portal.url}/admin/membership/resource/?view=waiting")
    desk.get_by_role("link", name="Safety planning checklist").click()
    desk.get_by_role("button", name="Publish", exact=True).click()
    expect(desk.get_by_text("The email to the member goes out in 30 seconds.")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE

    bea = open_page(width=PHONE, javascript=False)
    builders.sign_in_browser(bea, portal.url, member("Bea Sample").user)
    bea.goto(portal.url + LIST)
    bea.get_by_label("Search").fill("planning")
    bea.get_by_label("Tag").select_option("court")
    bea.get_by_role("button", name="Find").click()
    with bea.expect_download() as download:
        bea.get_by_role("link", name="Safety planning checklist").click()
    assert download.value.suggested_filename == "list.pdf"
    assert download.value.path().read_bytes() == PDF
    expect(bea.get_by_text("Ana Sample")).to_have_count(0)


@pytest.mark.slow
def test_axe_finds_nothing(portal, open_page):
    page = open_page(width=PHONE)
    builders.sign_in_browser(page, portal.url, member("Ana Sample").user)
    found = []
    for path in (LIST, f"{LIST}?q=nothing", f"{LIST}offer/"):
        page.goto(portal.url + path)
        found += problems(page)
    page.get_by_role("button", name="Offer it").click()
    page.get_by_text("There is a problem").wait_for()
    assert found + problems(page) == []
