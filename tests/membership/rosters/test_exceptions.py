"""Exceptions: made by an approval or by staff, shown with every assessment, and left alone until something changes."""

from datetime import timedelta

import pytest

from communities.rules.vocabulary import Evidence, Funder
from membership.append_only import history_released
from membership.errors import RefusedError
from membership.models import (
    AdmissionException,
    Agency,
    Enrolment,
    EvaMembership,
    ListKind,
    Program,
    ProgramPosition,
    WorklistRow,
)
from membership.rosters.enrolments import end_enrolment
from membership.rosters.exceptions import end_exception, keep_exception
from membership.rosters.exports import Column, roster_rows
from membership.rosters.reassessment import reassess
from requests import workflow
from requests.clock.earlier_approvals import keep_missing_exceptions
from requests.merging_agencies import merge_agencies, undo_merge
from requests.models import JoinRequest, JoinRequestEvent
from requests.my.privacy import all_that_is_held, erase
from tests import builders
from tests.builders import page
from tests.membership.imports.lists import apply_list
from tests.membership.rosters.enrolments import (
    FAR,
    NOW,
    TODAY,
    agency,
    enrolled,
    later,
    on_list,
    program,
)

pytestmark = pytest.mark.django_db

WHY = "Starts in June: her letter of offer is on file."
A_YEAR_ON = TODAY.replace(year=TODAY.year + 1)
IN_WORDS = (
    "Admitted as an exception on May 4, 2026: Starts in June: her letter of offer is on file. "
    "Review by May 4, 2027."
)


def checks() -> list[tuple[str, str]]:
    return list(WorklistRow.objects.order_by("pk").values_list("kind", "state"))


@pytest.fixture
def asked(worker) -> JoinRequest:
    """A request whose agency has no membership that is known."""
    return builders.sent(worker, eva_membership="unsure")


@pytest.fixture
def admitted(asked, priya) -> Enrolment:
    """Someone who was approved although the membership was not known."""
    workflow.approve(join_request_id=asked.pk, by=priya, reason=WHY, now=NOW)
    return Enrolment.objects.get()


@pytest.fixture
def dana(priya) -> Enrolment:
    """A member who is kept although their program is funded by someone else."""
    member = enrolled("Dana Sample", program(agency(ends_on=FAR), Funder.OTHER))
    keep_exception(enrolment_id=member.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)
    return Enrolment.objects.get()


def test_an_approval_against_the_rules_keeps_the_exception_with_what_it_covers(admitted, priya):
    kept = admitted.exception
    assert (kept.reason, kept.made_by, kept.made_on) == (WHY, priya, TODAY)
    assert (kept.review_on, kept.ended_on, kept.in_words) == (A_YEAR_ON, None, IN_WORDS)
    assert {f["verdict"] for f in kept.findings} == {"unknown"}


def test_an_approval_by_the_rules_keeps_none(worker, priya):
    asked = builders.sent(worker)
    workflow.approve(join_request_id=asked.pk, by=priya, reason="Known to us.", now=NOW)
    assert not AdmissionException.objects.exists()


def test_the_review_date_is_after_today(asked, priya):
    with pytest.raises(RefusedError, match="Choose a review date after today"):
        workflow.approve(join_request_id=asked.pk, by=priya, reason=WHY, review_on=TODAY, now=NOW)
    assert not Enrolment.objects.exists()


@pytest.mark.core
def test_a_newer_edition_that_says_the_same_leaves_the_exception_alone(dana):
    for day in range(3):
        Program.objects.update(**on_list(as_of=TODAY + timedelta(days=day)))
        reassess(now=later(day))
    assert checks() == []


def other_reason() -> None:
    EvaMembership.objects.all().delete()


def surer() -> None:
    Program.objects.update(evidence=Evidence.CONFIRMED, confirmed_on=TODAY)


def ended() -> None:
    Program.objects.update(funder=Funder.PSSG, funded_until=TODAY - timedelta(days=1))


