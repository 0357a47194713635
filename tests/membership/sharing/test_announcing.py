"""Announcing to rosters: who gets it, once; undoing it in time; and what keeps an email from going out."""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.core import mail
from django.db import IntegrityError, transaction

from membership.emails.queue import mark_bounced
from membership.errors import RefusedError
from membership.history import history_of
from membership.meetings.planning import cancel_meeting, change_meeting
from membership.models import Announcement, Enrolment, OutboxEmail, Person
from membership.rosters.enrolments import end_open_enrolments
from membership.sharing.announcing import Draft, announce, hide, reach, show_again, take_back
from requests.clock.retention import retain
from tests import builders
from tests.builders import queries_of
from tests.membership.meetings.plans import NOW, a_plan, member, planned, queued_emails

pytestmark = [pytest.mark.django_db, pytest.mark.core]

TODAY = NOW.date()
LATER = NOW + timedelta(seconds=31)


@pytest.fixture
def priya():
    return builders.staff()


def draft(*slugs, **more) -> Draft:
    communities = tuple(builders.community(slug) for slug in slugs or ["stvc"])
    return Draft(
        **{
            "communities": communities,
            "subject": "Our office",
            "text": "We are closed on Friday.",
            **more,
        }
    )


def sent(by, *, now=NOW, expected=1, uid=None, **words) -> Announcement:
    wanted = words.pop("draft", None) or draft(**words)
    return announce(draft=wanted, uid=uid or uuid.uuid4(), expected=expected, by=by, now=now)


def to(announcement) -> list[str]:
    return sorted(announcement.letters.values_list("to_email", flat=True))


def test_everybody_gets_one_email_however_many_rosters_they_are_on(priya):
    both, one = member("Ana Sample"), member("Bea Sample", "ors")
    Enrolment.objects.create(
        person=both, community=builders.community("ors"), started_on="2026-01-05"
    )
    member("Cam Sample", "cbvs")

    announcement = sent(priya, draft=draft("stvc", "ors"), expected=2)

    assert to(announcement) == [both.email, one.email]
    assert (announcement.recipients, announcement.by) == (2, priya)
    email = announcement.letters.get(person=both)
    assert email.subject == "Our office"
    assert email.body.startswith("Hello Ana,\n\nWe are closed on Friday.\n\nWith care,\n")
    assert "(STVC) and " in email.body
    assert email.due_at == NOW + timedelta(seconds=30)


def test_who_is_left_out_is_counted_by_the_reason(priya):
    member("Ana Sample")
    away, closed = member("Bea Sample"), member("Cam Sample")
    Enrolment.objects.filter(person=away).update(leave_until=TODAY)
    closed.user.is_active = False
    closed.user.save()
    silent = Person.objects.create(name="Dee Sample")
    gone = member("Eli Sample")
    Enrolment.objects.create(person=silent, community=builders.community(), started_on="2026-01-05")
    Enrolment.objects.filter(person=gone).update(ended_on=TODAY)
    returned = member("Fay Sample")
    Person.objects.filter(pk=returned.pk).update(wants_reminders=False)
    builders_sent = sent(priya, expected=2)
    letter = builders_sent.letters.get(person=returned)
    OutboxEmail.objects.filter(pk=letter.pk).update(state="sent", sent_at=NOW)
    mark_bounced(email_id=letter.pk, by=priya, on=TODAY, why="No such mailbox", today=TODAY)

    reached = reach(draft().communities, with_leave=False, on=TODAY)
    with_leave = reach(draft().communities, with_leave=True, on=TODAY)

    assert [p.name for p in reached.people] == ["Ana Sample", "Fay Sample"]
    assert (reached.on_leave, reached.no_email, reached.closed, reached.bounced) == (1, 1, 1, 1)
    assert [p.name for p in with_leave.people] == ["Ana Sample", "Bea Sample", "Fay Sample"]
    assert with_leave.on_leave == 0


