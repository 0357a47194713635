"""What a meeting leaves to members, who opens it, and the one email to those who missed it."""

import html
import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from communities.models import Meeting
from membership.emails.kinds import UNDO_TIME, is_still_wanted
from membership.errors import RefusedError
from membership.meetings.afterwards import take_back_telling, tell_who_missed
from membership.meetings.attendance import answer, record_attendance
from membership.models import Attendance, OutboxEmail, Resource, User
from tests import builders
from tests.builders import queries_of
from tests.membership.meetings.plans import JUNE, NOW, at, member, planned, queued_emails
from tests.membership.resources.offers import details, published, with_file
from tests.threads import all_at_once

pytestmark = [pytest.mark.django_db, pytest.mark.core]

AFTERWARDS = at(JUNE, "12:00")
RECORDING = "https://zoom.example.org/rec/secret"
TAB = "/my/communities/stvc/meetings/"
DESK = "/admin/communities/meeting/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(AFTERWARDS, tick=False) as traveller:
        yield traveller


@pytest.fixture
def lou():
    return builders.lead()


@pytest.fixture
def ana():
    return member("Ana Sample")


def over(by: User, *slugs: str, **more) -> Meeting:
    """A meeting that has taken place, with notes and a recording."""
    meeting = planned(*slugs, by=by, speaker="Dr. <b>Kim</b>", about_speaker="Nurse", **more)
    Meeting.objects.filter(pk=meeting.pk).update(
        notes="What we <i>said</i>", recording_link=RECORDING
    )
    meeting.refresh_from_db()
    return meeting


def came(meeting, *people):
    keys = [person.pk for person in people]
    by = User.objects.get(email="lou@example.org")
    record_attendance(meeting_id=meeting.pk, came=keys, shown=keys, by=by, now=AFTERWARDS)


def material(meeting, by, *slugs, **more) -> Resource:
    resource = published(by, *slugs, **more)
    resource.meeting = meeting
    resource.save()
    return resource


def client_of(person) -> Client:
    client = Client()
    client.force_login(person.user)
    return client


def words(response) -> str:
    return html.unescape(response.content.decode())


def refusal(verb, **how) -> str:
    with pytest.raises(RefusedError) as refused:
        verb(now=AFTERWARDS, **how)
    return str(refused.value)


def test_members_find_what_a_meeting_left_and_nobody_else_does(lou, ana):
    meeting = over(lou)
    file = material(meeting, lou, what=with_file(title="Slides"))
    material(meeting, lou, "ors", what=details(title="For others"))
    hidden = material(meeting, lou, what=details(title="Taken off"))
    Resource.objects.filter(pk=hidden.pk).update(state="unpublished")
    client = client_of(ana)

    for page in (TAB, f"/my/meetings/{meeting.pk}/"):
        raw = client.get(page).content.decode()
        assert "What we &lt;i&gt;said&lt;/i&gt;" in raw, page
        assert "Dr. &lt;b&gt;Kim&lt;/b&gt;" in raw
        assert RECORDING not in raw
        assert f"/my/communities/stvc/resources/{file.pk}/file/" in raw
        assert "For others" not in raw
        assert "Taken off" not in raw
    watch = f"/my/meetings/{meeting.pk}/recording/"
    assert client.get(watch).url == RECORDING
    assert Client().get(watch).url.startswith("/accounts/login/")
    outsider = client_of(member("Bea Sample", "cbvs"))
    ana.enrolments.update(ended_on=JUNE)
    for visitor in (client, outsider):
        for page in (watch, TAB, f"/my/meetings/{meeting.pk}/"):
            assert visitor.get(page).status_code == 404
    assert "Kim" not in Client().get("/communities/stvc/").content.decode()


def test_a_meeting_without_a_recording_says_so(lou, ana):
    meeting = planned(by=lou)
    answered = client_of(ana).get(f"/my/meetings/{meeting.pk}/recording/", follow=True)
    assert "This meeting has no recording." in words(answered)


