"""Asking to join one community: the form, the panel, checking, sending."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from membership.errors import RefusedError
from membership.models import Agency, EvaMembership, OutboxEmail, Program, ProgramPosition
from requests import workflow
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


ICAT = "/communities/icat/join/"
HTMX = {"HX-Request": "true"}


def verdict_of(page: str, question: str) -> str:
    """What the rules say under a question."""
    found = re.search(rf'id="verdict-{question}"[^>]*>(.*?)</div>', page, re.DOTALL)
    assert found
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", " ", found[1])).strip()


CONFIRM = "This fits EVA BC staff will confirm this."
CASELOAD = "You must carry a caseload in a Stopping the Violence Counselling program."


@pytest.mark.core
@pytest.mark.parametrize(
    ("join", "question", "answer", "verdict"),
    [
        (JOIN, "program_type", "", ""),
        (JOIN, "program_type", "STVC", CONFIRM),
        (JOIN, "program_type", "CBVS", f"Does not fit {CASELOAD} See if another community fits"),
        (JOIN, "program_type", "OTHER", f"Does not fit {CASELOAD} See if another community fits"),
        (JOIN, "carries_caseload", "yes", CONFIRM),
        (JOIN, "carries_caseload", "no", f"Does not fit {CASELOAD}"),
        (JOIN, "carries_caseload", "unsure", "To check EVA BC staff will check whether you carry"),
        (JOIN, "ministry_funded", "yes", CONFIRM),
        (JOIN, "ministry_funded", "no", "Does not fit Your program must be funded by the Ministry"),
        (JOIN, "ministry_funded", "unsure", "To check EVA BC staff will check who funds"),
        (JOIN, "eva_membership", "own", CONFIRM),
        (JOIN, "eva_membership", "no", "Does not fit You or your agency must hold a current"),
        (ICAT, "initiative_kind", "ICAT", CONFIRM),
        (ICAT, "initiative_kind", "OTHER", "Does not fit This community is for co-chairs and"),
        (ICAT, "role", "CO_CHAIR", CONFIRM),
        (ICAT, "role", "CHAIR", "To check Our rules do not say whether this role fits."),
        (ICAT, "role", "OTHER", "Does not fit This community is for co-chairs and coordinators"),
        (
            "/communities/community-coordination/join/",
            "initiative_kind",
            "OTHER",
            "To check Our rules do not say whether this initiative fits.",
        ),
    ],
)
def test_each_answer_has_what_the_rules_say_under_it_whatever_is_still_open(
    signed_in, join, question, answer, verdict
):
    """With JavaScript as each is answered, without on the page that comes back."""
    fragment = text_of(signed_in.post(join, {question: answer}, headers=HTMX))
    page = text_of(signed_in.post(join, {question: answer}))

    assert "<html" not in fragment
    for shown in (fragment, page):
        assert verdict_of(shown, question).startswith(verdict)
        assert bool(verdict_of(shown, question)) is bool(verdict)


def test_a_caseload_in_another_program_is_not_judged_again(signed_in):
    """ "You must carry a caseload" would stand under their "Yes, I carry one"."""
    said = {"program_type": "OTHER", "carries_caseload": "yes", "ministry_funded": "yes"}

    page = text_of(signed_in.post(JOIN, said))

    assert verdict_of(page, "program_type").startswith("Does not fit")
    assert verdict_of(page, "carries_caseload") == ""
    assert verdict_of(page, "ministry_funded") == CONFIRM


def test_only_what_is_new_is_read_out(signed_in):
    first = {"program_type": "STVC", "ministry_funded": "unsure"}
    signed_in.post(JOIN, first, headers=HTMX)

    answer = text_of(signed_in.post(JOIN, {**first, "carries_caseload": "yes"}, headers=HTMX))

    said = answer.partition('id="said"')[2]
    assert "Do you carry a caseload in this program? This fits." in said
    assert "Ministry" not in said


@pytest.mark.parametrize(
    ("slug", "question", "choices"),
    [
        ("stvc", "Do you work in a Stopping the Violence Counselling program?", ["STVC", "OTHER"]),
        ("ors", "Which of these programs do you work in?", ["STV_ORS", "MORS", "OTHER"]),
        ("icat", "Is your initiative an ICAT?", ["ICAT", "OTHER"]),
        # Its rules leave other initiatives to staff, so it asks which.
        (
            "community-coordination",
            "What kind of initiative is it?",
            ["VAWIR", "SAC", "ICAT", "OTHER"],
        ),
    ],
)
def test_a_community_asks_about_its_own_programs_or_initiatives(signed_in, slug, question, choices):
    page = text_of(signed_in.get(f"/communities/{slug}/join/"))

    assert question in page
    asked = re.findall(r'name="(?:program_type|initiative_kind)" value="(\w+)"', page)
    assert asked == choices


@pytest.mark.core
@pytest.mark.parametrize(
    ("typed", "begins"),
    [
        ({}, False),
        ({"name": "Dana Sample", "phone": ""}, False),
        ({"name": "", "phone": ""}, False),
        ({"name": "Dana Sample", "agency": "New Sample House"}, True),
        ({"name": "Dana B. Sample"}, True),
        ({"name": "Dana Sample", "carries_caseload": "unsure"}, True),
    ],
)
@pytest.mark.parametrize("headers", [HTMX, {}])
def test_a_draft_begins_with_the_first_answer_of_their_own(signed_in, typed, begins, headers):
    signed_in.get(JOIN)
    answer = text_of(signed_in.post(JOIN, typed, headers=headers))

    assert JoinRequest.objects.exists() is begins
    assert ("/join/discard/?community=stvc" in answer) is begins


@pytest.mark.core
def hidden_in(page: str) -> str:
    """What the page sends back of what it shows."""
    return re.search(r'name="as_shown" value="([^"]*)"', page)[1]


@pytest.mark.parametrize("headers", [HTMX, {}])
@pytest.mark.parametrize("path", [JOIN, "/join/answers/?community=stvc&community=ors"])
def test_an_older_window_does_not_overwrite_what_another_one_has_saved(signed_in, path, headers):
    older = hidden_in(text_of(signed_in.get(path)))
    newer = text_of(signed_in.get(path))
    assert " " not in older
    typed = {"community_served": "Sampleton", "agency": "Sample House", "note": "a\r\nb"}
    signed_in.post(path, {**typed, "as_shown": hidden_in(newer)}, headers=headers)

    typed = {"community_served": "", "agency": "Sample Home", "phone": "604 555 0101", "note": ""}
    answer = signed_in.post(path, {**typed, "as_shown": older}, headers=headers)

    kept = JoinRequest.objects.first().answers
    assert (kept["community_served"], kept["agency"]) == ("Sampleton", "Sample Home")
    assert (kept["phone"], kept["note"]) == ("604 555 0101", "a\r\nb")
    said = "In another window, your answer to “Your agency or organization” was “Sample House”."
    assert said in text_of(answer)

    # It is said once, and the older window still does not know the name.
    again = {**typed, "as_shown": hidden_in(text_of(answer))}
    if not headers:
        again |= {"community_served": "Sampleton", "note": "a\r\nb"}
    answer = signed_in.post(path, again, headers=headers)
    assert "In another window" not in text_of(answer)
    kept = JoinRequest.objects.first().answers
    assert (kept["community_served"], kept["agency"]) == ("Sampleton", "Sample Home")


def test_what_is_on_a_page_is_kept_although_the_draft_was_discarded_in_another_window(signed_in):
    signed_in.post(JOIN, {"name": "Dana Sample"})
    shown = hidden_in(text_of(signed_in.get(JOIN)))
    JoinRequest.objects.all().delete()

    signed_in.post(JOIN, {"name": "Dana Sample", "agency": "Sample House", "as_shown": shown})

    assert JoinRequest.objects.get().answers["name"] == "Dana Sample"


def test_discarding_deletes_only_ones_own_draft_and_nothing_that_was_sent(signed_in, worker):
    theirs = builders.draft(builders.worker("kim@example.org", "Kim Sample"))
    asked = builders.sent(worker, "sas")
    builders.draft(worker)
    url = "/join/discard/?community=stvc&community=sas"

    assert signed_in.post(url).url == "/my/"
    assert signed_in.post(url).url == "/my/"

    assert set(JoinRequest.objects.all()) == {theirs, asked}
    with pytest.raises(RefusedError):
        workflow.discard(join_request_id=theirs.pk, by=worker)
    with pytest.raises(RefusedError):
        workflow.discard(join_request_id=asked.pk, by=worker)


def test_one_answer_is_changed_from_the_check_page(signed_in):
    signed_in.post(JOIN, builders.STVC_ANSWERS)
    change = f"{JOIN}?question=carries_caseload"
    assert f'href="{change}"' in text_of(signed_in.get(JOIN + "check/"))
    question = text_of(signed_in.get(change))
    assert ('name="carries_caseload"' in question, 'name="agency"' in question) == (True, False)

    wrong = text_of(signed_in.post(change, {"carries_caseload": ""}))
    assert "<title>Error: Change your answer" in wrong
    assert signed_in.post(change, {"carries_caseload": "no"}).url == JOIN + "check/"

    answers = JoinRequest.objects.get().answers
    assert answers == {**builders.STVC_ANSWERS, "carries_caseload": "no"}
    # A question that is not asked, or before there is anything to check, is the whole form.
    assert 'name="agency"' in text_of(signed_in.get(f"{JOIN}?question=unknown"))
    assert 'name="agency"' in text_of(signed_in.get(f"{ICAT}?question=role"))


def test_after_withdrawing_the_answers_are_offered_again(signed_in, worker):
    told = {"agency": "New Sample House", "note": "I start on Monday."}
    withdrawn = builders.sent(worker, **told)
    workflow.withdraw(join_request_id=withdrawn.pk, by=worker, now=builders.NOW)
    assert f'href="{JOIN}"' in text_of(signed_in.get(withdrawn.get_absolute_url()))

    page = text_of(signed_in.get(JOIN))

    assert "We filled in the answers from your request of May 4, 2026." in page
    assert 'value="New Sample House"' in page
    assert verdict_of(page, "carries_caseload") == CONFIRM
    assert not JoinRequest.objects.filter(state=State.DRAFT).exists()
    assert "New Sample House" in text_of(
        signed_in.get("/join/answers/?community=stvc&community=sas")
    )
    # Unchanged, they are sent again.
    signed_in.post(JOIN, withdrawn.answers)
    signed_in.post(JOIN + "check/")
    assert JoinRequest.objects.get(state=State.AWAITING_REVIEW).answers == withdrawn.answers
    assert f'href="{JOIN}"' not in text_of(signed_in.get(withdrawn.get_absolute_url()))


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
    findings = re.findall(r'class="finding .*?</(?:div|li)>', pages, re.DOTALL)
    assert len(findings) == 4 + 4 + 3
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


@pytest.mark.django_db(transaction=True)
def test_the_form_takes_12_queries_and_sending_25_and_one_commit(signed_in):
    """As a browser does it, and as ``tests/bench`` measures it: the page, each answer, going on, sending."""
    signed_in.get("/communities/")  # The first page writes into the session.
    answers = builders.STVC_ANSWERS
    steps = [
        (12, signed_in.get, JOIN, {}, {}),
        (12, signed_in.post, JOIN, {"agency": answers["agency"]}, HTMX),
        (12, signed_in.post, JOIN, {**answers, "name": ""}, HTMX),
        # The whole page, and the draft saved beside it.
        (12, signed_in.post, JOIN, {**answers, "program_type": ""}, {}),
        (12, signed_in.get, f"{JOIN}?question=role", {}, {}),
        (12, signed_in.post, JOIN, answers, {}),
        (12, signed_in.get, JOIN + "check/", {}, {}),
    ]
    for limit, call, path, data, headers in steps:
        assert len(statements_of(call, path, data, headers=headers)[0]) <= limit

    queries, commits = statements_of(signed_in.post, JOIN + "check/")

    assert JoinRequest.objects.get().state == State.AWAITING_REVIEW
    assert len(queries) <= 25
    assert len(commits) == 1


def statements_of(call, *args, **kwargs) -> tuple[list[str], list[str]]:
    """The queries and the commits of a page."""
    with CaptureQueriesContext(connection) as captured:
        call(*args, **kwargs)
    made = [query["sql"] for query in captured.captured_queries]
    commits = [sql for sql in made if sql == "COMMIT"]
    transaction = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")
    return [sql for sql in made if not sql.startswith(transaction)], commits
