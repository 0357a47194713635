"""The queue of a team and the review page: what they show, and at what cost."""

import html

import pytest
from django.db import connection
from django.db.models import Value
from django.db.models.functions import Concat
from django.test.utils import CaptureQueriesContext

from membership.models import Person
from requests import queue, workflow
from requests.desk import write_note
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db

QUEUE = "/admin/joinrequests/joinrequest/"


@pytest.fixture
def desk(client):
    builders.sign_in(client, builders.staff())
    return client


def people(number: int):
    return [builders.worker(f"dana{i}@example.org", f"Dana Sample-{i}") for i in range(number)]


def page(client, path) -> str:
    return html.unescape(client.get(path).content.decode())


def test_the_queue_shows_who_asks_for_what_from_where_and_the_rules(desk):
    join_request = builders.sent(builders.worker(), carries_caseload="no")

    shown = page(desk, QUEUE)

    assert f"Dana Sample ({join_request.reference})" in shown
    assert "Example Harbour Family Services" in shown
    assert "Not met" in shown


def test_a_request_without_doubt_can_be_approved_from_the_queue(desk):
    clear, doubtful = people(2)
    sure = builders.sent(clear)
    builders.sent(doubtful, ministry_funded="unsure")

    shown = page(desk, QUEUE)

    assert shown.count("Approve…") == 1
    assert f'href="{QUEUE}{sure.pk}/approve/"' in shown


@pytest.mark.parametrize(
    "query",
    ["", "?q=dana", "?state=all", "?community=stvc", "?whose=nobody&verdict=met&region=CARIBOO"],
)
def test_the_number_of_queries_of_the_queue_does_not_grow(
    desk, django_assert_max_num_queries, query
):
    for user in people(2):
        builders.sent(user)
    with django_assert_max_num_queries(100) as few:
        desk.get(QUEUE + query)
    for user in [builders.worker(f"more{i}@example.org", f"Dana More-{i}") for i in range(10)]:
        builders.sent(user)

    with django_assert_max_num_queries(len(few.captured_queries)):
        desk.get(QUEUE + query)


def many_more(number: int) -> None:
    """So many waiting requests like the one that is there, written in bulk."""
    like = JoinRequest.objects.latest("pk")
    people = Person.objects.bulk_create(
        Person(name=f"Dana Bulk-{n}", email=f"bulk{n}@example.org") for n in range(number)
    )
    columns = {
        f.attname: getattr(like, f.attname)
        for f in JoinRequest._meta.concrete_fields
        if f.attname not in ("id", "reference", "person_id")
    }
    JoinRequest.objects.bulk_create(
        JoinRequest(**columns, person=person, reference=f"B{n:07}")
        for n, person in enumerate(people)
    )


def test_ten_thousand_requests_cost_the_queue_and_the_review_no_more_than_ten_cost(
    desk, django_assert_max_num_queries
):
    pages = [QUEUE, f"{QUEUE}?q=dana", f"{QUEUE}?state=all&community=stvc"]
    builders.sent(builders.worker())
    many_more(9)
    review = f"{QUEUE}{JoinRequest.objects.order_by('pk')[4].pk}/change/"
    few = []
    for path in (*pages, review):
        with CaptureQueriesContext(connection) as captured:
            desk.get(path)
        few.append(len(captured))
    JoinRequest.objects.filter(reference__startswith="B").update(
        reference=Concat(Value("A"), "reference")
    )
    Person.objects.filter(email__startswith="bulk").update(email=Concat(Value("a"), "email"))
    many_more(9_990)

    few[1] += 1  # a word that very many have is looked for at the front of the queue, too
    for path, number in zip((*pages, review), few, strict=True):
        with django_assert_max_num_queries(number):
            desk.get(path)


