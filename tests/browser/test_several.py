"""Asking for two communities in one sitting, on a phone, with JavaScript and without."""

import pytest
from playwright.sync_api import expect

from requests.models import JoinRequest
from tests import builders
from tests.browser.test_main_job import WITH_AND_WITHOUT, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PHONE = 360


def choose(page, community, question, answer):
    part = page.get_by_role("group", name=community, exact=True)
    part.get_by_role("group", name=question).get_by_label(answer, exact=True).check()


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_two_programs_in_one_sitting(portal, smtp_server, open_page, javascript):
    stvc, sas = builders.community("stvc"), builders.community("sas")
    page = open_page(width=PHONE, javascript=javascript)

    page.goto(f"{portal.url}/communities/stvc/join/")
    sign_in(page, smtp_server, "dana@example.org")
    page.get_by_label("Your full name").fill("Dana Sample")
    page.get_by_role("button", name="Ask to join other communities").click()
    page.get_by_label(sas.full_name).check()
    page.get_by_role("button", name="Continue").click()

    expect(page.get_by_label("Your full name")).to_have_value("Dana Sample")
    page.get_by_label("Your agency or organization").fill("Example Harbour Family Services")
    page.get_by_label("Town or community you serve").fill("Example Harbour")
    page.get_by_role("group", name="EVA BC membership").get_by_label("My agency does").check()
    choose(page, stvc.full_name, "Do you work in", "Yes")
    choose(page, stvc.full_name, "Do you carry a caseload", "Yes")
    choose(page, stvc.full_name, "Does the Ministry", "Yes")
    if javascript:
        for question in ("program_type", "carries_caseload", "ministry_funded"):
            expect(page.locator(f"#verdict-stvc-{question}")).to_contain_text("This fits")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("link", name="SAS: Choose whether you work in").click()
    first = page.get_by_role("group", name=sas.full_name, exact=True).get_by_role("radio").first
    expect(first).to_be_focused()
    choose(page, sas.full_name, "Do you work in", "Yes")
    choose(page, sas.full_name, "Do you carry a caseload", "No")
    choose(page, sas.full_name, "Does the Ministry", "I’m not sure")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Send 2 requests").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("Your requests")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE
    answers = {r.community.slug: r.answers["carries_caseload"] for r in JoinRequest.objects.all()}
    assert answers == {"stvc": "yes", "sas": "no"}
    for join_request in JoinRequest.objects.all():
        expect(page.get_by_role("link", name=join_request.reference)).to_be_visible()
