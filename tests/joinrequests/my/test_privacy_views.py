"""What people can do with their own data: consent, download, correction, deletion."""

import json

import pytest
from django.core import checks
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from membership.models import Consent, Correction, ListKind, OutboxEmail, Person, User
from membership.privacy import consents
from requests import workflow
from requests.lifecycle import State
from requests.models import JoinRequest
from tests import builders
from tests.membership.imports.lists import MAY, apply_list

pytestmark = pytest.mark.django_db

ROSTER = ("Name,Email,Since", "Dana Sample,dana@example.org,2024-04-01")


@pytest.fixture
def dana():
    return builders.worker()


@pytest.fixture
def signed_in(dana):
    client = Client()
    builders.sign_in(client, dana, fresh_code=True)
    return client


def test_the_privacy_page_says_how_long_from_the_settings_and_names_the_officer(client, settings):
    settings.RETENTION = {**settings.RETENTION, "letter_days": 47}
    settings.PRIVACY_OFFICER = {"name": "Ada Sample", "email": "ada@example.org"}

    page = client.get("/privacy/?fresh").content.decode()

    assert "The text of emails we send you: 47 days." in page
    assert "privacy officer is Ada Sample" in page
    assert all(purpose in page for purpose in consents.PURPOSES)


def test_the_privacy_page_says_where_data_is_kept_and_which_cookies_there_are(client):
    page = client.get("/privacy/").content.decode()

    assert "Slack and Zoom" in page
    assert "in the United States" in page
    assert "<h2>Cookies</h2>" in page


def test_every_page_leads_to_the_privacy_page(client):
    assert 'href="/privacy/"' in client.get("/").content.decode()


def test_the_check_before_going_live_asks_for_the_officer(settings):
    settings.PRIVACY_OFFICER = {"name": "Ada Sample", "email": ""}
    found = [message.id for message in checks.run_checks(include_deployment_checks=True)]
    settings.PRIVACY_OFFICER = {"name": "Ada Sample", "email": "ada@example.org"}
    named = [message.id for message in checks.run_checks(include_deployment_checks=True)]

    assert ("evabc.E003" in found, "evabc.E003" in named) == (True, False)


def test_typing_the_first_code_is_agreeing_and_says_so(client, mailoutbox):
    client.post("/accounts/login/", {"email": "new@example.org"})
    page = client.get("/accounts/login/code/confirm/").content.decode()
    code = next(word for word in mailoutbox[0].body.split() if word.isdigit() and len(word) == 6)
    client.post("/accounts/login/code/confirm/", {"code": code})

    assert "By signing in for the first time, you agree" in page
    assert list(Consent.objects.values_list("person__email", "version")) == [
        ("new@example.org", consents.VERSION)
    ]


def test_when_the_purposes_change_people_are_asked_again(dana, signed_in, monkeypatch):
    consents.agree(person=dana.person, now=builders.NOW)
    before = signed_in.get("/my/").content.decode()
    monkeypatch.setattr(consents, "VERSION", consents.VERSION + 1)
    asked = signed_in.get("/my/").content.decode()
    signed_in.post("/my/privacy/agree/")
    after = signed_in.get("/my/").content.decode()

    assert ["I agree" in page for page in (before, asked, after)] == [False, True, False]
    assert list(dana.person.consents.values_list("version", flat=True)) == [2, 1]


@pytest.mark.core
def test_the_download_holds_their_own_data_and_nobody_elses(dana, signed_in):
    priya = builders.staff()
    pk = builders.sent(dana, note="I start on Monday.").pk
    workflow.write_note(join_request_id=pk, by=priya, text="They called us.", now=builders.NOW)
    builders.sent(builders.worker("kai@example.org", "Kai Other"), name="Kai Other")

    answer = signed_in.get("/my/privacy/download/")
    text = answer.content.decode()
    data = json.loads(text)

    assert answer["Content-Disposition"].startswith('attachment; filename="my-data-')
    assert data["details"]["name"] == "Dana Sample"
    assert data["requests"][0]["answers"]["note"] == "I start on Monday."
    assert [email["kind"] for email in data["emails"]] == ["receipt"]
    assert data["work"][0]["evidence"] == "claimed"
    assert ["Kai Other" in text, "They called us." in text, "Priya" in text] == [False] * 3
    assert "Notes and reasons that EVA BC staff write for each other" in data["left_out"][0]


