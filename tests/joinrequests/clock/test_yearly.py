"""The yearly question: who is asked when, and what each answer does."""

from datetime import UTC, date, datetime, timedelta

import pytest

from communities.rules.vocabulary import Funder
from membership.errors import RefusedError
from membership.models import Enrolment, OutboxEmail, Person, WorklistRow, YearlyConfirmation
from membership.rosters import confirmations, enrolments, leaving
from membership.rosters.confirmations import year_after, year_before
from membership.rosters.reassessment import reassess
from requests.clock.yearly import ask_yearly
from requests.my.recorded_work import change_jobs
from tests import builders
from tests.membership.rosters.enrolments import FAR, NOW, TODAY, agency, enrolled, later, program

pytestmark = pytest.mark.django_db


def member(name="Dana Sample", slug="stvc", **how):
    """A member whose year is over, with an account."""
    enrolment = enrolled(name, slug=slug, **how)
    return due(enrolment)


def due(enrolment, started_on=TODAY - timedelta(days=365)):
    enrolment.started_on = started_on
    enrolment.save()
    if enrolment.person.user is None:
        user = builders.User.objects.create_user(enrolment.person.email)
        enrolment.person.user = user
        enrolment.person.save()
    return enrolment


def asked(*later_days, **how):
    """A member who was asked, after the runs of later days."""
    enrolment = member(**how)
    for day in (0, *later_days):
        ask_yearly(now=later(day))
    return enrolment


def numbers(questions, reminders, roster_checks):
    return {"questions": questions, "reminders": reminders, "roster_checks": roster_checks}


def queued_emails():
    return list(OutboxEmail.objects.order_by("pk").values_list("kind", "state"))


def open_rows(enrolment):
    rows = enrolment.worklist.exclude(state="settled")
    return sorted(rows.values_list("kind", flat=True))


@pytest.mark.parametrize(
    ("day", "after"),
    [
        (date(2027, 2, 28), date(2028, 2, 28)),
        (date(2028, 2, 29), date(2029, 3, 1)),
        (date(2028, 3, 1), date(2029, 3, 1)),
        (date(2027, 3, 1), date(2028, 3, 1)),
    ],
)
def test_a_year_after(day, after):
    assert year_after(day) == after


def test_a_year_before_is_the_last_day_whose_year_is_over():
    for n in range(365 * 5):
        day = date(2026, 1, 1) + timedelta(days=n)
        assert year_after(year_before(day)) <= day < year_after(year_before(day) + timedelta(1))


@pytest.mark.core
def test_nobody_is_asked_a_day_early_or_twice():
    member()
    assert ask_yearly(now=later(-1)) == numbers(0, 0, 0)
    assert ask_yearly(now=NOW) == numbers(1, 0, 0)
    assert ask_yearly(now=NOW) == numbers(0, 0, 0)
    assert ask_yearly(now=later(1)) == numbers(0, 0, 0)
    assert queued_emails() == [("confirm", "queued")]


def test_an_email_has_a_neutral_subject_and_a_link_without_personal_data():
    enrolment = asked()
    email = OutboxEmail.objects.get()
    assert email.subject == "Your yearly check-in"
    assert f"/my/communities/{enrolment.pk}/confirm/\n" in email.body


def test_two_reminders_then_a_roster_check():
    enrolment = asked()
    for day in range(1, 60):
        done = ask_yearly(now=later(day))
        expected = {14: numbers(0, 1, 0), 28: numbers(0, 1, 0), 45: numbers(0, 0, 1)}
        assert done == expected.get(day, numbers(0, 0, 0)), day
    assert [kind for kind, _ in queued_emails()] == ["confirm", "confirm-14", "confirm-28"]
    assert open_rows(enrolment) == ["unconfirmed"]


def test_a_reminder_replaces_an_email_that_was_not_sent():
    asked(14)
    assert queued_emails() == [("confirm", "cancelled"), ("confirm-14", "queued")]


def test_a_long_silence_brings_one_reminder_and_a_week_before_the_roster_check():
    enrolment = asked()
    assert ask_yearly(now=later(200)) == numbers(0, 1, 0)
    assert ask_yearly(now=later(206)) == numbers(0, 0, 0)
    assert ask_yearly(now=later(207)) == numbers(0, 0, 1)
    assert open_rows(enrolment) == ["unconfirmed"]


