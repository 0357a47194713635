"""Searching the lists of the staff site: folded names, phones and agencies, and nothing else by address."""

import re

import pytest
from django.urls import reverse

from communities.rules.vocabulary import InitiativeKind, ProgramType
from membership.models import Agency, CoordinationInitiative, Person, Program, ProgramPosition

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


@pytest.mark.parametrize("words", ["604 555 0199", "(604) 555-0199", "6045550199", "555.0199"])
def test_a_phone_is_found_however_it_is_typed(desk, words):
    Person.objects.create(name="Dana Sample", phone="604-555-0199")
    Person.objects.create(name="Kai Other", phone="604-555-0100")

    assert found(desk, "person", words) == {"Dana Sample"}


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


@pytest.mark.parametrize(
    "asked", ["email__startswith=d", "search_text__contains=dana", "positions__agency__name=x"]
)
def test_only_the_filters_on_the_page_work_in_the_address(desk, asked):
    Person.objects.create(name="Dana Sample", email="dana@example.org")
    address = reverse("admin:membership_person_changelist")

    assert desk.get(f"{address}?{asked}").status_code == 400
    assert desk.get(f"{address}?positions__evidence__exact=listed").status_code == 200
