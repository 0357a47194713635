"""The staff pages of meetings: what they show and do, and that typed text is kept on errors."""

import html
import re
from datetime import date

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile

from communities.models import Meeting
from membership.meetings.attendance import answer
from membership.models import Attendance, Enrolment, OutboxEmail, User
from tests import builders
from tests.membership.meetings.plans import JUNE, NOW, ZOOM, at, member, planned, queued_emails

pytestmark = pytest.mark.django_db

DESK = "/admin/communities/meeting/"
AFTERWARDS = at(JUNE, "12:00")


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def later(desk, clock):
    """Move the clock on and sign in again, because a session from May has ended by June."""

    def move(to=AFTERWARDS):
        clock.move_to(to)
        builders.sign_in(desk, User.objects.get(email="priya@example.org"))

    return move


def text(answer) -> str:
    return html.unescape(answer.content.decode())


def typed(**more) -> dict:
    fields = {
        "communities": [builders.community().pk],
        "kind": "training",
        "topic": "  Safety   planning ",
        "day": "2026-06-16",
        "starts": "10:00",
        "ends": "11:30",
        "join_link": ZOOM,
        "agenda": "Welcome",
    }
    return {**fields, **more}


def test_a_meeting_is_scheduled_in_vancouver_time(desk):
    answered = desk.post(f"{DESK}add/", typed(), follow=True)

    meeting = Meeting.objects.get()
    assert (meeting.topic, meeting.starts_at, meeting.ends_at) == (
        "Safety planning",
        at(JUNE, "10:00"),
        at(JUNE, "11:30"),
    )
    assert "10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook" in text(answered)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"communities": []}, "Choose at least one community."),
        ({"topic": ""}, "Enter the topic."),
        ({"day": "soon"}, "Enter the date as year-month-day, for example 2027-03-31."),
        ({"starts": "ten"}, "Enter the time in hours and minutes, on the 24-hour clock."),
        ({"ends": "09:00"}, "The end time must be after the start time."),
        (
            {"join_link": "javascript:alert(1)"},
            "Paste the whole link from Zoom. It starts with https://",
        ),
    ],
)
def test_errors_are_shown_and_typed_text_is_kept(desk, wrong, words):
    shown = text(desk.post(f"{DESK}add/", typed(agenda="Kept by the page", **wrong)))

    assert words in shown
    assert "Kept by the page" in shown
    assert Meeting.objects.count() == 0


def test_the_form_shows_the_meetings_values(desk):
    meeting = planned("stvc", "ors")

    shown = text(desk.get(f"{DESK}{meeting.pk}/edit/"))

    for value in ('value="2026-06-16"', 'value="10:00"', 'value="11:30"', f'value="{ZOOM}"'):
        assert value in shown
    assert shown.count("checked") == 2


def test_a_team_can_schedule_only_for_its_own_communities(desk):
    icat = builders.community("icat")

    shown = text(desk.post(f"{DESK}add/", typed(communities=[icat.pk])))

    assert "is not one of the available choices" in shown
    assert icat.name not in shown.split("<fieldset")[1].split("</fieldset")[0]


def test_the_list_shows_upcoming_meetings_by_default(desk, later):
    planned(topic="First")
    planned(topic="Second", day=date(2026, 7, 1))
    Meeting.objects.filter(topic="Second").update(cancelled_at=NOW)
    planned("icat", by=builders.lead(), topic="Of the others")
    planned(topic="Third", day=date(2026, 7, 2))
    later()

    shown = {
        query: [
            t
            for t in ("First", "Second", "Third", "Of the others")
            if t in text(desk.get(DESK + query))
        ]
        for query in ("", "?when=past", "?when=cancelled", "?when=all")
    }

    assert shown == {
        "": ["Third"],
        "?when=past": ["First"],
        "?when=cancelled": ["Second"],
        "?when=all": ["First", "Second", "Third"],
    }


