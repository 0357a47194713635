"""Searching the lists of the staff site: folded names, phones and agencies, and nothing else by address."""

import re

import pytest
from django.contrib.admin import site
from django.urls import reverse
from pytest_django.asserts import assertContains

from communities.rules.vocabulary import InitiativeKind, ProgramType
from membership.models import (
    Agency,
    CoordinationInitiative,
    Enrolment,
    OtherEmail,
    OtherName,
    OutboxEmail,
    Person,
    Program,
    ProgramPosition,
)
from membership.search import FEW, filter_by_words
from requests.models import JoinRequest
from tests import builders

pytestmark = [pytest.mark.core, pytest.mark.django_db]


def found(desk, model: str, words: str) -> set[str]:
    """The names in the first column of a list, searched."""
    page = desk.get(reverse(f"admin:membership_{model}_changelist"), {"q": words})
    cells = re.findall(r'class="field-name"><a [^>]*>([^<]*)<', page.content.decode())
    return {cell.replace("&#x27;", "'") for cell in cells}


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("Márta Öz", "marta oz"),
        ("Marta Oz", "MÁRTA"),
        ("Dana sḵwx̱wú7mesh", "skwxwu7mesh"),
        ("Robin O'Neil", "oneil"),
        ("Robin O'Neil", "o’neil"),
        ("Anne-Marie Sample", "anne marie"),
        ("Ayşe Işık", "işık"),
        ("Ayşe Işık", "isik"),
        ("İpek Öz", "ipek"),
        ("Dana skwxwu7mesh", "sḵwx̱wú7mesh"),
        ("Kim Gitx̱san", "gitxsan"),
        ("Kim Haíłzaqv", "hailzaqv"),
        ("Kim Nłeʔkepmx", "nlekepmx"),
        ("Kim kʷikʷəƛ̓əm", "kwikwetlem"),
        ("Kim səlilwətaɬ", "selilwetal"),
        ("Kim SȾÁUTW̱", "stautw"),
        ("Kim ʼNa̱mg̱is", "namgis"),
        ("Kim Tŝilhqot’in", "tsilhqot'in"),
        ("Kim Wet’suwet’en", "wetsuweten"),
        ("Łucja Sample", "lucja"),
        ("Jo Weiß", "weiss"),
        ("Jo Weiss", "WEIß"),
        ("Søren Bødker", "soren bodker"),
        ("Zoé L’Écuyer", "l'ecuyer"),
    ],
)
def test_a_name_is_found_whatever_its_case_accents_and_marks(desk, name, words):
    Person.objects.create(name=name, email="wanted@example.org")
    Person.objects.create(name="Kai Other", email="other@example.org")

    assert found(desk, "person", words) == {name}


@pytest.mark.parametrize(
    "words", ["dana@bücher.example", "BÜCHER", "dana@xn--bcher-kva.example", "xn--bcher-kva"]
)
def test_an_email_is_found_by_both_spellings_of_its_domain(desk, words):
    Person.objects.create(name="Dana Sample", email="dana@xn--bcher-kva.example")
    Person.objects.create(name="Kim Sample", email="kim@example.org")

    assert found(desk, "person", words) == {"Dana Sample"}


@pytest.mark.parametrize("kept", ["604-555-0299", "(604)5550299 ext. 4", "+1 604 555 0299"])
@pytest.mark.parametrize(
    "words",
    [
        *("604 555 0299", "(604) 555-0299", "6045550299", "555.0299", "555 0299", "5550299"),
        *("+1 604 555 0299", "+1(604)5550299", "+16045550299", "1-604-555-0299", "16045550299"),
        *("+1 604", "dana 604-555-0299"),
    ],
)
def test_a_phone_is_found_however_it_is_typed(kept, words):
    Person.objects.create(name="Dana Sample", phone=kept)
    Person.objects.create(name="Kai Other", phone="250-555-0100")

    assert [str(p) for p in filter_by_words(Person.objects.all(), words)] == ["Dana Sample"]


def test_an_agency_finds_its_people_once_each_and_follows_its_name(desk):
    agency = Agency.objects.create(name="Women's Centre of Sampleton")
    person = Person.objects.create(name="Dana Sample")
    for place in ("Sampleton", "Elsewhere"):
        program = Program.objects.create(
            agency=agency, type=ProgramType.STVC, community_served=place
        )
        ProgramPosition.objects.create(
            person=person, program=program, agency=agency, program_type=ProgramType.STVC
        )
    Person.objects.create(name="Kai Other")
    page = desk.get(reverse("admin:membership_person_changelist"), {"q": "womens centre dana"})

    assert page.content.decode().count("Dana Sample") == 1
    agency.name = "Harbour House"
    agency.save()
    assert found(desk, "person", "harbour") == {"Dana Sample"}
    assert found(desk, "person", "womens") == set()
    assert found(desk, "agency", "harbour") == {"Harbour House"}


