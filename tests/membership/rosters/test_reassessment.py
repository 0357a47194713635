"""Reassessing enrolments: which roster checks are opened, which are resolved, and why."""

from datetime import timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from communities.rules.assess import assess
from communities.rules.vocabulary import Evidence, Funder
from evabc.celery import app
from evabc.settings import CELERY_BEAT_SCHEDULE
from membership.append_only import history_released
from membership.models import (
    Enrolment,
    EvaMembership,
    NightlyReassessment,
    OutboxEmail,
    Program,
    ProgramPosition,
    WorklistRow,
    WorklistStep,
)
from membership.register.standing import standing_of
from membership.rosters.reassessment import known_lists, reassess, reassess_if_due
from tests.membership.rosters.enrolments import (
    FAR,
    NOW,
    TODAY,
    agency,
    enrolled,
    later,
    member,
    on_list,
    program,
)

pytestmark = pytest.mark.django_db

Kind, How = WorklistRow.Kind, WorklistRow.How


@pytest.fixture
def dana() -> Enrolment:
    """Someone who meets every rule on listed facts."""
    return enrolled("Dana Sample", program(agency(ends_on=FAR)))


@pytest.fixture
def row(dana) -> WorklistRow:
    """Their program has lost its funding, and a roster check is open."""
    Program.objects.update(funder=Funder.OTHER)
    assert reassess(now=NOW).opened == 1
    return WorklistRow.objects.get()


def rows():
    return list(
        WorklistRow.objects.order_by("pk").values_list(
            "enrolment__person__name", "kind", "state", "how"
        )
    )


def steps():
    return list(WorklistStep.objects.order_by("pk").values_list("verb", flat=True))


def test_a_member_who_meets_the_rules_has_no_roster_check(dana):
    assert (reassess(now=NOW).enrolments, rows()) == (1, [])


def test_claims_alone_open_no_roster_check():
    work = Program.objects.create(agency=agency(), type="STVC")
    dana = enrolled(
        "Dana Sample", work, evidence=Evidence.CLAIMED, says_funded=True, says_membership="agency"
    )
    assert reassess(now=NOW).opened == 0
    assert dana.worklist.count() == 0


def test_a_rule_that_is_not_met_opens_a_check_with_the_list_and_the_sentence(dana, row):
    assert (row.enrolment, row.kind, row.since, row.is_unsure) == (dana, "rules", TODAY, False)
    assert [f.staff_sentence for f in row.reasons] == [
        "The sample list of May 4, 2026 says that the Stopping the Violence Counselling (STVC) program "
        "at Sample Society is not funded by the Ministry of Public Safety and Solicitor General."
    ]
    assert row.sources == ["the sample list of May 4, 2026"]


def test_a_fact_that_is_no_longer_known_opens_an_unsure_check(dana):
    ProgramPosition.objects.all().delete()
    reassess(now=NOW)
    row = WorklistRow.objects.get()
    assert row.is_unsure
    assert row.reasons[0].staff_sentence == (
        "There is no information yet on whether Dana carries a caseload in a Stopping the Violence "
        "Counselling program."
    )


def test_a_second_run_changes_nothing(row):
    again = reassess(now=later(1))
    assert (again.enrolments, again.opened, again.changed, again.resolved) == (1, 0, 0, 0)
    assert (steps(), WorklistRow.objects.get().since) == (["opened"], TODAY)


def test_meeting_the_rules_again_resolves_the_check(row):
    Program.objects.update(funder=Funder.PSSG)
    assert reassess(now=later(3)).resolved == 1
    row.refresh_from_db()
    assert (row.state, row.how) == ("settled", How.MEETS_AGAIN)
    assert row.settled_on == TODAY + timedelta(days=3)
    assert steps() == ["opened", "settled"]


def test_no_one_is_removed_and_no_email_goes_out(dana):
    Program.objects.update(funder=Funder.OTHER)
    EvaMembership.objects.all().delete()
    ProgramPosition.objects.all().delete()
    reassess(now=NOW)
    dana.refresh_from_db()
    assert (dana.ended_on, OutboxEmail.objects.count()) == (None, 0)


