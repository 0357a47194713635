"""Which column of the file is which column of the list, and what is asked or named."""

from datetime import date
from pathlib import Path

import pytest

from membership.imports.files import FileRead, Sheet, SheetRow, read_file
from membership.imports.kinds import IMPORTERS
from membership.imports.questions import Given
from membership.imports.reading import Reading, read_list

pytestmark = pytest.mark.django_db

FILES = Path(__file__).with_name("files")
DAY = date(2026, 11, 1)


def read(kind: str, *rows: list, answers=None, remembered=None) -> Reading:
    numbered = [SheetRow(number, list(cells)) for number, cells in enumerate(rows, start=1)]
    file = FileRead("a workbook", [Sheet("Sheet", numbered)])
    return read_list(file, IMPORTERS[kind].columns, Given(answers or {}, remembered), as_of=DAY)


def of_file(name: str, kind: str) -> Reading:
    path = FILES / name
    file = read_file(path.read_bytes(), path.name)
    return read_list(file, IMPORTERS[kind].columns, Given({}), as_of=DAY)


def uses(reading: Reading) -> dict[str, str]:
    return {use.heading: use.column for use in reading.matching.uses}


def asked(reading: Reading) -> dict[str, str]:
    """What has to be answered about columns, with what is proposed. Unused columns can wait."""
    questions = reading.matching.questions
    return {q.key: q.proposed for q in questions if q.is_open and not q.can_wait}


@pytest.mark.parametrize(
    ("name", "kind", "unused", "questions"),
    [
        ("lists/18_unknown_headings.xlsx", "programs", [], {}),
        (
            "lists/19_ministry_own_headings.xlsx",
            "programs",
            ["Contract No.", "Annual Amount"],
            {"funder": ""},
        ),
        ("lists/25_outlook_contacts.csv", "people", ["Title", "Company", "Business Phone"], {}),
        ("lists/59_city_and_place.xlsx", "programs", ["City", "Program name"], {}),
        ("lists/61_membership_unknown_cols.csv", "agencies", [], {}),
        ("lists/63_gsheets_roster.csv", "roster", ["Timestamp", "Phone", "Agency"], {}),
        ("lists/65_committee_by_hand.csv", "initiatives", ["Phone"], {}),
        ("lists/71_caseload_heading_variant.csv", "people", [], {}),
        ("lists/73_percent_header_asterisk.xlsx", "programs", [], {}),
        ("lists/75_lf_in_first_header_semicolon.csv", "programs", [], {}),
        ("field/formula-in-a-spare-column.xlsx", "agencies", ["Days left", "Notes"], {}),
    ],
)
def test_files_as_offices_make_them(name, kind, unused, questions):
    reading = of_file(name, kind)
    assert [use.heading for use in reading.matching.unused] == unused
    named = [q.text for q in reading.matching.questions if q.can_wait]
    assert named == [f"“{heading}” is not used." for heading in unused]
    assert asked(reading) == questions


NAMED = {"First Name": "first_name", "Last Name": "last_name"}


@pytest.mark.parametrize(
    ("export", "name", "agency", "email"),
    [
        ("Outlook", NAMED, "Company", "E-mail Address"),
        ("Google Contacts", NAMED, "Organization Name", "E-mail 1 - Value"),
        ("Google Contacts, older", {"Name": "name"}, "Organization 1 - Name", "E-mail 1 - Value"),
        ("Apple", NAMED, "organisation", "Email"),
        ("Mailchimp", NAMED, "Company", "Email Address"),
        ("Excel", {"Full name": "name"}, "Employer", "Email"),
        ("French", {"Prénom": "first_name", "Nom": "last_name"}, "Organisme", "Courriel"),
        ("French, whole names", {"Nom": "name"}, "Employeur", "Adresse courriel"),
    ],
)
def test_the_agency_of_exported_contacts_is_proposed(export, name, agency, email):
    """Under its usual name, or else asked about."""
    rows = [
        [*name, "Job title", "Phone", agency, email],
        [*(["Dana", "Sample"][-len(name) :]), "Worker", "", "Sample House", "dana@x.example"],
        [*(["Erin", "Sample"][-len(name) :]), "", "", "Example House", "erin@x.example"],
    ]
    reading = read("people", *rows)
    unused = {"Job title": "", "Phone": ""}
    assert uses(reading) == {**name, **unused, agency: "agency", email: "email"}
    asked = {q.text for q in reading.matching.questions}
    for use in reading.matching.uses:
        is_named = use.column and use.how == "name"
        assert is_named or any(text.startswith(f"“{use.heading}” ") for text in asked)


