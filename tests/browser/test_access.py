"""Joining Slack, leaving a community, and the staff's tasks for both: on a phone, without JavaScript."""

import pytest
from django.db import transaction
from django.utils import timezone
from playwright.sync_api import expect

from membership.access import slack_link
from membership.models import Access, Leaving, OutboxEmail, SlackExport, SlackLink
from membership.rosters.enrolments import enrol
from tests import builders
from tests.browser.test_main_job import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PHONE = 360
LINK = "https://join.slack.com/t/sample/shared_invite/zt-sample"
SLACK = "/admin/membership/access/slack/program-support/"


def enrolled(user, slug):
    now = timezone.now()
    with transaction.atomic():
        community = builders.community(slug)
        return enrol(person=user.person, community=community, on=timezone.localdate(now), now=now)


def signed_in(open_page, portal, smtp_server, email, to):
    page = open_page(width=PHONE, javascript=False)
    page.goto(f"{portal.url}/accounts/login/?next={to}")
    sign_in(page, smtp_server, email)
    return page


def test_a_member_sees_the_invitation_and_reports_that_they_have_joined(
    portal, smtp_server, open_page
):
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
    page = signed_in(open_page, portal, smtp_server, dana.email, "/my/")
    page.get_by_role("link", name="join the workspace").click()
    page.get_by_role("button", name="Show my invitation").click()
    link = page.get_by_role("link", name="Open the invitation in Slack")
    expect(link).to_have_attribute("href", LINK)
    assert dana.person.accesses.get(kind="slack").state == "invited"
    page.get_by_role("button", name="I have joined Slack").click()
    expect(page.get_by_text("You have joined Slack. Thank you.")).to_be_visible()
    page.goto(f"{portal.url}/my/")
    expect(page.get_by_text("Slack: you have joined.")).to_be_visible()


def test_a_chair_leaves_and_names_a_successor(portal, smtp_server, open_page):
    robin = builders.worker("robin@example.org", "Robin Sample")
    enrolled(robin, "icat")
    page = signed_in(open_page, portal, smtp_server, robin.email, "/my/")
    page.get_by_role("link", name="Leave this community").click()
    page.get_by_label("Why are you leaving?").fill("I am changing jobs.")
    page.get_by_label("Their work email").fill("kai@example.org")
    page.get_by_role("button", name="Leave community").click()
    expect(page.get_by_role("alert")).to_contain_text("Enter their name")
    expect(page.get_by_label("Why are you leaving?")).to_have_value("I am changing jobs.")
    page.get_by_label("Their name").fill("Kai Example")
    page.get_by_label("The email may give my name").check()
    page.get_by_role("button", name="Leave community").click()
    expect(page.get_by_text("You have left ICAT.")).to_be_visible()
    expect(page.get_by_text("You are not in a community yet.")).to_be_visible()
    assert Leaving.objects.get().reason == "I am changing jobs."
    assert set(OutboxEmail.objects.values_list("kind", "to_email")) == {
        ("roster-left", "robin@example.org"),
        ("news-left", "ccss@endingviolence.org"),
        ("successor", "kai@example.org"),
    }


def test_staff_mark_several_tasks_at_once_and_one_separately(portal, smtp_server, open_page):
    priya = builders.staff()
    for name in ("dana", "ari"):
        enrolled(builders.worker(f"{name}@example.org", f"{name.title()} Sample"), "stvc")
    page = signed_in(
        open_page, portal, smtp_server, priya.email, "/admin/membership/access/?kind__exact=slack"
    )
    for box in page.locator("input.action-select").all():
        box.check()
    page.get_by_label("Action:").select_option(label="Mark as invited to Slack")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist")).to_contain_text("Dana Sample")
    expect(page.locator(".messagelist")).to_contain_text("Ari Sample")
    assert set(Access.objects.filter(kind="slack").values_list("state", flat=True)) == {"invited"}
    page.get_by_role("link", name="Dana Sample").click()
    page.get_by_role("button", name="Mark as joined").click()
    expect(page.locator(".messagelist")).to_contain_text(
        "Dana Sample (Program support Slack: joined)"
    )


def test_staff_compare_slack_with_the_roster(portal, smtp_server, open_page):
    priya, dana = builders.staff(), builders.worker()
    enrolled(dana, "stvc")
    page = signed_in(open_page, portal, smtp_server, priya.email, SLACK)
    page.get_by_role("link", name="Import Slack members").click()
    content = b"email,status\ndana@example.org,Member\nwho@elsewhere.org,Member\n"
    page.get_by_label("Slack’s member export").set_input_files(
        files=[{"name": "members.csv", "mimeType": "text/csv", "buffer": content}]
    )
    page.get_by_role("button", name="Compare with the roster").click()
    page.get_by_role("button", name="Mark all (1) as joined").click()
    expect(page.get_by_text("1 person marked as joined.")).to_be_visible()
    page.get_by_label("who@elsewhere.org").check()
    page.get_by_role("button", name="Add removal tasks for selected").click()
    expect(page.get_by_text("Task added on")).to_be_visible()
    page.get_by_role("button", name="Delete list").click()
    expect(page.get_by_text("The tasks remain.")).to_be_visible()
    assert SlackExport.objects.count() == 0
    assert dana.person.accesses.get(kind="slack").state == "joined"
    assert Access.objects.get(person=None).state == "to-remove"


def test_staff_add_a_new_invitation_link(portal, smtp_server, open_page):
    priya = builders.staff()
    page = signed_in(open_page, portal, smtp_server, priya.email, SLACK)
    page.get_by_role("link", name="Add link").click()
    page.get_by_label("Invitation link").fill("https://evil.example/invite")
    page.get_by_role("button", name="Save link").click()
    expect(page.get_by_role("alert")).to_contain_text("starts with https://join.slack.com/")
    page.get_by_label("Invitation link").fill(LINK)
    page.get_by_label("Works until").fill("2099-01-31")
    page.get_by_role("button", name="Save link").click()
    expect(page.get_by_text("January 31, 2099")).to_be_visible()
    kept = SlackLink.objects.get()
    assert (kept.link, kept.most_uses, kept.added_by) == (LINK, 400, priya)
