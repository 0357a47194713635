"""Calendar files, read back by vobject, which is not the library that wrote them."""

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import vobject

from membership.meetings import calendar
from membership.meetings.attendance import meetings_of
from membership.meetings.calendar import feed_address, renew_feed
from membership.meetings.planning import cancel_meeting, change_meeting
from membership.models import CalendarFeed, User
from tests import builders
from tests.membership.meetings.plans import NOW, a_plan, member, planned

pytestmark = pytest.mark.django_db

WINTER = datetime(2026, 1, 5, tzinfo=UTC)


def path_of(person) -> str:
    address = feed_address(CalendarFeed.objects.get(person=person))
    return "/" + address.split("/", 3)[3]


def events(content: bytes):
    """The events, read by a parser that checks the format of RFC 5545."""
    [parsed] = list(vobject.readComponents(content.decode()))
    parsed.validate(raiseException=True)
    return list(parsed.contents.get("vevent", []))


@pytest.fixture
def dana():
    person = member()
    renew_feed(person=person, now=NOW)
    return person


@pytest.mark.parametrize(
    ("day", "fort_st_john", "cranbrook"),
    [
        # Before March 8, 2026 both regions are an hour ahead; on November 1, 2026 no clock changes.
        (date(2026, 3, 7), "11:00", "11:00"),
        (date(2026, 3, 8), "10:00", "11:00"),
        (date(2026, 11, 1), "10:00", "11:00"),
    ],
)
def test_ten_in_vancouver_is_the_right_time_in_every_region(day, fort_st_john, cranbrook):
    [event] = events(calendar.meeting_file(planned(day=day, now=WINTER)))

    zones = ("America/Vancouver", "America/Dawson_Creek", "America/Edmonton")
    starts = [event.dtstart.value.astimezone(ZoneInfo(zone)) for zone in zones]
    assert [f"{start:%Y-%m-%d %H:%M}" for start in starts] == [
        f"{day} {clock}" for clock in ("10:00", fort_st_john, cranbrook)
    ]
    assert event.dtend.value - event.dtstart.value == timedelta(minutes=90)


def test_times_are_in_utc_without_a_time_zone():
    lines = calendar.meeting_file(planned(day=date(2026, 12, 1))).decode().split("\r\n")

    assert "DTSTART:20261201T170000Z" in lines
    assert "DTEND:20261201T183000Z" in lines
    assert not [line for line in lines if "TZID" in line or "VTIMEZONE" in line]


def test_the_file_follows_the_rfc(dana):
    planned(topic="Ünïcode, semicolons; and a very long topic " + "x" * 90)
    content = calendar.feed_file(meetings_of(dana))

    assert content.endswith(b"END:VCALENDAR\r\n")
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(len(line) for line in content.split(b"\r\n")) <= 75
    [event] = events(content)
    for name in ("uid", "dtstamp", "dtstart", "dtend", "summary", "sequence", "status", "url"):
        assert len(event.contents[name]) == 1
    assert event.description.value.startswith("Ünïcode, semicolons; and a very long topic xxx")


def test_the_file_has_the_portals_link_and_no_names(dana, settings):
    meeting = planned(agenda="What we keep to ourselves", notes="What was said")
    link = f"{settings.PORTAL_URL}/my/meetings/{meeting.pk}/join/"

    for content in (calendar.meeting_file(meeting), calendar.feed_file(meetings_of(dana))):
        [event] = events(content)
        text = re.sub(r"\r\n ", "", content.decode())
        assert event.url.value == link
        assert event.summary.value == "EVA BC, STVC: Quarterly meeting"
        assert event.description.value == (
            "Staying well in this work\n"
            "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook\n"
            f"To join: {link}"
        )
        for kept in ("zoom.example", "ourselves", "was said", "Dana", "ORGANIZER", "ATTENDEE"):
            assert kept not in text


def test_a_changed_meeting_keeps_its_uid_and_raises_its_sequence():
    lou = builders.lead()
    meeting = planned(by=lou)
    [before] = events(calendar.meeting_file(meeting))
    later = NOW + timedelta(hours=1)

    changed = change_meeting(meeting_id=meeting.pk, plan=a_plan(start="13:00"), by=lou, now=later)
    [after] = events(calendar.meeting_file(changed))
    cancelled = cancel_meeting(meeting_id=meeting.pk, text="Ill.", by=lou, now=later)
    [gone] = events(calendar.meeting_file(cancelled))

    assert [(e.uid.value, e.sequence.value, e.status.value) for e in (before, after, gone)] == [
        (str(meeting.uid), "0", "CONFIRMED"),
        (str(meeting.uid), "1", "CONFIRMED"),
        (str(meeting.uid), "2", "CANCELLED"),
    ]
    assert (before.dtstamp.value, after.dtstamp.value) == (NOW, later)


