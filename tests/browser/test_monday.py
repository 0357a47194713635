"""A Monday at the desk: eight requests of different kinds, and how many clicks each takes."""

import re

import pytest
from playwright.sync_api import Page, expect

from membership.models import Agency, EvaMembership, Person, Program
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

QUEUE = "/admin/joinrequests/joinrequest/"
PLACE = "Example Harbour"
LISTED = {"evidence": "listed", "list_name": "the ministry’s list", "list_as_of": "2026-01-01"}


class Hand:
    """Counts the clicks on a page since the last count."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks = page, 0

    def click(self, role, name: str, within=None) -> None:
        self.clicks += 1
        (within or self.page).get_by_role(role, name=re.compile(name)).first.click()

    def decide(self, queue: str, join_request: JoinRequest, button: str, message: str) -> None:
        """From the queue to the request, to the page with the email, and back."""
        self.page.goto(queue)
        self.click("link", join_request.reference)
        self.click("link", button)
        self.click("button", button)
        expect(self.page.get_by_text(message)).to_be_visible()

    def counted(self) -> int:
        clicks, self.clicks = self.clicks, 0
        return clicks


@pytest.fixture
def hand(portal, open_page):
    """Program support's desk. The register knows the agency, its program and its membership."""
    agency = Agency.objects.create(name="Example Harbour Family Services", city=PLACE)
    Program.objects.create(
        agency=agency, type="STVC", community_served=PLACE, funder="PSSG", **LISTED
    )
    days = {"starts_on": "2026-01-01", "ends_on": "2099-12-31"}
    EvaMembership.objects.create(agency=agency, **days, **LISTED)
    page = open_page(width=1280)
    builders.sign_in_browser(page, portal.url, builders.staff())
    page.goto(f"{portal.url}/admin/")
    return Hand(page)


def asked_by(name: str, **answers: str) -> JoinRequest:
    email = f"{name.lower()}@example.org"
    return builders.sent(builders.worker(email, f"{name} Sample"), name=f"{name} Sample", **answers)


def row_of(hand: Hand, join_request: JoinRequest):
    return hand.page.get_by_role("row").filter(has_text=join_request.reference)


def state_of(join_request: JoinRequest) -> str:
    return JoinRequest.objects.get(pk=join_request.pk).state


def test_eight_requests_of_a_monday(hand, portal):
    clean, wrong = asked_by("Clean"), asked_by("Wrong")
    misspelt = asked_by("Misspelt", agency="Exampel Harbour Family Services")
    unsure = asked_by("Unsure", agency="Nowhere Sample House", ministry_funded="unsure")
    unmet = asked_by("Unmet", carries_caseload="no")
    exception = asked_by("Exception", carries_caseload="no")
    replied = builders.request_in(
        State.AWAITING_REPLY,
        builders.worker("replied@example.org", "Replied Sample"),
        builders.lead(),
    )
    workflow.reply(
        join_request_id=replied.pk, by=replied.person.user, text="Since May.", now=builders.NOW
    )
    Person.objects.create(name="Double Sample", email="double@other.example")
    double = asked_by("Double")
    queue = f"{portal.url}{QUEUE}"

    # A clean one, from the queue: two clicks.
    hand.page.goto(queue)
    hand.click("link", "^Approve…", row_of(hand, clean))
    hand.click("button", "^Approve and email")
    expect(hand.page.get_by_text("Approved. Clean will get")).to_be_visible()
    assert (hand.counted(), state_of(clean)) == (2, State.APPROVED)

    # A wrong approval is taken back in one.
    hand.page.goto(f"{queue}{wrong.pk}/approve/")
    hand.click("button", "^Approve and email")
    hand.counted()
    hand.click("button", "^Undo")
    expect(hand.page.get_by_text("Undone. No email went out")).to_be_visible()
    assert (hand.counted(), state_of(wrong)) == (1, State.AWAITING_REVIEW)

    # A misspelt agency: the review page and the page that approves.
    hand.page.goto(queue)
    hand.click("link", misspelt.reference)
    hand.click("button", "^Match to Example Harbour Family Services")
    hand.click("button", "^Match to Stopping the Violence")
    expect(hand.page.locator("#row-program")).to_contain_text("Matched by")
    hand.click("link", "^Approve and email")
    hand.click("button", "^Approve and email")
    expect(hand.page.get_by_text("Approved. Misspelt will get")).to_be_visible()
    assert (hand.counted(), state_of(misspelt)) == (5, State.APPROVED)

    # Unknown funding: the question that fits is chosen already.
    hand.decide(queue, unsure, "^Ask Unsure", "Your question is on its way to Unsure.")
    assert (hand.counted(), state_of(unsure)) == (3, State.AWAITING_REPLY)
    assert "fund" in unsure.events.latest("pk").text

    # No caseload: so is the reason that fits.
    hand.decide(queue, unmet, "^Decline and email", "Declined. Unmet will get")
    assert (hand.counted(), state_of(unmet)) == (3, State.DECLINED)
    assert "caseload" in unmet.events.latest("pk").text

    # Admitted against a rule, with a reason and the day it is looked at again.
    hand.page.goto(f"{queue}?view=exceptions")
    hand.click("link", exception.reference)
    hand.click("link", "^Approve and email")
    hand.click("textbox", "^Reason for approving")
    hand.page.keyboard.type("Their caseload starts on Monday.")
    hand.click("button", "^Approve and email")
    expect(hand.page.get_by_text("Approved. Exception will get")).to_be_visible()
    assert (hand.counted(), state_of(exception)) == (4, State.APPROVED)

    # A reply, from the menu.
    hand.click("link", "^Replies")
    hand.click("link", replied.reference)
    expect(hand.page.get_by_text("Since May.").first).to_be_in_viewport()
    hand.click("link", "^Approve and email")
    hand.click("button", "^Approve and email")
    expect(hand.page.get_by_text("Approved. Replied will get")).to_be_visible()
    assert (hand.counted(), state_of(replied)) == (4, State.APPROVED)

    # A duplicate is merged, and the request goes on.
    hand.page.goto(queue)
    hand.click("link", double.reference)
    hand.click("link", "^Same person")
    hand.click("button", "^Merge the two records")
    hand.page.wait_for_load_state()
    assert hand.counted() <= 6
    assert Person.objects.filter(name="Double Sample", merged_into=None).count() == 1