def test_on_two_rosters_one_email_a_day():
    first = member()
    Enrolment.objects.create(
        person=first.person, community=builders.community("sas"), started_on=first.started_on
    )
    assert [ask_yearly(now=later(d))["questions"] for d in (0, 0, 1, 2)] == [1, 0, 1, 0]
    assert [ask_yearly(now=later(d))["reminders"] for d in (15, 15, 16)] == [1, 0, 1]


def test_without_an_email_a_roster_check_is_opened_at_once():
    enrolment = member()
    Person.objects.update(email="")
    assert ask_yearly(now=NOW) == numbers(1, 0, 1)
    assert queued_emails() == []
    step = enrolment.worklist.get().steps.get()
    assert step.text == "The register has no email for this person, so they could not be asked."


def test_looking_for_what_is_due_takes_as_many_queries_at_any_size(django_assert_num_queries):
    for n in range(40):
        member(f"Person{n} Sample")
    assert ask_yearly(now=NOW)["questions"] == 40
    with django_assert_num_queries(3):
        assert ask_yearly(now=NOW) == numbers(0, 0, 0)


# -- Answers --------------------------------------------------------------------------------------


def test_still_here_stops_emails_and_asks_again_in_a_year():
    enrolment = asked()
    confirmations.confirm(enrolment_id=enrolment.pk, by=enrolment.person.user, now=later(3))
    assert queued_emails() == [("confirm", "cancelled")]
    assert ask_yearly(now=later(100)) == numbers(0, 0, 0)
    again = (year_after(TODAY + timedelta(days=3)) - TODAY).days
    assert ask_yearly(now=later(again - 1)) == numbers(0, 0, 0)
    assert ask_yearly(now=later(again)) == numbers(1, 0, 0)


def test_an_answer_settles_the_roster_check():
    enrolment = asked(14, 28, 45)
    confirmations.confirm(enrolment_id=enrolment.pk, by=enrolment.person.user, now=later(50))
    row = enrolment.worklist.get()
    assert (row.state, row.how, row.settled_on) == (
        "settled",
        "answered",
        TODAY + timedelta(days=50),
    )


def test_on_leave_stays_and_is_asked_again_when_back():
    enrolment = asked()
    until = TODAY + timedelta(days=60)
    confirmations.on_leave(
        enrolment_id=enrolment.pk, by=enrolment.person.user, until=until, now=NOW
    )
    enrolment.refresh_from_db()
    assert enrolment.ended_on is None
    assert [ask_yearly(now=later(d))["questions"] for d in (60, 61)] == [0, 1]


@pytest.mark.parametrize("days", [-1, 800])
def test_a_leave_ends_within_two_years(days):
    enrolment = asked()
    with pytest.raises(RefusedError, match="within the next two years"):
        confirmations.on_leave(
            enrolment_id=enrolment.pk,
            by=enrolment.person.user,
            until=TODAY + timedelta(days=days),
            now=NOW,
        )
    assert YearlyConfirmation.objects.get().answer == ""


def test_a_leaver_gets_an_email_and_so_does_the_team_and_the_question_is_cancelled():
    enrolment = asked()
    leaving.leave(enrolment_id=enrolment.pk, by=enrolment.person.user, now=later(1))
    enrolment.refresh_from_db()
    assert enrolment.ended_on == TODAY + timedelta(days=1)
    assert queued_emails() == [
        ("confirm", "cancelled"),
        ("roster-left", "queued"),
        ("news-left", "queued"),
    ]
    assert "Dana" not in OutboxEmail.objects.get(kind="news-left").body
    assert ask_yearly(now=later(400)) == numbers(0, 0, 0)


def test_an_enrolment_that_staff_end_cancels_the_question():
    enrolment = asked()
    enrolments.end_enrolment(
        enrolment_id=enrolment.pk, by=builders.staff(), text="The program has closed.", now=NOW
    )
    assert queued_emails() == [("confirm", "cancelled"), ("roster-ended", "queued")]


@pytest.mark.core
def test_nobody_answers_for_somebody_else_or_twice():
    enrolment, other = asked(), builders.worker("other@example.org", "Other Sample")
    for verb in (confirmations.confirm, leaving.leave):
        with pytest.raises(RefusedError, match="someone else"):
            verb(enrolment_id=enrolment.pk, by=other, now=NOW)
    confirmations.confirm(enrolment_id=enrolment.pk, by=enrolment.person.user, now=NOW)
    with pytest.raises(RefusedError, match="nothing to confirm"):
        confirmations.confirm(enrolment_id=enrolment.pk, by=enrolment.person.user, now=NOW)


