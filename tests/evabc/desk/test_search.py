"""The search box on every page of the staff desk."""

import html
import re

import pytest

from membership.models import Agency, AgencyAlias
from tests import builders

pytestmark = pytest.mark.django_db


def search(client, words):
    page = html.unescape(client.get("/admin/search/", {"q": words}).content.decode())
    groups = re.findall(
        r'<h2 id="group-\d+">([^<]+)</h2>\s*<ul class="found">(.*?)</ul>', page, re.DOTALL
    )
    return {title: re.findall(r"<bdi>([^<]+)</bdi></a>", rows) for title, rows in groups}


@pytest.fixture
def dana(client):
    builders.sign_in(client, builders.staff())
    join_request = builders.sent(builders.worker("dana@example.org", "Dana Sample"))
    builders.sent(builders.worker("kai@example.org", "Kai Sample"), "icat")
    return join_request


@pytest.mark.core
def test_a_name_finds_the_person_their_request_and_their_emails(client, dana):
    found = search(client, "dana")

    assert found["People"] == ["Dana Sample"]
    assert found["Requests to join"] == [dana.applicant_for_staff]
    assert found["Emails"]


def test_the_other_teams_requests_are_not_found_but_the_person_is(client, dana):
    found = search(client, "kai sample")

    assert found == {"People": ["Kai Sample"]}


def test_a_former_name_finds_the_agency(client, dana):
    agency = Agency.objects.create(name="Sample House Society", city="Sampleton")
    AgencyAlias.objects.create(agency=agency, name="Older Example Shelter")

    assert search(client, "older example")["Agencies"] == ["Sample House Society"]


def test_a_reference_leads_to_its_request_unless_it_is_the_other_teams(client, dana):
    answer = client.get("/admin/search/", {"q": f" {dana.reference.lower()} "})
    assert answer.headers["location"] == f"/admin/joinrequests/joinrequest/{dana.pk}/change/"

    builders.sign_in(client, builders.staff(builders.CCSS, "camille@example.org"))
    assert search(client, dana.reference) == {}


def test_many_results_lead_to_the_whole_list(client, dana):
    for number in range(9):
        builders.worker(f"many{number}@example.org", f"Many Sample {number}")

    page = client.get("/admin/search/", {"q": "many sample"}).content.decode()

    assert len(search(client, "many sample")["People"]) == 8
    assert "/admin/membership/person/?q=many+sample" in page


@pytest.mark.parametrize("words", ["", "   ", "no such words", "x" * 5000])
def test_nothing_found_says_what_to_do(client, dana, words):
    answer = client.get("/admin/search/", {"q": words})

    assert answer.status_code == 200
    assert re.search("Try fewer of them|Search for a name", answer.content.decode())


@pytest.mark.parametrize("typed", ["@", "'", "....", "-", "% _"])
def test_signs_without_a_letter_or_digit_find_nothing_instead_of_everything(client, typed):
    builders.worker("dana@example.org", "Dana Sample")
    builders.sign_in(client, builders.lead())
    page = client.get("/admin/search/", {"q": typed}).content.decode()
    assert "Dana Sample" not in page
    assert "Signs alone find nothing" in page


def test_a_search_for_very_many_words_takes_the_first_and_says_which(client):
    builders.sign_in(client, builders.lead())
    page = client.get("/admin/search/", {"q": "a b c d e f g h i j k l m n o"})
    assert page.context["words"] == "a b c d e f g h i j k l"
