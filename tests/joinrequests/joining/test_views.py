"""Asking to join one community: the form, the panel, checking, sending."""

import pytest

from membership.models import Agency, EvaMembership, OutboxEmail, Program
from requests.lifecycle import State
from requests.models import JoinRequest
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
    assert "We don’t know yet who funds your program" in panel
    assert "<html" not in panel
    assert JoinRequest.objects.get().answers["agency"] == "New Sample House"


def test_the_panel_uses_what_the_register_knows(signed_in):
    agency = Agency.objects.create(name="Example Harbour Family Services")
    listed = {"evidence": "listed", "list_name": "the contract list", "list_as_of": "2026-04-01"}
    Program.objects.create(
        agency=agency, type="STVC", community_served="Example Harbour", funder="OTHER", **listed
    )
    EvaMembership.objects.create(
        agency=agency, starts_on="2020-01-01", ends_on="2099-12-31", **listed
    )

    page = text_of(
        signed_in.post(
            JOIN,
            {**builders.STVC_ANSWERS, "agency": "EXAMPLE HARBOUR  family services."},
            headers={"HX-Request": "true"},
        )
    )

    assert "is not funded by the Ministry of Public Safety and Solicitor General." in page
    assert "says that your agency holds a current EVA BC membership." in page
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