WHAT_FINDS_DANA = [
    *("dana", "soren", "lee dana", "old@bücher.example", "604 555 0199", "harbour", "harbour lee"),
    *("safe home society", "kwikwetlem"),
]


@pytest.fixture
def dana(worker):
    """In a community, with a request, an email, a former name and address, a matched and a written agency."""
    request = builders.sent(worker, phone="604-555-0199", agency="Safe Home Society")
    person = request.person
    OtherName.objects.create(person=person, name="Søren Lee")
    OtherEmail.objects.create(person=person, email="old@xn--bcher-kva.example")
    harbour = Agency.objects.create(name="Harbour House", city="kʷikʷəƛ̓əm")
    JoinRequest.objects.update(agency=harbour)
    ProgramPosition.objects.update(agency=harbour)
    Enrolment.objects.create(
        person=person, community=request.community, started_on=builders.NOW.date()
    )
    other = builders.sent(
        builders.worker("kim@example.org", "Kim Other"), name="Kim Other", agency="Elsewhere"
    )
    Enrolment.objects.create(
        person=other.person, community=other.community, started_on=builders.NOW.date()
    )
    return request


@pytest.mark.parametrize("words", WHAT_FINDS_DANA)
def test_people_requests_enrolments_and_emails_are_found_by_all_that_is_known_of_a_person(
    dana, words
):
    for model in (Person, JoinRequest, Enrolment, OutboxEmail):
        columns = site.get_model_admin(model).search_fields
        found = filter_by_words(model.objects.all(), words, columns=columns)
        assert {getattr(row, "person", row) for row in found} == {dana.person}, model


def test_a_reference_finds_the_request_and_its_emails(desk, dana):
    for model in ("joinrequests_joinrequest", "membership_outboxemail"):
        address = reverse(f"admin:{model}_changelist")
        page = builders.page(desk, f"{address}?q={dana.reference.lower()}")
        assert dana.reference in page and "0 results" not in page


def test_a_picker_finds_the_same(desk, dana):
    """Django's own autocomplete, here of a membership's person."""
    asked = {"app_label": "membership", "model_name": "evamembership", "field_name": "person"}
    answer = desk.get(reverse("admin:autocomplete"), {**asked, "term": "soren"}).json()

    assert [row["text"] for row in answer["results"]] == ["Dana Sample"]


def test_a_search_finds_every_row_of_many(dana):
    """More than the keys that a search hands over one by one."""
    names = [f"Robin Crowd{n}" for n in range(FEW + 20)]
    people = Person.objects.bulk_create(Person(name=name) for name in names)
    OtherName.objects.bulk_create(OtherName(person=p, name="Kept Before") for p in people)
    community = dana.community
    Enrolment.objects.bulk_create(
        Enrolment(person=p, community=community, started_on=builders.NOW.date()) for p in people
    )
    rows = Enrolment.objects.all()

    for words, number in [
        ("kept before", FEW + 20),
        ("crowd robin", FEW + 20),
        ("kept crowd7", 11),
    ]:
        found = filter_by_words(rows, words, columns=["person", "person__positions"])
        assert found.count() == number, words


def test_rows_written_in_bulk_are_found_too(desk):
    Person.objects.bulk_create([Person(name="Zoë Sample")])
    CoordinationInitiative.objects.create(
        kind=InitiativeKind.ICAT, name="Équipe", community_served="Sampleton"
    )

    assert found(desk, "person", "zoe") == {"Zoë Sample"}
    assert found(desk, "coordinationinitiative", "equipe sampleton") == {"Équipe"}


def test_of_many_matches_every_one_is_on_a_page(desk):
    names = {f"Dana Sample-{n:03}" for n in range(60)}
    Person.objects.bulk_create(Person(name=name) for name in names)
    shown = [
        desk.get(reverse("admin:membership_person_changelist"), {"q": "dana", "p": number})
        for number in (1, 2, 3)
    ]

    assert {name for name in names for page in shown if name in page.content.decode()} == names


@pytest.mark.parametrize("asked", ["?p=9999", "?time=past"])
def test_an_address_that_the_list_does_not_have_shows_the_list_without_it_and_says_so(desk, asked):
    Person.objects.bulk_create(Person(name=f"Dana {n}") for n in range(30))
    address = reverse("admin:membership_person_changelist")

    answer = desk.get(f"{address}{asked}", follow=True)

    assert answer.redirect_chain[-1][0].startswith(address)
    assertContains(
        answer, "This list has no such page or filter, so you see it from the beginning."
    )


@pytest.mark.parametrize(
    "asked", ["email__startswith=d", "search_text__contains=dana", "positions__agency__name=x"]
)
def test_only_the_filters_on_the_page_work_in_the_address(desk, asked):
    Person.objects.create(name="Dana Sample", email="dana@example.org")
    address = reverse("admin:membership_person_changelist")

    assert desk.get(f"{address}?{asked}").status_code == 400
    assert desk.get(f"{address}?positions__evidence__exact=listed").status_code == 200
