"""Deciding on one request: what is chosen already, a second question, and who else has the request open."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from membership.errors import RefusedError
from membership.models import OutboxEmail
from requests import workflow
from requests.clock.reminders import send_due_reminders
from requests.desk import presence
from requests.lifecycle import State
from requests.models import JoinRequest, ReasonText
from tests import builders
from tests.builders import NOW, page

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def address(join_request, name="change") -> str:
    return reverse(f"admin:joinrequests_joinrequest_{name}", args=[join_request.pk])


# -- The reason or question that fits --------------------------------------------------------------


@pytest.mark.parametrize(
    ("verb", "answers", "chosen"),
    [
        ("decline", {"ministry_funded": "no"}, "Program not funded by the ministry"),
        ("decline", {"carries_caseload": "no"}, "No caseload in an eligible program"),
        # Nothing is known to be wrong, so nothing is said to be.
        ("decline", {"ministry_funded": "unsure"}, None),
        ("ask", {"ministry_funded": "unsure"}, "Who funds your program?"),
        ("ask", {"eva_membership": "unsure"}, "Who holds the EVA BC membership?"),
        # What is not known comes before what is not met.
        (
            "ask",
            {"carries_caseload": "no", "eva_membership": "unsure"},
            "Who holds the EVA BC membership?",
        ),
        ("ask", {}, None),
    ],
)
def test_the_text_that_fits_the_rule_is_chosen_and_in_the_email(desk, verb, answers, chosen):
    asked = builders.sent(builders.worker(), **answers)
    form = desk.get(address(asked, verb)).context["form"]
    shown = page(desk, address(asked, verb))

    assert str(form["ground"].initial) == str(chosen)
    email = shown[shown.index('id="email-preview"') :]
    if chosen:
        text = ReasonText.objects.get(title=chosen).text
        assert "You can change it." in shown
        assert text in email
    else:
        assert "[Your message]" in email


def test_the_question_for_a_role_fits_the_other_team(client, camille):
    builders.sign_in(client, camille)
    asked = builders.sent(builders.worker(), "icat", role="CHAIR")
    form = client.get(address(asked, "ask")).context["form"]
    assert str(form["ground"].initial) == "Which initiative and role?"


def test_a_preview_shows_the_email_as_typed_decides_nothing_and_scolds_nobody(desk):
    asked = builders.sent(builders.worker(), ministry_funded="unsure")
    typed = {"preview": "yes", "text": "We met in Sampleton.", "reason": "", "review_on": "x"}

    shown = builders.text_of(desk.post(address(asked, "approve"), typed))

    assert "<bdi>We met in Sampleton.</bdi>" in shown
    assert "There is a problem" not in shown
    assert 'value="x"' in shown
    asked.refresh_from_db()
    assert asked.state == State.AWAITING_REVIEW


# -- A second question -----------------------------------------------------------------------------


@pytest.mark.core
def test_a_second_question_keeps_the_first_and_starts_the_reminders_again(client, priya):
    worker = builders.worker()
    pk = builders.sent(worker).pk
    how = {"join_request_id": pk, "by": priya}
    workflow.ask(**how, text="Which program?", now=NOW)
    send_due_reminders(now=NOW + 8 * DAY)

    asked = workflow.ask(**how, text="Who funds it?", now=NOW + 9 * DAY)

    emails = dict(OutboxEmail.objects.filter(kind="reminder-7").values_list("key", "state"))
    assert list(emails.values()) == [
        "cancelled"
    ]  # it was queued, and named the first question only
    assert list(OutboxEmail.objects.filter(kind="question").values_list("state", flat=True)) == [
        "queued",
        "queued",
    ]
    assert asked.open_questions == ["Which program?", "Who funds it?"]
    assert send_due_reminders(now=NOW + 12 * DAY) == 0
    assert send_due_reminders(now=NOW + 16 * DAY) == 1
    last = OutboxEmail.objects.filter(kind="reminder-7").latest("pk")
    assert "Which program?\n\nWho funds it?" in last.body
    builders.sign_in(client, worker)
    shown = page(client, f"/my/requests/{pk}/")
    assert "Questions from EVA BC staff" in shown
    assert "<p><bdi>Which program?</bdi></p><p><bdi>Who funds it?</bdi></p>" in shown

    with pytest.raises(RefusedError, match="asked already"):  # a form that was sent twice
        workflow.ask(**how, text="Who funds it?", now=NOW + 17 * DAY)
    workflow.reply(join_request_id=pk, by=worker, text="The ministry.", now=NOW + 18 * DAY)
    workflow.ask(**how, text="Since when?", now=NOW + 19 * DAY)
    assert JoinRequest.objects.get(pk=pk).open_questions == ["Since when?"]


def test_the_page_to_ask_says_what_was_asked(desk, priya):
    asked = builders.request_in(State.AWAITING_REPLY, builders.worker(), priya)
    shown = page(desk, address(asked, "ask"))
    assert "Not answered yet" in shown
    assert "Which program?" in shown


# -- What happens while the page is open -----------------------------------------------------------


@pytest.mark.parametrize("verb", ["approve", "decline", "ask"])
def test_a_reply_that_the_page_did_not_show_stops_the_decision_once(desk, priya, verb):
    worker = builders.worker()
    asked = builders.request_in(State.AWAITING_REPLY, worker, priya)
    form = desk.get(address(asked, verb)).context["form"]
    typed = {"as_shown": form["as_shown"].value(), "text": "A long answer.", "reason": "Known."}
    workflow.reply(join_request_id=asked.pk, by=worker, text="I have left.", now=NOW + DAY)
    # Looking at the email again changes nothing about what was seen.
    looked = desk.post(address(asked, verb), {**typed, "preview": "yes"}).context["form"]
    assert looked["as_shown"].value() == typed["as_shown"]

    answer = desk.post(address(asked, verb), typed)

    refused = builders.text_of(answer)
    assert "This has changed since you opened the page. Replied by the applicant, May 5" in refused
    assert "I have left." in refused
    assert "A long answer." in refused
    asked.refresh_from_db()
    assert asked.state == State.AWAITING_REVIEW
    typed["as_shown"] = answer.context["form"]["as_shown"].value()
    assert desk.post(address(asked, verb), typed).status_code == 302


def test_the_page_to_approve_shows_the_reply(desk, priya):
    """The queue leads to it without the review page."""
    worker = builders.worker()
    asked = builders.request_in(State.AWAITING_REPLY, worker, priya)
    workflow.reply(join_request_id=asked.pk, by=worker, text="Since the spring.", now=NOW)
    assert "Since the spring." in page(desk, address(asked, "approve"))


# -- Who else is here ------------------------------------------------------------------------------


@pytest.fixture
def sams(sam) -> Client:
    client = Client()
    builders.sign_in(client, sam)
    return client


def poll(client, shown_page) -> str:
    """What an open page asks for, with what it shows."""
    start = shown_page.index('data-hx-get="') + len('data-hx-get="')
    url = shown_page[start : shown_page.index('"', start)]
    return builders.text_of(client.get(url, headers={"HX-Request": "true"}))


def test_each_sees_who_else_has_the_request_open_and_for_how_long(desk, sams, priya, sam):
    asked = builders.sent(builders.worker())
    with time_machine.travel(NOW, tick=False) as clock:
        first = page(desk, address(asked))
        assert "open too" not in first
        assert f"{priya.display_name}</bdi> has this request open too" in page(
            sams, address(asked, "decline")
        )
        assert f"{sam.display_name}</bdi> has this request open too" in poll(desk, first)
        clock.shift(timedelta(seconds=presence.KEPT_FOR + 1))
        assert "open too" not in poll(desk, first)
    assert sam.email not in str(cache.get(f"has-open:{asked.pk}"))


def test_what_a_colleague_decides_meanwhile_is_said_once_on_the_open_page(desk, sams, sam, priya):
    asked = builders.sent(builders.worker())
    with time_machine.travel(NOW, tick=False) as clock:
        opened = page(desk, address(asked, "approve"))
        sams.post(address(asked, "decline"), {"text": "Not this time."})
        clock.shift(timedelta(minutes=1))
        told = poll(desk, opened)
        assert f"{sam.display_name} declined this" in told
        assert "a minute ago" in told.replace("\xa0", " ")
        shown = told.split('name="shown" value="')[1].split('"')[0]
        url = f"{address(asked, 'presence')}?seen=0&shown={shown}"
        assert desk.get(url).status_code in (200, 204)
        # Their own steps are no news to them.
        assert "declined this" not in poll(sams, opened)


def test_asking_in_the_background_leaves_the_page_when_the_session_has_ended():
    asked = builders.sent(builders.worker())
    url = f"{address(asked, 'presence')}?in_background&seen=0"
    answer = Client().get(url, headers={"HX-Request": "true"})
    assert answer.status_code == 286  # htmx asks no more
    assert "HX-Redirect" not in answer


# -- Keyboard shortcuts ----------------------------------------------------------------------------


def test_single_keys_are_turned_off_for_the_account_and_on_again(desk, priya):
    url, back = reverse("admin:keys"), "/admin/guide/"
    assert desk.post(url, {"next": back}).url == back
    priya.refresh_from_db()
    assert not priya.uses_keys
    shown = page(desk, "/admin/")
    assert 'data-off="yes"' in shown
    assert "data-key=" not in shown
    assert desk.post(url, {"on": "yes", "next": "https://elsewhere.example"}).url == "/admin/"
    priya.refresh_from_db()
    assert priya.uses_keys
