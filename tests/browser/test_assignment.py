"""A day at the desk in Chromium: assign a request, go through the queue by keyboard, ask, decline."""

import re

import pytest
from playwright.sync_api import expect

from tests import builders
from tests.browser.test_main_job import WITH_AND_WITHOUT

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def go(page, way, letter, *, javascript):
    """Go to "next" or "previous" by keyboard: by a single key, or without JavaScript by its link."""
    if javascript:
        page.keyboard.press(letter)
    else:
        page.locator(f"a[rel={way}]").press("Enter")


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_assign_review_and_go_to_the_next(portal, open_page, javascript):
    staff = builders.staff()
    first, second = (
        builders.sent(
            builders.worker(f"{name.lower()}@example.org", f"{name} Sample"), name=f"{name} Sample"
        )
        for name in ("Dana", "Kai")
    )
    page = open_page(width=1280, javascript=javascript)
    builders.sign_in_browser(page, portal.url, staff)
    page.goto(f"{portal.url}/admin/joinrequests/joinrequest/?view=unassigned")

    page.get_by_role("button", name=f"Assign to me ({first.reference})").click()
    expect(page.get_by_text(f"{first.reference} is assigned to you for 24 hours.")).to_be_visible()
    expect(page.get_by_role("link", name=f"Dana Sample ({first.reference})")).to_have_count(0)
    page.get_by_role("link", name=re.compile("^Mine")).click()
    page.get_by_role("link", name=f"Dana Sample ({first.reference})").click()
    expect(page.get_by_text("Assigned to you")).to_be_visible()

    page.goto(f"{portal.url}/admin/joinrequests/joinrequest/{first.pk}/change/")
    page.get_by_label("Add a note").fill("They called this morning.")
    page.get_by_role("button", name="Save note").click()
    expect(page.get_by_text("They called this morning.")).to_be_visible()
    go(page, "next", "j", javascript=javascript)
    expect(page.get_by_role("heading", level=1)).to_have_text("Kai Sample: STVC")
    page.get_by_role("button", name="Assign to me").press("Enter")
    expect(page.get_by_text(f"{second.reference} is assigned to you for 24 hours.")).to_be_visible()
    go(page, "prev", "k", javascript=javascript)
    expect(page.get_by_role("heading", level=1)).to_have_text("Dana Sample: STVC")


@pytest.mark.usefixtures("celery_worker_process")
def test_ask_reply_and_decline_with_a_ready_reason(portal, smtp_server, open_page):
    dana = builders.worker()
    pk = builders.sent(dana).pk
    desk = f"{portal.url}/admin/joinrequests/joinrequest/{pk}"
    staff = open_page(width=1280)
    builders.sign_in_browser(staff, portal.url, builders.staff())
    staff.goto(f"{desk}/change/")
    staff.get_by_role("link", name="Ask Dana a question").click()
    staff.get_by_label("Which program is the caseload in?").check()
    staff.get_by_label("Your message").fill("A phone number helps too.")
    staff.get_by_role("button", name="Ask Dana a question").click()
    question = smtp_server.wait_for(to=dana.email, subject_contains="question")
    words = question.get_body(("plain",)).get_content()
    assert "Which program do you carry a caseload in" in words
    assert "A phone number helps too." in words

    applicant_page = open_page(width=360)
    builders.sign_in_browser(applicant_page, portal.url, dana)
    applicant_page.goto(f"{portal.url}/my/requests/{pk}/")
    applicant_page.get_by_label("Your answer").fill("In none, at the moment.")
    applicant_page.get_by_role("button", name="Send").click()
    smtp_server.wait_for(to="programsupport@endingviolence.org", subject_contains="repl")

    staff.goto(f"{desk}/change/")
    reply = staff.get_by_role("region", name="Question and reply")
    expect(reply.get_by_text("In none, at the moment.")).to_be_visible()
    staff.get_by_role("link", name="Decline and email Dana").click()
    staff.get_by_label("No caseload in an eligible program").check()
    staff.get_by_role("button", name="Decline and email Dana").click()
    expect(staff.get_by_text("Dana will get an email in 30 seconds.")).to_be_visible()
    builders.send_now("declined")
    email = smtp_server.wait_for(to=dana.email, subject_contains="About your request")
    assert "you do not carry one there now" in email.get_body(("plain",)).get_content()
    applicant_page.goto(f"{portal.url}/my/requests/{pk}/")
    expect(applicant_page.get_by_text("Declined").first).to_be_visible()
