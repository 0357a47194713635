"""Joining Slack, and leaving a community: on a phone, without JavaScript."""

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from membership.access import slack_link
from membership.models import Leaving, OutboxEmail
from membership.rosters.enrolments import enrol
from tests import builders

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PHONE = 360
LINK = "https://join.slack.com/t/sample/shared_invite/zt-sample"


def enrolled(user, slug):
    now = timezone.now()
    with transaction.atomic():
        community = builders.community(slug)
        return enrol(person=user.person, community=community, on=timezone.localdate(now), now=now)


def signed_in(open_page, portal, user):
    page = open_page(width=PHONE, javascript=False)
    builders.sign_in_browser(page, portal.url, user)
    page.goto(f"{portal.url}/my/")
    return page


def test_a_member_sees_the_invitation_and_reports_that_they_have_joined(portal, open_page):
    dana, priya = builders.worker(), builders.staff()
    enrolled(dana, "stvc")
    slack_link.give_link(
        team=builders.community().team,
        link=LINK,
        expires_on=None,
        most_uses=400,
        by=priya,
        now=timezone.now(),
    )
    page = signed_in(open_page, portal, dana)
    page.get_by_role("link", name="join the workspace").click()
    page.get_by_role("button", name="Show my invitation").click()
    link = page.get_by_role("link", name="Open the invitation in Slack")
    expect(link).to_have_attribute("href", LINK)
    assert dana.person.accesses.get(kind="slack").state == "invited"
    page.get_by_role("button", name="I have joined Slack").click()
    expect(page.get_by_text("You have joined Slack. Thank you.")).to_be_visible()
    page.goto(f"{portal.url}/my/")
    expect(page.get_by_text("Slack: you have joined.")).to_be_visible()


def test_a_chair_leaves_and_names_a_successor(portal, open_page):
    robin = builders.worker("robin@example.org", "Robin Sample")
    enrolled(robin, "icat")
    page = signed_in(open_page, portal, robin)
    page.get_by_role("link", name="Leave this community").click()
    page.get_by_label("Why are you leaving?").fill("I am changing jobs.")
    page.get_by_label("Their work email").fill("kai@example.org")
    page.get_by_role("button", name="Leave community").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter their name")
    expect(page.get_by_label("Why are you leaving?")).to_have_value("I am changing jobs.")
    page.get_by_label("Their name").fill("Kai Example")
    page.get_by_label("You can mention my name in the email").check()
    page.get_by_role("button", name="Leave community").click()
    expect(page.get_by_text("You have left ICAT.")).to_be_visible()
    expect(page.get_by_text("You are not in a community right now.")).to_be_visible()
    assert Leaving.objects.get().reason == "I am changing jobs."
    assert set(OutboxEmail.objects.values_list("kind", "to_email")) == {
        ("roster-left", "robin@example.org"),
        ("news-left", "ccss@endingviolence.org"),
        ("successor", "kai@example.org"),
    }
