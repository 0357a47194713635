"""The yearly question in a real browser, by somebody whom an imported roster brought."""

import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from membership.models import Enrolment, OutboxEmail, Person, YearlyConfirmation
from requests.clock.yearly import ask_yearly
from tests import builders
from tests.browser.test_main_job import PHONE, WITH_AND_WITHOUT, choose, sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def link(portal):
    """The address in the email to somebody who never signed in before."""
    person = Person.objects.create(name="Dana Sample", email="dana@example.org")
    person.positions.create(
        program_type="STVC", agency_name="Old Sample House", carries_caseload=True
    )
    Enrolment.objects.create(person=person, community=builders.community(), started_on="2020-02-29")
    ask_yearly(now=timezone.now())
    path = re.search(r"/my/communities/\d+/confirm/", OutboxEmail.objects.get().body)
    return portal.url + path[0]


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_from_the_link_to_still_here(smtp_server, open_page, link, javascript):
    page = open_page(width=PHONE, javascript=javascript)
    page.goto(link)
    sign_in(page, smtp_server, "dana@example.org")
    expect(page.get_by_text("Old Sample House")).to_be_visible()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_text("There is a problem")).to_be_visible()
    assert YearlyConfirmation.objects.get().answer == ""

    choose(page, "What is true today", "I am still there and carry a caseload")
    page.get_by_role("button", name="Send my answer").click()

    expect(page.get_by_text("Thank you. You stay in STVC.")).to_be_visible()
    expect(page.get_by_text("A year has passed.")).to_have_count(0)
    assert YearlyConfirmation.objects.get().answer == "still-here"


def test_from_the_link_to_new_work(smtp_server, open_page, link):
    page = open_page(width=PHONE)
    page.goto(link)
    sign_in(page, smtp_server, "dana@example.org")
    page.get_by_label("I changed jobs").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your new work")
    expect(page.get_by_label("Your full name")).to_have_value("Dana Sample")

    page.get_by_label("Your agency or organisation").fill("New Sample House")
    page.get_by_label("Town or community you serve").fill("Example Harbour")
    choose(page, "Which program", "Stopping the Violence Counselling (STVC)")
    choose(page, "Do you carry a caseload", "Yes")
    choose(page, "Does the Ministry", "I am not sure")
    choose(page, "Do you or your agency hold", "My agency does")
    page.get_by_role("button", name="Send", exact=True).click()

    expect(page.get_by_text("EVA BC staff look at your new work")).to_be_visible()
    work = Person.objects.get().positions.order_by("pk")
    assert [(p.agency_name, p.ends_on is None) for p in work] == [
        ("Old Sample House", False),
        ("New Sample House", True),
    ]