def test_who_is_away_from_one_of_two_communities_gets_it():
    ana = member("Ana Sample")
    Enrolment.objects.filter(person=ana).update(leave_until="2026-12-31")
    communities = draft("stvc", "ors").communities
    assert reach(communities, with_leave=False, on=TODAY).people == []
    Enrolment.objects.create(person=ana, community=communities[1], started_on="2026-01-05")
    assert reach(communities, with_leave=False, on=TODAY).people == [ana]


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        ({"communities": ()}, "Choose at least one community"),
        ({"draft": ("stvc", "icat")}, "Choose communities of one team"),
        ({"draft": ("icat",)}, "belongs to the other team"),
        ({"text": "Join: https://join.slack.com/t/x"}, "Slack invitation link"),
        ({"text": "Join: https://us02web.zoom.us/j/123"}, "Zoom join link"),
        ({"subject": "Join: https://us02web.zoom.us/j/123"}, "Zoom join link"),
        ({"expected": 3}, "Now 1 person will get this email, not 3"),
        ({"draft": ("sas",)}, "No one on these rosters"),
    ],
)
def test_what_is_refused_sends_nothing(priya, words, refusal):
    member()
    if slugs := words.pop("draft", None):
        words["draft"] = draft(*slugs)
    with pytest.raises(RefusedError, match=refusal):
        sent(priya, **words)
    assert not OutboxEmail.objects.filter(kind="announcement").exists()
    assert not Announcement.objects.exists()


def test_a_form_that_is_sent_twice_announces_once(priya):
    member()
    uid = uuid.uuid4()
    assert sent(priya, uid=uid) == sent(priya, uid=uid)
    assert OutboxEmail.objects.filter(kind="announcement").count() == 1


def test_what_was_undone_is_not_said_to_be_sent_when_the_same_form_comes_again(priya):
    member()
    first = sent(priya)
    take_back(announcement_id=first.pk, by=priya, now=NOW)
    with pytest.raises(RefusedError, match="You undid this announcement"):
        sent(priya, uid=first.uid)


def test_it_is_undone_before_its_emails_go_out_and_not_after(priya):
    member()
    first = sent(priya)
    take_back(announcement_id=first.pk, by=priya, now=NOW + timedelta(seconds=29))
    assert list(first.letters.values_list("state", "wanted")) == [("cancelled", False)]
    with pytest.raises(RefusedError, match="already undone"):
        take_back(announcement_id=first.pk, by=priya, now=NOW)

    late, taken = sent(priya), sent(priya)
    with pytest.raises(RefusedError, match="already on their way"):
        take_back(announcement_id=late.pk, by=priya, now=NOW + timedelta(seconds=30))
    taken.letters.update(attempts=1)
    with pytest.raises(RefusedError, match="already on their way"):
        take_back(announcement_id=taken.pk, by=priya, now=NOW)
    assert {row.state for row in (*late.letters.all(), *taken.letters.all())} == {"queued"}
    with pytest.raises(RefusedError, match="other team"):
        camille = builders.staff(builders.CCSS, "camille@example.org")
        take_back(announcement_id=late.pk, by=camille, now=NOW)


def test_one_that_was_a_mistake_is_taken_off_the_members_page_and_what_waits_is_not_sent(
    priya, client
):
    client.force_login(member("Ana Sample").user)
    reads = "/my/communities/stvc/announcements/"
    announcement = sent(priya)
    assert "We are closed on Friday." in builders.page(client, reads)

    hide(announcement_id=announcement.pk, by=priya, now=LATER)

    assert "We are closed on Friday." not in builders.page(client, reads)
    assert "Our office" not in builders.page(client, "/my/communities/stvc/")
    email = announcement.letters.get()
    builders.deliver(email.pk, now=LATER)
    email.refresh_from_db()
    assert email.state == "cancelled"
    with pytest.raises(RefusedError, match="no longer see"):
        hide(announcement_id=announcement.pk, by=priya, now=LATER)
    show_again(announcement_id=announcement.pk, by=priya)
    assert "We are closed on Friday." in builders.page(client, reads)
    with pytest.raises(RefusedError, match="Members see this announcement already"):
        show_again(announcement_id=announcement.pk, by=priya)
    said = [step.get_change_message() for step in history_of(announcement)]
    assert {"Removed from the members’ page.", "Shown to members again."} < set(said)


