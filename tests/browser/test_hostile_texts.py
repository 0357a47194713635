"""The worst texts in every column, and a real browser on the pages that show most of them."""

import pytest

from tests import builders
from tests.evabc.hostile import SCRIPTS, write_everywhere

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PAGES = [
    "/admin/",
    "/admin/joinrequests/joinrequest/{pk}/change/",
    "/admin/membership/person/",
    "/admin/history/",
    "/communities/stvc/",
]


def test_nothing_runs(portal, open_page):
    join_request = builders.sent(builders.worker())
    page = open_page()
    builders.sign_in_browser(page, portal.url, builders.staff())
    for kind in ("element", "attribute", "quotes"):
        write_everywhere(SCRIPTS[kind])
        for path in PAGES:
            page.goto(portal.url + path.format(pk=join_request.pk))
            page.get_by_role("heading", level=1).wait_for()
            assert page.evaluate("window.x") is None, (kind, path)


def test_a_long_word_in_an_answer_fits_the_screen_of_a_phone(portal, open_page):
    """A worker pastes the address of their program's page."""
    link, worker = f"https://example.org/{'y' * 160}", builders.worker()
    join_request = builders.sent(worker, note=link)
    builders.draft(worker, "ors", note=link)
    page = open_page(width=320)
    builders.sign_in_browser(page, portal.url, worker)

    for path in (join_request.get_absolute_url(), "/communities/ors/join/check/"):
        page.goto(portal.url + path)
        page.get_by_text(link).first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") == 320, path