def test_staff_see_the_answers_of_people_still_enrolled(desk):
    meeting = planned()
    ana, bea, cleo = (member(f"{name} Sample") for name in ("Ana", "Bea", "Cleo"))
    member("Dee Sample")
    for person, word in ((ana, "yes"), (bea, "maybe"), (cleo, "yes")):
        answer(meeting_id=meeting.pk, person=person, answer=word, now=NOW)
    Enrolment.objects.filter(person=cleo).update(ended_on=NOW.date())

    shown = text(desk.get(f"{DESK}{meeting.pk}/change/"))

    assert "I’ll be there: 1" in shown
    assert "Maybe: 1" in shown
    assert "<dt>No answer</dt><dd>1</dd>" in shown
    assert ("Ana Sample" in shown, "Cleo Sample" in shown) == (True, False)


def test_cancelling_previews_the_email_and_counts_its_recipients(desk):
    meeting = planned()
    answer(meeting_id=meeting.pk, person=member(), answer="yes", now=NOW)

    before = text(desk.get(f"{DESK}{meeting.pk}/cancel/"))
    empty = text(desk.post(f"{DESK}{meeting.pk}/cancel/", {"text": " "}))
    after = text(
        desk.post(f"{DESK}{meeting.pk}/cancel/", {"text": "The speaker is ill."}, follow=True)
    )

    assert "Meeting cancelled. The email about it is on its way." in after
    assert (
        "1 person who said yes or maybe, or had an email about it, will get this email." in before
    )
    assert "Meeting cancelled" in before
    assert "Explain why the meeting is cancelled, for people who planned to attend." in empty
    assert queued_emails() == [("meeting-cancelled", "dana@example.org")]
    assert OutboxEmail.objects.get().to_email == "dana@example.org"


def test_attendance_is_recorded_by_hand(desk, later):
    meeting = planned()
    ana, bea = member("Ana Sample"), member("Bea Sample")
    later()
    page = f"{DESK}{meeting.pk}/came/"

    desk.post(page, {"before": "", "came": [ana.pk]})
    shown = text(desk.get(page))
    assert f'name="before" value="{ana.pk}"' in shown
    desk.post(page, {"before": f"{ana.pk}", "came": [bea.pk, "x", "9" * 40]})

    assert f'value="{ana.pk}" checked' in shown
    assert f'value="{bea.pk}" checked' not in shown
    assert [row.person for row in Attendance.objects.filter(came=True)] == [bea]


def test_what_a_colleague_recorded_meanwhile_stays(desk, later):
    meeting = planned()
    ana, bea, cleo = (member(f"{name} Sample") for name in ("Ana", "Bea", "Cleo"))
    later()
    Attendance.objects.create(meeting=meeting, person=ana, came=True)
    page = f"{DESK}{meeting.pk}/came/"
    opened = text(desk.get(page))  # both open the page, and one saves first
    desk.post(page, {"before": f"{ana.pk}", "came": [ana.pk, bea.pk]})
    [before] = re.findall(r'name="before" value="([\d,]*)"', opened)
    desk.post(page, {"before": before, "came": [cleo.pk]})
    came = set(Attendance.objects.filter(came=True).values_list("person", flat=True))
    assert came == {bea.pk, cleo.pk}


def test_everyone_who_said_yes_is_selected_at_once_and_saved_with_the_page(desk, later):
    meeting = planned()
    _, bea, cleo = (member(f"{name} Sample") for name in ("Ana", "Bea", "Cleo"))
    for person, said in ((bea, "yes"), (cleo, "maybe")):
        answer(meeting_id=meeting.pk, person=person, answer=said, now=NOW)
    later()
    page = f"{DESK}{meeting.pk}/came/"
    assert "I’ll be there: 1" in text(desk.get(page))
    assert " checked" not in text(desk.get(page))
    shown = text(desk.get(f"{page}?all=yes"))
    assert not Attendance.objects.filter(came=True).exists()
    selected = re.findall(r'name="came" value="(\d+)" checked', shown)
    assert selected == [str(bea.pk)]
    desk.post(page, {"before": "", "came": selected})
    assert [row.person for row in Attendance.objects.filter(came=True)] == [bea]
    row = text(desk.get(f"{DESK}?when=all"))
    assert '<td class="field-said_yes">1</td><td class="field-came">1</td>' in row


def test_a_page_takes_the_attendance_of_five_hundred(desk, later):
    meeting = planned()
    person = member()
    later()
    keys = [person.pk, *range(10**6, 10**6 + 499)]
    data = {"before": ",".join(map(str, keys[1:])), "came": keys}
    assert desk.post(f"{DESK}{meeting.pk}/came/", data).status_code == 302
    assert Attendance.objects.get().person == person


