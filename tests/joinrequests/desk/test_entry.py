"""A request received by email or phone: entered by staff, then followed by the applicant."""

import html

import pytest
from django.db import IntegrityError, transaction

from membership.models import Enrolment, OutboxEmail, Person, ProgramPosition
from membership.register.person_records import person_of_user
from requests import workflow
from requests.desk.entry_views import entry_form_for
from requests.joining.forms import join_form_for
from requests.lifecycle import State
from requests.models import CameBy, JoinRequest
from tests import builders

pytestmark = pytest.mark.django_db

DESK = "/admin/joinrequests/joinrequest/"
ENTER = f"{DESK}enter/stvc/"


def typed(**other):
    about = {"email": "Dana@Example.org", "came_by": "phone", "agreed": "on"}
    return {**builders.STVC_ANSWERS, **about, **other}


def enter(by, email="dana@example.org", slug="stvc", **answers):
    return workflow.submit_for(
        email=email,
        community=builders.community(slug),
        answers={**builders.answers_for(slug), **answers},
        came_by=CameBy.PHONE,
        by=by,
        now=builders.NOW,
    )


def shown(answer):
    return html.unescape(answer.content.decode())


def test_an_entered_request_waits_for_review_and_its_history_says_who_entered_it(desk, priya):
    answer = desk.post(ENTER, typed(note="They start on Monday."))

    entered = JoinRequest.objects.get()
    assert answer.url == f"{DESK}{entered.pk}/change/"
    assert (entered.state, entered.came_by) == (State.AWAITING_REVIEW, "phone")
    assert entered.answers == {**builders.STVC_ANSWERS, "note": "They start on Monday."}
    assert (entered.person.name, entered.person.email) == ("Dana Sample", "dana@example.org")
    assert entered.person.user is None
    [event] = entered.events.all()
    assert (event.verb, event.by, event.by_staff) == ("submit", priya, True)
    assert event.text == "They start on Monday."
    assert event.reason == "Received by phone. The applicant asked us to enter it and agreed."
    assert "Sent by Priya Sample (EVA BC)" in " ".join(shown(desk.get(answer.url)).split())
    [position] = ProgramPosition.objects.filter(person=entered.person)
    assert (position.evidence, position.carries_caseload) == ("claimed", True)


def test_the_confirmation_says_that_staff_entered_it_and_the_team_is_notified(priya):
    entered = enter(priya)

    emails = {email.kind: email for email in OutboxEmail.objects.all()}
    assert set(emails) == {"receipt-entered", "news-submit"}
    receipt = emails["receipt-entered"]
    assert receipt.to_email == "dana@example.org"
    assert receipt.subject == f"We have your request ({entered.reference})"
    assert (
        "You asked us by phone to join the Stopping the Violence Counselling programs (STVC) community"
        in receipt.body
    )
    assert "We have added your request for you." in receipt.body
    assert f"/my/requests/{entered.pk}/" in receipt.body


def test_the_applicant_signs_in_with_that_email_to_reply_and_withdraw(client, priya):
    entered = enter(priya)
    workflow.ask(join_request_id=entered.pk, by=priya, text="Which program?", now=builders.NOW)
    page = f"/my/requests/{entered.pk}/"
    assert client.get(page).url == f"/accounts/login/?next={page}"
    dana = builders.User.objects.create_user("dana@example.org")
    builders.sign_in(client, dana)

    # The first page they open is the link in the email.
    seen = shown(client.get(page))
    assert "EVA BC staff added your request for you. You asked by phone." in seen
    assert "Which program?" in seen
    assert entered.reference in shown(client.get("/my/"))
    client.post(f"{page}reply/", {"text": "STVC."})
    client.post(f"{page}withdraw/")

    entered.refresh_from_db()
    assert entered.person.user == dana
    assert [e.verb for e in entered.events.all()] == ["submit", "ask", "reply", "withdraw"]
    assert entered.state == State.WITHDRAWN


def test_another_account_does_not_see_it(client, priya):
    entered = enter(priya)
    builders.sign_in(client, builders.worker("other@example.org", "Other Sample"))

    assert client.get(f"/my/requests/{entered.pk}/").status_code == 404
    assert entered.reference not in shown(client.get("/my/"))


@pytest.mark.parametrize("has_person", [True, False])
def test_an_account_with_that_email_finds_it_and_withdrawing_cancels_the_confirmation(
    client, priya, has_person
):
    dana = (
        builders.worker() if has_person else builders.User.objects.create_user("dana@example.org")
    )
    entered = enter(priya)

    assert person_of_user(dana) == entered.person
    builders.sign_in(client, dana)
    assert entered.reference in shown(client.get("/my/"))
    workflow.withdraw(join_request_id=entered.pk, by=dana, now=builders.NOW)
    assert OutboxEmail.objects.get(kind="receipt-entered").state == "cancelled"


