"""The history page of the staff desk: who did what and when, for those who may see it."""

import html
from datetime import date, timedelta

import pytest
from django.contrib.admin.models import LogEntry

from evabc.desk import history
from evabc.desk.history import history_for
from membership.history import log_change
from membership.models import Agency, Enrolment
from membership.rosters.enrolments import end_enrolment, roster_of
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequestEvent
from tests import builders
from tests.builders import NOW, queries_of

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)


def steps(viewer, **wanted) -> list[tuple[str, str]]:
    steps, _ = history_for(viewer, **wanted)
    return [(step.who, step.did) for _, step in steps]


@pytest.mark.core
def test_it_shows_requests_notes_enrolments_and_the_register(sam):
    approved = builders.request_in(State.APPROVED, builders.worker(), sam)
    workflow.write_note(join_request_id=approved.pk, by=sam, text="A good start.", now=NOW + DAY)
    agency = Agency.objects.create(name="Sample House")
    log_change(agency, by=sam, words="Added.", added=True)
    enrolment = roster_of(approved.community).get()
    end_enrolment(enrolment_id=enrolment.pk, by=sam, text="You moved on.", now=NOW + 2 * DAY)

    assert steps(sam, kind="requests") == [
        ("Sam Sample", "Approved"),
        ("Dana Sample (applicant)", "Sent"),
    ]
    assert steps(sam, kind="notes") == [("Sam Sample", "Note added")]
    assert steps(sam, kind="register") == [("Sam Sample", "Added")]
    [[(_, ended)], _] = history_for(sam, kind="enrolments")
    assert (ended.subject, ended.words) == (
        "enrolment: Dana Sample in STVC",
        "Ended. You moved on.",
    )
    assert len(steps(sam)) == 5


def test_the_other_team_sees_the_register_only(sam, camille):
    approved = builders.request_in(State.APPROVED, builders.worker(), sam)
    workflow.write_note(join_request_id=approved.pk, by=sam, text="A good start.", now=NOW)
    log_change(Agency.objects.create(name="Sample House"), by=sam, words="Added.", added=True)
    log_change(Enrolment.objects.get(), by=sam, words="Ended.")
    log_change(sam, by=sam, words="On the team.")

    assert steps(camille) == [("Sam Sample", "Added")]
    assert steps(camille, kind="others") == []
    assert len(steps(sam)) == 5
    assert len(steps(builders.lead())) == 6


@pytest.mark.core
def test_it_can_be_filtered_by_person_and_by_inclusive_days(sam):
    worker = builders.worker()
    join_request = builders.sent(worker)
    workflow.ask(join_request_id=join_request.pk, by=sam, text="Which?", now=NOW + DAY)
    workflow.reply(join_request_id=join_request.pk, by=worker, text="This.", now=NOW + 2 * DAY)

    assert steps(sam, who=sam.pk) == [("Sam Sample", "Question asked")]
    day = date(2026, 5, 5)
    assert steps(sam, first=day, last=day) == [("Sam Sample", "Question asked")]
    assert len(steps(sam, first=day)) == 2
    assert len(steps(sam, last=day)) == 2


@pytest.mark.core
def test_every_step_is_on_one_page_even_if_several_have_the_same_time(sam, monkeypatch):
    monkeypatch.setattr(history, "PAGE_SIZE", 3)
    for number in range(4):
        sent = builders.sent(builders.worker(f"dana{number}@example.org", "Dana Sample"))
        workflow.write_note(join_request_id=sent.pk, by=sam, text="Hm.", now=NOW)

    pages = [history_for(sam, page=number) for number in (1, 2, 3)]
    seen = [(step.did, step.subject) for steps, _ in pages for _, step in steps]
    times = [at for steps, _ in pages for at, _ in steps]
    assert [has_older for _, has_older in pages] == [True, True, False]
    assert len(seen) == len(set(seen)) == 8
    assert times == sorted(times, reverse=True)


def test_the_page_links_to_each_subject_and_to_older_steps(client, sam, monkeypatch):
    monkeypatch.setattr(history, "PAGE_SIZE", 1)
    builders.sign_in(client, sam)
    declined = builders.request_in(State.DECLINED, builders.worker(), sam)

    first = html.unescape(client.get("/admin/history/").content.decode())
    assert f'href="/admin/joinrequests/joinrequest/{declined.pk}/change/"' in first
    assert "Declined" in first
    [older] = [p for p in first.split('"') if p.startswith("?kind=&")]
    second = html.unescape(client.get(f"/admin/history/{older}").content.decode())
    assert "<td>Sent</td>" in second
    assert "<td>Declined</td>" not in second


def test_the_number_of_queries_does_not_grow(client, sam):
    builders.sign_in(client, sam)
    builders.sent(builders.worker())
    few = queries_of(client.get, "/admin/history/")
    for number in range(10):
        sent = builders.sent(builders.worker(f"dana{number}@example.org", "Dana Sample"))
        workflow.write_note(join_request_id=sent.pk, by=sam, text="Hm.", now=NOW)

    assert queries_of(client.get, "/admin/history/") <= few


def test_log_entries_cannot_be_changed_in_the_admin(sam):
    from django.contrib import admin

    assert not admin.site.is_registered(LogEntry)
    assert not admin.site.is_registered(JoinRequestEvent)
