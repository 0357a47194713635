"""The register in the admin: error messages, who confirmed what, filters and history."""

import pytest
import time_machine
from model_bakery import baker

from membership.models import (
    Agency,
    CoordinationInitiative,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)
from tests import builders
from tests.builders import queries_of

pytestmark = pytest.mark.django_db

TODAY = "2026-05-04"
FACT = {"evidence": "claimed", "list_name": "", "list_as_of": ""}
YEAR = {"starts_on": "2026-01-01", "ends_on": "2026-12-31"}
EMPTY = {"TOTAL_FORMS": "0", "INITIAL_FORMS": "0"}


@pytest.fixture
def agency():
    return Agency.objects.create(name="Sample House", city="Sampleton")


def add(desk, model, **fields):
    return desk.post(f"/admin/membership/{model}/add/", fields)


PERSON_INLINES = (
    "other_names",
    "other_emails",
    "enrolments",
    "positions",
    "roles",
    "eva_memberships",
)


def inlines(*prefixes):
    return {f"{prefix}-{key}": value for prefix in prefixes for key, value in EMPTY.items()}


def errors(answer):
    assert answer.status_code == 200
    forms = [answer.context["adminform"].form]
    for formset in answer.context["inline_admin_formsets"]:
        forms += formset.formset.forms
    return [str(e) for form in forms for found in form.errors.values() for e in found]


def program_fields(agency, **more):
    return {"agency": agency.pk, "type": "STVC", "community_served": "Sampleton", **FACT, **more}


def membership_fields(**more):
    return {"agency": "", "person": "", **YEAR, "is_held": "on", **FACT, **more}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        (
            {"evidence": "listed", "list_name": "the list"},
            "Enter the name and the date of the list that this fact came from.",
        ),
        (
            {"funded_from": "2026-04-01", "funded_until": "2026-03-31"},
            "The last day must be on or after the first day.",
        ),
        ({}, "This agency already has a program of this type in this place."),
    ],
)
def test_an_invalid_program_gets_an_error_message(desk, agency, wrong, sentence):
    Program.objects.create(agency=agency, type="STVC", community_served="Sampleton")
    place = {"community_served": "Elsewhere"} if wrong else {}
    answer = add(desk, "program", **program_fields(agency, **{**place, **wrong}))
    assert errors(answer) == [sentence]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"agency": ""}, "Choose one holder: an agency or a person."),
        ({"ends_on": "2025-12-31"}, "The last day must be on or after the first day."),
        (
            {"starts_on": "2026-12-31", "ends_on": "2027-12-30"},
            "The agency already has a membership that overlaps this period.",
        ),
    ],
)
def test_an_invalid_membership_gets_an_error_message(desk, agency, wrong, sentence):
    EvaMembership.objects.create(agency=agency, starts_on="2026-06-01", ends_on="2026-12-31")
    days = {"starts_on": "2026-01-01", "ends_on": "2026-05-31"}
    answer = add(
        desk, "evamembership", **membership_fields(**{"agency": agency.pk, **days, **wrong})
    )
    assert errors(answer) == [sentence]


def test_a_second_agency_or_person_of_one_name_or_email_gets_an_error_message(desk, agency):
    places = inlines("aliases", "programs", "eva_memberships")
    answer = add(desk, "agency", name="SAMPLE-HOUSE", city="", **places)
    assert errors(answer) == ["This agency is already in the register as Sample House."]
    Person.objects.create(email="kim@example.org")
    places = inlines(*PERSON_INLINES)
    answer = add(desk, "person", name="Kim", email="KIM@example.org", phone="", **places)
    assert errors(answer) == ["Someone in the register already has this email."]


def test_an_invalid_initiative_or_position_gets_an_error_message(desk):
    fields = {"kind": "ICAT", "name": "Sample ICAT", "community_served": "Sampleton"}
    CoordinationInitiative.objects.create(**fields)
    assert errors(add(desk, "coordinationinitiative", **fields)) == [
        "An initiative of this kind with this name already exists in this place."
    ]
    position = {
        f"positions-0-{key}": value
        for key, value in {**FACT, "starts_on": "2026-02-01", "ends_on": "2026-01-01"}.items()
    }
    places = {
        **inlines(*PERSON_INLINES),
        "positions-TOTAL_FORMS": "1",
    }
    answer = add(desk, "person", name="Kim", email="", phone="", **{**places, **position})
    assert errors(answer) == [
        "Choose a program or a program type.",
        "The last day must be on or after the first day.",
    ]


@time_machine.travel("2026-05-04T17:00:00Z", tick=False)
def test_a_fact_saved_as_confirmed_says_who_saved_it_and_when(desk, priya, agency):
    add(desk, "program", **program_fields(agency, evidence="confirmed", funder="PSSG"))
    program = Program.objects.get()
    assert (program.confirmed_by, str(program.confirmed_on)) == (priya, TODAY)
    shown = desk.get("/admin/membership/program/").content.decode()
    assert "confirmed by Priya Sample on May 4, 2026" in shown