def test_a_search_finds_what_is_rare_behind_ten_thousand_others(desk, monkeypatch):
    builders.sent(builders.worker())
    many_more(50)
    last = JoinRequest.objects.order_by("pk").last()
    Person.objects.filter(pk=last.person_id).update(name="Zora Xu")
    monkeypatch.setattr(queue, "FRONT", 5)
    monkeypatch.setattr(queue, "FOUND", 20)

    def found(words):
        rows = JoinRequest.objects.all()
        return list(queue.searched(rows.order_by(*queue.ORDER), words).values_list("pk", flat=True))

    assert found("zora xu") == found("zora") == found(last.reference) == [last.pk]
    assert found("bulk") == list(
        JoinRequest.objects.filter(reference__startswith="B")
        .order_by(*queue.ORDER)
        .values_list("pk", flat=True)[:20]
    )


@pytest.mark.parametrize(
    ("words", "are_found"),
    [("li", True), ("LI ö", True), ("li example.org", True), ("li harbour", False), ("xq", False)],
)
def test_short_words_are_looked_for_at_the_front_of_the_queue(desk, words, are_found):
    join_request = builders.sent(builders.worker("dana@example.org"))
    Person.objects.filter(pk=join_request.person_id).update(name="Li Sample-Öz")
    builders.sent(builders.worker("other@example.net"))

    found = queue.searched(JoinRequest.objects.order_by(*queue.ORDER), words)

    assert list(found) == ([join_request] if are_found else [])


def test_the_number_of_queries_of_a_review_does_not_grow_with_its_history(
    desk, django_assert_max_num_queries
):
    worker, staff = builders.worker(), builders.staff(email="sam@example.org")
    join_request = builders.sent(worker)
    path = f"{QUEUE}{join_request.pk}/change/"
    with django_assert_max_num_queries(100) as few:
        desk.get(path)
    for number in range(5):
        workflow.ask(join_request_id=join_request.pk, by=staff, text=f"{number}?", now=builders.NOW)
        workflow.reply(join_request_id=join_request.pk, by=worker, text="Yes.", now=builders.NOW)
        write_note(join_request_id=join_request.pk, by=staff, text="Hm.", now=builders.NOW)
        builders.sent(builders.worker(f"dana{number}@example.org", "Dana Sample"))

    with django_assert_max_num_queries(len(few.captured_queries)):
        desk.get(path)


def test_a_decided_request_keeps_the_assessment_it_was_decided_on(desk):
    worker, staff = builders.worker(), builders.staff(email="sam@example.org")
    decided = builders.request_in(State.APPROVED, worker, staff)
    before = decided.kept_assessment

    worker.person.positions.update(carries_caseload=False)

    decided.refresh_from_db()
    assert decided.kept_assessment == before
    assert "Claimed: the applicant carries a caseload" in page(desk, f"{QUEUE}{decided.pk}/change/")


def test_a_decision_that_came_too_late_keeps_the_words_and_says_who_decided(desk):
    worker, staff = builders.worker(), builders.staff(email="sam@example.org")
    join_request = builders.sent(worker)
    workflow.approve(join_request_id=join_request.pk, by=staff, now=builders.NOW)

    answer = desk.post(f"{QUEUE}{join_request.pk}/decline/", {"text": "My careful words."})

    shown = html.unescape(answer.content.decode())
    assert "The last step was by Sam Sample on 4 May 2026, 10:00." in shown
    assert "My careful words." in shown


def test_approving_against_the_rules_asks_for_a_reason_and_keeps_it_from_the_applicant(
    desk, client
):
    worker = builders.worker()
    join_request = builders.sent(worker, carries_caseload="no")
    approve = f"{QUEUE}{join_request.pk}/approve/"
    refused = html.unescape(desk.post(approve, {"text": "Hello."}).content.decode())
    assert "Write why you approve all the same." in refused

    desk.post(approve, {"text": "Hello.", "reason": "Her caseload starts on Monday."})

    event = join_request.events.last()
    assert (event.verb, event.text) == ("approve", "Hello.")
    assert event.reason == "Her caseload starts on Monday."
    builders.sign_in(client, worker)
    assert "Her caseload starts" not in page(client, f"/my/requests/{join_request.pk}/")
