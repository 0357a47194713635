"""Deciding on several requests at once: the same verbs, one transaction and one report each."""

import html
import re
from datetime import date

import pytest
from django.db import OperationalError
from django.utils import timezone

from communities.rules.vocabulary import ProgramType
from membership.models import AdmissionException, Agency, Enrolment, OutboxEmail, Program
from requests import workflow
from requests.desk.bulk_views import LIMIT
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent, ReasonText
from tests import builders
from tests.builders import queries_of

pytestmark = pytest.mark.django_db

QUEUE = "/admin/joinrequests/joinrequest/"


def several(number, slug="stvc", **answers):
    """That many requests, each from a different person."""
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


def selected(*rows, **typed):
    """The form's data: each row selected, with what was typed for it as ``reason_0="…"``."""
    data = {f"row{r.pk}-keep": "on" for r in rows}
    for name, words in typed.items():
        field, _, index = name.rpartition("_")
        data[f"row{rows[int(index)].pk}-{field}" if field else name] = words
    return data


def shown(answer):
    """The text of the page."""
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
        assert f"Hello {row.person.short_name}," in seen
        assert f"({row.reference})" in seen
    assert seen.count("carries a caseload") >= 3
    assert states(rows) == [State.AWAITING_REVIEW] * 3


def test_selected_requests_are_approved_and_the_others_stay_in_the_queue(desk, priya):
    rows = several(3)

    seen = shown(
        desk.post(
            page("approve", rows),
            selected(*rows[:2], text="Welcome, all.", line_1="See you, Dana1."),
        )
    )

    assert "2 approved, 0 not processed" in seen
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
def test_one_message_goes_to_everyone(desk, verb, state, kind):
    rows = several(2)

    desk.post(page(verb, rows), selected(*rows, text="Which program is it?"))

    assert states(rows) == [state] * 2
    emails = OutboxEmail.objects.filter(kind=kind)
    assert [("Which program is it?" in email.body) for email in emails] == [True, True]
    assert {email.to_email for email in emails} == {r.person.email for r in rows}


def test_each_selected_request_that_needs_a_reason_gets_its_own_before_anything_is_sent(desk):
    [clear] = several(1)
    doubtful, left_out = (
        builders.sent(builders.worker(f"{name.lower()}@example.org", name), carries_caseload="no")
        for name in ("Kai", "Lee")
    )
    rows = [clear, doubtful, left_out]

    refused = shown(desk.post(page("approve", rows), selected(clear, doubtful, text="Kept words.")))
    assert "Kai: Explain why you are approving anyway, or clear this person’s checkbox." in refused
    assert "Lee: Explain why" not in refused
    assert "Kept words." in refused
    assert states(rows) == [State.AWAITING_REVIEW] * 3
    assert f"row{clear.pk}-reason" not in refused

    typed = selected(clear, doubtful, text="", reason_1="They start on Monday.", review_on_1="")
    undated = shown(desk.post(page("approve", rows), typed))
    assert "Kai: Enter a date." in undated
    assert "They start on Monday." in undated
    typed |= selected(clear, doubtful, review_on_1="2099-03-01")
    seen = shown(desk.post(page("approve", rows), typed))
    assert "2 approved, 0 not processed" in seen
    assert states(rows) == [State.APPROVED, State.APPROVED, State.AWAITING_REVIEW]
    assert doubtful.events.last().reason == "They start on Monday."
    doubtful.refresh_from_db()
    assert str(doubtful.enrolment.exception.review_on) == "2099-03-01"


def otherwise(name, value):
    """What staff have confirmed, and a list of a later day says otherwise."""
    by_list = {"list_name": "the list", "list_as_of": date(2026, 11, 1)}
    by_list |= {"list_says": "they differ", "list_values": {name: value}}
    return {"evidence": "confirmed", "confirmed_on": date(2026, 10, 1), **by_list}