@pytest.mark.parametrize("email", ["DANA@example.org", " dana@example.org "])
def test_a_known_person_keeps_what_the_register_knows(priya, email):
    listed = Person.objects.create(email="dana@example.org", name="Dana Q. Sample")

    entered = enter(priya, email, phone="604 555 0100")

    assert entered.person == listed
    listed.refresh_from_db()
    assert (listed.name, listed.phone) == ("Dana Q. Sample", "604 555 0100")
    assert Person.objects.filter(email="dana@example.org").count() == 1


def test_an_open_request_is_linked_and_what_was_typed_stays(desk):
    there = builders.sent(builders.worker())

    seen = shown(desk.post(ENTER, typed(note="My careful note.")))

    assert (
        "This person already has an open request for this community. Nothing was changed." in seen
    )
    assert f'<a href="{DESK}{there.pk}/change/">{there.reference}</a>' in seen
    assert "My careful note." in seen
    assert JoinRequest.objects.count() == 1


@pytest.mark.core
def test_someone_who_may_be_known_under_another_email_is_asked_about(desk, priya):
    enter(priya, email="other@example.org")
    page = shown(desk.post(ENTER, typed()))
    assert "Confirm that this is someone else, or enter the email of that record." in page
    assert "Please do not write anything about the people they serve." in page
    assert desk.post(ENTER, typed(someone_else="on")).status_code == 302


def test_sending_the_form_twice_enters_it_once(desk):
    desk.post(ENTER, typed())
    again = shown(desk.post(ENTER, typed()))

    assert "already has an open request" in again
    assert JoinRequest.objects.count() == Person.objects.filter(user=None).count() == 1
    assert OutboxEmail.objects.filter(kind="receipt-entered").count() == 1


def test_a_person_who_is_already_enrolled_is_refused(priya):
    dana = builders.worker()
    Enrolment.objects.create(
        person=dana.person, community=builders.community(), started_on="2026-01-01"
    )

    with pytest.raises(workflow.RefusedError, match="Dana Sample is already in this community"):
        enter(priya)
    assert JoinRequest.objects.count() == 0


def test_a_draft_of_their_own_stays_as_it_is(priya):
    dana = builders.worker()
    draft = builders.draft(dana, note="Half of it.")

    enter(priya)

    draft.refresh_from_db()
    assert (draft.state, draft.answers["note"]) == (State.DRAFT, "Half of it.")


def test_the_other_teams_communities_do_not_exist(desk, priya):
    assert desk.get(f"{DESK}enter/icat/").status_code == 404
    assert desk.post(f"{DESK}enter/icat/", typed()).status_code == 404
    assert "Interagency" not in shown(desk.get(f"{DESK}enter/"))
    with pytest.raises(workflow.RefusedError, match="other team"):
        enter(priya, slug="icat")
    assert not Person.objects.filter(email="dana@example.org").exists()


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("email", "Enter the applicant’s work email."),
        ("came_by", "Choose how the request arrived."),
        ("agreed", "Select the checkbox to confirm that the applicant asked for this and agreed."),
        (
            "carries_caseload",
            "Choose an answer to “Do they carry a caseload in this program?”",
        ),
    ],
)
def test_a_missing_answer_is_an_error_and_nothing_is_saved(desk, missing, sentence):
    data = typed()
    del data[missing]

    seen = shown(desk.post(ENTER, data))

    assert sentence in seen
    assert "Example Harbour Family Services" in seen
    assert JoinRequest.objects.count() == 0
    assert not Person.objects.filter(email="dana@example.org").exists()


def test_a_look_alike_email_is_refused_and_what_was_typed_stays(desk):
    seen = shown(desk.post(ENTER, typed(email="dána@example.org", note="My careful note.")))

    assert "The address has the letter “á” before the @." in seen
    assert "dána@example.org" in seen
    assert "My careful note." in seen
    assert JoinRequest.objects.count() == Person.objects.filter(user=None).count() == 0


def test_a_coordination_request_has_its_own_questions(client):
    builders.sign_in(client, builders.staff(builders.CCSS, "camille@example.org"))
    about = {"email": "ari@example.org", "came_by": "email", "agreed": "on"}

    client.post(f"{DESK}enter/icat/", {**builders.ICAT_ANSWERS, **about})

    entered = JoinRequest.objects.get()
    assert (entered.community.slug, entered.came_by) == ("icat", "email")
    assert "You asked us by email" in OutboxEmail.objects.get(kind="receipt-entered").body


@pytest.mark.core
def test_the_database_allows_no_other_way_of_receiving_a_request(priya):
    entered = enter(priya)

    with pytest.raises(IntegrityError), transaction.atomic():
        JoinRequest.objects.filter(pk=entered.pk).update(came_by="pigeon")


def test_staff_see_the_choices_of_the_join_form_in_words_about_the_applicant(db):
    stvc = builders.community("stvc")
    asked = dict(join_form_for(stvc).fields["eva_membership"].choices)
    entered = dict(entry_form_for(stvc, None).fields["eva_membership"].choices)

    assert list(entered) == list(asked)
    assert (asked["agency"], entered["agency"]) == ("My agency does", "Their agency does")
    assert entered["no"] == asked["no"]