def test_contract_dates_and_status_are_told_apart():
    found = uses(of_file("lists/18_unknown_headings.xlsx", "programs"))
    assert [found[h] for h in ("Contract Start Date", "Contract End Date", "Status")] == [
        "funded_from",
        "funded_until",
        "status",
    ]
    found = uses(of_file("lists/61_membership_unknown_cols.csv", "agencies"))
    assert list(found.values()) == ["agency", "city", "starts_on", "ends_on", "status"]


def test_first_and_last_name_make_the_name():
    [row] = of_file("lists/25_outlook_contacts.csv", "people").rows
    assert (row["name"], row["email"], row["agency"]) == (
        "Dana Sample",
        "oc1@example.org",
        "Y Society",
    )
    headings = ["Last name", "First name", "Middle initial", "Email", "Since"]
    [row] = read("roster", headings, ["Sample", "Dana", "Q", "d@example.org", DAY]).rows
    assert row["name"] == "Dana Q Sample"
    [row] = read(
        "roster",
        ["Last Name, First Name", "Email", "Since"],
        ["Sample, Dana Q", "d@example.org", DAY],
    ).rows
    assert row["name"] == "Dana Q Sample"
    # A column with whole names counts more.
    reading = read(
        "roster", [*headings, "Full name"], ["S", "D", "", "d@example.org", DAY, "Dana S"]
    )
    assert (reading.rows[0]["name"], uses(reading)["First name"]) == ("Dana S", "")


def test_a_column_for_a_role_holds_the_name():
    [row] = of_file("lists/65_committee_by_hand.csv", "initiatives").rows
    assert (row["name"], row["email"], row["role"]) == (
        "Robin Placeholder",
        "robin@example.org",
        "CHAIR",
    )


def test_a_row_with_several_roles_is_a_row_for_each():
    headings = ["Committee", "Type", "Chair", "Chair email", "Coordinator", "Coordinator’s e-mail"]
    reading = read(
        "initiatives",
        headings,
        ["A", "VAWIR", "Robin P", "robin@example.org", "Kai E", "kai@example.org"],
        ["B", "ICAT", "", "", "Kai E", "kai@example.org"],
        ["C", "SAC"],
    )
    assert asked(reading) == {}
    assert [
        (r.number, r["initiative"], r["role"], r["name"], r["email"]) for r in reading.rows
    ] == [
        (2, "A", "CHAIR", "Robin P", "robin@example.org"),
        (2, "A", "COORDINATOR", "Kai E", "kai@example.org"),
        (3, "B", "COORDINATOR", "Kai E", "kai@example.org"),
        (4, "C", "", "", ""),
    ]


def test_a_chair_who_is_a_tick_and_a_contact_who_is_an_email():
    reading = read(
        "initiatives", ["Committee", "Type", "Chair"], ["A", "VAWIR", "x"], ["B", "SAC", ""]
    )
    assert uses(reading)["Chair"] == ""
    reading = read("roster", ["Contact", "Since"], ["dana@example.org", DAY])
    assert uses(reading)["Contact"] == "email"
    assert asked(reading) == {"contact": "email"}  # by its cells


def test_a_name_and_a_chair_are_asked():
    headings = ["Committee", "Type", "Contact", "Chair", "Email"]
    reading = read("initiatives", headings, ["A", "VAWIR", "Robin P", "Kai E", "kai@example.org"])
    assert asked(reading) == {"contact": ""}


