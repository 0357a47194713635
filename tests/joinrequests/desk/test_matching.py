"""The verbs that match a request to the register, add what is missing and confirm facts."""

from datetime import date

import pytest
from django.contrib.admin.models import LogEntry

from communities.rules.assess import Assessment
from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, Status
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Program,
    ProgramPosition,
)
from requests import workflow
from requests.desk import matching, review
from requests.lifecycle import State, Verb
from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db

TODAY = date(2026, 5, 4)
YEAR = (date(2026, 1, 1), date(2026, 12, 31))
WRITTEN = "The Example Harbor Family Service"


@pytest.fixture
def agency():
    return Agency.objects.create(name="Example Harbour Family Services", city="Example Harbour")


@pytest.fixture
def program(agency):
    return Program.objects.create(agency=agency, type="STVC", community_served="Example Harbour")


def ask(email="dana@example.org", slug="stvc", **answers):
    return builders.sent(builders.worker(email, email.split("@")[0].title()), slug, **answers)


def again(join_request) -> JoinRequest:
    return JoinRequest.objects.select_related("person", "community__team", "agency").get(
        pk=join_request.pk
    )


def assessed(join_request) -> Assessment:
    fresh = again(join_request)
    assessment = review.assessments_of([fresh], on=TODAY)[fresh.pk]
    assert assessment is not None
    return assessment


def statuses(join_request):
    return [finding.status for finding in assessed(join_request).findings]


def how(join_request, by):
    return {"join_request_id": join_request.pk, "by": by, "now": builders.NOW}


def test_a_similar_agency_is_suggested_and_matching_it_leaves_its_program_to_staff(
    priya, agency, program
):
    asked = ask(agency=WRITTEN)
    assert builders.offered(asked, "agency") == [agency]

    matching.match(to=agency, **how(asked, priya))

    asked = again(asked)
    position = ProgramPosition.objects.get()
    assert (asked.agency, asked.agency_name) == (agency, agency.name)
    assert asked.answers["agency"] == WRITTEN
    assert (position.agency, position.program, position.evidence) == (agency, None, "claimed")
    step = asked.events.last()
    assert (step.verb, step.state_after, step.by) == (Verb.NOTE, State.AWAITING_REVIEW, priya)
    assert step.reason == f"Matched “{WRITTEN}” to {agency.name}."


def test_another_agency_may_be_chosen_while_the_request_is_open(priya, agency, program):
    wrong = Agency.objects.create(name="Example Harbour House")
    asked = ask(agency=WRITTEN)
    matching.match(to=wrong, **how(asked, priya))

    matching.match(to=agency, **how(asked, priya))

    assert again(asked).agency == agency
    matching.match(to=program, **how(asked, priya))

    # A program of the first agency is none of the second.
    matching.match(to=wrong, **how(asked, priya))
    assert ProgramPosition.objects.get().program is None


def test_other_open_requests_of_the_team_that_name_the_same_agency_are_matched_too(priya, agency):
    asked = ask(agency=WRITTEN)
    alike = ask("kim@example.org", agency="the EXAMPLE Harbor, Family Service")
    ask("lee@example.org", agency="Somewhere else")
    other_team = ask("max@example.org", "icat", agency=WRITTEN)
    matching.match(to=agency, **how(asked, priya))
    late = ask("late@example.org", agency=WRITTEN)
    assert matching.requests_naming_the_same_agency(again(asked)) == [alike, late]

    # All that were ticked, or none.
    workflow.decline(text="Not this time.", **how(late, priya))
    for wrong in (late, other_team, asked):
        with pytest.raises(workflow.RefusedError, match="decided since"):
            matching.match_same_agency(others=[alike.pk, wrong.pk], **how(asked, priya))
    assert again(alike).agency is None
    done = matching.match_same_agency(others=[alike.pk], **how(asked, priya))

    assert (done, again(alike).agency) == (alike.reference, agency)
    assert again(other_team).agency is None
    assert matching.requests_naming_the_same_agency(again(asked)) == []


def test_a_missing_agency_is_added_and_matched_once(priya):
    asked = ask(agency="New Sample House")
    matching.add_agency(name="New Sample House", city="Sampleton", **how(asked, priya))
    added = Agency.objects.get()
    assert (added.name, added.city, again(asked).agency) == (
        "New Sample House",
        "Sampleton",
        added,
    )

    with pytest.raises(workflow.RefusedError, match="New Sample House is already in the register"):
        matching.add_agency(name="NEW sample-house", city="", **how(asked, priya))
    assert Agency.objects.count() == 1


