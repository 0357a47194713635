"""From the reminder email to an answer that staff see, on a phone, also without JavaScript."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from communities.models import Meeting
from membership.meetings.planning import send_due_reminders
from membership.models import User
from tests import builders
from tests.browser.test_main_job import WITH_AND_WITHOUT, sign_in
from tests.membership.meetings.plans import ZOOM, member, planned

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

PHONE = 360


@pytest.fixture
def meeting():
    """A meeting tomorrow."""
    priya = builders.staff()
    tomorrow = timezone.localdate() + timedelta(days=1)
    return planned(by=priya, now=timezone.now(), day=tomorrow)


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_from_the_reminder_to_the_answer(
    portal, smtp_server, celery_worker_process, open_page, meeting, javascript, settings
):
    settings.PORTAL_URL = portal.url
    member()
    send_due_reminders(now=timezone.now())
    mail = smtp_server.wait_for(to="dana@example.org", subject_contains="Meeting reminder")
    body = mail.get_body(("plain",)).get_content()
    phone = open_page(width=PHONE, javascript=javascript)

    phone.goto(re.search(r"http\S+/my/meetings/\d+/", body)[0])
    sign_in(phone, smtp_server, "dana@example.org")
    expect(phone.get_by_role("heading", level=1)).to_have_text("Staying well in this work")
    phone.get_by_role("button", name="I’ll be there").click()
    expect(phone.get_by_text("You said: I’ll be there")).to_be_visible()
    phone.get_by_role("button", name="Maybe").click()
    expect(phone.get_by_text("You said: Maybe")).to_be_visible()
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE
    assert ZOOM not in phone.content()
    assert ZOOM not in body

    desk = open_page(width=1280, javascript=javascript)
    builders.sign_in_browser(desk, portal.url, User.objects.get(email="priya@example.org"))
    desk.goto(f"{portal.url}/admin/communities/meeting/{meeting.pk}/change/")
    expect(desk.get_by_text("Maybe: 1")).to_be_visible()


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_the_calendars_link_leads_through_the_sign_in_to_zoom(
    portal, smtp_server, open_page, meeting, javascript
):
    member()
    phone = open_page(width=PHONE, javascript=javascript)
    phone.route(ZOOM, lambda route: route.fulfill(body="The meeting on Zoom"))

    phone.goto(f"{portal.url}/my/meetings/{meeting.pk}/join/")
    sign_in(phone, smtp_server, "dana@example.org")
    phone.get_by_role("link", name="Join on Zoom").click()

    expect(phone.get_by_text("The meeting on Zoom")).to_be_visible()
    assert phone.url == ZOOM


@pytest.mark.parametrize("javascript", WITH_AND_WITHOUT)
def test_a_plan_that_repeats_and_what_a_meeting_leaves(portal, smtp_server, open_page, javascript):
    """Staff schedule three meetings on a phone; a member finds the notes and the recording of a past one."""
    priya, now = builders.staff(), timezone.now()
    past = planned(
        by=priya, day=timezone.localdate() - timedelta(days=20), now=now - timedelta(days=40)
    )
    Meeting.objects.filter(pk=past.pk).update(notes="What we said.", recording_link=ZOOM)
    member()
    desk = open_page(width=PHONE, javascript=javascript)
    builders.sign_in_browser(desk, portal.url, priya)
    desk.goto(f"{portal.url}/admin/")
    desk.get_by_role("link", name=builders.community().full_name).click()
    desk.get_by_label("Topic").fill("Working with interpreters")
    desk.get_by_label("Date", exact=True).fill((now + timedelta(days=10)).date().isoformat())
    desk.get_by_label("Start time").fill("10:00")
    desk.get_by_label("End time").fill("11:30")
    desk.get_by_label("Repeat", exact=True).select_option("Every 3 months")
    desk.get_by_label("Number of meetings, if it repeats").fill("3")
    desk.get_by_role("button", name="Schedule meeting").click()
    expect(desk.get_by_label("Meeting 3")).to_be_visible()
    assert desk.evaluate("document.documentElement.scrollWidth") <= PHONE
    desk.get_by_role("button", name="Schedule 3 meetings").click()
    expect(desk.get_by_text("3 meetings scheduled.")).to_be_visible()

    phone = open_page(width=PHONE, javascript=javascript)
    phone.route(ZOOM, lambda route: route.fulfill(body="The recording on Zoom"))
    phone.goto(f"{portal.url}/my/communities/stvc/meetings/")
    sign_in(phone, smtp_server, "dana@example.org")
    expect(phone.get_by_text("What we said.")).to_be_visible()
    expect(phone.get_by_role("link", name="Working with interpreters")).to_have_count(3)
    assert phone.evaluate("document.documentElement.scrollWidth") <= PHONE
    phone.get_by_role("link", name="Watch the recording").click()
    expect(phone.get_by_text("The recording on Zoom")).to_be_visible()
