"""A written agency becomes a decision without a doubt, in Chromium, with JavaScript and without."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from membership.models import Agency, Program
from tests import builders
from tests.browser.test_main_job import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("celery_worker_process"),
]


@pytest.mark.parametrize(
    ("javascript", "width"), [(True, 1280), pytest.param(False, 360, marks=pytest.mark.slow)]
)
def test_match_confirm_and_approve_without_a_reason(
    portal, smtp_server, open_page, javascript, width
):
    agency = Agency.objects.create(name="Example Harbour Family Services", city="Example Harbour")
    Program.objects.create(agency=agency, type="STVC", community_served="Example Harbour")
    builders.staff()
    asked = builders.sent(
        builders.worker(),
        agency="The Example Harbor Family Svcs.",
        ministry_funded="unsure",
        eva_membership="unsure",
    )
    page = open_page(width=width, javascript=javascript)
    page.goto(f"{portal.url}/admin/joinrequests/joinrequest/{asked.pk}/change/")
    sign_in(page, smtp_server, "priya@example.org")
    marks = page.locator(".finding-mark")
    expect(marks).to_have_text(["To confirm"] * 3)
    if javascript:
        assert Axe().run(page).response["violations"] == []

    page.get_by_role("button", name="Match to Example Harbour Family Services").click()
    expect(page.get_by_text("Agency matched.")).to_be_visible()
    page.get_by_role("button", name="Confirm: funded by the ministry").click()
    expect(marks).to_have_text(["To confirm", "Met", "To confirm"])
    page.get_by_label("First day").fill("2026-01-01")
    page.get_by_label("Last day").fill("2099-12-31")
    page.get_by_role("button", name="Confirm the membership").click()
    expect(marks).to_have_text(["To confirm", "Met", "Met"])
    page.get_by_role("button", name="Confirm: carries a caseload").click()
    expect(marks).to_have_text(["Met"] * 3)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    if javascript:
        assert Axe().run(page).response["violations"] == []

    page.get_by_role("link", name="Approve and email Dana").click()
    expect(page.get_by_label("Why you approve")).to_have_count(0)
    page.get_by_role("button", name="Approve and email Dana").click()
    expect(page.get_by_text("A welcome email is on its way to Dana.")).to_be_visible()
