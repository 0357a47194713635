"""The frame of the public pages: the header on a phone, and what the browser's settings change."""

import pytest

from tests.browser.test_accessibility import problems

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PAGES = ["/", "/communities/stvc/", "/questions/", "/search/?q=icat", "/accounts/login/"]


@pytest.mark.parametrize("javascript", [True, False])
def test_on_a_phone_the_header_is_one_line_with_a_menu(portal, open_page, javascript):
    page = open_page(width=360, javascript=javascript)
    page.goto(portal.url)
    questions = page.get_by_role("navigation", name="Main").get_by_role("link", name="Questions")

    assert page.locator(".site-bar").bounding_box()["height"] < 80
    assert not questions.is_visible()
    page.get_by_role("button", name="Menu").press("Enter")
    questions.click()

    page.wait_for_url("**/questions/")


def test_a_wide_page_shows_the_menu(portal, open_page):
    page = open_page(width=1280)
    page.goto(portal.url)

    assert page.get_by_role("link", name="Sign in").is_visible()
    assert not page.get_by_role("button", name="Menu").is_visible()


def test_pages_can_be_read_in_the_dark_and_are_printed_as_by_day(portal, open_page):
    page, seen = open_page(width=360), []
    page.emulate_media(color_scheme="dark")
    for path in PAGES:
        page.goto(portal.url + path)
        seen += problems(page)
    paper = "getComputedStyle(document.body).backgroundColor"
    dark = page.evaluate(paper)
    page.emulate_media(color_scheme="dark", media="print")

    assert seen == []
    assert (dark, page.evaluate(paper)) == ("rgb(26, 19, 30)", "rgb(255, 255, 255)")
    assert not page.get_by_role("button", name="Menu").is_visible()