def test_one_email_beside_two_roles_is_asked():
    headings = ["Committee", "Type", "Chair", "Coordinator", "Email"]
    reading = read("initiatives", headings, ["A", "VAWIR", "Robin P", "Kai E", "kai@example.org"])
    assert asked(reading) == {"email": "chair_email"}
    rows = (headings, ["A", "VAWIR", "Robin P", "Kai E", "kai@example.org"])
    chosen = {"columns": {"email": "coordinator_email"}}
    reading = read("initiatives", *rows, answers=chosen)
    assert [(r["role"], r["email"]) for r in reading.rows] == [
        ("CHAIR", ""),
        ("COORDINATOR", "kai@example.org"),
    ]
    # The office has an email too.
    reading = read("initiatives", [*headings, "Chair’s email"], [*rows[1], "robin@example.org"])
    assert uses(reading)["Email"] == ""


def test_two_headings_for_one_column_are_asked():
    reading = read(
        "roster", ["Mail", "Work email", "Since"], ["a@example.org", "b@example.org", DAY]
    )
    assert asked(reading) == {"mail": "", "workemail": "email"}
    # The column's own heading counts more, and the other one is named.
    reading = read(
        "roster", ["Work email", "Email", "Since"], ["a@example.org", "b@example.org", DAY]
    )
    assert (asked(reading), uses(reading)["Work email"]) == ({}, "")
    reading = read("roster", ["Email", "Email", "Since"], ["a@example.org", "b@example.org", DAY])
    assert asked(reading) == {"email": "email", "email+": ""}


def test_likeness_and_content_are_asked_once():
    rows = (
        ["Träger", "Service stream", "Contract expiration", "Geldgeber", "Nummer"],
        ["A Society", "STVC", DAY, "PSSG", "VS-1"],
        ["B Resource Centre", "CBVS", DAY, "Ministry", "VS-2"],
    )
    reading = read("programs", *rows)
    how = {use.key: (use.column, use.how) for use in reading.matching.uses}
    assert how == {
        "trager": ("agency", "content"),
        "servicestream": ("program_type", "likeness"),
        "contractexpiration": ("funded_until", "likeness"),
        "geldgeber": ("funder", "content"),
        "nummer": ("", ""),
    }
    assert asked(reading) == {key: column for key, (column, _) in how.items() if column}
    chosen = {key: column for key, (column, _) in how.items()}
    again = read("programs", *rows, remembered={"columns": chosen})
    assert (again.matching.questions, again.open_step) == ([], "check")
    assert {use.how for use in again.matching.uses} == {"remembered"}


def test_what_staff_chose_counts_more_than_a_name():
    rows = (["Agency", "Legal entity", "City"], ["AS", "A Society", "Sampleton"])
    chosen = {"agency": "", "legalentity": "agency"}
    reading = read("agencies", *rows, answers={"columns": chosen})
    assert reading.rows[0]["agency"] == "A Society"
    # An answer about a column that there is no more does no harm.
    reading = read("agencies", *rows, answers={"columns": {"city": "no such column"}})
    assert uses(reading)["City"] == "city"


def test_one_value_for_all_rows_only_where_the_file_has_no_column():
    rows = (["Agency", "Program type"], ["A Society", "STVC"])
    reading = read(
        "programs", *rows, answers={"constants": {"funder": "PSSG", "program_type": "SAS"}}
    )
    assert asked(reading) == {}
    [row] = reading.rows
    assert (row["funder"], row["program_type"]) == ("PSSG", "STVC")


def test_a_column_without_a_heading_is_named_by_its_letter():
    reading = read("agencies", ["Agency", "", "City"], ["A Society", "x", "Sampleton"])
    assert [(use.heading, use.key) for use in reading.matching.unused] == [("Column B", "column B")]


def test_a_long_row_is_an_error_whatever_its_cells():
    reading = of_file("lists/39_unquoted_comma.csv", "agencies")
    first, second = reading.rows
    assert "there are 2 headings" in first.problems[0]
    assert second.problems == []


def test_the_date_in_the_title_is_asked_if_it_is_another_one():
    reading = of_file("lists/01_title_rows_above.xlsx", "programs")
    [question] = reading.layout.questions
    assert (question.group, question.key, question.proposed) == (
        "as_of",
        "2026-04-01",
        "2026-04-01",
    )
    assert "April 1, 2026" in question.text
