"""A day at the desk: waiting times, assigning, search and filters, next and previous, staff notes."""

import html
from datetime import date, timedelta
from urllib.parse import quote

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from membership.errors import RefusedError
from membership.models import Agency, ListKind, OutboxEmail, Person, Program, User
from requests import workflow
from requests.desk import matching, queue
from requests.desk.review import requests_of, update_open_verdicts
from requests.lifecycle import State
from requests.models import JoinRequest, StaffNote
from tests import builders
from tests.builders import NOW, page, queries_of
from tests.membership.imports.lists import apply_list

pytestmark = [
    pytest.mark.django_db,
]

QUEUE = "/admin/joinrequests/joinrequest/"
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def sent(number: int, **answers) -> JoinRequest:
    name = f"Dana Sample-{number}"
    return builders.sent(builders.worker(f"dana{number}@example.org", name), name=name, **answers)


def waits_since(join_request: JoinRequest, when) -> JoinRequest:
    JoinRequest.objects.filter(pk=join_request.pk).update(waiting_since=when)
    join_request.refresh_from_db()
    return join_request


def in_queue(viewer, now=NOW, **asked) -> list[JoinRequest]:
    return list(queue.queue_of(requests_of(viewer), asked, viewer=viewer, now=now))


# -- Waiting -----------------------------------------------------------------------------


def test_the_wait_starts_when_the_request_last_came_to_staff(sam):
    worker = builders.worker()
    join_request = builders.sent(worker)
    assert join_request.waiting_since == NOW
    how = {"join_request_id": join_request.pk, "by": sam}

    workflow.ask(**how, text="Which?", now=NOW + DAY)
    join_request.refresh_from_db()
    assert join_request.waiting_since == NOW

    workflow.reply(join_request_id=join_request.pk, by=worker, text="This.", now=NOW + 2 * DAY)
    join_request.refresh_from_db()
    assert join_request.waiting_since == NOW + 2 * DAY

    workflow.decline(**how, text="No.", now=NOW + 3 * DAY)
    workflow.reopen(**how, reason="New facts.", now=NOW + 4 * DAY)
    join_request.refresh_from_db()
    assert join_request.waiting_since == NOW + 4 * DAY


@pytest.mark.parametrize(
    ("days", "mark"), [(0, ""), (2, ""), (3, "quiet"), (6, "quiet"), (7, "loud"), (9, "loud")]
)
def test_a_long_wait_is_marked_quietly_and_then_loudly(days, mark):
    assert queue.Age(days).mark == mark


def test_a_request_sent_on_friday_is_one_business_day_old_on_monday_unless_it_waits_for_a_reply(
    sam,
):
    worker = builders.worker()
    join_request = builders.sent(worker)
    waits_since(join_request, NOW - 3 * DAY)  # a Friday

    assert queue.age_of(join_request, on=date(2026, 5, 4)) == queue.Age(1)
    workflow.ask(join_request_id=join_request.pk, by=sam, text="Which?", now=NOW)
    join_request.refresh_from_db()
    assert queue.age_of(join_request, on=date(2026, 5, 4)) is None


# -- Assigning ------------------------------------------------------------------------------------


def test_a_colleague_is_refused_unless_they_take_over_on_purpose(sam, priya):
    join_request = sent(1)
    workflow.assign(join_request_id=join_request.pk, to=sam, by=sam, now=NOW)

    with pytest.raises(
        RefusedError, match=r"Since May 4, 2026, 10 a.m., this request has been assigned to Sam"
    ):
        workflow.assign(join_request_id=join_request.pk, to=priya, by=priya, now=NOW + HOUR)
    with pytest.raises(RefusedError, match="assigned to Sam Sample"):
        workflow.assign(join_request_id=join_request.pk, to=None, by=priya, now=NOW + HOUR)
    join_request.refresh_from_db()
    assert join_request.taken_by == sam

    taken = workflow.assign(
        join_request_id=join_request.pk, to=priya, by=priya, now=NOW + HOUR, over=True
    )
    assert taken.holder(NOW + HOUR) == priya


def test_a_request_is_assigned_for_a_day_and_then_free_for_anyone(sam, priya):
    join_request = sent(1)

    taken = workflow.assign(join_request_id=join_request.pk, to=sam, by=sam, now=NOW)
    assert (taken.holder(NOW + DAY - HOUR), taken.holder(NOW + DAY)) == (sam, None)

    taken = workflow.assign(join_request_id=join_request.pk, to=priya, by=priya, now=NOW + DAY)
    assert taken.holder(NOW + DAY) == priya


