"""A topic from a member's phone to the agenda, its outcome and the email, without JavaScript."""

import pytest
from playwright.sync_api import expect

from membership.models import OutboxEmail, Topic
from tests import builders
from tests.browser.test_accessibility import problems
from tests.browser.test_main_job import PHONE
from tests.membership.meetings.plans import member, planned

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

TOPICS = "/my/communities/stvc/topics/"


def test_a_topic_is_raised_on_a_phone_without_javascript_and_comes_back_with_an_outcome(
    portal, open_page
):
    ana, kai, priya = member("Ana Sample"), member("Kai Sample"), builders.staff()
    meeting = planned("stvc", by=priya, day=builders.NOW.date().replace(year=2099))
    page = open_page(width=PHONE, javascript=False)
    builders.sign_in_browser(page, portal.url, ana.user)
    page.goto(f"{portal.url}/my/communities/stvc/")
    page.get_by_role("link", name="Raise a topic").click()
    page.get_by_role("button", name="Raise topic").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    page.get_by_label("Your concern or question, in one line").fill(
        "Longer wait-lists " * 4 + "W" * 40
    )
    page.get_by_label("What would you like to talk about?").fill("W" * 300)
    page.get_by_role("button", name="Raise topic").click()
    expect(page.get_by_text("Concerns 1 member, and you raised it.")).to_be_visible()
    topic = Topic.objects.get()

    other = open_page(width=PHONE)
    builders.sign_in_browser(other, portal.url, kai.user)
    other.goto(portal.url + TOPICS)
    other.get_by_role("button", name="This concerns me too").click()
    expect(other.get_by_text("Concerns 2 members, and you are one of them.")).to_be_visible()
    found = problems(other)
    for path in (f"{TOPICS}new/", f"{TOPICS}{topic.pk}/"):
        other.goto(portal.url + path)
        found += problems(other)

    desk = open_page(width=PHONE)
    builders.sign_in_browser(desk, portal.url, priya)
    desk.goto(f"{portal.url}/admin/membership/topic/")
    found += problems(desk)
    desk.locator(f"a[href*='{topic.pk}/change']").first.click()
    desk.get_by_label("Subject", exact=True).select_option(label="Wait-lists and caseloads")
    desk.get_by_role("button", name="Save subject").click()
    expect(desk.get_by_text("Subject saved.")).to_be_visible()
    desk.get_by_role("button", name="Put on the agenda").click()
    expect(desk.get_by_text(f"The topic is on the agenda of {meeting}.")).to_be_visible()
    found += problems(desk)
    desk.get_by_role("link", name="Note outcome").click()
    desk.get_by_label("Taken up provincially").check()
    desk.get_by_label("What came of it, in your words").fill("We raised it with the ministry.")
    found += problems(desk)
    desk.get_by_role("button", name="Note outcome").click()
    expect(desk.get_by_text("Emails to 2 people will go out in 30 seconds.")).to_be_visible()
    desk.get_by_role("button", name="Undo", exact=True).click()
    expect(desk.get_by_text("Undone. No email went out.")).to_be_visible()
    assert set(OutboxEmail.objects.values_list("state", flat=True)) == {"cancelled"}
    page.goto(f"{portal.url}/my/meetings/{meeting.pk}/")
    page.get_by_role("link", name="Longer wait-lists").click()
    expect(page.get_by_text("On the agenda")).to_be_visible()
    page.get_by_role("button", name="Withdraw this topic").click()
    expect(page.get_by_text("It stays on the page without you")).to_be_visible()

    assert found == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
