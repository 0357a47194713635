"""What staff do about a roster check: each action once, by the right team, with its email and step."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from django.db import transaction
from django.test import Client

from communities.rules.vocabulary import Funder
from membership.errors import RefusedError
from membership.models import Enrolment, OutboxEmail, Person, Program, WorklistRow
from membership.rosters.enrolments import end_enrolment
from membership.rosters.reassessment import reassess
from membership.rosters.roster_checks import give_time, write_to_person
from tests import builders
from tests.membership.rosters.enrolments import (
    NOW,
    TODAY,
    agency,
    enrolled,
    later,
    on_list,
    program,
)
from tests.threads import all_at_once

pytestmark = pytest.mark.django_db


@pytest.fixture
def row() -> WorklistRow:
    """Dana's program has lost its funding, and a roster check is open."""
    work = program(agency(ends_on=TODAY + timedelta(days=300)), Funder.OTHER)
    enrolled("Dana Sample", work)
    reassess(now=NOW)
    return WorklistRow.objects.get()


def history(row: WorklistRow):
    return [(s.verb, s.by and s.by.email, s.text) for s in row.steps.all()][1:]


def queued_emails():
    return list(OutboxEmail.objects.values_list("kind", "to_email", "subject"))


def test_emailing_sends_one_email_from_the_team_and_leaves_the_check_open(row, priya):
    write_to_person(row_id=row.pk, by=priya, text="Who funds your program now?", now=NOW)
    email = OutboxEmail.objects.get()
    assert queued_emails() == [
        ("roster-check", "dana@example.org", "A question about your community of practice")
    ]
    assert email.team == row.enrolment.community.team
    assert "Who funds your program now?" in email.body
    row.refresh_from_db()
    assert row.state == "open"
    assert history(row) == [("wrote", "priya@example.org", "Who funds your program now?")]


def test_a_snooze_ends_after_its_last_day(row, priya):
    until = TODAY + timedelta(days=10)
    give_time(row_id=row.pk, by=priya, until=until, text="A new contract is coming.", now=NOW)
    reassess(now=later(10))
    row.refresh_from_db()
    assert (row.state, row.until) == ("given-time", until)
    reassess(now=later(11))
    row.refresh_from_db()
    assert (row.state, row.until) == ("open", None)
    assert history(row) == [
        ("gave-time", "priya@example.org", "Until May 14, 2026. A new contract is coming."),
        ("time-over", None, ""),
    ]


def test_meeting_the_rules_during_a_snooze_resolves_the_check(row, priya):
    until = TODAY + timedelta(days=10)
    give_time(row_id=row.pk, by=priya, until=until, text="Wait.", now=NOW)
    Program.objects.update(funder=Funder.PSSG)
    reassess(now=later(2))
    row.refresh_from_db()
    assert (row.state, row.how) == ("settled", "meets-again")


def test_ending_the_enrolment_resolves_the_check_and_sends_the_email(row, priya):
    end_enrolment(enrolment_id=row.enrolment_id, by=priya, text="The funding ended.", now=NOW)
    row.refresh_from_db()
    assert (row.state, row.how, row.settled_on) == ("settled", "ended", TODAY)
    assert Enrolment.objects.get().ended_on == TODAY
    assert queued_emails() == [
        ("roster-ended", "dana@example.org", "About your community of practice")
    ]
    assert history(row) == [
        ("settled", "priya@example.org", "The enrolment ended.\nThe funding ended.")
    ]
    assert reassess(now=later(1)).enrolments == 0


def test_ending_the_enrolment_cancels_an_unsent_question(row, priya):
    write_to_person(row_id=row.pk, by=priya, text="Who funds your program now?", now=NOW)
    end_enrolment(enrolment_id=row.enrolment_id, by=priya, text="The funding ended.", now=NOW)
    states = dict(OutboxEmail.objects.values_list("kind", "state"))
    assert states == {"roster-check": "cancelled", "roster-ended": "queued"}


@pytest.mark.core
def test_an_enrolment_ends_once(row, priya):
    end_enrolment(enrolment_id=row.enrolment_id, by=priya, text="The funding ended.", now=NOW)
    with pytest.raises(RefusedError, match="already ended on May 4, 2026"):
        end_enrolment(enrolment_id=row.enrolment_id, by=priya, text="Again.", now=later(1))
    with pytest.raises(RefusedError, match="already resolved on May 4, 2026: the enrolment ended"):
        write_to_person(row_id=row.pk, by=priya, text="Hello?", now=later(1))
    assert len(queued_emails()) == 1


def test_the_enrolment_of_a_member_without_an_email_ends_without_an_email(row, priya):
    Person.objects.filter(pk=row.enrolment.person_id).update(email="")
    with pytest.raises(RefusedError, match="no email for Dana Sample"):
        write_to_person(row_id=row.pk, by=priya, text="Hello?", now=NOW)
    end_enrolment(enrolment_id=row.enrolment_id, by=priya, text="The funding ended.", now=NOW)
    assert queued_emails() == []


