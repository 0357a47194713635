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