@pytest.mark.core
def test_a_missing_program_is_added_and_matched_once(priya, agency):
    asked = ask()
    where = {"program_type": ProgramType.STVC, "community_served": "Example Harbour"}
    matching.add_program(**where, **how(asked, priya))
    assert ProgramPosition.objects.get().program == Program.objects.get()

    with pytest.raises(
        workflow.RefusedError, match="already has a program of this type in this place"
    ):
        matching.add_program(**where, **how(asked, priya))


def test_one_of_several_programs_is_chosen(priya, agency):
    programs = [
        Program.objects.create(agency=agency, type="STVC", community_served=place)
        for place in ("Sampleton", "Invented Lake")
    ]
    asked = ask()
    assert ProgramPosition.objects.get().program is None
    matching.match(to=programs[1], **how(asked, priya))
    assert ProgramPosition.objects.get().program == programs[1]

    other = Program.objects.create(agency=Agency.objects.create(name="Other House"), type="STVC")
    with pytest.raises(workflow.RefusedError, match="another agency"):
        matching.match(to=other, **how(asked, priya))


def test_an_initiative_is_suggested_matched_or_added(camille):
    known = CoordinationInitiative.objects.create(
        name="Sampleton Interagency Team", kind="ICAT", community_served="Sampleton"
    )
    asked = ask(slug="icat", initiative_name="Sampelton Interagency Team")
    assert builders.offered(again(asked), "initiative") == [known]
    matching.match(to=known, **how(asked, camille))
    assert CoordinationRole.objects.get().initiative == known

    matching.add_initiative(
        kind=InitiativeKind.ICAT,
        name="Invented Lake ICAT",
        community_served="Invented Lake",
        **how(asked, camille),
    )
    assert CoordinationRole.objects.get().initiative.name == "Invented Lake ICAT"


@pytest.mark.core
def test_search_results_replace_the_suggestions(agency):
    Agency.objects.create(name="Échantillon House")
    asked = ask(agency="Nothing alike")
    assert builders.offered(asked, "agency") == []
    assert builders.offered(asked, "agency", "harbour services") == [agency]
    assert [a.name for a in builders.offered(asked, "agency", "echantillon")] == [
        "Échantillon House"
    ]


def test_confirmed_facts_are_met_and_hold_for_a_colleague_except_for_the_caseload(
    priya, agency, program
):
    asked = ask(ministry_funded="unsure", eva_membership="unsure")
    assert assessed(asked).needs_written_reason

    matching.check_caseload(answer=True, **how(asked, priya))
    matching.check_funding(answer=True, **how(asked, priya))
    matching.check_membership(holder="agency", period=YEAR, **how(asked, priya))

    assert statuses(asked) == [Status.MET] * 3
    colleague = ask("kim@example.org", ministry_funded="unsure", eva_membership="unsure")
    assert statuses(colleague) == [Status.SELF_REPORTED, Status.MET, Status.MET]
    workflow.approve(**how(asked, priya))
    assert again(asked).state == State.APPROVED


@pytest.mark.parametrize(("check", "place"), [("check_caseload", 0), ("check_funding", 1)])
def test_a_no_is_not_met_until_staff_confirm_the_opposite(priya, agency, program, check, place):
    asked = ask()
    for answer, status in [
        (False, Status.NOT_MET),
        (True, Status.MET),
        (False, Status.NOT_MET),
    ]:
        getattr(matching, check)(answer=answer, **how(asked, priya))
        assert statuses(asked)[place] == status
    checked = ProgramPosition.objects.filter(evidence=Evidence.CONFIRMED)
    assert checked.count() == (1 if check == "check_caseload" else 0)


def test_a_confirmed_caseload_is_kept_beside_the_reported_one_and_matching_moves_both(
    priya, agency, program
):
    asked = ask(agency=WRITTEN)
    matching.check_caseload(answer=False, **how(asked, priya))
    claimed, checked = ProgramPosition.objects.order_by("pk")
    assert (claimed.evidence, claimed.carries_caseload) == (Evidence.CLAIMED, True)
    assert (checked.evidence, checked.carries_caseload) == (Evidence.CONFIRMED, False)
    assert (checked.confirmed_by, checked.confirmed_on) == (priya, TODAY)

    matching.match(to=agency, **how(asked, priya))
    matching.match(to=program, **how(asked, priya))
    assert statuses(asked)[0] == Status.NOT_MET
    assert {p.program for p in ProgramPosition.objects.all()} == {program}