def test_the_other_team_is_refused_by_every_verb(row, camille):
    for verb in (
        lambda: write_to_person(row_id=row.pk, by=camille, text="Hello?", now=NOW),
        lambda: give_time(
            row_id=row.pk, by=camille, until=TODAY + timedelta(days=5), text="Wait.", now=NOW
        ),
        lambda: end_enrolment(enrolment_id=row.enrolment_id, by=camille, text="No.", now=NOW),
    ):
        with pytest.raises(RefusedError, match="belongs to the other team"):
            verb()
    assert (history(row), queued_emails()) == ([], [])


@pytest.mark.parametrize(
    ("verb", "key", "more", "why"),
    [
        (write_to_person, "row_id", {"text": "  "}, "Enter "),
        (write_to_person, "row_id", {"text": "https://zoom.us/j/1"}, "Zoom join link"),
        (end_enrolment, "enrolment_id", {"text": "  "}, "Enter "),
        (give_time, "row_id", {"text": "Wait.", "until": TODAY}, "a day after today"),
    ],
)
def test_a_text_and_a_later_day_are_required(row, priya, verb, key, more, why):
    about = {"row_id": row.pk, "enrolment_id": row.enrolment_id}[key]
    with pytest.raises(RefusedError, match=why):
        verb(**{key: about}, by=priya, now=NOW, **more)


def test_an_end_that_fails_leaves_nothing_behind(row, priya, monkeypatch):
    def broken(*args, **kwargs):
        raise RuntimeError

    monkeypatch.setattr("membership.rosters.enrolments.queue", broken)
    with pytest.raises(RuntimeError), transaction.atomic():
        end_enrolment(enrolment_id=row.enrolment_id, by=priya, text="The funding ended.", now=NOW)
    row.refresh_from_db()
    assert (row.state, Enrolment.objects.get().ended_on, queued_emails()) == ("open", None, [])


# -- On the staff site ----------------------------------------------------------------------------------


@pytest.fixture
def desk(priya) -> Iterator[Client]:
    with time_machine.travel(NOW):
        client = Client()
        builders.sign_in(client, priya)
        yield client


PAGE = "/admin/membership/worklistrow/"


def test_the_change_list_shows_the_member_community_reason_and_source(desk, row):
    shown = desk.get(PAGE).content.decode()
    for words in (
        "Dana Sample",
        "STVC",
        "is not funded by the Ministry of Public Safety and Solicitor General.",
        "The sample list of May 4, 2026 says",
    ):
        assert words in shown


def test_a_list_that_is_too_old_is_named_above_the_change_list(desk, row):
    Program.objects.update(**on_list("the contract list", TODAY - timedelta(days=900)))
    shown = desk.get(PAGE).content.decode()
    assert (
        "The contract list of November 16, 2023 (funded programs) is more than 400 days old."
        in shown
    )


def test_each_action_page_acts_and_returns_to_the_change_list(desk, row):
    until = (TODAY + timedelta(days=20)).isoformat()
    for page, data in (
        ("write", {"text": "Who funds it now?"}),
        ("give-time", {"until": until, "text": "Wait."}),
        ("end", {"text": "The funding ended."}),
    ):
        assert desk.get(f"{PAGE}{row.pk}/{page}/").status_code == 200
        assert desk.post(f"{PAGE}{row.pk}/{page}/", data).url == PAGE
    row.refresh_from_db()
    assert (row.how, Enrolment.objects.get().ended_on is not None) == ("ended", True)
    # Ending it again from a page that was left open explains what happened meanwhile.
    again = desk.post(f"{PAGE}{row.pk}/end/", {"text": "The funding ended."})
    assert "already resolved on May 4, 2026: the enrolment ended" in again.content.decode()


def test_the_action_pages_preview_the_email(desk, row):
    shown = desk.get(f"{PAGE}{row.pk}/end/").content.decode()
    assert "Email preview" in shown
    assert "dana@example.org" in shown
    assert "This does not send an email." in desk.get(f"{PAGE}{row.pk}/give-time/").content.decode()


def test_rechecking_after_a_fact_was_confirmed_resolves_the_check(desk, row):
    Program.objects.update(funder=Funder.PSSG, evidence="confirmed", confirmed_on=TODAY)
    answer = desk.post(f"{PAGE}{row.pk}/look-again/", follow=True)
    assert "Resolved: meets the rules again." in answer.content.decode()


@pytest.mark.parametrize("size", [1, 30])
def test_the_change_list_takes_the_same_number_of_queries_at_any_length(
    desk, size, django_assert_num_queries
):
    for n in range(size):
        enrolled(f"Person{n} Sample")
    reassess(now=NOW)
    with django_assert_num_queries(13):
        assert desk.get(PAGE).status_code == 200


@pytest.mark.core
@pytest.mark.django_db(transaction=True)
def test_simultaneous_runs_open_one_check():
    for n in range(5):
        enrolled(f"Person{n} Sample")
    assert all_at_once(*[lambda: reassess(now=NOW)] * 3) == ["done"] * 3
    assert WorklistRow.objects.count() == 5
