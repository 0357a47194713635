"""Writing to rosters on the staff desk: the form, its preview, and the page of an announcement."""

import re
from html import unescape
from uuid import uuid4

import pytest
import time_machine
from django.test import Client

from membership.models import Announcement, OutboxEmail, ReadyText, User
from membership.sharing.announcing import Draft, announce
from tests import builders
from tests.membership.meetings.plans import NOW, member, planned

pytestmark = pytest.mark.django_db

LIST = "/admin/membership/announcement/"


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


def words_of(response) -> str:
    """A page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", builders.text_of(response)).split())


def typed(**more) -> dict:
    return {
        "communities": [builders.community().pk],
        "subject": "Our office",
        "text": "We are closed <b>on Friday</b>.",
        "uid": "0b6f3c0e-3b5e-4d8e-9d58-5d6a2f7a9f11",
        **more,
    }


def hidden(page: str) -> dict[str, list[str]]:
    """The hidden fields of the preview."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)">', page):
        found.setdefault(name, []).append(unescape(value))
    return {name: values for name, values in found.items() if name != "csrfmiddlewaretoken"}


def test_what_was_previewed_is_what_is_sent(desk):
    ana = member("Ana Sample")
    page = desk.post(f"{LIST}add/", typed()).content.decode()
    assert "<strong>1 person</strong> will get this email" in page
    assert "We are closed &lt;b&gt;on Friday&lt;/b&gt;." in page
    assert not Announcement.objects.exists()

    fields = {**typed(), "expected": hidden(page)["expected"][0], "send": "yes"}
    after = desk.post(f"{LIST}add/", fields, follow=True)

    announcement = Announcement.objects.get()
    assert after.redirect_chain[-1][0] == f"{LIST}{announcement.pk}/change/"
    shown = words_of(after)
    assert "Announced. The emails go out in 30 seconds. Undo" in shown
    assert "to 1 person: STVC" in shown
    assert "We are closed on Friday ." in shown
    email = OutboxEmail.objects.get(announcement=announcement)
    assert email.to_email == ana.email
    emails = words_of(desk.get(f"/admin/membership/outboxemail/?announcement={announcement.pk}"))
    assert email.subject in emails
    assert "Subject To Status" in emails  # the headings of the columns

    undone = desk.post(f"{LIST}{announcement.pk}/undo/", follow=True)
    assert "Undone. No email went out." in words_of(undone)
    assert "Undone, not sent" in words_of(desk.get(LIST))
    again = desk.get(f"{LIST}add/?from={announcement.pk}").content.decode()
    assert 'value="Our office"' in again


def test_changed_words_are_another_announcement_and_an_undone_one_is_previewed_again(desk):
    member("Ana Sample")

    def send(**words) -> dict[str, list[str]]:
        preview = hidden(desk.post(f"{LIST}add/", typed(**words)).content.decode())
        desk.post(f"{LIST}add/", {**preview, "send": "yes"})
        return preview

    first, second = send(), send(text="We are open on Friday.")
    assert first["uid"] != second["uid"]
    assert {a.text for a in Announcement.objects.all()} == {typed()["text"], second["text"][0]}

    newest = Announcement.objects.first()
    desk.post(f"{LIST}{newest.pk}/undo/")
    again = desk.post(f"{LIST}add/", {**second, "send": "yes"}).content.decode()
    assert "You undid this announcement, so nothing was sent." in again
    desk.post(f"{LIST}add/", {**hidden(again), "send": "yes"})
    assert Announcement.objects.filter(text=second["text"][0], taken_back_at=None).exists()


@pytest.mark.parametrize("sent", ["9" * 25, "9" * 5000, "²", "1,x", ""])
def test_keys_that_no_row_can_have_are_no_error(desk, sent):
    for page in (
        "worklistrow/?import={}",
        "outboxemail/?announcement={}",
        "announcement/add/?from={}",
    ):
        assert desk.get(f"/admin/membership/{page.format(sent)}").status_code == 200
    for page in ("outboxemail/restore/", "access/several/", "access/undo/", "worklistrow/undo/"):
        assert desk.post(f"/admin/membership/{page}", {"pk": sent}).status_code == 302


def test_the_page_says_when_nothing_or_not_everything_was_delivered(desk):
    member("Ana Sample")
    member("Bea Sample")
    announcement = announce(
        draft=Draft((builders.community(),), "Our office", "We are closed."),
        uid=uuid4(),
        expected=2,
        by=User.objects.get(email="priya@example.org"),
        now=NOW,
    )
    page = f"{LIST}{announcement.pk}/change/"
    announcement.letters.update(state="failed")
    assert "Not sent" in words_of(desk.get(page))
    one = announcement.letters.first()
    OutboxEmail.objects.filter(pk=one.pk).update(state="sent", sent_at=NOW)
    assert "Sent, but 1 failed" in words_of(desk.get(page))


