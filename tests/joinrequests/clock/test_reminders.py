"""A request that is waiting for a reply: its reminders, its lapse, and what people see."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from communities.calendar import format_day
from evabc.celery import app
from membership.emails import delivery
from membership.models import OutboxEmail
from requests import emails, tasks, workflow
from requests.clock.reminders import lapse_overdue, send_due_reminders, wait_of
from requests.lifecycle import State
from requests.management.commands.run_due import JOBS
from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db

ASKED = builders.NOW  # May 4, 2026, 10 a.m. in BC


def after(days):
    return ASKED + timedelta(days=days)


@pytest.fixture
def staff():
    return builders.staff()


@pytest.fixture
def dana():
    return builders.worker()


@pytest.fixture
def waiting(dana, staff):
    """A request that waits for a reply since May 4, 2026."""
    return builders.request_in(State.AWAITING_REPLY, dana, staff)


def reminded():
    """The reminders there are, and what became of each."""
    reminders = OutboxEmail.objects.filter(kind__startswith="reminder").order_by("pk")
    return list(reminders.values_list("kind", "state"))


def deliver_all(now):
    for pk in delivery.due_emails(now).values_list("pk", flat=True):
        builders.deliver(pk, now=now)


def state_of(join_request):
    return JoinRequest.objects.get(pk=join_request.pk).state


def test_the_reminder_repeats_the_question_and_names_the_last_day(waiting):
    send_due_reminders(now=after(7))

    email = OutboxEmail.objects.get(kind="reminder-7")
    assert email.subject == f"Reminder: a question about your request ({waiting.reference})"
    assert email.to_email == "dana@example.org"
    assert "Which program?" in email.body
    assert "by the end of Tuesday, June 2, 2026" in email.body
    assert f"/my/requests/{waiting.pk}/" in email.body


def test_the_question_names_the_same_last_day(waiting):
    assert "by the end of Tuesday, June 2, 2026" in OutboxEmail.objects.get(kind="question").body


def test_after_three_missed_weeks_only_the_newest_reminder_goes_out(waiting):
    assert send_due_reminders(now=after(25)) == 1
    assert send_due_reminders(now=after(25)) == 0
    assert reminded() == [("reminder-21", "queued")]


def test_a_reminder_that_could_not_leave_in_time_gives_way_to_the_next(waiting):
    send_due_reminders(now=after(7))
    send_due_reminders(now=after(21))

    assert reminded() == [("reminder-7", "cancelled"), ("reminder-21", "queued")]


def test_a_request_lapses_only_when_the_last_reminder_was_out_for_three_days(waiting):
    send_due_reminders(now=after(40))
    deliver_all(after(40))

    assert "by the end of Monday, June 15, 2026" in OutboxEmail.objects.get(kind="reminder-21").body
    assert [lapse_overdue(now=after(days)) for days in (40, 42, 43, 44)] == [0, 0, 1, 0]
    assert state_of(waiting) == State.LAPSED
    assert OutboxEmail.objects.filter(kind="lapsed").count() == 1


def test_a_reminder_that_was_not_sent_lets_nothing_lapse(waiting):
    send_due_reminders(now=after(21))

    assert lapse_overdue(now=after(60)) == 0

    deliver_all(after(60))
    assert [lapse_overdue(now=after(days)) for days in (60, 62, 63)] == [0, 0, 1]


def test_an_address_that_takes_no_mail_keeps_no_request_open_for_ever(waiting):
    send_due_reminders(now=after(21))
    OutboxEmail.objects.filter(kind="reminder-21").update(state=OutboxEmail.State.FAILED)

    assert lapse_overdue(now=after(30)) == 1


def test_a_question_asked_again_after_a_reply_starts_again(waiting, dana, staff):
    send_due_reminders(now=after(21))
    deliver_all(after(21))
    workflow.reply(join_request_id=waiting.pk, by=dana, text="This one.", now=after(25))
    workflow.ask(join_request_id=waiting.pk, by=staff, text="And where?", now=after(26))

    assert send_due_reminders(now=after(32)) == 0
    assert lapse_overdue(now=after(40)) == 0
    assert send_due_reminders(now=after(33)) == 1
    assert "And where?" in OutboxEmail.objects.get(kind="reminder-7").body


@pytest.mark.parametrize("verb", ["reply", "approve", "decline", "withdraw"])
def test_a_later_step_stops_a_reminder_that_was_not_sent(verb, waiting, dana, staff):
    send_due_reminders(now=after(21))
    how = {"join_request_id": waiting.pk, "now": after(21)}
    {
        "reply": lambda: workflow.reply(by=dana, text="This one.", **how),
        "approve": lambda: workflow.approve(by=staff, **how),
        "decline": lambda: workflow.decline(by=staff, text="Not this time.", **how),
        "withdraw": lambda: workflow.withdraw(by=dana, **how),
    }[verb]()

    assert reminded() == [("reminder-21", "cancelled")]
    assert (send_due_reminders(now=after(50)), lapse_overdue(now=after(50))) == (0, 0)


@pytest.mark.core
def test_a_question_asked_late_in_the_evening_counts_by_the_day_in_bc(dana, staff):
    pk = builders.sent(dana).pk
    evening = datetime(2026, 11, 25, 6, 59, tzinfo=UTC)  # 23:59 on the 24th
    workflow.ask(join_request_id=pk, by=staff, text="Which program?", now=evening)

    assert JoinRequest.objects.get(pk=pk).asked_on == date(2026, 11, 24)
    assert send_due_reminders(now=datetime(2026, 12, 1, 6, 59, tzinfo=UTC)) == 0
    assert send_due_reminders(now=datetime(2026, 12, 1, 7, 0, tzinfo=UTC)) == 1


def test_a_clock_that_goes_back_sends_no_older_reminder(waiting):
    send_due_reminders(now=after(21))

    assert send_due_reminders(now=after(8)) == 0


def test_a_request_that_fails_stops_no_other_and_is_tried_again(
    waiting, staff, monkeypatch, caplog
):
    other = builders.request_in(State.AWAITING_REPLY, builders.worker("o@example.org"), staff)
    words = emails.reminder

    def broken(join_request, **how):
        if join_request.pk == waiting.pk:
            raise ValueError("Dana Sample")
        return words(join_request, **how)

    with monkeypatch.context() as patch:
        patch.setattr(emails, "reminder", broken)
        assert send_due_reminders(now=after(7)) == 1

    assert caplog.messages == [f"Request {waiting.pk}: ValueError. Will be tried again."]
    assert OutboxEmail.objects.get(kind="reminder-7").about == other.about
    assert send_due_reminders(now=after(7)) == 1


def test_what_is_due_is_found_in_two_queries(staff, django_assert_num_queries):
    for number in range(7):
        user = builders.worker(f"w{number}@example.org")
        builders.request_in(State.AWAITING_REPLY, user, staff)

    assert send_due_reminders(now=after(7)) == 7
    with django_assert_num_queries(2):
        assert send_due_reminders(now=after(7)) == 0


def test_the_command_counts_first_and_writes_only_without_dry_run(waiting, capsys):
    JoinRequest.objects.update(asked_on=date(2020, 1, 1))

    call_command("run_due", "reminders", "--dry-run")
    assert reminded() == []
    call_command("run_due", "reminders")
    call_command("run_due", "reminders")

    assert capsys.readouterr().out.splitlines() == [
        *("reminders: 1", "requests closed: 0", "Dry run: nothing was changed."),
        *("reminders: 1", "requests closed: 0"),
        *("reminders: 0", "requests closed: 0"),
    ]
    assert reminded() == [("reminder-21", "queued")]


@pytest.mark.parametrize("job", JOBS)
def test_each_scheduled_job_runs_by_hand(job, capsys):
    call_command("run_due", job)
    assert capsys.readouterr().out


def test_the_task_does_both(waiting, staff):
    long_ago = datetime(2020, 1, 30, 20, tzinfo=UTC)
    JoinRequest.objects.update(asked_on=date(2020, 1, 1))
    send_due_reminders(now=long_ago)
    deliver_all(long_ago)
    other = builders.request_in(State.AWAITING_REPLY, builders.worker("o@example.org"), staff)
    JoinRequest.objects.filter(pk=other.pk).update(asked_on=date(2020, 1, 1))

    tasks.remind_and_lapse()

    assert (state_of(waiting), state_of(other)) == (State.LAPSED, State.AWAITING_REPLY)
    assert reminded() == [("reminder-21", "sent"), ("reminder-21", "queued")]


def test_beat_runs_every_hour_by_day_in_bc(monkeypatch):
    entry = app.conf.beat_schedule["remind-and-lapse"]
    assert entry["task"] in app.tasks
    schedule = entry["schedule"]
    evening = datetime(2026, 11, 2, 2, 8, tzinfo=UTC)  # 19:08 on the 1st
    monkeypatch.setattr(schedule, "nowfun", lambda: evening)

    start, wait, _ = schedule.remaining_delta(evening)

    assert start + wait == datetime(2026, 11, 2, 14, 7, tzinfo=UTC)


@pytest.mark.core
def test_the_database_holds_that_a_wait_says_since_when(waiting):
    with pytest.raises(IntegrityError, match="awaited_reply_says_since_when"), transaction.atomic():
        JoinRequest.objects.update(asked_on=None)


def test_the_applicant_sees_until_when_they_can_answer(client, waiting, dana):
    today = timezone.localdate()
    JoinRequest.objects.update(asked_on=today)
    builders.sign_in(client, dana)

    page = client.get(f"/my/requests/{waiting.pk}/").content.decode()

    last_day = wait_of(JoinRequest.objects.get(pk=waiting.pk), today).last_day
    assert f"Please answer by the end of <strong>{format_day(last_day)}" in page
    home = client.get("/my/").content.decode()
    assert f"Please answer by the end of {format_day(last_day)}" in home


def test_staff_see_which_reminders_went_out_and_when_it_lapses(client, waiting, staff):
    send_due_reminders(now=after(7))
    deliver_all(after(7))
    builders.sign_in(client, staff)
    address = f"/admin/joinrequests/joinrequest/{waiting.pk}/change/"

    page = client.get(address).content.decode()
    assert "Sent May 11, 2026, 10 a.m." in page
    assert "Due May 25, 2026" in page
    assert "Closes if no reply by" in page

    workflow.lapse(join_request_id=waiting.pk, now=after(43))
    page = client.get(address).content.decode()
    assert "Sent May 11, 2026, 10 a.m." in page
    assert "Not sent" in page
    assert "Closes if no reply by" not in page


def test_a_reopened_request_is_back_in_the_queue_and_its_email_is_cancelled(client, waiting, staff):
    workflow.lapse(join_request_id=waiting.pk, now=after(43))
    builders.sign_in(client, staff)
    queue = "/admin/joinrequests/joinrequest/"
    assert waiting.reference not in client.get(queue).content.decode()

    workflow.reopen(join_request_id=waiting.pk, by=staff, reason="They called.", now=after(44))

    page = client.get(queue).content.decode()
    assert waiting.reference in page
    assert "Waiting for review" in page
    assert OutboxEmail.objects.get(kind="lapsed").state == "cancelled"
    assert (send_due_reminders(now=after(60)), lapse_overdue(now=after(60))) == (0, 0)