def test_confirmed_funding_replaces_a_period_that_is_over(priya, agency, program):
    Program.objects.update(
        funder="PSSG",
        funded_until="2025-03-31",
        evidence=Evidence.LISTED,
        list_name="the contract list",
        list_as_of="2025-01-01",
    )
    asked = ask()
    assert statuses(asked)[1] == Status.NOT_MET
    matching.check_funding(answer=True, **how(asked, priya))
    program.refresh_from_db()
    assert (program.funder, program.funded_until) == (Funder.PSSG, None)
    assert statuses(asked)[1] == Status.MET


def test_funding_cannot_be_confirmed_before_the_program_is_matched(priya):
    asked = ask()
    with pytest.raises(workflow.RefusedError, match="Match the program"):
        matching.check_funding(answer=True, **how(asked, priya))
    with pytest.raises(workflow.RefusedError, match="Match the request to an agency"):
        matching.check_membership(holder="agency", period=YEAR, **how(asked, priya))


@pytest.mark.core
def test_the_last_of_several_answers_about_a_membership_on_one_day_holds(priya, agency, program):
    asked = ask()
    for period, status in [(YEAR, Status.MET), (None, Status.UNKNOWN), (YEAR, Status.MET)]:
        matching.check_membership(holder="agency", period=period, **how(asked, priya))
        assert statuses(asked)[2] == status
    held = EvaMembership.objects.get()
    assert (held.starts_on, held.ends_on, held.is_held) == (*YEAR, True)


def test_the_applicants_own_membership_counts_unless_it_has_ended(priya):
    asked = ask(eva_membership="own")
    matching.check_membership(holder="own", period=YEAR, **how(asked, priya))
    assert statuses(asked)[2] == Status.MET
    ended = (YEAR[0], date(2026, 3, 31))
    matching.check_membership(holder="own", period=ended, **how(asked, priya))
    assert EvaMembership.objects.count() == 1
    # Nothing is known of the agency's.
    assert statuses(asked)[2] == Status.UNKNOWN


def test_a_role_is_confirmed_or_denied(camille):
    asked = ask(slug="icat")
    for answer, status in [(True, Status.MET), (False, Status.NOT_MET), (True, Status.MET)]:
        matching.check_role(answer=answer, **how(asked, camille))
        assert statuses(asked) == [status]
    assert CoordinationRole.objects.filter(evidence=Evidence.CONFIRMED).count() == 1


def test_the_history_of_each_row_says_what_staff_did_without_naming_the_applicant(
    priya, agency, program
):
    asked = ask(agency=WRITTEN)
    matching.match(to=agency, **how(asked, priya))
    matching.match(to=program, **how(asked, priya))
    matching.check_caseload(answer=True, **how(asked, priya))
    matching.check_funding(answer=True, **how(asked, priya))
    matching.check_membership(holder="agency", period=YEAR, **how(asked, priya))
    logged = [
        (entry.content_type.model, entry.change_message)
        for entry in LogEntry.objects.filter(user=priya).order_by("pk")
    ]
    funding = (
        "Funding checked: Ministry of Public Safety and Solicitor General (PSSG) (before: unknown)."
    )
    membership = "EVA BC membership checked: January 1, 2026 to December 31, 2026."
    assert logged == [
        ("agency", "A request to join was matched to this."),
        ("program", "A request to join was matched to this."),
        ("person", f"Caseload in {program} checked: yes."),
        ("program", funding),
        ("agency", funding),
        ("agency", membership),
        ("evamembership", membership),
    ]


ACTS = {
    "match": {"to": Agency(pk=1)},
    "add_agency": {"name": "Sample", "city": ""},
    "add_program": {"program_type": ProgramType.STVC, "community_served": ""},
    "add_initiative": {"kind": InitiativeKind.ICAT, "name": "Sample", "community_served": ""},
    "check_caseload": {"answer": True},
    "check_funding": {"answer": True},
    "check_role": {"answer": True},
    "check_membership": {"holder": "own", "period": None},
    "undo_step": {"step": 1},
}


@pytest.mark.parametrize("verb", ACTS)
def test_the_other_team_and_a_decided_request_are_refused(priya, camille, verb):
    asked = ask()
    with pytest.raises(workflow.RefusedError, match="the other team"):
        getattr(matching, verb)(**ACTS[verb], **how(asked, camille))
    workflow.decline(text="Not this time.", **how(asked, priya))
    with pytest.raises(workflow.RefusedError, match="already been declined"):
        getattr(matching, verb)(**ACTS[verb], **how(asked, priya))
    assert not LogEntry.objects.exists()


# -- Taking back ----------------------------------------------------------------------------------


