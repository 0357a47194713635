"""Several requests at once: the same verbs, one transaction each, a report for each person."""

import html
import re

import pytest
from django.db import OperationalError

from membership.models import Enrolment, OutboxEmail
from requests import workflow
from requests.desk import decision_views
from requests.desk.bulk_views import LIMIT
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent
from tests import builders

pytestmark = pytest.mark.django_db

QUEUE = "/admin/joinrequests/joinrequest/"


@pytest.fixture
def priya():
    return builders.staff()


@pytest.fixture
def desk(client, priya):
    builders.sign_in(client, priya)
    return client


def several(number, slug="stvc", **answers):
    """That many requests, each of somebody else."""
    return [
        builders.sent(
            builders.worker(f"dana{i}@example.org", f"Dana{i} Sample"),
            slug,
            **{"name": f"Dana{i} Sample", **answers},
        )
        for i in range(number)
    ]


def page(verb, rows):
    return f"{QUEUE}bulk/{verb}/?ids={','.join(str(r.pk) for r in rows)}"


def ticked(*rows, **typed):
    """What the form sends: each row ticked, and what was typed for it as ``reason_0="…"``."""
    data = {f"row{r.pk}-keep": "on" for r in rows}
    for name, words in typed.items():
        field, _, index = name.partition("_")
        data[f"row{rows[int(index)].pk}-{field}" if index else field] = words
    return data


def shown(answer):
    """The page as it reads."""
    assert answer.status_code == 200
    return re.sub("</?bdi>", "", html.unescape(answer.content.decode()))


def states(rows):
    return [JoinRequest.objects.get(pk=r.pk).state for r in rows]


@pytest.mark.parametrize("verb", ["approve", "decline", "ask"])
def test_the_queue_leads_to_a_page_with_every_person_finding_and_email(desk, verb):
    rows = several(3)

    answer = desk.post(
        QUEUE, {"action": f"to_{verb}", "_selected_action": [r.pk for r in rows], "index": 0}
    )
    assert answer.url == page(verb, rows)
    seen = shown(desk.get(answer.url))

    for row in rows:
        assert f"{row.person.name}, STVC" in seen
        assert f"Hello {row.person.name}," in seen
        assert f"({row.reference})" in seen
    assert seen.count("carries a caseload") >= 3
    assert states(rows) == [State.AWAITING_REVIEW] * 3


def test_those_ticked_are_approved_and_the_others_stay_in_the_queue(desk, priya):
    rows = several(3)

    seen = shown(
        desk.post(
            page("approve", rows), ticked(*rows[:2], text="Welcome, all.", line_1="See you, Dana1.")
        )
    )

    assert "Approved: 2. Not done: 0." in seen
    assert states(rows) == [State.APPROVED, State.APPROVED, State.AWAITING_REVIEW]
    events = JoinRequestEvent.objects.filter(verb="approve").order_by("join_request_id")
    assert [(e.by, e.text) for e in events] == [
        (priya, "Welcome, all."),
        (priya, "Welcome, all.\n\nSee you, Dana1."),
    ]
    bodies = (
        OutboxEmail.objects.filter(kind="welcome").order_by("pk").values_list("body", flat=True)
    )
    assert ["See you, Dana1." in body for body in bodies] == [False, True]
    assert Enrolment.objects.count() == 2
    assert f'name="row{rows[2].pk}-keep"' in seen
    assert f'name="row{rows[0].pk}-keep"' not in seen


@pytest.mark.parametrize(
    ("verb", "state", "kind"),
    [("decline", State.DECLINED, "declined"), ("ask", State.AWAITING_REPLY, "question")],
)
def test_one_text_goes_to_everybody(desk, verb, state, kind):
    rows = several(2)

    desk.post(page(verb, rows), ticked(*rows, text="Which program is it?"))

    assert states(rows) == [state] * 2
    emails = OutboxEmail.objects.filter(kind=kind)
    assert [("Which program is it?" in email.body) for email in emails] == [True, True]
    assert {email.to_email for email in emails} == {r.person.email for r in rows}


