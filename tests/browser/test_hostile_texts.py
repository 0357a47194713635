"""The worst texts in every column, and a real browser on the pages that show most of them."""

import re

import pytest

from tests import builders
from tests.evabc.hostile import SCRIPTS, write_everywhere

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PAGES = ["", "joinrequests/joinrequest/{pk}/change/", "membership/person/", "history/"]


@pytest.mark.parametrize("kind", ["element", "attribute", "quotes"])
def test_nothing_runs(portal, smtp_server, open_page, kind):
    join_request = builders.sent(builders.worker())
    priya = builders.staff()
    page = open_page()
    page.goto(f"{portal.url}/accounts/login/?next=/admin/")
    page.get_by_label("Your work email").fill(priya.email)
    page.get_by_role("button", name="Send me a code").click()
    mail = smtp_server.wait_for(to=priya.email, subject_contains="sign-in code")
    page.get_by_label("Code").fill(re.search(r"\b\d{6}\b", mail.as_string())[0])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/admin/")
    write_everywhere(SCRIPTS[kind])

    for path in PAGES:
        page.goto(f"{portal.url}/admin/{path.format(pk=join_request.pk)}")
        page.get_by_role("heading", level=1).wait_for()
        assert page.evaluate("window.x") is None
    page.goto(f"{portal.url}/communities/stvc/")
    assert page.evaluate("window.x") is None