def test_the_other_team_does_not_remove_one(priya):
    member("Ana Sample")
    announcement = sent(priya)
    camille = builders.staff(builders.CCSS, "camille@example.org")

    for verb in (lambda **k: hide(now=LATER, **k), show_again):
        with pytest.raises(RefusedError, match="other team"):
            verb(announcement_id=announcement.pk, by=camille)


def test_who_leaves_before_it_goes_out_does_not_get_it(priya):
    ana, bea = member("Ana Sample"), member("Bea Sample")
    announcement = sent(priya, expected=2)
    with transaction.atomic():
        end_open_enrolments(ana, by=priya, text="Left.", now=NOW)

    for email in announcement.letters.all():
        builders.deliver(email.pk, now=LATER)

    states = dict(announcement.letters.values_list("person__name", "state"))
    assert states == {"Ana Sample": "cancelled", "Bea Sample": "sent"}
    assert [m.to for m in mail.outbox] == [[bea.email]]


def test_a_meeting_is_announced_with_its_time_and_never_with_its_zoom_link(priya):
    ana = member()
    meeting = planned(by=priya)
    announcement = sent(priya, meeting=meeting)

    email = announcement.letters.get()
    assert "Tuesday, June 16, 2026, 10 to 11:30 a.m. Pacific time" in email.body
    assert f"/my/meetings/{meeting.pk}/" in email.body
    assert meeting.join_link not in email.body
    with pytest.raises(RefusedError, match="Choose only communities that meet"):
        sent(priya, draft=draft("ors", meeting=meeting))

    # Who had its time by email hears of the new one, and no email with the old time goes out.
    change_meeting(
        meeting_id=meeting.pk, plan=a_plan(start="13:00"), by=priya, now=NOW + timedelta(seconds=5)
    )
    assert queued_emails() == [("meeting-moved", ana.email)]
    assert announcement.letters.get().state == "cancelled"
    cancel_meeting(meeting_id=meeting.pk, text="The speaker is ill.", by=priya, now=LATER)
    meeting.refresh_from_db()
    with pytest.raises(RefusedError, match="over or cancelled"):
        sent(priya, meeting=meeting)


def test_the_number_of_queries_does_not_depend_on_the_number_of_people(priya):
    def announced(count):
        for number in range(Enrolment.objects.count(), count):
            person = Person.objects.create(name=f"Kai {number}", email=f"kai{number}@example.org")
            Enrolment.objects.create(
                person=person, community=builders.community(), started_on="2026-01-05"
            )
        words = draft()
        return queries_of(
            announce, draft=words, uid=uuid.uuid4(), expected=count, by=priya, now=NOW
        )

    announced(1)
    assert announced(2) == announced(40)  # SQLite takes some 40 rows in one query


def test_members_read_that_a_meeting_was_cancelled_and_not_what_never_went_out(priya, client):
    client.force_login(member("Ana Sample").user)
    meeting = planned(by=priya)
    sent(priya, meeting=meeting, subject="Please come")
    late = sent(priya, meeting=meeting, subject="A second call", now=LATER)

    cancel_meeting(meeting_id=meeting.pk, text="The speaker is ill.", by=priya, now=LATER)

    for page in ("/my/communities/stvc/", "/my/communities/stvc/announcements/"):
        with time_machine.travel(LATER + timedelta(minutes=5)):
            read = builders.page(client, page)
        assert "Please come" in read
        assert "This meeting was cancelled." in read
        assert "A second call" not in read
    late.refresh_from_db()
    assert late.taken_back_at == LATER


def test_an_announcement_says_something(priya):
    member()
    announcement = sent(priya)
    with pytest.raises(IntegrityError, match="announcement_says_something"), transaction.atomic():
        Announcement.objects.filter(pk=announcement.pk).update(text="")


def test_announcements_are_deleted_when_their_time_is_over_and_their_emails_stay(priya):
    member()
    sent(priya)
    assert "announcements" not in {
        kind for kind, n in retain(now=NOW.replace(year=2029)).items() if n
    }
    assert retain(now=NOW.replace(year=2029, day=5))["announcements"] == 1
    assert OutboxEmail.objects.get(kind="announcement").announcement is None