@pytest.mark.parametrize(
    ("listed", "words"),
    [
        ({"funder": "OTHER"}, "funded by another funder"),
        (
            {"funder": "PSSG", "funded_until": date(2026, 3, 31)},
            "funded by the ministry, until March 31, 2026",
        ),
        # What staff have confirmed, and a newer list says otherwise.
        ({"funder": "PSSG", **otherwise("funder", "OTHER")}, "funded by the ministry"),
        ({"funder": "PSSG", **otherwise("funded_until", "2026-03-31")}, "funded by the ministry"),
    ],
)
def test_a_program_that_is_listed_otherwise_is_never_approved_without_a_word(desk, listed, words):
    society = Agency.objects.create(name="Sample Society")
    Program.objects.create(agency=society, type="STVC", community_served="Elsewhere", **listed)
    Program.objects.create(agency=society, type="SAS", community_served="Nearby", funder="OTHER")
    clear, doubtful = several(1)[0], builders.sent(builders.worker(), agency="Sample Society")
    rows = [clear, doubtful]
    review = shown(desk.get(f"{QUEUE}{doubtful.pk}/change/"))
    single = shown(desk.get(f"{QUEUE}{doubtful.pk}/approve/"))
    together = shown(desk.get(page("approve", rows)))
    said = f"The register lists {ProgramType.STVC.label}, Elsewhere ({words})."
    if "list_says" in listed:
        said += " The list of November 1, 2026 says otherwise (they differ)."
    said += " Match the program first."
    assert [text.count(said) for text in (review, single, together)] == [1, 1, 1]
    assert said not in shown(desk.get(page("decline", rows)))

    refused = shown(desk.post(page("approve", rows), selected(*rows)))
    assert "Explain why you are approving anyway" in refused
    assert states(rows) == [State.AWAITING_REVIEW] * 2
    typed = selected(*rows, reason_1="They phoned: it is another program.")
    assert "2 approved" in shown(desk.post(page("approve", rows), typed))
    assert doubtful.events.last().reason == "They phoned: it is another program."


def test_a_single_approval_asks_for_the_same_reason(desk):
    society = Agency.objects.create(name="Sample Society")
    Program.objects.create(
        agency=society, type="STVC", community_served="Elsewhere", funder="OTHER"
    )
    doubtful = builders.sent(builders.worker(), agency="Sample Society")
    url = f"{QUEUE}{doubtful.pk}/approve/"
    form = desk.get(url).context["form"]
    assert "review_on" not in form.fields
    typed = {"text": "Welcome.", "as_shown": form["as_shown"].value()}
    refused = desk.post(url, typed)
    assert "Explain why you are approving anyway." in shown(refused)
    assert "Welcome." in shown(refused)
    assert states([doubtful]) == [State.AWAITING_REVIEW]
    desk.post(url, {**typed, "reason": "They phoned: it is another program."})
    assert states([doubtful]) == [State.APPROVED]
    assert doubtful.events.last().reason == "They phoned: it is another program."
    assert not AdmissionException.objects.exists()  # by the rules there is none


def test_what_fits_or_is_matched_needs_no_word(desk):
    society = Agency.objects.create(name="Sample Society")
    answers = {"agency": "Sample Society", "community_served": "Elsewhere"}
    there = {"agency": society, "type": "STVC"}
    Program.objects.create(**there, community_served="Nearby", funder="PSSG")
    Program.objects.create(**there, community_served="Farther", funder="")
    fits = builders.sent(builders.worker(), **answers)
    assert "The register lists" not in shown(desk.get(page("approve", [fits])))
    other = Program.objects.create(**there, community_served="Elsewhere", funder="OTHER")
    assert "The register lists" in shown(desk.get(page("approve", [fits])))
    fits.person.positions.update(program=other)
    assert "The register lists" not in shown(desk.get(page("approve", [fits])))


