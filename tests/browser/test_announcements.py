"""Writing to rosters in the browser: preview, who gets it, send, undo, and write it again."""

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from membership.models import Announcement, OutboxEmail
from tests import builders
from tests.membership.rosters.enrolments import enrolled

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize(("javascript", "width"), [(True, 360), (False, 1280)])
def test_an_announcement_is_previewed_sent_undone_and_written_again(
    portal, open_page, javascript, width
):
    for name in ("Dana Sample", "Kai Sample"):
        enrolled(name)
    page = open_page(width=width, javascript=javascript)
    builders.sign_in_browser(page, portal.url, builders.staff())
    page.goto(f"{portal.url}/admin/membership/announcement/")
    page.get_by_role("link", name="Write to members").first.click()

    page.get_by_label("Stopping the Violence Counselling").check()
    page.get_by_label("Start from a ready text (optional)").select_option(
        label="When our office is closed"
    )
    page.get_by_role("button", name="Use this text").click()
    expect(page.get_by_label("Subject")).to_have_value("When our office is closed")
    page.get_by_label("Subject").fill("We are closed on Friday")
    page.get_by_label("Subject").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Replace “[first day]” with your own words")
    page.get_by_label("Text", exact=True).fill("Our office is closed from Friday to Monday.")
    page.get_by_role("button", name="Preview the email").click()
    expect(page.get_by_text("2 people will get this email")).to_be_visible()
    page.get_by_text("See who gets it").click()
    expect(page.get_by_role("link", name="Kai Sample")).to_be_visible()
    assert not Announcement.objects.exists()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.get_by_role("button", name="Send to 2 people").click()
    expect(page.get_by_text("The emails go out in 30 seconds.")).to_be_visible()
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Undone. No email went out.").first).to_be_visible()
    page.get_by_role("link", name="Write it again").click()
    expect(page.get_by_label("Subject")).to_have_value("We are closed on Friday")
    page.get_by_role("button", name="Preview the email").click()
    page.get_by_role("button", name="Send to 2 people").click()
    expect(page.get_by_text("to 2 people: STVC").first).to_be_visible()

    emails = OutboxEmail.objects.filter(kind="announcement", announcement__taken_back_at=None)
    assert emails.count() == 2
    assert min(emails.values_list("due_at", flat=True)) > timezone.now()