def test_whoever_needs_a_written_reason_gets_their_own_and_nothing_goes_before_it_is_there(desk):
    clear, doubtful = several(1)[0], builders.sent(builders.worker(), carries_caseload="no")
    rows = [clear, doubtful]

    refused = shown(desk.post(page("approve", rows), ticked(*rows, text="Kept words.")))
    assert "Dana Sample: Write why you approve all the same, or leave this person out." in refused
    assert "Kept words." in refused
    assert states(rows) == [State.AWAITING_REVIEW] * 2
    assert f"row{clear.pk}-reason" not in refused

    desk.post(page("approve", rows), ticked(*rows, text="", reason_1="They start on Monday."))
    assert states(rows) == [State.APPROVED] * 2
    assert doubtful.events.last().reason == "They start on Monday."


def test_a_reason_is_not_asked_for_somebody_who_is_left_out(desk):
    clear, doubtful = several(1)[0], builders.sent(builders.worker(), carries_caseload="no")

    seen = shown(desk.post(page("approve", [clear, doubtful]), ticked(clear)))

    assert "Approved: 1. Not done: 0." in seen
    assert states([clear, doubtful]) == [State.APPROVED, State.AWAITING_REVIEW]


def test_a_colleagues_decision_in_between_is_reported_and_stands(desk):
    rows = several(3)
    sam = builders.staff(email="sam@example.org")
    desk.get(page("decline", rows))
    workflow.approve(join_request_id=rows[1].pk, by=sam, now=builders.NOW)

    seen = shown(desk.post(page("decline", rows), ticked(*rows, text="Not this time.")))

    assert "Declined: 2. Not done: 1." in seen
    assert "The last step was by Sam Sample on May 4, 2026, 10 a.m.. Nothing was changed." in seen
    assert states(rows) == [State.DECLINED, State.APPROVED, State.DECLINED]


def test_one_that_is_refused_stays_with_what_was_typed_and_stops_no_other(desk):
    rows = several(3)
    Enrolment.objects.create(
        person=rows[1].person, community=rows[1].community, started_on="2026-01-01"
    )

    seen = shown(
        desk.post(page("approve", rows), ticked(*rows, text="All.", line_1="My careful line."))
    )

    assert "Approved: 2. Not done: 1." in seen
    assert "Dana1 Sample is in this community already." in seen
    assert f'href="{QUEUE}{rows[1].pk}/change/"' in seen
    assert f'name="row{rows[1].pk}-keep"' in seen
    assert "My careful line.</textarea>" in seen
    assert states(rows) == [State.APPROVED, State.AWAITING_REVIEW, State.APPROVED]


@pytest.mark.core
def test_trouble_of_the_database_with_one_hides_no_report_of_the_others(desk, monkeypatch):
    rows = several(3)
    approve = workflow.approve

    def trouble(*, join_request_id, **how):
        if join_request_id == rows[0].pk:
            raise OperationalError("Dana0 Sample")
        return approve(join_request_id=join_request_id, **how)

    monkeypatch.setattr(decision_views.workflow, "approve", trouble)

    seen = shown(desk.post(page("approve", rows), ticked(*rows)))

    assert "Approved: 2. Not done: 1." in seen
    assert "Something went wrong on our side." in seen
    assert states(rows) == [State.AWAITING_REVIEW, State.APPROVED, State.APPROVED]


@pytest.mark.core
def test_sending_the_form_twice_decides_once(desk):
    rows = several(2)

    desk.post(page("ask", rows), ticked(*rows, text="Which?"))
    seen = shown(desk.post(page("ask", rows), ticked(*rows, text="Which?")))

    assert "Asked: 0. Not done: 2." in seen
    assert seen.count("The last step was by Priya Sample") == 2
    assert JoinRequestEvent.objects.filter(verb="ask").count() == 2
    assert OutboxEmail.objects.filter(kind="question").count() == 2