@pytest.mark.core
def test_a_request_that_is_refused_or_fails_keeps_what_was_typed_and_stops_no_other(
    desk, sam, monkeypatch
):
    rows = several(4)
    decided, enrolled, in_trouble, _ = rows
    workflow.decline(join_request_id=decided.pk, by=sam, text="No.", now=builders.NOW)
    Enrolment.objects.create(
        person=enrolled.person, community=enrolled.community, started_on="2026-01-01"
    )
    enrol = workflow.enrol

    def trouble(*, person, **how):
        if person == in_trouble.person:
            raise OperationalError("Dana2 Sample")
        return enrol(person=person, **how)

    monkeypatch.setattr(workflow, "enrol", trouble)

    seen = shown(
        desk.post(page("approve", rows), selected(*rows, text="All.", line_1="My careful line."))
    )

    assert "1 approved, 3 not processed" in seen
    assert "Last step: May 4, 2026, 10 a.m., Sam Sample (EVA BC). Nothing was changed." in seen
    assert "Dana1 Sample is already in this community." in seen
    assert f'href="{QUEUE}{enrolled.pk}/change/"' in seen
    assert f'name="row{enrolled.pk}-keep"' in seen
    assert "My careful line.</textarea>" in seen
    assert "Something went wrong on our end." in seen
    waiting = State.AWAITING_REVIEW
    assert states(rows) == [State.DECLINED, waiting, waiting, State.APPROVED]


@pytest.mark.core
def test_sending_the_form_twice_decides_once(desk):
    rows = several(2)

    desk.post(page("ask", rows), selected(*rows, text="Which?"))
    seen = shown(desk.post(page("ask", rows), selected(*rows, text="Which?")))

    assert "0 asked, 2 not processed" in seen
    # Above, and beside each of the two, which could get another question.
    assert seen.count("This was asked already. Last step: ") == 4
    assert JoinRequestEvent.objects.filter(verb="ask").count() == 2
    assert OutboxEmail.objects.filter(kind="question").count() == 2


def test_a_request_that_cannot_be_asked_about_now_is_skipped_with_a_reason(desk, priya):
    [open_one] = several(1)
    declined = builders.request_in(State.DECLINED, builders.worker(), priya)

    seen = shown(desk.get(page("ask", [open_one, declined])))

    assert "this request has already been declined" in seen
    assert f"row{declined.pk}-keep" not in seen
    assert f"row{open_one.pk}-keep" in seen


def test_the_emails_can_be_previewed_before_anything_is_sent(desk):
    rows = several(2)

    seen = shown(
        desk.post(
            page("decline", rows),
            {**selected(*rows, text="Ask again in May.", line_0="Call us."), "look": "1"},
        )
    )

    assert seen.count("<p>Ask again in May.</p>") == 2
    assert seen.count("<p>Call us.</p>") == 1
    assert states(rows) == [State.AWAITING_REVIEW] * 2


@pytest.mark.parametrize(
    ("verb", "answers", "title"),
    [
        ("decline", [{"ministry_funded": "no"}, {"carries_caseload": "no"}], "Program not funded"),
        ("ask", [{"ministry_funded": "unsure"}, {"eva_membership": "unsure"}], "Who funds your"),
    ],
)
def test_each_request_gets_the_text_that_fits_its_rule(desk, verb, answers, title):
    rows = [
        builders.sent(builders.worker(f"dana{n}@example.org", f"Dana{n} Sample"), **answer)
        for n, answer in enumerate(answers)
    ]
    seen = desk.get(page(verb, rows))
    chosen = [row["ground"].initial for row, _, _ in seen.context["rows"]]
    texts = [ReasonText.objects.get(pk=pk) for pk in chosen]
    assert texts[0].title.startswith(title)
    assert texts[0] != texts[1]
    assert all(f"<p>{text.text}" in shown(seen).replace("<bdi>", "") for text in texts)
    grounds = {f"ground_{n}": str(pk) for n, pk in enumerate(chosen)}

    desk.post(page(verb, rows), selected(*rows, **grounds))
    assert [r.events.latest("pk").ground for r in rows] == texts
    if verb == "ask":  # one question for everyone goes before those
        desk.post(
            page(verb, rows), selected(*rows, ground=str(texts[0].pk), text="And?", **grounds)
        )
        assert {r.events.latest("pk").ground for r in rows} == {texts[0]}