@pytest.mark.core
@pytest.mark.parametrize("change", [other_reason, surer, ended])
def test_a_fact_that_changes_opens_a_check_that_shows_the_exception_and_the_fact(
    dana, desk, change
):
    change()
    reassess(now=later(1))
    row = WorklistRow.objects.get()
    assert (row.kind, row.title) == ("rules", "Facts have changed since the exception was made")
    shown = page(desk, "/admin/membership/worklistrow/")
    assert IN_WORDS in shown
    assert row.reasons[0].staff_sentence in shown
    assert len(row.reasons) == 1
    assert IN_WORDS in page(desk, f"/admin/membership/worklistrow/{row.pk}/change/")


# -- Which work it is about ---------------------------------------------------------------------------


def call(name: str, *, now: str) -> None:
    renamed = Agency.objects.get(name=name)
    renamed.name = now
    renamed.save()


@pytest.mark.core
@pytest.mark.parametrize("name", ["Another Example Society", "Example Inc.", "A List"])
def test_an_agency_that_gets_another_name_leaves_the_exception_alone(dana, name):
    call("Sample Society", now=name)
    reassess(now=later(1))
    assert checks() == []
    call(name, now="Sample Society, renamed again")
    reassess(now=later(2))
    assert checks() == []


@pytest.mark.core
@pytest.mark.parametrize("is_kept", [True, False])
@pytest.mark.parametrize("has_the_same_program", [True, False])
def test_agencies_that_are_merged_leave_the_exception_alone_and_so_does_an_undo(
    dana, priya, is_kept, has_the_same_program
):
    other, own = agency("Example House"), Agency.objects.get(name="Sample Society")
    if has_the_same_program:
        program(other, funder="")
    kept, gone = (own, other) if is_kept else (other, own)
    done = merge_agencies(keep_id=kept.pk, merge_id=gone.pk, by=priya, now=later(1))
    assert Agency.objects.count() == 1
    reassess(now=later(2))
    assert checks() == []
    undo_merge(merge_id=done.pk, by=priya, now=later(3))
    reassess(now=later(4))
    assert checks() == []


def test_an_agency_that_is_merged_twice_leaves_the_exception_alone(dana, priya):
    first, second = agency("Example House"), agency("Example Harbour")
    own = Agency.objects.get(name="Sample Society")
    for kept, gone in ((first, own), (second, first)):
        merge_agencies(keep_id=kept.pk, merge_id=gone.pk, by=priya, now=later(1))
    reassess(now=later(2))
    assert checks() == []


@pytest.mark.core
def test_the_same_facts_at_another_agency_open_a_check(dana):
    ProgramPosition.objects.update(program=program(agency("Example House", ends_on=FAR), "OTHER"))
    reassess(now=later(1))
    assert checks() == [("rules", "open")]


def test_a_membership_that_ended_on_the_same_day_at_another_agency_opens_a_check(priya):
    """Its sentence does not name the agency."""
    over = TODAY - timedelta(days=1)
    member = enrolled("Dana Sample", program(agency(ends_on=over)))
    keep_exception(enrolment_id=member.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)
    ProgramPosition.objects.update(program=program(agency("Example House", ends_on=over)))
    reassess(now=later(1))
    assert checks() == [("rules", "open")]


def test_work_of_another_type_at_the_agency_opens_a_check(priya):
    house = agency(ends_on=FAR)
    member = enrolled("Dana Sample", program(house, Funder.OTHER, type="MORS"), "ors")
    keep_exception(enrolment_id=member.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)
    Program.objects.update(type="STV_ORS")
    reassess(now=later(1))
    assert checks() == [("rules", "open")]


def test_a_rule_that_asks_for_something_else_opens_a_check(priya):
    member = enrolled("Dana Sample", program(agency(ends_on=FAR), funder=""))
    keep_exception(enrolment_id=member.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)
    ProgramPosition.objects.update(carries_caseload=False)
    keep_exception(enrolment_id=member.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)
    reassess(now=later(1))
    assert checks() == []
    Program.objects.update(funder=Funder.PSSG, **on_list())
    member.community.criteria.filter(kind="funding").update(parameters={"funder": "OTHER"})
    reassess(now=later(2))
    [row] = WorklistRow.objects.all()
    assert [finding.kind for finding in row.reasons] == ["funding"]