def test_a_fact_that_staff_add_is_confirmed_unless_they_choose_otherwise(desk, agency):
    for page in ("program/add/", "evamembership/add/", f"agency/{agency.pk}/change/"):
        shown = desk.get(f"/admin/membership/{page}").content.decode()
        assert '<option value="confirmed" selected>' in shown
        assert '<option value="claimed" selected>' not in shown

    add(desk, "program", **program_fields(agency, evidence="claimed"))
    assert Program.objects.get().evidence == "claimed"


@time_machine.travel("2026-05-04T17:00:00Z", tick=False)
def test_a_fact_confirmed_inline_says_who_confirmed_it_and_the_history_shows_it(desk, priya):
    person = Person.objects.create(name="Kim Sample")
    position = ProgramPosition.objects.create(person=person, program_type="STVC")
    fields = {
        **inlines(*PERSON_INLINES),
        "positions-TOTAL_FORMS": "1",
        "positions-INITIAL_FORMS": "1",
        "positions-0-id": position.pk,
        "positions-0-person": person.pk,
        "positions-0-program_type": "STVC",
        "positions-0-carries_caseload": "true",
        **{f"positions-0-{key}": value for key, value in FACT.items()},
        "positions-0-evidence": "confirmed",
    }
    page = f"/admin/membership/person/{person.pk}"
    answer = desk.post(f"{page}/change/", {"name": "Kim Sample", "phone": "", **fields})
    assert answer.status_code == 302
    position.refresh_from_db()
    assert (position.carries_caseload, position.confirmed_by) == (True, priya)
    history = desk.get(f"{page}/history/").content.decode()
    assert "priya@example.org" in history
    assert "Carries a caseload" in history


@pytest.mark.core
@pytest.mark.parametrize("slug", ["stvc", "icat"])  # also a person of the other team
def test_staff_cannot_give_a_person_another_account_or_email(client, slug):
    priya, dana = builders.staff(), builders.worker()
    builders.sent(dana, slug)
    builders.sign_in(client, priya, fresh_code=True)
    mine = builders.worker("priya.second@example.org")
    page = f"/admin/membership/person/{dana.person.pk}/change/"
    form = {
        "name": "Dana Newname",
        "email": mine.email,
        "phone": "",
        "user": mine.pk,
        "account": mine.pk,
        **inlines(*PERSON_INLINES),
    }

    answer = client.post(page, form)

    person = Person.objects.get(pk=dana.person.pk)
    assert answer.status_code == 302
    assert (person.name, person.user, person.email) == ("Dana Newname", dana, dana.email)
    shown = builders.page(client, page)
    assert 'name="user"' not in shown
    assert 'name="email"' not in shown


def rows(desk, model, query) -> int:
    found = desk.get(f"/admin/membership/{model}/{query}")
    assert found.status_code == 200
    return len(found.context["cl"].result_list)


@time_machine.travel("2026-05-04T17:00:00Z", tick=False)
def test_the_filters_find_what_staff_look_for(desk, agency):
    other = Agency.objects.create(name="Other House")
    listed = {"evidence": "listed", "list_name": "the list", "list_as_of": "2026-04-01"}
    held = EvaMembership.objects.create
    held(agency=agency, starts_on="2025-06-01", ends_on="2026-05-31", **listed)
    held(agency=other, starts_on="2024-06-01", ends_on="2025-05-31")
    held(agency=other, starts_on=TODAY, ends_on="2026-06-01", is_held=False)
    Program.objects.create(agency=agency, type="STVC", funder="PSSG", **listed)
    Program.objects.create(agency=other, type="SAS")
    for _ in range(2):  # a person with two such facts is one row
        ProgramPosition.objects.create(
            person=Person.objects.get_or_create(name="Kim Sample")[0],
            program_type="STVC",
            evidence="confirmed",
            confirmed_on=TODAY,
        )
    assert [
        rows(desk, *look)
        for look in [
            ("evamembership", "?period=current"),
            ("evamembership", "?period=30"),
            ("evamembership", "?period=ended"),
            ("evamembership", "?period=none"),
            ("evamembership", "?list_name=the+list"),
            ("evamembership", "?q=other"),
            ("agency", "?membership=current"),
            ("agency", "?membership=none"),
            ("program", "?funder__exact=PSSG"),
            ("program", "?evidence__exact=claimed"),
            ("person", "?positions__evidence__exact=claimed"),
            ("person", "?positions__evidence__exact=confirmed"),
        ]
    ] == [1, 1, 1, 1, 1, 2, 1, 1, 1, 1, 0, 1]


def test_a_change_list_takes_the_same_number_of_queries_for_any_number_of_rows(desk, priya):
    confirmed = {"evidence": "confirmed", "confirmed_on": TODAY, "confirmed_by": priya}

    def grow(number):
        for house in baker.make(Agency, number):
            baker.make(Program, agency=house, **confirmed)
            baker.make(EvaMembership, agency=house, **YEAR, **confirmed)

    models = ["agency", "program", "evamembership", "person"]
    grow(2)
    rows(desk, "agency", "")  # the counts of the menu are kept for some seconds
    few_rows = [queries_of(rows, desk, model, "") for model in models]
    grow(10)
    assert [queries_of(rows, desk, model, "") for model in models] == few_rows
