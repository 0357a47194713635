"""Exports of the register and of roster checks: what each team may see, and what an import reads again."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils.formats import date_format
from openpyxl import load_workbook

from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, Region, RoleKind
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Export,
    ListKind,
    Person,
    Program,
    ProgramPosition,
    User,
    WorklistRow,
)
from membership.register import exports
from membership.rosters.exports import Column, roster_rows
from membership.sheets import SheetFormat, write_sheet
from tests import builders
from tests.builders import queries_of
from tests.membership.imports.lists import apply_list, outcomes, sentences
from tests.membership.rosters.enrolments import TODAY, agency, enrolled, member, on_list, program

pytestmark = pytest.mark.django_db

YEAR = timedelta(days=365)


def confirmed():
    email = "camille@example.org"
    by = User.objects.filter(email=email).first() or builders.staff(builders.CCSS, email)
    return {"evidence": Evidence.CONFIRMED, "confirmed_by": by, "confirmed_on": TODAY}


@pytest.fixture
def register():
    """One of everything that an export has to say, or to leave out."""
    house, centre = agency("=Sample House"), agency("Maison d’accueil L’Échantillon")
    Agency.objects.filter(pk=house.pk).update(
        city="Sampleton", contact_name="Robin Placeholder", contact_email="robin@example.org"
    )
    member(house, TODAY - 2 * YEAR, TODAY - YEAR)
    member(house, TODAY - YEAR + timedelta(days=1), TODAY, **confirmed())
    member(house, TODAY + timedelta(days=1), TODAY + YEAR, evidence=Evidence.CLAIMED)
    EvaMembership.objects.create(
        agency=centre, starts_on=TODAY, ends_on=TODAY, is_held=False, **confirmed()
    )
    known = {"community_served": "Sampleton", "region": Region.KOOTENAY, "funded_from": TODAY}
    funded = program(house, **known, funded_until=TODAY + YEAR)
    program(centre, type="CBVS", funder=Funder.OTHER, **confirmed())
    program(centre, type="SAS", funder=Funder.PSSG, evidence=Evidence.CLAIMED)
    unfunded = program(centre, funder="")

    dana = enrolled("Dana Sample", funded, starts_on=TODAY, **on_list()).person
    Person.objects.filter(pk=dana.pk).update(phone="+1 604 555 0100")
    # Staff said it too, of the same program.
    position = {"person": dana, "program": funded, "program_type": "STVC"}
    ProgramPosition.objects.create(**position, carries_caseload=False, **confirmed())
    kai = enrolled("Kai Example", slug="icat").person
    ProgramPosition.objects.create(
        person=kai, program=unfunded, program_type="STVC", carries_caseload=True
    )
    nobody = Person.objects.create(name="Without Email")
    ProgramPosition.objects.create(person=nobody, program=funded, program_type="STVC", **on_list())

    icat = CoordinationInitiative.objects.create(
        name="Sampleton ICAT", kind=InitiativeKind.ICAT, region=Region.CARIBOO
    )
    CoordinationInitiative.objects.create(name="Invented VAWIR", kind=InitiativeKind.VAWIR)
    about = {"initiative": icat, "initiative_kind": icat.kind}
    CoordinationRole.objects.create(
        person=kai, role=RoleKind.CO_CHAIR, ends_on=TODAY + YEAR, **about, **on_list()
    )
    CoordinationRole.objects.create(person=dana, role=RoleKind.CO_CHAIR, **about)
    CoordinationRole.objects.create(
        person=dana, role=RoleKind.COORDINATOR, is_held=False, **about, **confirmed()
    )


def sheets():
    """Each export that is a list of its kind: the kind, its headings and rows, and what the import needs besides."""
    stvc = builders.community("stvc")
    return {
        "agencies": (
            ListKind.AGENCIES,
            exports.AGENCY_HEADINGS,
            exports.agency_rows(Agency.objects.all()),
            {},
        ),
        "programs": (
            ListKind.PROGRAMS,
            exports.PROGRAM_HEADINGS,
            exports.program_rows(Program.objects.all(), all_rows=False),
            {},
        ),
        "initiatives": (
            ListKind.INITIATIVES,
            exports.INITIATIVE_HEADINGS,
            exports.initiative_rows(CoordinationInitiative.objects.all()),
            {},
        ),
        "people": (
            ListKind.PEOPLE,
            exports.PEOPLE_HEADINGS,
            exports.people_rows(Person.objects.all(), all_rows=False),
            {},
        ),
        "roster": (
            ListKind.ROSTER,
            Column.labels,
            roster_rows(stvc, list(Column), on=TODAY),
            {"community": stvc},
        ),
    }


NUMBER = {"agencies": 3, "programs": 2, "initiatives": 2, "people": 1, "roster": 1}


@pytest.mark.core
@pytest.mark.parametrize("sheet_format", SheetFormat)
@pytest.mark.parametrize("what", NUMBER)
def test_an_export_is_a_list_that_changes_nothing(register, what, sheet_format):
    kind, headings, rows, more = sheets()[what]
    content = write_sheet(name=what, headings=headings, rows=rows, sheet_format=sheet_format)

    plan = apply_list(
        kind,
        as_of=TODAY,
        content=content,
        file_name=f"{what}.{sheet_format.value}",
        **more,
    )

    assert outcomes(plan) == ["same"] * NUMBER[what], sentences(plan)


def test_rows_without_a_known_fact_are_added_on_request_and_no_import_takes_them(register):
    people = list(exports.people_rows(Person.objects.all(), all_rows=True))
    programs = exports.program_rows(Program.objects.all(), all_rows=True)

    assert [row[0] for row in people] == [
        "Dana Sample",
        "Camille Sample",
        "Kai Example",
        "Without Email",
    ]
    assert [row[4] or None for row in programs] == [
        Funder.PSSG.label,
        Funder.OTHER.label,
        None,
        None,
    ]

    def imported(kind, headings, rows):
        content = write_sheet(
            name="all", headings=headings, rows=rows, sheet_format=SheetFormat.XLSX
        )
        return apply_list(kind, as_of=TODAY, content=content, file_name="all.xlsx", dry_run=True)

    for plan, known in (
        (imported(ListKind.PROGRAMS, exports.PROGRAM_HEADINGS, programs), 2),
        (imported(ListKind.PEOPLE, exports.PEOPLE_HEADINGS, people), 1),
    ):
        assert outcomes(plan) == ["same"] * known, sentences(plan)
        skipped = [note for note in plan.notes if "is skipped: a row of an export" in note]
        assert len(skipped) == 4 - known


# -- The pages ------------------------------------------------------------------------------------


def page(model, query=""):
    return f"/admin/membership/{model}/export/{query}"


def taken(client, model, query="", **fields):
    answer = client.post(page(model, query), {"format": "csv", **fields})
    assert answer.status_code == 200
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


@pytest.fixture
def priya(client):
    builders.sign_in(client, builders.staff(), fresh_code=True)
    return client


def test_a_list_is_exported_as_it_is_filtered_and_logged(register, priya):
    shown = priya.get("/admin/membership/agency/?q=sample&p=1").content.decode()
    assert f'href="{page("agency", "?q=sample")}"' in shown
    assert (
        "as it is filtered now: 1 agency."
        in priya.get(page("agency", "?q=sample")).content.decode()
    )

    rows = taken(priya, "agency", "?q=sample")

    assert {row["Agency"] for row in rows} == {"'=Sample House"}
    assert [row["How we know"].split(" by ")[0] for row in rows] == [
        f"the sample list of {date_format(TODAY)}",
        "confirmed",
    ]
    logged = Export.objects.get()
    assert (logged.what, logged.rows) == ("Agencies (part of the list)", 2)
    assert (logged.team.family, logged.by.email) == ("program-support", "priya@example.org")


def test_people_are_typed_cells_in_excel(register, priya):
    answer = priya.post(page("person"), {"format": "xlsx", "all_rows": "on"})
    sheet = load_workbook(io.BytesIO(answer.content)).active

    assert (sheet.title, sheet.max_row) == ("People", 6)
    dana = {heading.value: cell for heading, cell in zip(sheet[1], sheet[2], strict=True)}
    assert (dana["Since"].data_type, dana["Since"].value.date()) == ("d", TODAY)
    assert (dana["Phone"].data_type, dana["Phone"].value) == ("s", "+1 604 555 0100")
    assert dana["Agency"].value == "=Sample House"
    assert dana["Carries a caseload"].value == "yes"


def test_neither_erased_nor_merged_people_are_exported(register, priya):
    kai = Person.objects.get(name="Kai Example")
    Person.objects.create(erased_on=TODAY)
    Person.objects.create(merged_into=kai)
    assert {row["Name"] for row in taken(priya, "person", all_rows="on")} == {
        "Dana Sample",
        "Kai Example",
        "Without Email",
        "Priya Sample",
        "Camille Sample",
    }


def check(name, slug):
    return WorklistRow.objects.create(
        enrolment=enrolled(name, slug=slug),
        kind=WorklistRow.Kind.RULES,
        since=TODAY,
        findings=[],
        state=WorklistRow.State.GIVEN_TIME,
        until=TODAY + YEAR,
    )


@pytest.mark.parametrize(
    ("team", "names"),
    [
        (builders.PROGRAM_SUPPORT, {"Dana Sample"}),
        (builders.CCSS, {"Kai Example"}),
        (None, {"Dana Sample", "Kai Example"}),
    ],
)
def test_each_team_exports_its_own_roster_checks(client, team, names):
    check("Dana Sample", "stvc"), check("Kai Example", "icat")
    by = builders.staff(team, "staff@example.org") if team else builders.lead()
    builders.sign_in(client, by, fresh_code=True)

    rows = taken(client, "worklistrow", "?state=all")

    assert {row["Name"] for row in rows} == names
    assert {row["Since"] for row in rows} == {TODAY.isoformat()}
    assert {row["Status"] for row in rows} == {WorklistRow.State.GIVEN_TIME.label}
    assert taken(client, "worklistrow") == []  # open ones, as the page shows
    assert (Export.objects.first().team is None) == (team is None)


def test_a_filter_that_is_not_on_the_page_exports_nothing(register, priya):
    answers = [
        priya.post(page("person", query), {"format": "csv"}).status_code
        for query in ("?user__email=lou@example.org", "?positions__evidence__nonsense=1")
    ]
    assert answers == [400, 400]
    assert Export.objects.count() == 0


@pytest.mark.parametrize("model", ["agency", "program", "coordinationinitiative", "person"])
def test_an_export_takes_as_many_queries_at_any_size(priya, model):
    def grow(start, number):
        for n in range(start, start + number):
            work = program(agency(f"House {n}"), region=Region.CARIBOO)
            person = enrolled(f"Dana{n} Sample", work).person
            member(work.agency, TODAY, TODAY + YEAR)
            CoordinationRole.objects.create(
                person=person,
                initiative=CoordinationInitiative.objects.create(
                    name=f"ICAT {n}", kind=InitiativeKind.ICAT
                ),
                initiative_kind=InitiativeKind.ICAT,
                role=RoleKind.CO_CHAIR,
                **on_list(),
            )

    grow(0, 1)
    few = queries_of(taken, priya, model, all_rows="on")
    grow(1, 12)
    many = queries_of(taken, priya, model, all_rows="on")
    assert few == many