def test_once_it_went_out_it_is_removed_from_the_members_page_and_shown_again(desk, clock):
    member("Ana Sample")
    fields = {**typed(), "expected": 1, "send": "yes"}
    page = desk.post(f"{LIST}add/", fields).url
    clock.shift(31)
    Announcement.objects.get().letters.update(state="sent", sent_at=NOW)
    assert "Remove from the members’ page" in words_of(desk.get(page))

    removed = words_of(desk.post(page.replace("change", "hide"), follow=True))
    assert "Members no longer see this announcement on their page." in removed
    assert "The emails that were sent can’t be undone." in removed
    assert "Removed from the members’ page" in words_of(desk.get(LIST))

    shown = words_of(desk.post(page.replace("change", "show"), follow=True))
    assert "Members see this announcement on their page again." in shown


def test_when_the_roster_changes_meanwhile_the_preview_says_so(desk):
    member("Ana Sample")
    member("Bea Sample")
    page = desk.post(f"{LIST}add/", typed(expected=1, send="yes")).content.decode()
    assert "Now 2 people will get this email, not 1." in page
    assert hidden(page)["expected"] == ["2"]
    assert not Announcement.objects.exists()


def test_a_ready_text_is_added_to_what_was_typed(desk):
    ready = ReadyText.objects.create(subject="A training", text="We offer a training.")
    page = desk.post(
        f"{LIST}add/", typed(subject="", text="Dear all", ready=ready.pk, use="yes")
    ).content.decode()
    assert 'value="A training"' in page
    assert "Dear all\n\nWe offer a training." in page
    # Without the button too, if there is no text yet.
    page = desk.post(f"{LIST}add/", typed(text="", ready=ready.pk)).content.decode()
    assert "We offer a training." in page
    assert 'value="Our office"' in page


def test_what_was_typed_is_kept_when_it_is_refused_or_changed(desk):
    wrong = desk.post(f"{LIST}add/", typed(text="https://zoom.us/j/1")).content.decode()
    assert "Do not put a Zoom join link in an email." in wrong
    assert "https://zoom.us/j/1" in wrong
    kept = desk.post(f"{LIST}add/", typed(change="yes")).content.decode()
    assert "We are closed &lt;b&gt;on Friday&lt;/b&gt;." in kept
    assert kept.count(" checked") == 1


@pytest.mark.parametrize("button", ["preview", "send"])
def test_what_a_ready_text_leaves_open_is_named_and_does_not_go_out(desk, button):
    member("Ana Sample")
    text = "Our office is closed from [first day] to December 24."

    page = builders.text_of(desk.post(f"{LIST}add/", typed(text=text, **{button: "yes"})))

    assert "Replace “[first day]” with your own words" in page
    assert text in page
    assert 'name="uid"' in page
    assert 'name="send"' not in page
    assert not Announcement.objects.exists()


def test_a_meeting_is_announced_from_its_page(desk):
    member()
    meeting = planned(topic="Staying well", agenda="Welcome")
    page = desk.get(f"/admin/communities/meeting/{meeting.pk}/change/").content.decode()
    [link] = re.findall(r'href="([^"]+)">Announce this meeting', page)
    form = desk.get(link).content.decode()
    assert "Please join us for our quarterly meeting: Staying well\n\nWelcome" in form
    assert 'value="Quarterly meeting: Staying well"' in form
    preview = words_of(desk.post(link, typed()))
    assert "Tuesday, June 16, 2026, 10 to 11:30 a.m. Pacific time" in preview


def test_the_other_team_is_offered_its_own_communities_only(client):
    builders.sign_in(client, builders.staff(builders.CCSS, "camille@example.org"))
    page = client.post(f"{LIST}add/", typed()).content.decode()
    assert "Select a valid choice" in page or "not one of the available choices" in page
    assert "Stopping the Violence Counselling" not in page
    meeting = planned(by=builders.staff())
    assert client.get(f"{LIST}add/?meeting={meeting.pk}").status_code == 404


def test_the_history_shows_it_to_its_own_team_only(desk):
    member()
    announce(
        draft=Draft((builders.community(),), "Our office", "We are closed."),
        uid=uuid4(),
        expected=1,
        by=User.objects.get(email="priya@example.org"),
        now=NOW,
    )
    camille = Client()
    builders.sign_in(camille, builders.staff(builders.CCSS, "camille@example.org"))
    page = "/admin/history/?kind=announcements"
    assert "Announced to 1 person: STVC." in words_of(desk.get(page))
    assert "Our office" not in words_of(camille.get(page))
    assert "Our office" not in words_of(camille.get("/admin/history/"))