@pytest.mark.core
def test_an_exception_from_before_the_work_was_kept_is_compared_by_the_name_once(dana):
    kept = AdmissionException.objects.get()
    for finding in kept.findings:
        assert finding.pop("work")
        finding.pop("workplace")
    kept.save()
    reassess(now=later(1))
    assert checks() == []
    call("Sample Society", now="Example House")
    reassess(now=later(2))
    assert checks() == []


def test_one_from_before_the_work_was_kept_opens_a_check_about_another_agency(dana):
    kept = AdmissionException.objects.get()
    kept.findings = [
        {k: v for k, v in f.items() if not k.startswith("work")} for f in kept.findings
    ]
    kept.save()
    ProgramPosition.objects.update(program=program(agency("Example House", ends_on=FAR), "OTHER"))
    reassess(now=later(1))
    assert checks() == [("rules", "open")]


def test_an_agency_as_they_wrote_it_that_is_matched_later_leaves_the_exception_alone(admitted):
    assert ProgramPosition.objects.get().known_agency is None
    ProgramPosition.objects.update(agency=agency("What It Is Called Now"))
    reassess(now=later(1))
    assert checks() == []
    ProgramPosition.objects.update(agency_name="Somewhere Else", agency=None)
    reassess(now=later(2))
    assert checks() == [("rules", "open")]


@pytest.mark.core
def test_of_two_as_good_programs_the_one_of_the_exception_counts_whatever_they_are_called(priya):
    last = program(agency("Zenith Example", ends_on=FAR), Funder.OTHER)
    member = enrolled("Dana Sample", last)
    first = program(agency("Example House", ends_on=FAR), Funder.OTHER)
    ProgramPosition.objects.create(
        person=member.person, program=first, carries_caseload=True, **on_list()
    )
    keep_exception(enrolment_id=member.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)
    call("Zenith Example", now="An Example")
    reassess(now=later(1))
    assert checks() == []


# -- Its review --------------------------------------------------------------------------------------


def test_meeting_the_rules_opens_no_check_also_on_the_review_day(dana):
    Program.objects.update(funder=Funder.PSSG)
    AdmissionException.objects.update(review_on=TODAY + timedelta(days=1))
    reassess(now=later(2))
    assert checks() == []


@pytest.mark.core
def test_the_review_day_opens_a_check_and_renewing_resolves_it(dana, priya):
    days = (A_YEAR_ON - TODAY).days
    Program.objects.update(list_as_of=A_YEAR_ON)
    EvaMembership.objects.update(ends_on=A_YEAR_ON + timedelta(days=300), list_as_of=A_YEAR_ON)
    ProgramPosition.objects.update(list_as_of=A_YEAR_ON)
    reassess(now=later(days - 1))
    assert checks() == []
    reassess(now=later(days))
    row = WorklistRow.objects.get()
    assert (row.title, len(row.reasons)) == ("The exception is due for review", 1)
    keep_exception(
        enrolment_id=dana.pk,
        by=priya,
        reason="Still so.",
        review_on=A_YEAR_ON + timedelta(days=90),
        now=later(days),
    )
    row.refresh_from_db()
    assert (row.state, row.how) == ("settled", "exception")
    assert AdmissionException.objects.get().reason == "Still so."


def test_renewing_covers_what_has_changed(dana, priya):
    other_reason()
    reassess(now=later(1))
    keep_exception(enrolment_id=dana.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=later(1))
    reassess(now=later(2))
    assert checks() == [("rules", "settled")]


def test_without_the_exception_the_rules_count_again(dana, priya):
    end_exception(enrolment_id=dana.pk, by=priya, text="No longer.", now=later(1))
    row = WorklistRow.objects.get()
    assert (row.kind, row.title) == ("rules", "No longer meets the rules")
    with pytest.raises(RefusedError, match="There is no exception to end"):
        end_exception(enrolment_id=dana.pk, by=priya, text="Twice.", now=later(1))


def test_a_covered_finding_does_not_hide_that_a_membership_ends_soon(dana):
    EvaMembership.objects.update(ends_on=TODAY + timedelta(days=20))
    reassess(now=NOW)
    assert checks() == [("ends-in-30", "open")]