def test_the_tab_takes_the_same_queries_for_one_meeting_and_for_many(lou, ana):
    client = client_of(ana)
    material(over(lou), lou)
    client.get(TAB)  # writes the session
    few = queries_of(client.get, TAB)
    for number in range(1, 5):
        material(over(lou, day=JUNE - timedelta(days=number)), lou)
    assert queries_of(client.get, TAB) == few


def test_those_who_missed_it_hear_once(lou, ana):
    meeting = over(lou)
    people = {
        name: member(f"{name} Sample") for name in ("Bea", "Cleo", "Dee", "Eve", "Fay", "Gus")
    }
    answer(meeting_id=meeting.pk, person=people["Bea"], answer="no", now=NOW)
    came(meeting, ana)
    people["Cleo"].enrolments.update(ended_on=JUNE)
    people["Dee"].enrolments.update(leave_until=JUNE)
    type(ana).objects.filter(pk=people["Eve"].pk).update(wants_reminders=False)
    people["Fay"].enrolments.update(started_on=JUNE + timedelta(days=1))  # joined afterwards
    material(meeting, lou)

    number = tell_who_missed(meeting_id=meeting.pk, by=lou, now=AFTERWARDS)

    missed = [("meeting-missed", f"{name}@example.org") for name in ("bea", "gus")]
    assert (number, queued_emails("missed")) == (2, missed)
    email = OutboxEmail.objects.first()
    assert "You can now find the notes, the recording and the materials on this page" in email.body
    assert f"/my/meetings/{meeting.pk}/" in email.body
    assert RECORDING not in email.body
    assert email.due_at == AFTERWARDS + UNDO_TIME
    again = refusal(tell_who_missed, meeting_id=meeting.pk, by=lou)
    assert again == "The people who missed this meeting have already had this email."
    # Staff find out that Bea was there after all.
    bea = OutboxEmail.objects.get(to_email="bea@example.org")
    assert is_still_wanted(bea, AFTERWARDS)
    came(meeting, people["Bea"])
    assert not is_still_wanted(bea, AFTERWARDS)


def test_telling_is_undone_in_time_only_and_then_possible_again(lou, ana):
    meeting = over(lou)
    came(meeting, ana)
    member("Bea Sample")
    tell_who_missed(meeting_id=meeting.pk, by=lou, now=AFTERWARDS)
    take_back_telling(meeting_id=meeting.pk, by=lou, now=AFTERWARDS)
    assert queued_emails() == []
    assert "already been undone" in refusal(take_back_telling, meeting_id=meeting.pk, by=lou)

    assert tell_who_missed(meeting_id=meeting.pk, by=lou, now=AFTERWARDS) == 1
    with pytest.raises(RefusedError, match="on their way"):
        take_back_telling(meeting_id=meeting.pk, by=lou, now=AFTERWARDS + UNDO_TIME)
    OutboxEmail.objects.filter(wanted=True).update(attempts=1)
    assert "on their way" in refusal(take_back_telling, meeting_id=meeting.pk, by=lou)
    assert len(queued_emails()) == 1


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda m, ana: Meeting.objects.update(cancelled_at=NOW), "Only after a meeting"),
        (lambda m, ana: Meeting.objects.update(ends_at=AFTERWARDS + UNDO_TIME), "Only after"),
        (lambda m, ana: Attendance.objects.update(came=False), "Record attendance first"),
        (lambda m, ana: Meeting.objects.update(notes="", recording_link=""), "Add notes"),
        (lambda m, ana: came(m, *type(ana).objects.filter(name="Bea Sample")), "No one who"),
    ],
)
def test_nobody_is_told_too_early_or_of_nothing(lou, ana, make, why):
    meeting = over(lou)
    member("Bea Sample")
    came(meeting, ana)
    make(meeting, ana)
    assert why in refusal(tell_who_missed, meeting_id=meeting.pk, by=lou)
    assert queued_emails() == []