def register_rows():
    """All that matching and confirming can change, as it is in the database."""
    models = (Agency, Program, ProgramPosition, CoordinationInitiative, CoordinationRole)
    return [list(model.objects.order_by("pk").values()) for model in (*models, EvaMembership)]


def undo_last(asked, by):
    step = asked.register_steps.filter(undone_at=None).first()
    return matching.undo_step(step=step.pk, **how(asked, by))


@pytest.mark.core
def test_every_match_and_confirmation_is_taken_back_exactly_in_the_other_order(priya, agency):
    listed = {"evidence": Evidence.LISTED, "list_name": "a list", "list_as_of": "2026-01-01"}
    held = {"starts_on": "2026-01-01", "ends_on": "2026-06-30", **listed}
    EvaMembership.objects.create(agency=agency, **held)
    asked = ask(agency=WRITTEN)
    steps = [
        (matching.match, {"to": agency}),
        (
            matching.add_program,
            {"program_type": ProgramType.STVC, "community_served": "Sampleton"},
        ),
        (matching.check_caseload, {"answer": True}),
        (matching.check_caseload, {"answer": False}),
        (matching.check_funding, {"answer": True}),
        (matching.check_membership, {"holder": "agency", "period": YEAR}),
        (matching.check_membership, {"holder": "agency", "period": None}),
    ]
    before = []
    for verb, fields in steps:
        before.append((register_rows(), statuses(asked)))
        verb(**fields, **how(asked, priya))
        assert register_rows() != before[-1][0]
    for rows, was in reversed(before):
        undo_last(asked, priya)
        assert (register_rows(), statuses(asked)) == (rows, was)
    asked = again(asked)
    assert (asked.agency, asked.agency_name, asked.region) == (None, WRITTEN, "")
    assert asked.events.last().reason == f"Undone: Matched “{WRITTEN}” to {agency.name}."
    assert not asked.register_steps.exclude(changes={}).exists()
    with pytest.raises(workflow.RefusedError, match="already been undone"):
        matching.undo_step(step=asked.register_steps.last().pk, **how(asked, priya))


def test_an_initiative_and_a_role_are_taken_back(camille):
    asked = ask(slug="icat")
    where = {"name": "Invented Lake ICAT", "community_served": "Invented Lake"}
    before = register_rows()
    matching.add_initiative(kind=InitiativeKind.ICAT, **where, **how(asked, camille))
    matching.check_role(answer=True, **how(asked, camille))
    undo_last(asked, camille)
    undo_last(asked, camille)
    assert register_rows() == before


def test_what_rests_on_a_match_or_has_changed_since_is_not_taken_back(priya, agency, program):
    asked = ask(agency=WRITTEN)
    matching.match(to=agency, **how(asked, priya))
    match = asked.register_steps.get()
    matching.match(to=program, **how(asked, priya))
    matching.check_funding(answer=True, **how(asked, priya))
    kept = register_rows()
    with pytest.raises(workflow.RefusedError, match="Undo this first: “Checked: "):
        matching.undo_step(step=match.pk, **how(asked, priya))

    colleague = ask("kim@example.org")
    matching.check_funding(answer=False, **how(colleague, priya))
    with pytest.raises(workflow.RefusedError, match="has been changed since, so this step can no"):
        undo_last(asked, priya)
    assert Program.objects.get().funder == Funder.OTHER
    undo_last(colleague, priya)
    undo_last(asked, priya)
    assert Program.objects.get().funder == ""
    assert register_rows()[0] == kept[0]


def test_an_agency_that_someone_else_named_since_stays(priya):
    asked = ask(agency="New Sample House")
    matching.add_agency(name="New Sample House", city="", **how(asked, priya))
    ask("kim@example.org", agency="New Sample House")
    with pytest.raises(workflow.RefusedError, match="has been added since"):
        undo_last(asked, priya)
    assert Agency.objects.get().name == "New Sample House"


def test_a_member_is_matched_after_the_decision_and_what_was_decided_stays(priya, agency, program):
    asked = ask(agency=WRITTEN)
    workflow.approve(**how(asked, priya))
    decided = again(asked)
    matching.match(to=agency, **how(asked, priya))
    matching.match(to=program, **how(asked, priya))
    now = again(asked)
    assert (now.agency, now.assessment, now.verdict) == (
        agency,
        decided.assessment,
        decided.verdict,
    )
    assert ProgramPosition.objects.get().program == program
    with pytest.raises(workflow.RefusedError, match="already been approved"):
        matching.check_caseload(answer=True, **how(asked, priya))
    undo_last(asked, priya)
    undo_last(asked, priya)
    assert again(asked).agency is None