def test_a_cancelled_meeting_says_so_in_its_title_and_has_no_way_to_join(client, dana, settings):
    lou = builders.lead()
    meeting = planned(by=lou)
    cancel_meeting(meeting_id=meeting.pk, text="Ill.", by=lou, now=NOW)
    meeting.refresh_from_db()

    for content in (calendar.meeting_file(meeting), client.get(path_of(dana)).content):
        [event] = events(content)
        assert event.summary.value == "Cancelled: EVA BC, STVC: Quarterly meeting"
        assert event.description.value.split("\n") == [
            "Staying well in this work",
            "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook",
            "This meeting has been cancelled.",
        ]
        assert event.url.value == f"{settings.PORTAL_URL}/my/meetings/{meeting.pk}/"
        assert event.status.value == "CANCELLED"
        text = re.sub(r"\r\n ", "", content.decode())
        assert "/join/" not in text and "Zoom" not in text


def test_the_feed_has_only_their_communities_meetings(client, dana):
    planned("stvc")
    planned("icat", topic="Of others")
    planned("stvc", day=date(2025, 5, 1), now=datetime(2025, 1, 1, tzinfo=UTC), topic="Long ago")

    answer = client.get(path_of(dana))

    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    assert [e.summary.value for e in events(answer.content)] == ["EVA BC, STVC: Quarterly meeting"]
    assert b"REFRESH-INTERVAL;VALUE=DURATION:PT6H\r\n" in answer.content


def test_only_their_own_app_caches_the_feed_and_it_checks_each_time(client, dana):
    planned()
    first = client.get(path_of(dana))

    again = client.get(path_of(dana), headers={"If-None-Match": first["ETag"]})
    planned(topic="One more")
    changed = client.get(path_of(dana), headers={"If-None-Match": first["ETag"]})

    assert first["Cache-Control"] == "private, no-cache"
    assert (again.status_code, again.content) == (304, b"")
    assert (changed.status_code, len(events(changed.content))) == (200, 2)
    assert not first.cookies


@pytest.mark.parametrize("size", [1, 20])
def test_the_feed_uses_the_same_number_of_queries_at_any_length(
    client, dana, size, django_assert_num_queries
):
    for _ in range(size):
        planned("stvc", "ors")
    with django_assert_num_queries(5):
        assert len(events(client.get(path_of(dana)).content)) == size


def test_an_address_can_be_shown_again_and_replaced(client, dana, settings):
    builders.sign_in(client, dana.user)
    old = path_of(dana)
    planned()

    shown = client.get("/my/calendar/").content.decode()
    client.post("/my/calendar/")

    assert old in shown
    assert f'href="webcal://{settings.PORTAL_HOST}' in shown
    assert path_of(dana) != old
    assert [client.get(path).status_code for path in (old, path_of(dana))] == [404, 200]


def test_viewing_the_page_does_not_create_an_address(client):
    builders.sign_in(client, builders.worker())

    client.get("/my/calendar/")

    assert CalendarFeed.objects.count() == 0


@pytest.mark.core
def test_the_database_alone_does_not_open_a_calendar(client, dana):
    key = CalendarFeed.objects.get().key

    for guess in (key, f"{key}.", f"{key}.{key}", f".{key}", "x" * 300):
        assert client.get(f"/calendar/{guess}.ics").status_code == 404


def test_the_calendar_of_a_deactivated_account_answers_404(client, dana):
    planned()
    before = client.get(path_of(dana)).status_code
    User.objects.filter(person=dana).update(is_active=False)

    assert (before, client.get(path_of(dana)).status_code) == (200, 404)


def test_the_file_of_one_meeting_is_a_download(client, dana):
    meeting = planned()
    builders.sign_in(client, dana.user)

    answer = client.get(f"/my/meetings/{meeting.pk}/meeting.ics")

    assert answer["Content-Disposition"] == 'attachment; filename="meeting.ics"'
    assert [e.uid.value for e in events(answer.content)] == [str(meeting.uid)]