def test_the_other_team_tells_nobody(lou, ana):
    camille = builders.staff(builders.CCSS, "camille@example.org")
    meeting = over(lou)
    assert "other team" in refusal(tell_who_missed, meeting_id=meeting.pk, by=camille)


@pytest.mark.django_db(transaction=True)
def test_two_colleagues_at_once_tell_everyone_once(lou, ana):
    meeting = over(lou)
    came(meeting, ana)
    member("Bea Sample")

    def send() -> None:
        tell_who_missed(meeting_id=meeting.pk, by=lou, now=AFTERWARDS)

    assert "done" in (told := all_at_once(send, send))
    assert "The people who missed this meeting have already had this email." in told
    assert len(queued_emails()) == 1


def test_staff_add_a_material_tell_those_who_missed_it_and_undo(desk, lou, ana):
    meeting = over(lou)
    came(meeting, ana)
    member("Bea Sample")
    page = words(desk.get(f"{DESK}{meeting.pk}/change/"))
    assert "Not told yet" in page
    add = f"/admin/membership/resource/add/?meeting={meeting.pk}"
    assert add in page
    typed = {"title": "Slides", "kind": "document", "link": "https://example.org/slides"}
    form = desk.get(add).content.decode()
    assert len(re.findall(r'name="communities"[^>]* checked', form)) == 1
    desk.post(add, {**typed, "communities": [builders.community().pk]})
    assert [str(m) for m in meeting.materials.all()] == ["Slides"]

    before = words(desk.get(f"{DESK}{meeting.pk}/tell/"))
    assert "1 person who missed the meeting will get this email, once." in before
    assert "the notes, the recording and the materials" in before
    done = words(desk.post(f"{DESK}{meeting.pk}/tell/", follow=True))
    assert "The email to 1 person goes out in 30 seconds." in done
    assert f"{DESK}{meeting.pk}/untell/" in done
    assert "Not told yet" not in done
    assert "already had this email" in words(desk.get(f"{DESK}{meeting.pk}/tell/"))
    undone = words(desk.post(f"{DESK}{meeting.pk}/untell/", follow=True))
    assert "Undone. No email goes out." in undone
    assert queued_emails() == []


def test_staff_note_the_recording_and_the_speaker(desk, lou):
    meeting = planned(by=lou)
    typed = {
        "communities": [builders.community().pk],
        "kind": "training",
        "topic": meeting.topic,
        "day": "2026-06-16",
        "starts": "10:00",
        "ends": "11:30",
        "about_speaker": "Nurse",
        "recording_link": RECORDING,
    }
    page = f"{DESK}{meeting.pk}/edit/"
    assert "Enter the speaker’s name" in words(desk.post(page, typed))
    desk.post(page, {**typed, "speaker": "Kim"})
    meeting.refresh_from_db()
    assert (meeting.speaker, meeting.recording_link) == ("Kim", RECORDING)
    assert RECORDING in words(desk.get(page))
    assert "starts with https://" in words(desk.post(page, {**typed, "recording_link": "http://x"}))


def test_the_trainings_that_one_attended_are_on_ones_own_page(lou, ana):
    training = over(lou, kind="training", topic="Safety planning")
    meeting = over(lou, topic="A regular one")
    missed = over(lou, kind="training", topic="Another one")
    came(training, ana)
    came(meeting, ana)
    came(missed, member("Bea Sample"))
    ana.enrolments.update(ended_on=JUNE)  # it stays theirs
    for page in ("/my/", "/my/trainings/"):
        shown = words(client_of(ana).get(page))
        assert "Safety planning" in shown, page
        assert "Another one" not in shown
        assert "A regular one" not in shown
    nobody = client_of(member("Cy Sample"))
    assert "have not recorded a training" in words(nobody.get("/my/trainings/"))
    assert "Trainings I attended" not in words(nobody.get("/my/"))