def test_what_keeps_one_back_is_said_before_anything_is_decided(desk, sam):
    mine, theirs, unclear = several(3)
    workflow.assign(join_request_id=theirs.pk, to=sam, by=sam, now=timezone.now())
    check = unclear.person.name_checks.create(
        name="Lee Other", email=unclear.person.email, source="request", asked_at=builders.NOW
    )
    JoinRequest.objects.filter(pk=unclear.pk).update(name_check=check)
    rows = [mine, theirs, unclear]
    seen = shown(desk.get(f"{page('approve', rows)}&_changelist_filters=view%3Dunassigned"))
    assert "assigned to Sam Sample. You can still decide on it." in seen
    assert "Answer the name check first" in seen
    assert f"row{unclear.pk}-keep" not in seen
    assert f'href="{QUEUE}?view=unassigned">Cancel' in seen
    assert f"row{unclear.pk}-keep" in shown(desk.get(page("ask", rows)))


def test_nothing_is_sent_without_a_selection_or_without_text(desk):
    rows = several(1)

    nobody = shown(desk.post(page("decline", rows), {"text": "Not this time."}))
    no_words = shown(desk.post(page("decline", rows), selected(*rows, text=" ")))

    assert "Select at least one person." in nobody
    assert "Choose a reason or write one for the applicant." in no_words
    assert states(rows) == [State.AWAITING_REVIEW]


def test_the_other_teams_requests_do_not_exist(desk):
    ours = several(1)[0]
    theirs = builders.sent(
        builders.worker("ari@example.org", "Ari Other"), "icat", name="Ari Other"
    )

    seen = shown(desk.get(page("approve", [ours, theirs])))
    after = shown(desk.post(page("approve", [ours, theirs]), selected(ours, theirs)))
    alone = desk.get(page("approve", [theirs]))

    assert "Ari Other" not in seen + after
    assert states([ours, theirs]) == [State.APPROVED, State.AWAITING_REVIEW]
    assert alone.url == QUEUE


def test_nonsense_in_the_address_finds_no_request(desk):
    assert desk.get(f"{QUEUE}bulk/approve/?ids=x,-1,9999999999999999999999,²").url == QUEUE


def test_more_requests_than_the_limit_are_refused_with_a_message(desk):
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
        assert "You can decide on up to 50 requests at once. Select fewer." in shown(answer)


def test_the_number_of_queries_of_the_page_does_not_grow(desk):
    rows = several(2)
    few = queries_of(desk.get, page("approve", rows))
    rows += [
        builders.sent(builders.worker(f"more{i}@example.org", f"More{i} Sample")) for i in range(20)
    ]

    assert queries_of(desk.get, page("approve", rows)) <= few


def test_deciding_costs_the_same_for_each(desk):
    rows = several(15)
    costs = []
    for group in (rows[:1], rows[1:3], rows[3:7], rows[7:15]):
        costs.append(queries_of(desk.post, page("approve", group), selected(*group)))

    # The first fills caches; then 2, 4 and 8.
    assert costs[3] - costs[2] == 2 * (costs[2] - costs[1])


def test_a_reply_that_the_page_did_not_show_stops_only_that_request(desk, priya):
    replied, other = several(2)
    how = {"join_request_id": replied.pk, "now": builders.NOW}
    workflow.ask(**how, by=priya, text="Which program?")
    rows = [replied, other]
    forms = [row for row, _, _ in desk.get(page("approve", rows)).context["rows"]]
    as_shown = {row["as_shown"].html_name: row["as_shown"].value() for row in forms}
    workflow.reply(**how, by=replied.person.user, text="I have left.")
    typed = selected(*rows, reason_0="Known to us.", reason_1="Known to us.") | as_shown

    answer = desk.post(page("approve", rows), typed)

    assert "Replied by the applicant" in shown(answer)
    assert states(rows) == [State.AWAITING_REVIEW, State.APPROVED]
    [(row, _, _)] = answer.context["rows"]
    typed = selected(replied, reason_0="Known to us.", as_shown_0=row["as_shown"].value())
    desk.post(page("approve", [replied]), typed)
    assert states(rows) == [State.APPROVED, State.APPROVED]