def test_what_cannot_be_asked_now_is_left_out_with_why(desk, priya):
    open_one, asked = (
        several(1)[0],
        builders.request_in(State.AWAITING_REPLY, builders.worker(), priya),
    )

    seen = shown(desk.get(page("ask", [open_one, asked])))

    assert "this cannot be done now, the request is “waiting for a reply”" in seen
    assert f"row{asked.pk}-keep" not in seen
    assert f"row{open_one.pk}-keep" in seen


def test_the_emails_can_be_looked_at_before_anything_goes(desk):
    rows = several(2)

    seen = shown(
        desk.post(
            page("decline", rows),
            {**ticked(*rows, text="Ask again in May.", line_0="Call us."), "look": "1"},
        )
    )

    assert seen.count("<p>Ask again in May.</p>") == 2
    assert seen.count("<p>Call us.</p>") == 1
    assert states(rows) == [State.AWAITING_REVIEW] * 2


def test_nothing_ticked_and_no_text_are_said_and_nothing_is_sent(desk):
    rows = several(1)

    nobody = shown(desk.post(page("decline", rows), {"text": "Not this time."}))
    no_words = shown(desk.post(page("decline", rows), ticked(*rows, text=" ")))

    assert "Tick at least one person." in nobody
    assert "Choose a reason, or write why, in words for the applicant." in no_words
    assert states(rows) == [State.AWAITING_REVIEW]


def test_the_other_teams_requests_do_not_exist(desk):
    ours = several(1)[0]
    theirs = builders.sent(
        builders.worker("ari@example.org", "Ari Other"), "icat", name="Ari Other"
    )

    seen = shown(desk.get(page("approve", [ours, theirs])))
    after = shown(desk.post(page("approve", [ours, theirs]), ticked(ours, theirs)))
    alone = desk.get(page("approve", [theirs]))

    assert "Ari Other" not in seen + after
    assert states([ours, theirs]) == [State.APPROVED, State.AWAITING_REVIEW]
    assert alone.url == QUEUE


def test_nonsense_in_the_address_is_no_request(desk):
    assert desk.get(f"{QUEUE}bulk/approve/?ids=x,-1,9999999999999999999999,²").url == QUEUE


def test_more_than_can_be_read_at_once_are_refused_with_a_sentence(desk):
    person = builders.worker().person
    rows = JoinRequest.objects.bulk_create(
        JoinRequest(
            person=person,
            community=builders.community(),
            state=State.WITHDRAWN,
            answers={},
            assessment={"on": "2026-05-04", "findings": []},
            created_at=builders.NOW,
            submitted_at=builders.NOW,
        )
        for _ in range(LIMIT + 1)
    )
    chosen = {"action": "to_approve", "_selected_action": [r.pk for r in rows], "index": 0}

    from_queue = desk.post(f"{QUEUE}?state=all", chosen, follow=True)
    by_address = desk.get(page("approve", rows), follow=True)

    for answer in (from_queue, by_address):
        assert "You can decide at most 50 requests at once. Choose fewer." in shown(answer)


def test_the_number_of_queries_of_the_page_does_not_grow(desk, django_assert_max_num_queries):
    rows = several(2)
    with django_assert_max_num_queries(100) as few:
        desk.get(page("approve", rows))
    rows += [
        builders.sent(builders.worker(f"more{i}@example.org", f"More{i} Sample")) for i in range(20)
    ]

    with django_assert_max_num_queries(len(few.captured_queries)):
        desk.get(page("approve", rows))


def test_deciding_costs_the_same_for_each(desk, django_assert_max_num_queries):
    rows = several(15)
    costs = []
    for group in (rows[:1], rows[1:3], rows[3:7], rows[7:15]):
        with django_assert_max_num_queries(1_000) as done:
            desk.post(page("approve", group), ticked(*group))
        costs.append(len(done.captured_queries))

    # The first fills caches; then 2, 4 and 8.
    assert costs[3] - costs[2] == 2 * (costs[2] - costs[1])
