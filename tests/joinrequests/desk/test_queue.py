"""A team's queue and the review page: what they show, and how many queries they take."""

import html
import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from communities.calendar import business_days_between
from communities.rules.assess import Assessment, Finding
from communities.rules.vocabulary import Evidence, Status, Verdict
from membership.models import Person
from requests import workflow
from requests.desk import queue
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.builders import page, queries_of

pytestmark = pytest.mark.django_db

QUEUE = "/admin/joinrequests/joinrequest/"


def test_the_queue_shows_the_applicant_their_agency_and_the_rules(desk):
    join_request = builders.sent(builders.worker(), carries_caseload="no")

    shown = page(desk, QUEUE)

    assert f'Dana Sample <span class="visually-hidden">({join_request.reference})' in shown
    assert "Example Harbour Family Services" in shown
    assert "Not met" in shown


def test_a_request_that_meets_the_rules_can_be_approved_from_the_queue(desk):
    sure = builders.sent(builders.worker())
    builders.sent(builders.worker("kai@example.org"), ministry_funded="unsure")

    shown = page(desk, QUEUE)

    assert shown.count("Approve…") == 1
    assert f'href="{sure.pk}/approve/"' in shown


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
    filters = "view=unassigned&verdict=met&region=CARIBOO"
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

    found = [
        reference for shown in pages for reference in wanted if f"({reference})</span></a>" in shown
    ]
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


# -- Saved views and the signs of the rules ------------------------------------------------------


def counts_in(client, path=QUEUE):
    shown = page(client, path)
    return dict(re.findall(r">(\w+) <span>(\d+)</span></a></li>", shown))


def test_each_view_says_how_many_open_requests_it_has_and_shows_them(desk, priya, sam):
    mine = builders.sent(builders.worker("mine@example.org", "Mine Sample"))
    builders.sent(builders.worker("free@example.org", "Free Sample"), ministry_funded="unsure")
    asked = builders.request_in(State.AWAITING_REPLY, builders.worker("asked@example.org"), sam)
    builders.request_in(State.DECLINED, builders.worker("gone@example.org"), sam)
    workflow.assign(join_request_id=mine.pk, to=priya, by=priya, now=timezone.now())
    person = asked.person
    workflow.reply(join_request_id=asked.pk, by=person.user, text="Yes.", now=timezone.now())

    counts = counts_in(desk)

    # Those of May have been waiting for months, but the reply came today.
    assert counts == {
        "All": "3",
        "Mine": "1",
        "Unassigned": "2",
        "Replied": "1",
        "Overdue": "2",
        "Exceptions": "1",
    }
    for name, count in counts.items():
        shown = page(desk, f"{QUEUE}?view={'' if name == 'All' else name.lower()}")
        assert (name, shown.count('class="field-who"')) == (name, int(count))


@pytest.mark.core
def test_overdue_are_those_whose_age_is_marked_overdue(sam):
    now = timezone.make_aware(datetime(2026, 5, 15, 9))
    ages = {}
    for days in range(12):
        sent = builders.sent(builders.worker(f"w{days}@example.org"))
        since = now - timedelta(days=days)
        JoinRequest.objects.filter(pk=sent.pk).update(waiting_since=since)
        age = business_days_between(timezone.localdate(since), timezone.localdate(now))
        ages[sent.pk] = queue.Age(age)

    found = queue.queue_of(
        JoinRequest.objects.all(), {"view": "overdue"}, viewer=sam, now=now
    ).values_list("pk", flat=True)

    assert set(found) == {pk for pk, age in ages.items() if age.mark == "loud"}
    assert 0 < len(found) < 12


def finding(verdict, evidence):
    return Finding("caseload", verdict, evidence, sentence="", staff_sentence="In words.")


@pytest.mark.parametrize(
    ("verdict", "evidence", "status"),
    [
        (Verdict.MET, Evidence.LISTED, Status.MET),
        (Verdict.MET, Evidence.CLAIMED, Status.SELF_REPORTED),
        (Verdict.UNKNOWN, None, Status.UNKNOWN),
        (Verdict.UNKNOWN, Evidence.CONTRADICTED, Status.CONTRADICTED),
        (Verdict.NOT_MET, Evidence.CONTRADICTED, Status.NOT_MET),
    ],
)
def test_each_status_of_a_rule_has_a_sign_of_its_own_and_words(verdict, evidence, status):
    tags = queue.rule_tags(Assessment(builders.NOW.date(), (finding(verdict, evidence),)))

    assert len(set(queue.MARKS.values())) == len(queue.MARKS)
    assert f'aria-hidden="true">{queue.MARKS[status]}<' in tags
    assert f": {status.label}<" in tags
    assert 'title="Caseload: In words."' in tags
