"""Deciding on several requests at once, in Chromium, with real processes."""

import re

import pytest
from playwright.sync_api import expect

from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.browser.test_accessibility import WIDTHS, problems

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

QUEUE = "/admin/joinrequests/joinrequest/"


@pytest.mark.parametrize("width", WIDTHS)
def test_approving_several_from_the_queue(portal, smtp_server, open_page, width):
    staff, sam = builders.staff(), builders.staff(email="sam@example.org")
    rows = [
        builders.sent(
            builders.worker(f"dana{i}@example.org", f"Dana{i} Sample"),
            name=f"Dana{i} Sample",
            carries_caseload="no" if i == 4 else "yes",
        )
        for i in range(6)
    ]
    page = open_page(width=width)
    builders.sign_in_browser(page, portal.url, staff)
    page.goto(portal.url + QUEUE)
    assert problems(page) == []

    for box in page.locator("input.action-select").all():
        box.check()
    page.get_by_role("button", name="Approve selected…").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Approve several requests")
    page.get_by_role("checkbox", name="Dana3 Sample").uncheck()
    page.get_by_role("button", name="Approve and email selected applicants").click()
    page.get_by_role("link", name=re.compile("Dana4 Sample: Explain why")).click()
    page.keyboard.type("Their caseload starts on Monday.")
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert problems(page) == []
    workflow.decline(join_request_id=rows[5].pk, by=sam, text="Not this time.", now=builders.NOW)
    page.get_by_role("button", name="Approve and email selected applicants").click()

    outcome = page.get_by_role("main").get_by_role("heading", level=2).first
    expect(outcome).to_have_text("4 approved, 1 not processed")
    expect(page.get_by_role("status")).to_contain_text("Sam Sample (EVA BC)")
    expect(page.get_by_role("checkbox", name="Dana3 Sample")).not_to_be_checked()
    assert problems(page) == []
    states = [JoinRequest.objects.get(pk=row.pk).state for row in rows]
    assert states[3] == State.AWAITING_REVIEW
    assert states[5] == State.DECLINED
    assert states.count(State.APPROVED) == 4
    assert rows[4].events.last().reason == "Their caseload starts on Monday."
