"""Retention over years: each kind of data is deleted on its day and not before, and counted."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.core.management import call_command

from membership.emails.queue import send_again
from membership.errors import RefusedError
from membership.models import (
    Enrolment,
    Export,
    OutboxEmail,
    Person,
    ProgramPosition,
    RetentionDay,
    User,
)
from membership.privacy.retention import cutoff
from requests.clock.retention import retain
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders

pytestmark = [
    pytest.mark.django_db,
]
DAY = timedelta(days=1)
# The register records since when it has known someone by the database's own clock.
LONG_KNOWN = datetime(2020, 1, 1, tzinfo=UTC)


def nonzero(counts):
    return {kind: number for kind, number in counts.items() if number}


def at(year, month, day):
    return datetime(year, month, day, 17, 0, tzinfo=UTC)


def test_a_month_ends_where_the_calendar_has_no_such_day():
    assert cutoff(at(2027, 3, 31), "request_months") == at(2026, 2, 28)
    assert cutoff(at(2027, 12, 31), "person_months") == at(2025, 12, 31)


@pytest.mark.core
def test_an_unconfirmed_sign_up_is_deleted_after_seven_days_and_a_draft_after_thirty():
    User.objects.create_user("typo@example.org", date_joined=builders.NOW)
    builders.draft(builders.worker())

    went = {days: nonzero(retain(now=builders.NOW + days * DAY)) for days in (7, 8, 30, 31)}

    assert went == {7: {}, 8: {"accounts never confirmed": 1}, 30: {}, 31: {"drafts": 1}}


@pytest.mark.core
def test_email_texts_are_deleted_after_thirty_days_and_cannot_be_sent_again():
    builders.sent(builders.worker())
    OutboxEmail.objects.update(state="sent", sent_at=builders.NOW)
    receipt = OutboxEmail.objects.get(kind="receipt")

    assert "texts of emails" not in nonzero(retain(now=builders.NOW + 30 * DAY))
    assert nonzero(retain(now=builders.NOW + 31 * DAY))["texts of emails"] == 2

    receipt.refresh_from_db()
    assert (receipt.body, receipt.to_email) == ("", "dana@example.org")
    with pytest.raises(RefusedError, match="has been deleted"):
        send_again(email_id=receipt.pk, by=builders.staff(), now=builders.NOW)


@pytest.mark.core
def test_a_request_is_anonymized_thirteen_months_after_the_decision():
    dana, priya = builders.worker(), builders.staff()
    pk = builders.request_in(State.DECLINED, dana, priya).pk

    assert "requests" not in nonzero(retain(now=at(2027, 6, 4)))
    assert nonzero(retain(now=at(2027, 6, 5)))["requests"] == 1

    after = JoinRequest.objects.get(pk=pk)
    assert (after.state, after.answers, str(after.person)) == (
        State.DECLINED,
        {},
        "Deleted person",
    )
    assert dana.person.join_requests.count() == 0
    assert not OutboxEmail.objects.filter(person=dana.person).exists()


def test_a_request_that_led_to_an_enrolment_is_kept_until_thirteen_months_after_its_end():
    dana, priya = builders.worker(), builders.staff()
    builders.request_in(State.APPROVED, dana, priya)

    assert "requests" not in nonzero(retain(now=at(2031, 1, 1)))
    Enrolment.objects.update(ended_on="2031-01-10")
    assert "requests" not in nonzero(retain(now=at(2032, 2, 10)))
    assert nonzero(retain(now=at(2032, 2, 11)))["requests"] == 1

    assert Enrolment.objects.get().person.erased_on is not None


def test_an_open_request_is_kept_however_old_it_is():
    builders.sent(builders.worker())

    assert "requests" not in nonzero(retain(now=at(2040, 1, 1)))


@pytest.mark.parametrize(("day", "left"), [(1, 1), (2, 0)])
def test_a_person_of_the_register_is_deleted_two_years_after_a_list_last_included_them(day, left):
    listed = Person.objects.create(name="Kai Sample", known_since=LONG_KNOWN)
    ProgramPosition.objects.create(
        person=listed,
        program_type="STVC",
        evidence="listed",
        list_name="the sample list",
        list_as_of="2026-04-01",
    )

    retain(now=at(2028, 4, day))

    assert Person.objects.count() == left


def test_people_who_sign_in_or_are_in_a_community_are_kept():
    kai, dana, priya = builders.worker("kai@example.org"), builders.worker(), builders.staff()
    builders.request_in(State.APPROVED, dana, priya)
    Person.objects.update(known_since=LONG_KNOWN)
    User.objects.update(date_joined=LONG_KNOWN)
    User.objects.filter(pk=kai.pk).update(last_login=at(2029, 12, 1))

    retain(now=at(2030, 1, 1))
    assert Person.objects.count() == 3
    retain(now=at(2032, 1, 1))

    assert sorted(Person.objects.values_list("email", flat=True)) == [dana.email, priya.email]


@pytest.mark.core
def test_the_export_log_is_deleted_after_two_years_and_ended_sessions_at_once():
    Export.objects.create(what="Coverage", columns="", rows=1, by=None, at=builders.NOW)
    Session.objects.create(session_key="a", session_data="", expire_date=at(2028, 1, 1))

    assert nonzero(retain(now=at(2028, 5, 4))) == {"sessions": 1}
    assert nonzero(retain(now=at(2028, 5, 5))) == {"lines of the export log": 1}


def test_a_dry_run_counts_and_writes_nothing(capsys):
    User.objects.create_user("typo@example.org", date_joined=LONG_KNOWN)

    call_command("run_due", "retention", "--dry-run")

    assert "accounts never confirmed: 1\ndrafts: 0\n" in capsys.readouterr().out
    assert (User.objects.count(), RetentionDay.objects.count()) == (1, 0)


@pytest.mark.core
def test_the_runs_of_a_day_add_up_in_one_log_entry():
    for number in range(5):
        builders.request_in(State.WITHDRAWN, builders.worker(f"w{number}@example.org"), None)
    now = at(2028, 1, 1)

    first = retain(now=now)
    again = retain(now=now + timedelta(hours=1))

    report = RetentionDay.objects.get()
    assert (first["requests"], nonzero(again)) == (5, {})
    assert report.counts["requests"] == 5
    assert report.finished_at == now + timedelta(hours=1)