@pytest.mark.parametrize("closed", ["is_active", "is_staff"])
def test_a_colleague_who_can_no_longer_sign_in_holds_no_request(sam, priya, closed):
    one, other = sent(1), sent(2)
    workflow.assign(join_request_id=one.pk, to=sam, by=sam, now=NOW)
    assert in_queue(priya, view="unassigned") == [other]
    User.objects.filter(pk=sam.pk).update(**{closed: False})

    assert in_queue(priya, view="unassigned") == [one, other]
    taken = workflow.assign(join_request_id=one.pk, to=priya, by=priya, now=NOW)
    assert taken.holder(NOW) == priya


def test_unassigning_and_deciding_free_the_request(sam):
    one, other = sent(1), sent(2)
    for join_request in (one, other):
        workflow.assign(join_request_id=join_request.pk, to=sam, by=sam, now=NOW)

    workflow.assign(join_request_id=one.pk, to=None, by=sam, now=NOW)
    workflow.decline(join_request_id=other.pk, by=sam, text="No.", now=NOW)

    assert [kept.holder(NOW) for kept in JoinRequest.objects.all()] == [None, None]
    assert in_queue(sam, view="mine", state="all") == []


def test_the_other_team_and_a_decided_request_are_refused(sam, camille):
    join_request = sent(1)
    with pytest.raises(RefusedError, match="the other team"):
        workflow.assign(join_request_id=join_request.pk, to=camille, by=camille, now=NOW)
    with pytest.raises(RefusedError, match="the other team"):
        workflow.write_note(join_request_id=join_request.pk, by=camille, text="Hm.", now=NOW)

    workflow.decline(join_request_id=join_request.pk, by=sam, text="No.", now=NOW)
    with pytest.raises(RefusedError, match="has already been"):
        workflow.assign(join_request_id=join_request.pk, to=sam, by=sam, now=NOW)


@pytest.mark.core
def test_the_database_refuses_an_assigned_request_without_its_time(sam):
    join_request = sent(1)

    with pytest.raises(IntegrityError, match="taken_request_says_when"), transaction.atomic():
        JoinRequest.objects.filter(pk=join_request.pk).update(taken_by=sam)


def test_the_views_by_assignment(sam, priya):
    mine, theirs, free, once = sent(1), sent(2), sent(3), sent(4)
    workflow.assign(join_request_id=mine.pk, to=sam, by=sam, now=NOW)
    workflow.assign(join_request_id=theirs.pk, to=priya, by=priya, now=NOW)
    workflow.assign(join_request_id=once.pk, to=priya, by=priya, now=NOW - DAY)

    assert in_queue(sam, view="mine") == [mine]
    assert in_queue(sam, view="unassigned") == [free, once]
    assert in_queue(sam) == [mine, theirs, free, once]


def test_colleagues_see_who_a_request_is_assigned_to_in_the_queue_and_on_its_page(desk, sam):
    join_request = sent(1)

    desk.post(f"{QUEUE}{join_request.pk}/take/?queue")
    assert "Unassign" in page(desk, QUEUE)
    assert "Assigned to you" in page(desk, f"{QUEUE}{join_request.pk}/change/")

    builders.sign_in(desk, sam)
    shown = page(desk, QUEUE)
    assert '<span class="tag">Priya Sample</span>' in shown
    assert "Assign to me" not in shown
    assert "assigned to Priya Sample" in page(desk, f"{QUEUE}{join_request.pk}/change/")


def test_reassigning_asks_first_and_deciding_warns_but_does_not_block(desk, priya, sam):
    join_request = sent(1)
    workflow.assign(join_request_id=join_request.pk, to=sam, by=sam, now=timezone.now())

    asked = html.unescape(desk.post(f"{QUEUE}{join_request.pk}/take/").content.decode())
    assert "Check with them first." in asked
    join_request.refresh_from_db()
    assert join_request.taken_by == sam

    decline = f"{QUEUE}{join_request.pk}/decline/"
    assert "assigned to Sam Sample" in page(desk, decline)
    desk.post(decline, {"text": "Not this time."})
    join_request.refresh_from_db()
    assert join_request.state == State.DECLINED

    other = sent(2)
    workflow.assign(join_request_id=other.pk, to=sam, by=sam, now=timezone.now())
    desk.post(f"{QUEUE}{other.pk}/take/", {"over": "yes"})
    other.refresh_from_db()
    assert other.taken_by == priya


