"""Asking to join one community: the form, the panel, checking, sending."""

import re

import pytest

from membership.models import Agency, EvaMembership, OutboxEmail, Program, ProgramPosition
from requests.lifecycle import State
from requests.models import JoinRequest
from requests.my.privacy import all_that_is_held
from tests import builders
from tests.builders import text_of

pytestmark = pytest.mark.django_db

JOIN = "/communities/stvc/join/"


def test_answers_become_a_request_that_waits_with_its_receipt(signed_in, worker):
    checked = signed_in.post(JOIN, builders.STVC_ANSWERS)
    assert checked.url == "/communities/stvc/join/check/"
    assert "Example Harbour Family Services" in text_of(signed_in.get(checked.url))

    done = signed_in.post(checked.url)

    join_request = JoinRequest.objects.get()
    assert done.url == f"/my/requests/{join_request.pk}/sent/"
    assert join_request.state == State.AWAITING_REVIEW
    assert join_request.answers == builders.STVC_ANSWERS
    assert join_request.reference in text_of(signed_in.get(done.url))
    assert OutboxEmail.objects.get(kind="receipt").to_email == worker.email


def test_sending_twice_shows_the_one_request(signed_in):
    signed_in.post(JOIN, builders.STVC_ANSWERS)
    signed_in.post(JOIN + "check/")

    again = signed_in.post(JOIN + "check/")

    assert again.url == JoinRequest.objects.get().get_absolute_url()


def test_the_panel_shows_each_rule_while_it_is_filled_in(signed_in):
    half = {"program_type": "STVC", "carries_caseload": "yes", "agency": "New Sample House"}

    panel = text_of(signed_in.post(JOIN, half, headers={"HX-Request": "true"}))

    assert "You told us yes" in panel
    assert "You must carry a caseload in a Stopping the Violence Counselling program." in panel
    assert "EVA BC staff will check who funds your program" in panel
    assert "<html" not in panel
    assert JoinRequest.objects.get().answers["agency"] == "New Sample House"


LISTED = {"evidence": "listed", "list_name": "the contract list", "list_as_of": "2026-04-01"}


def what_the_register_says(*, funder: str, membership_until: str) -> Program:
    agency, _ = Agency.objects.get_or_create(name="Example Harbour Family Services")
    EvaMembership.objects.update_or_create(
        agency=agency, defaults={"starts_on": "2020-01-01", "ends_on": membership_until, **LISTED}
    )
    program, _ = Program.objects.update_or_create(
        agency=agency,
        type="STVC",
        community_served="Example Harbour",
        defaults={"funder": funder, **LISTED},
    )
    return program


def told(client) -> list[str]:
    """What an applicant reads about the rules of STVC, on every page that has them."""
    paths = [JOIN, "/join/answers/?community=stvc&community=icat", f"{JOIN}check/"]
    pages = "".join(text_of(client.get(path)) for path in paths)
    findings = re.findall(r'<ul class="findings">.*?</ul>', pages, re.DOTALL)
    assert len(findings) == 4
    return findings


@pytest.mark.parametrize(
    "said",
    [("yes", "agency"), ("no", "no"), ("unsure", "unsure"), ("yes", "own"), ("unsure", "no")],
    ids="-".join,
)
def test_no_applicant_learns_what_the_register_knows_about_an_agency(signed_in, said):
    answers = dict(zip(("ministry_funded", "eva_membership"), said, strict=True))
    signed_in.post(JOIN, {**builders.STVC_ANSWERS, **answers})
    before = told(signed_in)

    what_the_register_says(funder="OTHER", membership_until="2024-05-31")
    lapsed = told(signed_in)
    what_the_register_says(funder="PSSG", membership_until="2099-12-31")

    assert before == lapsed == told(signed_in)


def test_the_download_has_what_a_list_says_about_the_person_and_not_about_their_agency(worker):
    program = what_the_register_says(funder="PSSG", membership_until="2099-12-31")
    ProgramPosition.objects.create(
        person=worker.person, program=program, carries_caseload=True, **LISTED
    )
    kept = builders.sent(worker).kept_assessment

    [told] = all_that_is_held(worker.person, now=builders.NOW)["requests"]

    assert {f.evidence for f in kept.findings} == {"listed"}
    assert told["rules"] == [kept.findings[0].sentence]
    assert "says that you carry a caseload" in told["rules"][0]


def test_who_works_there_for_certain_reads_what_the_register_knows(signed_in, worker):
    program = what_the_register_says(funder="OTHER", membership_until="2099-12-31")
    answers = {**builders.STVC_ANSWERS, "agency": "EXAMPLE HARBOUR  family services."}
    position = ProgramPosition.objects.create(
        person=worker.person, program=program, evidence="confirmed", confirmed_on="2026-05-01"
    )

    page = text_of(signed_in.post(JOIN, answers, headers={"HX-Request": "true"}))
    position.ends_on = "2026-05-02"
    position.save()
    later = text_of(signed_in.post(JOIN, answers, headers={"HX-Request": "true"}))

    for known in (
        "is not funded by the Ministry of Public Safety and Solicitor General.",
        "says that your agency holds a current EVA BC membership.",
    ):
        assert known in page
        assert known not in later
    assert "programsupport@endingviolence.org" in page


def test_a_request_that_meets_no_rule_can_still_be_sent(signed_in):
    answers = {
        **builders.STVC_ANSWERS,
        "carries_caseload": "no",
        "ministry_funded": "no",
        "eva_membership": "no",
    }
    signed_in.post(JOIN, answers)
    signed_in.post(JOIN + "check/")

    join_request = JoinRequest.objects.get()
    assert join_request.state == State.AWAITING_REVIEW
    assert [f.verdict for f in join_request.kept_assessment.findings] == ["not-met"] * 3


def test_answers_wait_as_a_draft_and_come_back(signed_in):
    signed_in.post(JOIN, {**builders.STVC_ANSWERS, "name": ""})

    page = text_of(signed_in.get(JOIN))

    assert 'value="Example Harbour Family Services"' in page
    assert "Continue your request" in text_of(signed_in.get("/my/"))


def test_the_number_of_queries_of_the_form_and_of_sending_is_bounded(
    signed_in, django_assert_max_num_queries
):
    signed_in.get("/communities/")  # The first page writes into the session.
    with django_assert_max_num_queries(12):
        signed_in.get(JOIN)
    signed_in.post(JOIN, builders.STVC_ANSWERS)
    with django_assert_max_num_queries(25):
        signed_in.post(JOIN + "check/")
