"""The queue on a laptop and on a phone: how many requests a screen has, and how tall each is."""

import pytest
from playwright.sync_api import expect

from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db(transaction=True)

HEIGHTS = (
    "rows => rows.map(row => { const b = row.getBoundingClientRect(); return [b.top, b.bottom]; })"
)


@pytest.fixture
def long_queue(portal):
    for number in range(12):
        builders.sent(
            builders.worker(f"w{number}@example.org", f"Robin Longname-Sample {number}"),
            ministry_funded=["yes", "no", "unsure"][number % 3],
        )
    return f"{portal.url}/admin/joinrequests/joinrequest/"


@pytest.mark.parametrize("width", [1280, 1440])
def test_ten_whole_requests_are_on_one_screen(long_queue, portal, open_page, width):
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, builders.lead())
    page.goto(long_queue)

    rows = page.locator("#result_list tbody tr").evaluate_all(HEIGHTS)

    assert sum(bottom <= 800 for _, bottom in rows) >= 10
    assert page.locator(".results").evaluate("r => r.scrollWidth <= r.clientWidth")


def test_a_request_is_a_small_card_on_a_phone(long_queue, portal, open_page):
    page = open_page(width=360)
    builders.sign_in_browser(page, portal.url, builders.lead())
    page.goto(long_queue)

    rows = page.locator("#result_list tbody tr").evaluate_all(HEIGHTS)

    assert max(bottom - top for top, bottom in rows) <= 110
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    # The tab has the number of all; what is filtered or searched for has its own.
    count = page.locator("#changelist-search .quiet")
    expect(count).to_be_hidden()
    for chosen in ("verdict=not-met", "q=sample+3"):
        page.goto(f"{long_queue}?{chosen}")
        expect(count).to_be_visible()


def test_assigning_changes_the_row_in_place(long_queue, portal, open_page):
    page = open_page(width=1280)
    builders.sign_in_browser(page, portal.url, builders.lead())
    page.goto(f"{long_queue}?view=unassigned")
    last = JoinRequest.objects.latest("pk")
    row = page.get_by_role("row").filter(has_text=last.reference)
    page.evaluate("window.stays = true")

    row.get_by_role("button", name="Assign to me").click()

    expect(page.get_by_text(f"{last.reference} is assigned to you for 24 hours.")).to_be_visible()
    expect(row).to_have_count(0)  # it has left this view
    assert page.evaluate("window.stays")


@pytest.mark.parametrize("path", ["", "how-it-is-doing/"])
def test_text_twice_as_large_needs_no_sideways_scrolling(portal, open_page, path):
    page = open_page(width=360)
    builders.sign_in_browser(page, portal.url, builders.lead())
    page.goto(f"{portal.url}/admin/{path}")
    page.evaluate("document.documentElement.style.setProperty('font-size', '200%', 'important')")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
