"""Schedule, change and cancel: what each verb writes and refuses, and who gets an email."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.contrib.admin.models import LogEntry

from communities.models import Meeting
from membership.errors import RefusedError
from membership.meetings.attendance import answer
from membership.meetings.planning import (
    cancel_meeting,
    change_meeting,
    plan_meeting,
    send_due_reminders,
)
from membership.models import Enrolment, OutboxEmail
from tests import builders
from tests.membership.meetings.plans import (
    JUNE,
    NOW,
    ZOOM,
    a_plan,
    at,
    member,
    planned,
    queued_emails,
)

pytestmark = pytest.mark.django_db


def refusal(verb, **how) -> str:
    with pytest.raises(RefusedError) as refused:
        verb(now=NOW, **how)
    return str(refused.value)


def said(meeting, person, word):
    answer(meeting_id=meeting.pk, person=person, answer=word, now=NOW)


def four_people(meeting):
    """Four members: one says yes, one maybe, one no, and one has not answered."""
    for name, word in (("Ana", "yes"), ("Bea", "maybe"), ("Cleo", "no"), ("Dee", "")):
        person = member(f"{name} Sample")
        if word:
            said(meeting, person, word)


def test_scheduling_saves_the_meeting_and_its_history_and_sends_no_email(priya):
    member()

    meeting = planned("stvc", "ors", by=priya)

    assert (meeting.team.family, meeting.community_names) == ("program-support", "STVC, ORS")
    assert meeting.kind_name == "Quarterly meeting"
    assert LogEntry.objects.get().change_message == (
        "Scheduled for Tuesday, June 16, 2026, 10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook."
    )
    assert queued_emails() == []


def test_coordination_meets_twice_a_year():
    assert planned("icat").kind_name == "Twice-yearly meeting"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"communities": ()}, "Choose at least one community."),
        ({"ends_at": at(JUNE, "10:00")}, "The end time must be after the start time."),
        (
            {"starts_at": NOW - timedelta(minutes=1)},
            "This time has passed. Choose a time in the future.",
        ),
        (
            {"topic": f"Join {ZOOM}"},
            "Leave links out of the topic. Emails and calendars show it.",
        ),
        (
            {"agenda": "Welcome\n[name of the speaker]"},
            "Replace “[name of the speaker]” with your own words, or remove the square brackets.",
        ),
    ],
)
def test_an_invalid_plan_is_refused(priya, wrong, words):
    assert refusal(plan_meeting, plan=replace(a_plan(), **wrong), by=priya) == words
    assert Meeting.objects.count() == 0


def test_a_meeting_cannot_have_communities_of_two_teams():
    plan = a_plan("stvc", "icat")
    assert refusal(plan_meeting, plan=plan, by=builders.lead()) == (
        "Choose communities of one team. Schedule a separate meeting for the other team."
    )


def test_the_other_team_cannot_schedule_change_or_cancel(priya, camille):
    meeting = planned(by=priya)

    assert refusal(plan_meeting, plan=a_plan(), by=camille) == (
        "This community belongs to the other team."
    )
    for verb, how in (
        (change_meeting, {"plan": a_plan("icat")}),
        (cancel_meeting, {"text": "Ill."}),
    ):
        assert refusal(verb, meeting_id=meeting.pk, by=camille, **how) == (
            "This meeting belongs to the other team."
        )


def test_a_new_time_sends_one_email_to_people_who_plan_to_attend(priya):
    meeting = planned(by=priya)
    four_people(meeting)

    change_meeting(meeting_id=meeting.pk, plan=a_plan(day=date(2026, 6, 17)), by=priya, now=NOW)

    assert queued_emails() == [
        ("meeting-moved", "ana@example.org"),
        ("meeting-moved", "bea@example.org"),
    ]
    body = OutboxEmail.objects.first().body
    assert "It is now on Wednesday, June 17, 2026, 10 to 11:30 a.m. Pacific time" in body
    assert "It was scheduled for Tuesday, June 16, 2026, 10 to 11:30 a.m. Pacific time" in body
    assert "zoom" not in body.lower()


def test_other_changes_send_no_email_and_update_calendars_only_if_shown_there(priya):
    meeting = planned(by=priya)
    four_people(meeting)

    change_meeting(meeting_id=meeting.pk, plan=a_plan(agenda="Hello"), by=priya, now=NOW)
    unseen = Meeting.objects.get(pk=meeting.pk).sequence
    change_meeting(
        meeting_id=meeting.pk, plan=a_plan(agenda="Hello", topic="Rest"), by=priya, now=NOW
    )

    assert queued_emails() == []
    assert (unseen, Meeting.objects.get(pk=meeting.pk).sequence) == (0, 1)


def test_saving_without_changes_writes_no_history(priya):
    meeting = planned(by=priya)

    change_meeting(meeting_id=meeting.pk, plan=a_plan(), by=priya, now=NOW)

    assert LogEntry.objects.count() == 1


def test_a_second_change_replaces_the_queued_email(priya):
    meeting = planned(by=priya)
    said(meeting, member(), "yes")

    for day in (date(2026, 6, 17), date(2026, 6, 18)):
        change_meeting(meeting_id=meeting.pk, plan=a_plan(day=day), by=priya, now=NOW)

    assert queued_emails() == [("meeting-moved", "dana@example.org")]
    assert [row.state for row in OutboxEmail.objects.order_by("pk")] == ["cancelled", "queued"]


def test_cancelling_sends_one_email_and_no_reminder_follows(priya, settings):
    meeting = planned(by=priya)
    four_people(meeting)

    cancel_meeting(meeting_id=meeting.pk, text="The speaker is ill.", by=priya, now=NOW)
    send_due_reminders(now=at(date(2026, 6, 15), "09:00"))

    assert queued_emails() == [
        ("meeting-cancelled", "ana@example.org"),
        ("meeting-cancelled", "bea@example.org"),
    ]
    body = OutboxEmail.objects.first().body
    assert "The speaker is ill." in body
    assert f"{settings.PORTAL_URL}/my/meetings/\n" in body
    assert Meeting.objects.get(pk=meeting.pk).sequence == 1


def test_people_who_got_a_reminder_get_changes_without_having_answered(priya):
    meeting = planned(by=priya)
    member()
    day_before = at(date(2026, 6, 15), "09:00")
    send_due_reminders(now=day_before)

    cancel_meeting(meeting_id=meeting.pk, text="Ill.", by=priya, now=day_before)

    assert queued_emails() == [("meeting-cancelled", "dana@example.org")]
    assert OutboxEmail.objects.get(kind="meeting-reminder").state == "cancelled"


def test_people_who_left_get_no_email_about_a_change(priya):
    meeting = planned(by=priya)
    person = member()
    said(meeting, person, "yes")
    Enrolment.objects.filter(person=person).update(ended_on=date(2026, 5, 4))

    cancel_meeting(meeting_id=meeting.pk, text="Ill.", by=priya, now=NOW)

    assert queued_emails() == []


def test_a_reason_that_is_still_to_be_filled_in_does_not_go_out(priya):
    meeting = planned(by=priya)
    gap = {"meeting_id": meeting.pk, "text": "Moved to [new day].", "by": priya, "now": NOW}

    with pytest.raises(RefusedError, match="Replace “\\[new day\\]”"):
        cancel_meeting(**gap)

    meeting.refresh_from_db()
    assert not meeting.is_cancelled


def test_a_cancelled_meeting_cannot_be_changed(priya):
    meeting = planned(by=priya)
    cancel_meeting(meeting_id=meeting.pk, text="Ill.", by=priya, now=NOW)

    assert refusal(cancel_meeting, meeting_id=meeting.pk, text="Again.", by=priya) == (
        "This meeting has already been cancelled. Nothing was changed."
    )
    assert refusal(change_meeting, meeting_id=meeting.pk, plan=a_plan(), by=priya) == (
        "This meeting was cancelled. Schedule a new one instead."
    )


def test_a_past_meeting_accepts_notes_but_no_new_time(priya):
    meeting = planned(by=priya)
    later = at(JUNE, "18:00")

    change_meeting(meeting_id=meeting.pk, plan=a_plan(notes="We talked."), by=priya, now=later)
    with pytest.raises(RefusedError) as refused:
        change_meeting(meeting_id=meeting.pk, plan=a_plan(start="09:00"), by=priya, now=later)

    assert Meeting.objects.get(pk=meeting.pk).notes == "We talked."
    assert str(refused.value) == "This time has passed. Choose a time in the future."