@pytest.mark.parametrize("verb", [keep_exception, end_exception])
def test_only_the_own_team_of_an_open_enrolment_decides(dana, camille, priya, verb):
    words = {"reason": WHY, "review_on": A_YEAR_ON} if verb is keep_exception else {"text": WHY}
    with pytest.raises(RefusedError, match="belongs to the other team"):
        verb(enrolment_id=dana.pk, by=camille, now=NOW, **words)
    end_enrolment(enrolment_id=dana.pk, by=priya, text="Left.", now=NOW)
    with pytest.raises(RefusedError, match="already ended on May 4, 2026"):
        verb(enrolment_id=dana.pk, by=priya, now=NOW, **words)


def test_an_exception_needs_a_rule_that_is_not_met(dana, priya):
    Program.objects.update(funder=Funder.PSSG)
    with pytest.raises(RefusedError, match="All rules are met today"):
        keep_exception(enrolment_id=dana.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)


# -- Where it shows -------------------------------------------------------------------------------


def test_the_approve_page_asks_for_the_review_date_and_keeps_what_was_typed(desk, asked):
    address = f"/admin/joinrequests/joinrequest/{asked.pk}/approve/"
    assert 'name="review_on"' in page(desk, address)
    answer = desk.post(address, {"text": "", "reason": WHY, "review_on": "2020-01-01"})
    assert "Choose a review date after today." in builders.text_of(answer)
    assert WHY in builders.text_of(answer)
    in_a_month = (TODAY.replace(year=2099)).isoformat()
    assert (
        desk.post(address, {"text": "", "reason": WHY, "review_on": in_a_month}).status_code == 302
    )
    assert AdmissionException.objects.get().review_on.year == 2099


def test_it_shows_on_the_enrolment_the_person_the_roster_and_a_later_review(desk, admitted, worker):
    in_ors = builders.sent(worker, "ors")
    for address in (
        f"/admin/membership/enrolment/{admitted.pk}/change/",
        "/admin/membership/enrolment/?exception=yes",
        f"/admin/membership/person/{admitted.person_id}/change/",
        f"/admin/joinrequests/joinrequest/{in_ors.pk}/change/",
    ):
        assert IN_WORDS in page(desk, address), address
    assert roster_rows(admitted.community, [Column.EXCEPTION], on=TODAY) == [[IN_WORDS]]


def test_the_other_team_does_not_see_it_on_the_person(client, camille, admitted):
    builders.sign_in(client, camille)
    shown = page(client, f"/admin/membership/person/{admitted.person_id}/change/")
    assert "Admitted as an exception" not in shown


def test_staff_keep_and_end_it_on_their_pages(desk, dana):
    address = f"/admin/membership/enrolment/{dana.pk}/"
    shown = page(desk, address + "exception/")
    assert "Renew the exception" in shown
    assert "is not funded by the Ministry" in shown
    wrong = desk.post(address + "exception/", {"reason": "More.", "review_on": ""})
    assert "Enter a date." in builders.text_of(wrong)
    assert "More." in builders.text_of(wrong)
    right = desk.post(address + "exception/", {"reason": "More.", "review_on": "2099-01-01"})
    assert right.status_code == 302
    assert "Admitted as an exception on" in page(desk, address + "end-exception/")
    assert desk.post(address + "end-exception/", {"text": "Over."}).status_code == 302
    kept = AdmissionException.objects.get()
    assert (kept.reason, kept.ended_on is not None) == ("More.", True)
    history = page(desk, address + "history/")
    assert "Exception ended. Over." in history


def test_the_pages_have_no_button_that_would_be_refused(desk, dana):
    address = f"/admin/membership/enrolment/{dana.pk}/"
    assert "Renew the exception</button>" in desk.get(address + "exception/").content.decode()
    desk.post(address + "end-exception/", {"text": "Over."})
    ended = desk.get(address + "end-exception/").content.decode()
    assert "There is no exception." in ended
    assert "End the exception</button>" not in ended


def test_erasing_leaves_no_reason_and_the_download_has_the_dates(admitted, worker, priya):
    held = all_that_is_held(worker.person, now=NOW)
    assert held["communities"][0]["exception"] == {
        "made_on": str(TODAY),
        "review_on": str(A_YEAR_ON),
        "ended_on": None,
    }
    erase(person_id=admitted.person_id, by=priya, now=NOW)
    kept = AdmissionException.objects.get()
    assert (kept.reason, kept.findings) == ("", [])


