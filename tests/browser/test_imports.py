"""A list in Chromium, by real processes: checked, a row corrected on the page, checked again, written."""

import pytest
from playwright.sync_api import expect

from membership.models import Program
from tests import builders
from tests.browser.test_accessibility import WIDTHS, problems

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("celery_worker_process"),
]

HEADINGS = "Agency,Program type,Community served,Region,Funder\r\n"
GOOD = "Sample House,STVC,Sampleton,Kootenay,PSSG\r\n"
BAD = ",CBVS,Sampleton,Kootenay,PSSG\r\n"


def upload(page, text):
    page.get_by_label("Kind of list").select_option("programs")
    page.get_by_label("List name").fill("the contract list")
    page.get_by_label("List date").fill("2026-04-01")
    file = {"name": "programs.csv", "mimeType": "text/csv", "buffer": text.encode()}
    page.get_by_label("File", exact=True).set_input_files([file])
    page.get_by_role("button", name="Upload and check").click()


@pytest.mark.parametrize("width", WIDTHS)
def test_from_the_upload_to_the_register(portal, open_page, width):
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, builders.staff())
    page.goto(f"{portal.url}/admin/membership/listimport/add/")
    found = problems(page)

    upload(page, HEADINGS + GOOD + BAD)
    expect(page.get_by_role("heading", name="Some rows have errors")).to_be_visible()
    expect(page.get_by_role("heading", name="“Agency” is empty.")).to_be_visible()
    found += problems(page)
    page.get_by_role("link", name="Correct row 3").click()
    found += problems(page)
    page.get_by_label("Agency (A3)").fill("Example House")
    page.get_by_role("button", name="Save and check again").click()

    write = page.get_by_role("button", name="Import all rows")
    expect(write).to_be_visible()
    found += problems(page)
    assert Program.objects.count() == 0

    write.click()
    expect(page.get_by_role("heading", name="Imported")).to_be_visible()
    found += problems(page)
    assert [str(program) for program in Program.objects.all()] == [
        "Example House: Community-Based Victim Services (CBVS), Sampleton",
        "Sample House: Stopping the Violence Counselling (STVC), Sampleton",
    ]
    assert found == []
