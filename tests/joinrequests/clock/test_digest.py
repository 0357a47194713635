"""The morning summary: once on a business day, when something has waited too long, without names."""

from datetime import UTC, date, datetime, timedelta

import pytest
from celery.schedules import crontab
from django.utils import timezone

from evabc.celery import app
from evabc.settings import CELERY_BEAT_SCHEDULE
from membership.emails.queue import Email, queue
from membership.models import Enrolment, OutboxEmail, WorklistRow
from requests import tasks, workflow
from requests.clock import digest
from requests.clock.digest import digest_of, send_digests
from requests.lifecycle import State
from tests import builders
from tests.builders import queries_of

pytestmark = pytest.mark.django_db

SENT = builders.NOW  # Monday May 4, 2026, 10 a.m. in BC


def morning(month, day):
    """07:20 in BC."""
    return datetime(2026, month, day, 14, 20, tzinfo=UTC)


TOO_EARLY, LATE = morning(5, 12), morning(5, 13)  # 6 and 7 business days after Monday


def digests():
    return list(OutboxEmail.objects.filter(kind="digest").order_by("pk"))


def test_nothing_waits_too_long_and_nothing_is_sent():
    builders.sent(builders.worker())

    assert send_digests(now=TOO_EARLY) == 0
    assert digests() == []


def test_a_request_that_waits_for_seven_working_days_brings_a_digest_to_its_team_only():
    builders.sent(builders.worker())

    assert send_digests(now=LATE) == 1

    [email] = digests()
    assert email.to_email == builders.community().team.mailbox
    assert email.person is None
    assert email.subject == "Waiting on the staff desk"
    assert (
        "One request has been waiting for 7 business days or longer. The longest wait is 7 business days."
        in email.body
    )
    assert "/admin/joinrequests/joinrequest/" in email.body


def test_it_names_nobody_and_nothing_of_a_request():
    sent = builders.sent(builders.worker())
    send_digests(now=LATE)

    [email] = digests()
    for word in ("Dana", "Sample", "example.org", "Harbour", sent.reference):
        assert word not in email.subject + email.body.replace("Sampleton", "")


@pytest.mark.core
def test_however_often_it_runs_there_is_one_a_day_and_another_the_next():
    builders.sent(builders.worker())

    counts = [send_digests(now=LATE + timedelta(hours=h)) for h in (0, 1, 4)]
    counts.append(send_digests(now=LATE + timedelta(days=1)))

    assert counts == [1, 0, 0, 1]
    # The first had not left yet: two of them in one morning would say the same twice.
    assert [d.state for d in digests()] == ["cancelled", "queued"]


@pytest.mark.parametrize("day", [(5, 16), (5, 17), (5, 18)])  # Saturday, Sunday, Victoria Day
def test_on_a_day_off_there_is_none(day):
    builders.sent(builders.worker())

    assert send_digests(now=morning(*day)) == 0


def test_a_reply_starts_the_wait_again():
    worker, staff = builders.worker(), builders.staff()
    asked = builders.request_in(State.AWAITING_REPLY, worker, staff)
    assert send_digests(now=LATE) == 0
    workflow.reply(join_request_id=asked.pk, by=worker, text="Yes.", now=LATE)

    assert send_digests(now=LATE + timedelta(days=1)) == 0
    assert send_digests(now=morning(5, 25)) == 1  # 7 business days: Victoria Day is none


def test_a_note_of_staff_does_not_start_it_again():
    sent, staff = builders.sent(builders.worker()), builders.staff()
    workflow.add_note(sent, by=staff, now=TOO_EARLY, reason="Looked at it.")

    assert send_digests(now=LATE) == 1


def test_it_counts_what_else_there_is():
    staff = builders.staff()
    for i in range(2):
        builders.sent(builders.worker(f"dana{i}@example.org"))
    asked = builders.request_in(State.AWAITING_REPLY, builders.worker("ari@example.org"), staff)
    other = builders.sent(builders.worker("kit@example.org"), "icat")
    enrolment = Enrolment.objects.create(
        person=asked.person, community=builders.community("ors"), started_on="2025-01-01"
    )
    WorklistRow.objects.create(enrolment=enrolment, kind="rules", since="2026-05-04")
    team = asked.community.team
    email = Email("receipt", team, asked.person, "s", "b", asked.person.email)
    failed = queue(email, about="x", event=1, now=SENT)
    OutboxEmail.objects.filter(pk=failed.pk).update(state="failed")

    found = digest_of(team, date(2026, 5, 27))
    theirs = digest_of(other.community.team, date(2026, 5, 27))

    assert found == {
        "late": 2,
        "oldest": 16,
        "closing_soon": 1,
        "failed_emails": 1,
        "roster_checks": 1,
        "late_roster_checks": 1,
    }
    assert (theirs["late"], theirs["closing_soon"], theirs["roster_checks"]) == (1, 0, 0)
    body = digest.email_of(found, team).body
    assert "2 requests have been waiting" in body
    assert "One request will close within 7 days unless the applicant replies." in body
    assert "One roster check is open, 1 for 7 business days or longer." in body
    assert "One email could not be delivered." in body


def test_roster_checks_alone_bring_one_when_they_are_late(settings):
    enrolment = Enrolment.objects.create(
        person=builders.worker().person, community=builders.community(), started_on="2025-01-01"
    )
    WorklistRow.objects.create(enrolment=enrolment, kind="rules", since="2026-05-04")

    assert send_digests(now=TOO_EARLY) == 0
    assert send_digests(now=LATE) == 1


def test_the_limit_is_a_setting(settings):
    settings.WAITING_LIMIT_DAYS = {"quiet": 3, "loud": 6}
    builders.sent(builders.worker())

    assert send_digests(now=TOO_EARLY) == 1


def test_the_cost_does_not_grow_with_what_waits():
    builders.sent(builders.worker())
    few = queries_of(send_digests, now=LATE)
    for i in range(12):
        builders.sent(builders.worker(f"dana{i}@example.org"))

    assert queries_of(send_digests, now=LATE + timedelta(days=1)) <= few


def test_beat_runs_on_weekday_mornings_and_the_task_sends(monkeypatch):
    entry = CELERY_BEAT_SCHEDULE["morning-digest"]
    assert entry["task"] in app.tasks
    assert entry["task"] == tasks.morning_digest.name
    assert isinstance(entry["schedule"], crontab)
    assert (min(entry["schedule"].hour), max(entry["schedule"].hour)) == (7, 11)
    assert entry["schedule"].day_of_week == {1, 2, 3, 4, 5}
    builders.sent(builders.worker())
    monkeypatch.setattr(timezone, "now", lambda: LATE)

    tasks.morning_digest()

    assert len(digests()) == 1