@pytest.mark.core
@pytest.mark.parametrize(
    ("days", "review_on"), [(2, A_YEAR_ON), (400, TODAY + timedelta(days=430))]
)
def test_an_approval_of_an_earlier_version_gets_its_exception_once(
    admitted, priya, days, review_on
):
    made = AdmissionException.objects.values("reason", "findings", "made_on")
    before = made.get()
    AdmissionException.objects.all().delete()
    reassess(now=later(1))
    assert checks() == [("rules", "open")]
    with history_released():
        priya.delete()
    assert keep_missing_exceptions(now=later(days)) == 1
    assert keep_missing_exceptions(now=later(days)) == 0
    assert made.get() == before
    kept = AdmissionException.objects.get()
    assert (kept.made_by, kept.review_on) == (None, review_on)
    if days == 2:
        assert checks() == [("rules", "settled")]


@pytest.mark.parametrize("how", ["over", "no-reason", "undone"])
def test_an_approval_of_an_earlier_version_gets_none(admitted, asked, priya, how):
    if how == "undone":
        workflow.undo(join_request_id=asked.pk, by=priya, now=NOW)
    AdmissionException.objects.all().delete()
    if how == "over":
        end_enrolment(enrolment_id=admitted.pk, by=priya, text="Left.", now=NOW)
    if how == "no-reason":
        with history_released():
            JoinRequestEvent.objects.update(reason="")
    assert keep_missing_exceptions(now=later(2)) == 0


def test_an_exception_of_the_previous_version_stands_where_the_rules_now_say_more(priya):
    """It took an agency whose membership had ended for a rule that is not met, and said only that."""
    member = enrolled("Dana Sample", program(agency(ends_on=TODAY - timedelta(days=1))))
    keep_exception(enrolment_id=member.pk, by=priya, reason=WHY, review_on=A_YEAR_ON, now=NOW)
    kept = AdmissionException.objects.get()
    [finding] = kept.findings
    finding["staff_sentence"] = finding["staff_sentence"].partition(";")[0] + "."
    finding["verdict"] = "not-met"
    kept.save()
    reassess(now=later(1))
    assert checks() == []

    finding["verdict"], finding["ends_on"] = "unknown", None
    kept.save()
    reassess(now=later(2))
    assert checks() == [("rules", "open")]


def test_an_approval_by_the_rules_gets_none_from_a_reason_given_before(asked, priya):
    workflow.approve(join_request_id=asked.pk, by=priya, reason=WHY, now=NOW)
    workflow.undo(join_request_id=asked.pk, by=priya, now=NOW)
    ProgramPosition.objects.update(says_membership="agency")
    workflow.approve(join_request_id=asked.pk, by=priya, now=NOW)
    assert keep_missing_exceptions(now=later(2)) == 0
    assert not AdmissionException.objects.exists()


# -- The case: a list against what staff confirmed ------------------------------------------------


@pytest.mark.core
def test_no_page_shows_a_green_tick_for_what_a_newer_list_contradicts(desk, worker):
    asked = builders.sent(worker)
    house = agency("Example Harbour Family Services", ends_on=FAR)
    funded = program(house, evidence=Evidence.CONFIRMED, confirmed_on=TODAY)
    ProgramPosition.objects.update(program=funded)
    JoinRequest.objects.update(agency=house)
    review = f"/admin/joinrequests/joinrequest/{asked.pk}/"
    queue = "/admin/joinrequests/joinrequest/"
    assert 'rule-met" title="Funding: EVA BC staff have confirmed' in page(desk, queue)

    apply_list(
        ListKind.PROGRAMS,
        "Agency,Type,Funder",
        f"{house.name},STVC,Another funder",
        as_of=TODAY + timedelta(days=1),
    )

    says = "but the list of May 5, 2026 says otherwise."
    for address in (queue, review + "change/", review + "approve/"):
        shown = page(desk, address)
        assert says in shown, address
        assert 'rule-met" title="Funding: EVA BC staff have confirmed' not in shown
    assert "rule-contradicted" in page(desk, queue)
    assert "finding-unknown" in page(desk, review + "approve/")
    answer = desk.post(review + "check-funding/", {"answer": "yes"}, follow=True)
    assert says not in builders.text_of(answer)