def test_staff_settle_a_row_without_an_answer_and_the_question_waits_no_more():
    enrolment, staff = asked(14, 28, 45), builders.staff()
    row = enrolment.worklist.get()
    confirmations.settle_by_hand(row_id=row.pk, by=staff, text="They phoned.", now=later(46))
    row.refresh_from_db()
    assert (row.state, row.how) == ("settled", "looked-at")
    assert YearlyConfirmation.objects.get().answer == "settled"
    assert ask_yearly(now=later(47)) == numbers(0, 0, 0)


def test_staff_do_not_settle_what_the_rules_found():
    enrolment = member()
    row = WorklistRow.objects.create(enrolment=enrolment, kind="rules", since=TODAY)
    with pytest.raises(RefusedError, match="once the rules are met again"):
        confirmations.settle_by_hand(row_id=row.pk, by=builders.staff(), text="Fine.", now=NOW)


def test_the_nightly_reassessment_leaves_the_row_and_ends_the_time_given():
    enrolment = asked(14, 28, 45, work=program(agency(ends_on=FAR)))
    row = enrolment.worklist.get(kind="unconfirmed")
    row.state, row.until = "given-time", TODAY + timedelta(days=50)
    row.save()
    for day, state in ((50, "given-time"), (51, "open")):
        reassess(now=later(day))
        row.refresh_from_db()
        assert row.state == state


# -- Changed jobs ---------------------------------------------------------------------------------


def moved(enrolment, answers=builders.STVC_ANSWERS, **more):
    change_jobs(
        enrolment_id=enrolment.pk, by=enrolment.person.user, answers={**answers, **more}, now=NOW
    )


def test_a_listed_position_stays_and_the_persons_own_claim_says_that_it_ended():
    work = program(agency(ends_on=FAR))
    enrolment = asked(work=work)
    moved(enrolment)
    known = enrolment.person.positions.order_by("pk")
    assert [(p.evidence, p.program, p.agency_name, p.ends_on) for p in known] == [
        ("listed", work, "", None),
        ("claimed", work, "", TODAY - timedelta(days=1)),
        ("claimed", None, "Example Harbour Family Services", None),
    ]


def test_the_new_work_is_to_check_though_the_list_still_speaks_for_the_old():
    enrolment = asked(work=program(agency(ends_on=FAR)))
    moved(enrolment, note="I began on Monday.")
    assert open_rows(enrolment) == ["changed-jobs"]
    row = enrolment.worklist.get()
    assert {f.evidence for f in row.reasons} == {"claimed"}
    assert row.steps.get().text.endswith("I began on Monday.")
    reassess(now=later(1))
    assert open_rows(enrolment) == ["changed-jobs"]


def test_new_work_that_does_not_meet_the_rules_opens_a_roster_check_at_once():
    enrolment = asked()
    moved(enrolment, carries_caseload="no")
    assert open_rows(enrolment) == ["changed-jobs", "rules"]
    enrolment.refresh_from_db()
    assert enrolment.ended_on is None


def test_new_work_that_lists_know_already_asks_nothing_of_the_team():
    home = agency("Example Harbour Family Services", ends_on=FAR)
    work = program(home, Funder.PSSG, community_served="Example Harbour")
    enrolment = asked(work=work)
    moved(enrolment)
    assert open_rows(enrolment) == []
    assert YearlyConfirmation.objects.get().answer == "changed-jobs"


def test_changed_coordination_roles_end_and_begin_too():
    enrolment = asked(slug="icat")
    enrolment.person.roles.create(initiative_kind="ICAT", initiative_name="Old", role="CO_CHAIR")
    moved(enrolment, builders.ICAT_ANSWERS)
    roles = enrolment.person.roles.order_by("pk").values_list("initiative_name", "ends_on")
    assert list(roles) == [("Old", TODAY - timedelta(days=1)), ("", None)]
    assert open_rows(enrolment) == ["changed-jobs"]


@pytest.mark.core
def test_the_day_is_that_of_british_columbia():
    enrolment = due(enrolled("Dana Sample"), started_on=date(2026, 3, 1))
    assert ask_yearly(now=datetime(2027, 3, 1, 6, 59, tzinfo=UTC)) == numbers(0, 0, 0)
    assert ask_yearly(now=datetime(2027, 3, 1, 7, 1, tzinfo=UTC)) == numbers(1, 0, 0)
    assert enrolment.confirmations.get().asked_on == date(2027, 3, 1)
