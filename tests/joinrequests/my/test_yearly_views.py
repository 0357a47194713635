"""The pages of the yearly question, by plain HTTP."""

from datetime import date, timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from membership.models import Enrolment, OutboxEmail, WorklistRow, YearlyConfirmation
from tests import builders

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(client):
    """A place whose question waits; the client is signed in as its person."""
    worker = builders.worker()
    place = Enrolment.objects.create(
        person=worker.person, community=builders.community(), started_on="2025-01-01"
    )
    YearlyConfirmation.objects.create(enrolment=place, due_on="2026-01-01", asked_on="2026-01-01")
    client.force_login(worker)
    return place


def answer():
    return YearlyConfirmation.objects.values_list("answer", "leave_until").get()


def url(place, page="confirm"):
    return f"/my/communities/{place.pk}/{page}/"


def test_looking_changes_nothing(client, place):
    for page in ("confirm", "new-job", "leave"):
        assert client.get(url(place, page)).status_code == 200
    place.refresh_from_db()
    assert (answer(), place.ended_on) == (("", None), None)


def test_my_page_says_so_while_it_waits(client, place):
    assert "It’s time for your yearly check-in." in client.get("/my/").content.decode()
    client.post(url(place), {"answer": "still-here"})
    assert answer() == ("still-here", None)
    assert "It’s time for your yearly check-in." not in client.get("/my/").content.decode()
    assert "You don’t need to answer anything right now." in client.get(url(place)).content.decode()


def test_a_leave_with_a_last_day(client, place):
    until = timezone.localdate() + timedelta(days=30)
    sent = {"answer": "on-leave", "until": until.isoformat()}
    said = builders.text_of(client.post(url(place), sent, follow=True))
    assert answer() == ("on-leave", until)
    assert f"We will ask you again after {date_format(until)}." in said


def test_a_leave_without_a_last_day_is_asked_about_in_a_year(client, place):
    said = builders.text_of(client.post(url(place), {"answer": "on-leave"}, follow=True))
    assert answer() == ("on-leave", None)
    assert "We will ask you again in a year." in said


def test_a_leave_in_the_past_is_a_clear_sentence_and_what_was_typed_stays(client, place):
    page = client.post(url(place), {"answer": "on-leave", "until": "2020-01-01"}).content.decode()
    assert "Enter the last day of your leave. It must be within the next two years." in page
    assert 'value="2020-01-01"' in page
    assert answer() == ("", None)


@pytest.mark.parametrize(("said", "page"), [("changed-jobs", "new-job"), ("leaving", "leave")])
def test_what_needs_more_leads_on_and_changes_nothing_yet(client, place, said, page):
    assert client.post(url(place), {"answer": said}).url == url(place, page)
    assert answer() == ("", None)


def test_leaving_after_the_page_that_asks(client, place):
    client.post(url(place), {"answer": "leaving"})
    assert client.post(url(place, "leave")).url == "/my/"
    place.refresh_from_db()
    assert place.ended_on == timezone.localdate()
    assert sorted(OutboxEmail.objects.values_list("kind", flat=True)) == [
        "news-left",
        "roster-left",
    ]
    # The link of the email still leads somewhere.
    assert client.get(url(place)).url == "/my/"


def test_record_says_how_it_is_known(client, place):
    person = place.person
    fact = {"program_type": "STVC", "carries_caseload": True}
    person.positions.create(agency_name="Claimed House", **fact)
    person.positions.create(
        agency_name="Checked House", evidence="confirmed", confirmed_on="2026-02-03", **fact
    )
    person.positions.create(agency_name="Ended House", ends_on=date(2020, 1, 1), **fact)
    person.positions.create(agency_name="Other House", program_type="SAS")
    page = client.get(url(place)).content.decode()
    assert "Claimed House, with a caseload</bdi></strong><br><bdi>You told us<" in page
    assert "Confirmed by EVA BC staff on February 3, 2026" in page
    assert "Ended House" not in page
    assert "Other House" not in page


def test_staff_see_the_answers_and_settle_the_row(client, place):
    row = WorklistRow.objects.create(enrolment=place, kind="unconfirmed", since="2026-03-01")
    builders.sign_in(client, builders.staff())
    desk = f"/admin/membership/worklistrow/{row.pk}"
    assert "No answer to the yearly check-in" in client.get(f"{desk}/change/").content.decode()
    client.post(f"{desk}/confirm/", {"text": ""})
    assert answer() == ("", None)
    client.post(f"{desk}/confirm/", {"text": "They phoned and are still there."})
    assert answer() == ("settled", None)
    seen = client.get(f"/admin/membership/enrolment/{place.pk}/change/").content.decode()
    assert "Resolved by EVA BC staff" in seen