# -- Search and filters ---------------------------------------------------------------------------


@pytest.mark.core
@pytest.mark.parametrize(
    "words",
    [
        "ana sample-2",
        "dana2@exam",
        "HARBOUR fam",
        "{reference}",
        "(604) 555-0199",
        "dana & harbour",
    ],
)
def test_the_search_finds_parts_of_name_email_phone_agency_and_reference(sam, words):
    sent(1, agency="Sampleton House")
    wanted = sent(2, phone="604.555.0199")

    assert in_queue(sam, q=words.format(reference=wanted.reference)) == [wanted]


@pytest.mark.parametrize(
    ("name", "words"),
    [("Márta Sample", "marta"), ("Dana sḵwx̱wú7mesh", "Skwxwu7mesh"), ("O’Neil-Öz", "ONeil oz")],
)
def test_a_name_is_found_without_accents_and_marks(sam, name, words):
    sent(1)
    wanted = builders.sent(builders.worker("dana@example.org", name))

    assert in_queue(sam, q=words) == [wanted]


def test_a_request_is_found_by_the_new_names_of_its_person_and_agency(sam):
    agency = Agency.objects.create(name="Example Harbour Family Services")
    join_request = sent(1)

    join_request.person.name = "Zora Xu"
    join_request.person.save(update_fields=["name"])
    agency.name = "Sampleton House"
    agency.save()

    assert in_queue(sam, q="zora xu") == in_queue(sam, q="sampleton") == [join_request]
    assert in_queue(sam, q="harbour") == [join_request]
    assert in_queue(sam, q="sample-1") == []


def test_a_request_is_found_by_a_name_from_an_import(sam):
    join_request = sent(1)
    Person.objects.filter(pk=join_request.person_id).update(name="", search_text="")
    apply_list(
        ListKind.PEOPLE,
        "Name,Email,Agency,Program,Community,Caseload",
        "Zora Xu,dana1@example.org,Sample House,STVC,Sampleton,yes",
    )

    assert in_queue(sam, q="zora xu") == [join_request]


@pytest.mark.core
def test_the_search_keeps_to_the_team_and_to_the_filters(desk, priya):
    builders.sent(builders.worker("kai@example.org", "Kai Sample"), "icat")
    declined = builders.request_in(State.DECLINED, builders.worker(), priya)

    assert in_queue(priya, q="sample") == []
    assert in_queue(priya, q="sample", state="all") == [declined]
    assert "Dana Sample" in page(desk, f"{QUEUE}?q=dana+sam&state=all")
    assert "Dana Sample" not in page(desk, f"{QUEUE}?q=dana+sam")


def test_the_verdict_and_the_region_follow_what_staff_match_and_confirm(sam):
    agency = Agency.objects.create(name="Example Harbour Family Services")
    program = Program.objects.create(
        agency=agency, type="STVC", community_served="Example Harbour", region="KOOTENAY"
    )
    join_request = sent(1, agency="Ex. Harbour", ministry_funded="unsure")
    how = {"join_request_id": join_request.pk, "by": sam, "now": NOW}
    assert (join_request.region, join_request.verdict) == ("", "unknown")

    matching.match(**how, to=agency)
    matching.match(**how, to=program)
    assert in_queue(sam, region="KOOTENAY", verdict="unknown") == [join_request]

    matching.check_funding(**how, answer=False)
    # What the register already knows gives the region when the request is sent.
    assert sent(2).region == "KOOTENAY"
    assert in_queue(sam, region="KOOTENAY", verdict="not-met")[0] == join_request


def test_the_schedule_updates_the_verdicts_of_open_requests_from_the_register(sam):
    waiting, decided = sent(1), builders.request_in(State.DECLINED, builders.worker(), sam)
    for person in Person.objects.all():
        person.positions.update(carries_caseload=False)

    assert update_open_verdicts(now=NOW) == 1
    assert update_open_verdicts(now=NOW) == 0

    waiting.refresh_from_db()
    decided.refresh_from_db()
    assert (waiting.verdict, decided.verdict) == ("not-met", "met")


def test_updating_verdicts_takes_as_many_queries_for_ten_requests_as_for_two():
    for number in range(2):
        sent(number)
    few = queries_of(update_open_verdicts, now=NOW)
    for number in range(2, 10):
        sent(number)

    assert queries_of(update_open_verdicts, now=NOW) <= few


# -- Next and previous ----------------------------------------------------------------------------


