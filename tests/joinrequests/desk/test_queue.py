"""A team's queue and the review page: what they show, and how many queries they take."""

import html

import pytest

from membership.models import Person
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.builders import page, queries_of

pytestmark = pytest.mark.django_db

QUEUE = "/admin/joinrequests/joinrequest/"


def test_the_queue_shows_the_applicant_their_agency_and_the_rules(desk):
    join_request = builders.sent(builders.worker(), carries_caseload="no")

    shown = page(desk, QUEUE)

    assert f"Dana Sample ({join_request.reference})" in shown
    assert "Example Harbour Family Services" in shown
    assert "Not met" in shown


def test_a_request_that_meets_the_rules_can_be_approved_from_the_queue(desk):
    sure = builders.sent(builders.worker())
    builders.sent(builders.worker("kai@example.org"), ministry_funded="unsure")

    shown = page(desk, QUEUE)

    assert shown.count("Approve…") == 1
    assert f'href="{QUEUE}{sure.pk}/approve/"' in shown


def many_more(number: int) -> None:
    """Add this many copies of the newest request, in bulk."""
    like = JoinRequest.objects.latest("pk")
    first = Person.objects.count()
    people = Person.objects.bulk_create(
        Person(name=f"Dana Bulk-{n}", email=f"bulk{n}@example.org")
        for n in range(first, first + number)
    )
    columns = {
        f.attname: getattr(like, f.attname)
        for f in JoinRequest._meta.concrete_fields
        if f.attname not in ("id", "reference", "person_id")
    }
    # No other reference begins with a zero.
    JoinRequest.objects.bulk_create(
        JoinRequest(**columns, person=person, reference=f"0{person.pk:07}") for person in people
    )


def test_thousands_of_requests_take_no_more_queries_than_ten(desk):
    filters = "whose=nobody&verdict=met&region=CARIBOO"
    pages = [QUEUE, f"{QUEUE}?q=dana", f"{QUEUE}?state=all&community=stvc", f"{QUEUE}?{filters}"]
    builders.sent(builders.worker())
    many_more(9)
    review = f"{QUEUE}{JoinRequest.objects.order_by('pk')[4].pk}/change/"
    few = [queries_of(desk.get, path) for path in (*pages, review)]
    many_more(1_000)

    for path, number in zip((*pages, review), few, strict=True):
        desk.get(path)  # once a minute, the session is saved as in use: not a query of the page
        assert queries_of(desk.get, path) <= number, path


def test_every_search_result_can_be_reached_page_by_page(desk):
    builders.sent(builders.worker("other@example.org", "Robin Other"), name="Robin Other")
    many_more(60)
    wanted = set(
        JoinRequest.objects.filter(reference__startswith="0").values_list("reference", flat=True)
    )

    pages = [page(desk, f"{QUEUE}?q=bulk&p={number}") for number in (1, 2, 3)]

    found = [reference for shown in pages for reference in wanted if f"({reference})</a>" in shown]
    assert len(found) == len(wanted) == 60
    assert set(found) == wanted
    assert not any("Robin Other" in shown for shown in pages)


def test_the_number_of_queries_of_a_review_does_not_grow_with_its_history(desk, sam):
    worker = builders.worker()
    join_request = builders.sent(worker)
    path = f"{QUEUE}{join_request.pk}/change/"
    builders.sent(builders.worker("dana@example.com", "Dana Sample"))  # a similar record
    few = queries_of(desk.get, path)
    for number in range(5):
        workflow.ask(join_request_id=join_request.pk, by=sam, text=f"{number}?", now=builders.NOW)
        workflow.reply(join_request_id=join_request.pk, by=worker, text="Yes.", now=builders.NOW)
        workflow.write_note(join_request_id=join_request.pk, by=sam, text="Hm.", now=builders.NOW)
        builders.sent(builders.worker(f"dana{number}@example.org", "Dana Sample"))

    assert queries_of(desk.get, path) <= few


def test_a_decided_request_keeps_the_assessment_of_that_day(desk, sam):
    worker = builders.worker()
    decided = builders.request_in(State.APPROVED, worker, sam)
    before = decided.kept_assessment

    worker.person.positions.update(carries_caseload=False)

    decided.refresh_from_db()
    assert decided.kept_assessment == before
    assert "Self-reported: carries a caseload" in page(desk, f"{QUEUE}{decided.pk}/change/")


def test_a_decision_that_is_too_late_keeps_what_was_typed_and_says_who_decided(desk, sam):
    worker = builders.worker()
    join_request = builders.sent(worker)
    workflow.approve(join_request_id=join_request.pk, by=sam, now=builders.NOW)

    answer = desk.post(f"{QUEUE}{join_request.pk}/decline/", {"text": "My careful words."})

    shown = html.unescape(answer.content.decode())
    assert "Last step: May 4, 2026, 10 a.m., Sam Sample (EVA BC)." in shown
    assert "My careful words." in shown


def test_approving_against_the_rules_asks_for_a_reason_and_keeps_it_from_the_applicant(desk):
    worker = builders.worker()
    join_request = builders.sent(worker, carries_caseload="no")
    approve = f"{QUEUE}{join_request.pk}/approve/"
    refused = html.unescape(desk.post(approve, {"text": "Hello."}).content.decode())
    assert "Explain why you are approving anyway." in refused

    answers = {"text": "Hello.", "review_on": "2099-03-01"}
    desk.post(approve, {**answers, "reason": "Their caseload starts on Monday."})

    event = join_request.events.last()
    assert (event.verb, event.text) == ("approve", "Hello.")
    assert event.reason == "Their caseload starts on Monday."
    builders.sign_in(desk, worker)
    assert "Their caseload starts" not in page(desk, f"/my/requests/{join_request.pk}/")