@pytest.mark.core
def test_the_download_says_which_lists_named_them_and_what_each_changed(dana, signed_in):
    headings = "Name,Email,Agency,Program type,Carries a caseload,Since"
    row = "Dana Sample,dana@example.org,Sample House,STVC,yes,2024-04-01"
    other = "Kai Other,kai@example.org,Other House,SAS,no,2020-01-01"
    apply_list(ListKind.PEOPLE, headings, row, other, name="people")
    apply_list(ListKind.PEOPLE, headings, row.replace("yes", "no"), as_of=MAY, name="people")
    apply_list(ListKind.ROSTER, *ROSTER, community=builders.community(), name="roster")

    text = signed_in.get("/my/privacy/download/").content.decode()

    job = "Sample House, Stopping the Violence Counselling (STVC)"
    assert [(one["list"], one["said"], one["changed"]) for one in json.loads(text)["lists"]] == [
        (
            "people of April 1, 2026",
            [f"{job}: Carries a caseload: yes; Since: April 1, 2024"],
            [],  # no longer kept, because a newer one has been imported
        ),
        (
            "roster of April 1, 2026",
            ["Since: April 1, 2024"],
            ["enrolment added: started on: April 1, 2024"],
        ),
        (
            "people of May 1, 2026",
            [f"{job}: Carries a caseload: no; Since: April 1, 2024"],
            ["program position: carries a caseload: yes → no"],
        ),
    ]
    assert "Other House" not in text


def test_the_download_costs_the_same_for_one_request_and_for_many(
    dana, django_assert_num_queries, signed_in
):
    priya = builders.staff()
    builders.request_in(State.APPROVED, dana, priya)
    with CaptureQueriesContext(connection) as few:
        signed_in.get("/my/privacy/download/")
    for slug in ("cbvs", "sas", "ors"):
        builders.request_in(State.APPROVED, dana, priya, slug)

    with django_assert_num_queries(len(few)):
        signed_in.get("/my/privacy/download/")


def test_deleting_asks_first_and_signs_them_out(dana, signed_in):
    builders.sent(dana)

    page = signed_in.get("/my/privacy/delete/").content.decode()
    gone = signed_in.post("/my/privacy/delete/", follow=True)

    assert "What we keep, and why" in page
    assert "Your account has been deleted." in gone.content.decode()
    assert not User.objects.filter(email="dana@example.org").exists()
    assert signed_in.get("/my/").status_code == 302


def test_the_last_lead_is_shown_why_they_stay():
    client, lou = Client(), builders.lead()
    builders.sign_in(client, lou, fresh_code=True)

    page = client.post("/my/privacy/delete/").content.decode()

    assert "This is the only lead. Make someone else a lead first" in page
    assert User.objects.filter(pk=lou.pk).exists()


def test_staff_erase_from_the_persons_page(dana):
    client, priya = Client(), builders.staff()
    builders.sign_in(client, priya, fresh_code=True)
    pk = builders.sent(dana).pk
    page = f"/admin/membership/person/{dana.person.pk}/"

    linked = f"{page}erase/" in client.get(f"{page}change/").content.decode()
    asked = client.get(f"{page}erase/")
    done = client.post(f"{page}erase/", follow=True)

    assert (linked, asked.status_code) == (True, 200)
    assert "Deleted." in done.content.decode()
    assert JoinRequest.objects.get(pk=pk).state == State.WITHDRAWN
    assert not Person.objects.filter(email="dana@example.org").exists()
    assert client.get(f"{page}change/").status_code in (302, 404)


def test_a_correction_goes_to_the_team_and_its_answer_to_the_person(dana, signed_in):
    signed_in.post("/my/details/correction/", {"text": "My agency has another name."})
    again = signed_in.post("/my/details/correction/", {"text": "And one more."}).content.decode()
    correction = Correction.objects.get()
    client = Client()
    builders.sign_in(client, builders.staff(), second_factor=True)
    page = f"/admin/membership/correction/{correction.pk}/"
    shown = client.get(f"{page}change/").content.decode()
    missing = client.post(f"{page}answer/", {"state": "done", "text": ""}).content.decode()
    client.post(f"{page}answer/", {"state": "done", "text": "The new name is on record."})

    email = OutboxEmail.objects.get(kind="correction-done")
    correction.refresh_from_db()
    assert "You have already asked for a correction." in again
    assert "And one more." in again
    assert "My agency has another name." in shown
    assert "Explain what you corrected, or why you did not." in missing
    assert correction.state == "done"
    assert (email.to_email, "The new name is on record." in email.body) == (dana.email, True)
    assert OutboxEmail.objects.filter(kind="news-correction", to_email__contains="@").count() == 1