@pytest.mark.core
def test_next_and_previous_follow_the_order_and_the_filters_of_the_queue(sam):
    late = waits_since(sent(1), NOW + HOUR)
    early, middle = waits_since(sent(2), NOW - HOUR), sent(3)
    how = {"viewer": sam, "now": NOW}

    around = queue.neighbours(middle, requests_of(sam), {}, **how)
    assert around == (early, late)

    workflow.assign(join_request_id=early.pk, to=sam, by=sam, now=NOW)
    around = queue.neighbours(middle, requests_of(sam), {"view": "unassigned"}, **how)
    assert around == (None, late)


@pytest.mark.core
def test_no_request_of_the_same_moment_is_skipped_even_after_a_decision(sam):
    first, second, third = sent(1), sent(2), sent(3)
    workflow.decline(join_request_id=second.pk, by=sam, text="No.", now=NOW)
    second.refresh_from_db()

    around = queue.neighbours(second, requests_of(sam), {}, viewer=sam, now=NOW)

    assert around == (first, third)


def test_the_review_page_keeps_the_queue_that_it_was_opened_from(desk):
    first, second = sent(1), sent(2)
    behind = "?_changelist_filters=" + quote("view=unassigned", safe="")

    assert f"'{first.pk}/change/{behind}" in page(desk, f"{QUEUE}?view=unassigned").replace(
        '"', "'"
    )
    review = page(desk, f"{QUEUE}{first.pk}/change/{behind}")
    assert f'rel="next" href="{QUEUE}{second.pk}/change/{behind}"' in review
    answer = desk.post(f"{QUEUE}{first.pk}/decline/{behind}", {"text": "No."})
    assert answer.url == f"{QUEUE}{second.pk}/change/{behind}"


def test_after_a_decision_the_next_one_for_the_viewer_opens_and_after_the_last_the_queue(desk, sam):
    first, his, answered, last = (sent(number) for number in range(4))
    workflow.assign(join_request_id=his.pk, to=sam, by=sam, now=timezone.now())
    workflow.ask(join_request_id=answered.pk, by=sam, text="Which?", now=NOW)

    def after(verb, join_request, **fields):
        return desk.post(f"{QUEUE}{join_request.pk}/{verb}/", {"text": "Well.", **fields}).url

    # After the last one come those before it that are left; a colleague's and those that wait for a reply do not.
    assert after("ask", last) == f"{QUEUE}{first.pk}/change/"
    assert after("decline", first) == QUEUE
    # What is opened again is to be decided on, so it stays.
    assert after("reopen", first, reason="Once more.") == f"{QUEUE}{first.pk}/change/"


# -- Staff notes ----------------------------------------------------------------------------

SECRET = "Their manager called: unsure about the caseload."


@pytest.mark.core
def test_a_note_says_who_wrote_it_and_when(desk, priya):
    join_request = sent(1)

    with time_machine.travel(NOW, tick=False):
        desk.post(f"{QUEUE}{join_request.pk}/note/", {"note-text": SECRET})
        shown = page(desk, f"{QUEUE}{join_request.pk}/change/")

    [kept] = StaffNote.objects.all()
    assert (kept.by, kept.at, kept.text) == (priya, NOW, SECRET)
    assert SECRET in shown
    assert "May 4, 2026, 10 a.m., Priya Sample" in shown


def test_an_empty_note_is_refused_with_a_message(desk):
    join_request = sent(1)

    answer = desk.post(f"{QUEUE}{join_request.pk}/note/", {"note-text": " "})

    assert answer.content.decode().count("Enter a note.") == 2
    assert StaffNote.objects.count() == 0


def test_the_applicant_never_sees_a_note_on_a_page_or_in_an_email(client, priya):
    worker = builders.worker()
    join_request = builders.sent(worker)
    workflow.write_note(join_request_id=join_request.pk, by=priya, text=SECRET, now=NOW)
    workflow.ask(join_request_id=join_request.pk, by=priya, text="Which program?", now=NOW)
    builders.sign_in(client, worker)
    path = f"/my/requests/{join_request.pk}/"

    # The question shows, so the page is not just empty.
    assert "Which program?" in page(client, path)
    for shown in ("/my/", path, f"{path}sent/", f"{path}withdraw/"):
        assert "Their manager" not in page(client, shown)
    assert OutboxEmail.objects.filter(body__contains="Which program?").count() == 1
    assert not OutboxEmail.objects.filter(body__contains="Their manager").exists()