def test_another_reason_is_added_to_the_history_of_the_same_check(row):
    EvaMembership.objects.all().delete()
    assert reassess(now=later(1)).changed == 1
    assert len(WorklistRow.objects.get().reasons) == 2
    assert steps() == ["opened", "changed"]


@pytest.mark.parametrize(
    ("days", "kind"),
    [
        (61, None),
        (60, Kind.ENDS_IN_60),
        (31, Kind.ENDS_IN_60),
        (30, Kind.ENDS_IN_30),
        (0, Kind.ENDS_IN_30),
        (-1, Kind.RULES),
    ],
)
def test_a_membership_that_ends_soon_opens_an_early_check(days, kind):
    enrolled("Dana Sample", program(agency(ends_on=TODAY + timedelta(days=days))))
    reassess(now=NOW)
    assert rows() == ([("Dana Sample", kind, "open", "")] if kind else [])


def test_the_next_early_check_replaces_the_first_and_a_renewal_resolves_it():
    ends_on = TODAY + timedelta(days=50)
    holder = agency(ends_on=ends_on)
    enrolled("Dana Sample", program(holder))
    reassess(now=NOW)
    reassess(now=later(25))
    member(holder, ends_on + timedelta(days=1), ends_on + timedelta(days=365))
    reassess(now=later(26))
    assert rows() == [
        ("Dana Sample", Kind.ENDS_IN_60, "settled", How.MOVED_ON),
        ("Dana Sample", Kind.ENDS_IN_30, "settled", How.RENEWED),
    ]


def test_a_renewed_membership_opens_no_check():
    ends_on = TODAY + timedelta(days=10)
    holder = agency(ends_on=ends_on)
    member(holder, ends_on + timedelta(days=1), ends_on + timedelta(days=365))
    enrolled("Dana Sample", program(holder))
    assert reassess(now=NOW).opened == 0


@pytest.mark.parametrize(("age", "opened"), [(400, 1), (401, 0)])
def test_a_list_over_its_limit_opens_no_check_and_is_named(age, opened):
    old = on_list("the contract list", TODAY - timedelta(days=age))
    enrolled("Dana Sample", program(agency(ends_on=FAR), Funder.OTHER, **old))
    assert reassess(now=NOW).opened == opened
    assert [
        (known.name, known.kind.label, known.limit) for known in known_lists(TODAY).too_old
    ] == [("the contract list", "funded programs", 400)] * (1 - opened)


def test_a_fact_missing_from_a_list_that_is_too_old_opens_no_check(dana):
    ProgramPosition.objects.update(list_as_of=TODAY - timedelta(days=500))
    enrolled("Robin Placeholder", program(agency("Sample House", ends_on=FAR)))
    ProgramPosition.objects.exclude(person=dana.person).delete()
    with history_released():
        Enrolment.objects.filter(pk=dana.pk).delete()
    reassess(now=NOW)
    # Funding and membership are unknown without a program, and their lists are recent enough.
    [row] = WorklistRow.objects.all()
    assert [finding.kind for finding in row.reasons] == ["funding", "eva-membership"]


def test_a_check_is_resolved_when_its_list_becomes_too_old(row):
    EvaMembership.objects.update(ends_on=TODAY + timedelta(days=900))
    reassess(now=later(401))
    assert rows() == [("Dana Sample", Kind.RULES, "settled", How.LIST_TOO_OLD)]


def test_a_setting_changes_the_limit(dana, settings):
    Program.objects.update(funder=Funder.OTHER, list_as_of=TODAY - timedelta(days=40))
    settings.LIST_LIMIT_DAYS = {**settings.LIST_LIMIT_DAYS, "funding": 30}
    assert reassess(now=NOW).opened == 0


@pytest.mark.core
def test_rosters_are_reassessed_once_a_day_and_a_missed_day_is_made_up_for(dana):
    Program.objects.update(funder=Funder.OTHER)
    assert reassess_if_due(now=NOW).opened == 1
    assert reassess_if_due(now=NOW + timedelta(hours=3)) is None
    assert reassess_if_due(now=later(9)).opened == 0
    assert list(NightlyReassessment.objects.values_list("on", "looked_at")) == [
        (TODAY + timedelta(days=9), 1),
        (TODAY, 1),
    ]


