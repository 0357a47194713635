"""One reminder, due from the day before; not for people who said no or have left."""

from datetime import date, timedelta

import pytest

from membership.meetings.attendance import answer
from membership.meetings.planning import change_meeting, send_due_reminders
from membership.models import Enrolment, OutboxEmail, Person, User
from tests import builders
from tests.membership.meetings.plans import (
    JUNE,
    NOW,
    a_plan,
    at,
    enrolled,
    member,
    planned,
    queued_emails,
)

pytestmark = pytest.mark.django_db

DAY_BEFORE = date(2026, 6, 15)
REMINDED = [("meeting-reminder", "dana@example.org")]


@pytest.mark.core
@pytest.mark.parametrize(
    ("now", "sent"),
    [
        (at(date(2026, 6, 14), "23:59"), 0),
        (at(DAY_BEFORE, "00:00"), 1),
        (at(DAY_BEFORE, "19:00"), 1),
        # If nothing ran the day before, the reminder is sent until the start.
        (at(JUNE, "09:59"), 1),
        (at(JUNE, "10:00"), 0),
    ],
)
def test_a_reminder_is_due_from_the_day_before_until_the_start(now, sent):
    planned()
    member()

    assert send_due_reminders(now=now) == sent
    assert queued_emails() == REMINDED * sent


@pytest.mark.core
def test_a_reminder_is_sent_once_no_matter_how_often_the_task_runs():
    planned()
    member()

    numbers = [send_due_reminders(now=at(DAY_BEFORE, f"{hour:02}:17")) for hour in range(7, 20)]

    assert numbers == [1, *[0] * 12]


def test_a_reminder_has_the_time_and_the_portals_page_but_no_zoom_link(settings):
    meeting = planned()
    member()
    send_due_reminders(now=at(DAY_BEFORE, "09:00"))

    email = OutboxEmail.objects.get()

    assert email.subject == "Meeting reminder"
    assert (
        "Tuesday, June 16, 2026, 10 to 11:30 a.m. Pacific time; 11 a.m. to 12:30 p.m. in Cranbrook"
        in email.body
    )
    assert f"{settings.PORTAL_URL}/my/meetings/{meeting.pk}/" in email.body
    assert "zoom" not in email.body.lower()


def test_people_who_said_no_left_or_cannot_sign_in_get_no_reminder():
    meeting = planned()
    declined, left, gone = member("Ana A"), member("Bea B"), member("Cleo C")
    nameless = member("Dee D")
    answer(meeting_id=meeting.pk, person=declined, answer="no", now=NOW)
    Enrolment.objects.filter(person=left).update(ended_on=NOW.date())
    User.objects.filter(person=gone).update(is_active=False)
    Person.objects.filter(pk=nameless.pk).update(email="")
    builders.sent(builders.worker("applicant@example.org", "Ari Applicant"))
    member("Eve E", "icat")
    member("Fay F")

    send_due_reminders(now=at(DAY_BEFORE, "09:00"))

    assert queued_emails() == [("meeting-reminder", "fay@example.org")]


def test_someone_in_two_communities_of_a_meeting_gets_one_reminder():
    planned("stvc", "ors")
    person = member()
    enrolled(person.user, "ors")

    assert send_due_reminders(now=at(DAY_BEFORE, "09:00")) == 1


def test_a_new_day_sends_another_reminder_and_a_new_time_does_not():
    meeting = planned()
    member()
    priya = User.objects.get(is_staff=True)
    send_due_reminders(now=at(DAY_BEFORE, "09:00"))

    change_meeting(
        meeting_id=meeting.pk, plan=a_plan(start="13:00"), by=priya, now=at(DAY_BEFORE, "10:00")
    )
    same_day = send_due_reminders(now=at(DAY_BEFORE, "11:00"))
    change_meeting(
        meeting_id=meeting.pk,
        plan=a_plan(day=JUNE + timedelta(days=7)),
        by=priya,
        now=at(DAY_BEFORE, "12:00"),
    )
    other_day = send_due_reminders(now=at(DAY_BEFORE + timedelta(days=7), "09:00"))

    assert (same_day, other_day) == (0, 1)


def test_the_reminder_task_is_scheduled_and_registered():
    from evabc.celery import app
    from evabc.settings import CELERY_BEAT_SCHEDULE

    app.loader.import_default_modules()

    assert CELERY_BEAT_SCHEDULE["remind-of-meetings"]["task"] in app.tasks
