"""A member's feed, join link and meeting pages stop when their enrolment ends. Applicants have none of them."""

import io
import logging
from datetime import timedelta

import pytest
import time_machine

from communities.models import Meeting
from membership.meetings.calendar import feed_address, renew_feed
from membership.meetings.planning import send_due_reminders
from membership.models import CalendarFeed, Enrolment, OutboxEmail, Person, User
from membership.rosters.enrolments import end_enrolment
from tests import builders
from tests.membership.meetings.plans import NOW, ZOOM, enrolled, member, planned

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _in_may():
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def dana():
    return member()


@pytest.fixture
def meeting(dana):
    return planned()


def feed_of(person: Person) -> str:
    address = feed_address(renew_feed(person=person, now=NOW))
    return "/" + address.split("/", 3)[3]


def leave(person: Person, slug: str = "stvc") -> None:
    enrolment = Enrolment.objects.get(person=person, community__slug=slug)
    by = User.objects.get(is_staff=True)
    end_enrolment(enrolment_id=enrolment.pk, by=by, text="You left.", now=NOW)


def test_joining_leads_to_zoom_only_while_they_are_enrolled(client, dana, meeting):
    builders.sign_in(client, dana.user)
    path = f"/my/meetings/{meeting.pk}/join/"

    inside = client.get(path)
    leave(dana)
    outside = client.get(path)

    assert (inside.status_code, inside["Location"]) == (302, ZOOM)
    assert "no-store" in inside["Cache-Control"]
    assert (outside.status_code, ZOOM.encode() in outside.content) == (404, False)


def test_the_feed_shows_the_communities_they_are_still_in_and_stops_with_the_last(
    client, dana, meeting
):
    enrolled(dana.user, "ors")
    other = planned("ors")
    path = feed_of(dana)

    before = client.get(path).content.decode()
    leave(dana)
    one_left = client.get(path).content.decode()
    leave(dana, "ors")

    assert str(meeting.uid) in before
    assert (str(other.uid) in one_left, str(meeting.uid) in one_left) == (True, False)
    assert client.get(path).status_code == 404


def test_the_pages_and_the_file_of_a_meeting_stop(client, dana, meeting):
    builders.sign_in(client, dana.user)
    path = f"/my/meetings/{meeting.pk}/"
    pages = (path, f"{path}meeting.ics")

    before = [client.get(page).status_code for page in pages]
    listed = client.get("/my/meetings/").content.decode()
    leave(dana)

    assert before == [200, 200]
    assert [client.get(page).status_code for page in pages] == [404, 404]
    assert client.post(f"{path}answer/", {"answer": "yes"}).status_code == 404
    assert meeting.topic in listed
    assert meeting.topic not in client.get("/my/meetings/").content.decode()


def test_a_queued_reminder_is_cancelled(dana):
    planned(day=NOW.date() + timedelta(days=1))
    both = planned("stvc", "ors", day=NOW.date() + timedelta(days=1))
    enrolled(dana.user, "ors")
    member("Bea Sample")
    send_due_reminders(now=NOW)

    leave(dana)

    waiting = OutboxEmail.objects.filter(kind="meeting-reminder", state="queued")
    assert sorted(waiting.values_list("to_email", "about")) == sorted(
        [
            ("dana@example.org", both.about),
            *(("bea@example.org", m.about) for m in Meeting.objects.all()),
        ]
    )


def test_an_applicant_has_no_access_to_meetings(client, meeting):
    ari = builders.worker("ari@example.org", "Ari Applicant")
    builders.sent(ari)
    builders.sign_in(client, ari)

    answers = [
        client.get(path).status_code
        for path in (
            f"/my/meetings/{meeting.pk}/",
            f"/my/meetings/{meeting.pk}/join/",
            f"/my/meetings/{meeting.pk}/meeting.ics",
            feed_of(ari.person),
        )
    ]

    assert answers == [404] * 4
    for page in ("/my/meetings/", "/my/"):
        assert meeting.topic not in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cancelled_at": NOW}, "This meeting has been cancelled."),
        (
            {"starts_at": "2026-01-01T10:00Z", "ends_at": "2026-01-01T11:00Z"},
            "This meeting is over.",
        ),
        ({"join_link": ""}, "The link to join is not available yet."),
    ],
)
def test_joining_explains_why_it_is_not_possible(client, dana, meeting, change, says):
    type(meeting).objects.update(**change)
    builders.sign_in(client, dana.user)

    shown = client.get(f"/my/meetings/{meeting.pk}/join/", follow=True)

    assert shown.redirect_chain == [(f"/my/meetings/{meeting.pk}/", 302)]
    assert says in shown.content.decode()


def test_no_page_shows_zooms_link(client, dana, meeting):
    builders.sign_in(client, dana.user)

    for page in ("/my/", "/my/meetings/", f"/my/meetings/{meeting.pk}/"):
        shown = client.get(page).content.decode()
        assert meeting.topic in shown
        assert "zoom.example" not in shown


def test_the_log_contains_neither_zooms_link_nor_the_secret_address(client, dana, meeting):
    builders.sign_in(client, dana.user)
    path = feed_of(dana)
    [console] = [h for h in logging.getLogger().handlers if h.get_name() == "console"]
    before, written = console.stream, io.StringIO()
    console.setStream(written)
    try:
        client.get(f"/my/meetings/{meeting.pk}/join/")
        leave(dana)
        client.get(path)
    finally:
        console.setStream(before)

    assert '"view": "calendar-feed", "status": 404' in written.getvalue()
    assert CalendarFeed.objects.get().key not in written.getvalue()
    assert "zoom" not in written.getvalue()