def test_the_schedule_names_the_task_that_reassesses(dana):
    task = CELERY_BEAT_SCHEDULE["reassess-rosters"]["task"]
    app.loader.import_default_modules()
    Program.objects.update(funder=Funder.OTHER)
    with time_machine.travel(NOW):
        app.tasks[task].apply(throw=True)
    assert (len(rows()), NightlyReassessment.objects.count()) == (1, 1)


def test_the_command_counts_and_its_dry_run_writes_nothing(dana, capsys):
    # The command reads the clock itself, so the result must not depend on the age of a list.
    Program.objects.update(list_as_of=None, evidence="claimed", funder="")
    EvaMembership.objects.all().delete()
    counted = "enrolments: 1\nopened: 1\nchanged: 0\nresolved: 0\n"
    call_command("run_due", "rosters", "--dry-run")
    told = f"{counted}Dry run: nothing was changed.\n"
    assert (capsys.readouterr().out, rows()) == (told, [])
    call_command("run_due", "rosters")
    assert (capsys.readouterr().out, len(rows())) == (counted, 1)


# -- Any number of members ------------------------------------------------------------------------


def queries_for(size: int) -> tuple[int, int]:
    holders = [agency(f"Sample Society {size}-{n}", ends_on=FAR) for n in range(5)]
    works = [program(h, Funder.OTHER if n % 2 else Funder.PSSG) for n, h in enumerate(holders)]
    for n in range(size):
        enrolled(f"Person{size}x{n} Sample", works[n % 5])
    theirs = Enrolment.objects.filter(person__name__startswith=f"Person{size}x")
    with CaptureQueriesContext(connection) as captured:
        done = reassess(now=NOW, enrolments=theirs)
    assert (done.enrolments, done.opened) == (size, size * 2 // 5)
    Program.objects.update(funder=Funder.PSSG)
    with CaptureQueriesContext(connection) as again:
        assert reassess(now=later(1), enrolments=theirs).resolved == size * 2 // 5
    return len(captured), len(again)


def test_a_chunk_takes_the_same_number_of_queries_at_any_size():
    # Only on PostgreSQL, because SQLite splits long inserts.
    assert queries_for(10) == queries_for(200)


A_FACT = st.fixed_dictionaries(
    {
        "caseload": st.sampled_from([None, True, False]),
        "evidence": st.sampled_from(["claimed", "listed", "confirmed", "contradicted"]),
        "funder": st.sampled_from(["", "PSSG", "OTHER"]),
        "membership_ends_in": st.sampled_from([None, -10, 20, 50, 200]),
        "same_agency": st.booleans(),
        "age": st.sampled_from([0, 399, 401]),
    }
)


@pytest.mark.core
@given(people=st.lists(A_FACT, min_size=1, max_size=6))
def test_assessing_in_bulk_gives_the_same_verdicts_as_one_by_one(people):
    with transaction.atomic():
        shared = agency("Shared Sample")
        for n, facts in enumerate(people):
            one_person(n, facts, shared)
        reassess(now=NOW)
        lists = known_lists(TODAY)
        for enrolment in Enrolment.objects.select_related("person", "community"):
            alone = assess(standing_of(enrolment.person, TODAY), enrolment.community.rules())
            expected = lists.carried(f for f in alone.findings if f.verdict != "met")
            row = enrolment.worklist.filter(kind=Kind.RULES).first()
            assert (row.findings if row else []) == [f.as_json() for f in expected]
        transaction.set_rollback(True)


def one_person(n, facts, shared):
    how = {
        **on_list(as_of=TODAY - timedelta(days=facts["age"])),
        "evidence": facts["evidence"],
        "confirmed_on": TODAY,
    }
    holder = shared if facts["same_agency"] else agency(f"Sample {n}")
    # Memberships of one agency cannot overlap, so the shared agency gets only the first one.
    if facts["membership_ends_in"] is not None and not holder.eva_memberships.exists():
        ends_on = TODAY + timedelta(days=facts["membership_ends_in"])
        member(holder, ends_on - timedelta(days=364), ends_on, **how)
    work = program(holder, facts["funder"], community_served=str(n), **how)
    person = enrolled(f"Person{n} Sample")
    ProgramPosition.objects.create(
        person=person.person, program=work, carries_caseload=facts["caseload"], **how
    )