def test_people_selected_when_the_session_ended_are_selected_after_signing_in_again(
    desk, priya, later
):
    meeting = planned()
    ana, bea = member("Ana Sample"), member("Bea Sample")
    later()
    Attendance.objects.create(meeting=meeting, person=ana, came=True)
    page = f"{DESK}{meeting.pk}/came/"
    session = desk.session
    session["seen_at"] -= 31 * 60
    session.save()

    desk.post(page, {"before": f"{ana.pk}", "came": bea.pk})

    builders.sign_in(desk, priya)
    shown = text(desk.get(page))
    assert f'value="{bea.pk}" checked' in shown
    assert f'value="{ana.pk}" checked' not in shown
    assert not Attendance.objects.filter(person=bea).exists()


def test_each_page_of_a_long_roster_saves_its_own_people(desk, later, monkeypatch):
    monkeypatch.setattr("membership.meetings.admin.PEOPLE_ON_A_PAGE", 2)
    meeting = planned()
    people = [member(f"{name} Sample") for name in ("Ana", "Bea", "Cleo")]
    later()
    Attendance.objects.create(meeting=meeting, person=people[0], came=True)

    shown = text(desk.get(f"{DESK}{meeting.pk}/came/?page=2"))
    desk.post(f"{DESK}{meeting.pk}/came/?page=2", {"before": "", "came": people[2].pk})

    assert ("Cleo Sample" in shown, "Ana Sample" in shown) == (True, False)
    assert [row.person for row in Attendance.objects.filter(came=True)] == [people[0], people[2]]


def test_attendance_from_zoom_is_recorded_after_staff_confirm(desk, later):
    meeting = planned()
    ana, bea, cleo = (member(f"{name} Sample") for name in ("Ana", "Bea", "Cleo"))
    later()
    content = b"Name,User Email\nAnything,ana@example.org\nBea Sample,\nCleo S,\nStranger Danger,\n"
    file = SimpleUploadedFile("participants.csv", content)

    shown = text(desk.post(f"{DESK}{meeting.pk}/zoom/", {"file": file}))
    nothing_yet = Attendance.objects.count()
    sent = {"sure": f"{ana.pk},{bea.pk},", "near": [cleo.pk]}
    done = text(desk.post(f"{DESK}{meeting.pk}/zoom-confirm/", sent, follow=True))

    for words in (
        "Matched by email: 1",
        "Matched by name: 1",
        "Name in Zoom: <bdi>Cleo S</bdi>",
        "Stranger Danger",
        f'name="sure" value="{ana.pk},{bea.pk},"',
        f'name="near" value="{cleo.pk}"',
    ):
        assert words in shown
    assert nothing_yet == 0
    assert "Who came: 3" in done
    assert "Attendance recorded from Zoom’s list: 3 added, 0 removed." in done


@pytest.mark.parametrize(
    ("pasted", "words"),
    [
        ("", "Choose a file, or paste the list."),
        ("Topic,Name,Name\na,b,c", "More than one column has the heading “Name”"),
    ],
)
def test_a_list_that_cannot_be_read_gets_an_error_on_the_page(desk, later, pasted, words):
    meeting = planned()
    later()

    assert words in text(desk.post(f"{DESK}{meeting.pk}/zoom/", {"pasted": pasted}))


@pytest.mark.parametrize("page", ["", "{}/change/", "{}/came/", "{}/edit/"])
def test_pages_use_the_same_number_of_queries_at_any_size(
    desk, later, page, django_assert_max_num_queries
):
    meeting = planned()
    member("Ana Sample")

    def queries() -> int:
        with django_assert_max_num_queries(40) as counted:
            assert desk.get(DESK + page.format(meeting.pk)).status_code == 200
        return len(counted)

    later(at(JUNE, "10:30"))
    queries()  # the menu keeps its counts for some seconds
    few = queries()
    for n in range(10):
        person = member(f"More{n} Sample")
        answer(meeting_id=meeting.pk, person=person, answer="yes", now=at(JUNE, "10:30"))
        planned("stvc", "ors", day=date(2026, 7, 1))

    assert queries() == few
