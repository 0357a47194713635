"""What importing each kind of list does to the register, and what it leaves alone."""

import unicodedata
from datetime import date

import pytest

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence
from membership.imports import columns
from membership.imports.values import NO_END
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    ListImport,
    ListKind,
    Person,
    Program,
    ProgramPosition,
)
from tests.membership.imports.lists import APRIL, MAY, apply_list, outcomes, sentences

pytestmark = pytest.mark.django_db

AGENCIES, PROGRAMS, INITIATIVES, PEOPLE, ROSTER = ListKind
MEMBERS = (
    "Agency,City,From,To",
    "Sample House,Sampleton,2026-01-01,2026-12-31",
    "Example Place,,,",
)
FUNDED = (
    "Agency,Type,Community,Funder,From,To",
    "Sample House,STVC,Sampleton,PSSG,2026-04-01,2027-03-31",
    "Sample House,Stopping the Violence Outreach,Sampleton,Another funder,,",
)
CHAIRS = (
    "Committee,Kind,Community,Name,Email,Role",
    "Sampleton VIR,VAWIR/VIR,Sampleton,Robin Sample,robin@example.org,Co-Chair",
    "Example ICAT,ICAT,Example Harbour,,,",
)
WORKERS = (
    "Name,Email,Agency,Program,Community,Caseload",
    "Dana Sample,Dana@Example.org,Sample House,STVC,Sampleton,yes",
    "Jo Sample,jo@example.org,Sample House,STVC,Sampleton,",
)
MEMBERS_OF_STVC = ("Name,Email,Since", "Dana Sample,dana@example.org,2024-03-01")
LISTS = {
    AGENCIES: (MEMBERS, ["add", "add"]),
    PROGRAMS: (FUNDED, ["add", "add"]),
    INITIATIVES: (CHAIRS, ["add", "add"]),
    PEOPLE: (WORKERS, ["add", "add"]),
    ROSTER: (MEMBERS_OF_STVC, ["add"]),
}
REGISTER = [
    Agency,
    Program,
    EvaMembership,
    Person,
    ProgramPosition,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
]


@pytest.fixture
def stvc() -> CommunityOfPractice:
    return CommunityOfPractice.objects.get(slug="stvc")


def everything() -> list[list[dict]]:
    return [list(model._default_manager.order_by("pk").values()) for model in REGISTER]


def of_kind(kind: ListKind, stvc: CommunityOfPractice) -> dict:
    return {"community": stvc} if kind == ROSTER else {}


@pytest.mark.core
@pytest.mark.parametrize("kind", LISTS)
def test_a_dry_run_writes_nothing_and_the_same_file_again_changes_nothing(kind, stvc):
    lines, expected = LISTS[kind]
    before = everything()
    dry_run = apply_list(kind, *lines, dry_run=True, **of_kind(kind, stvc))
    assert (outcomes(dry_run), everything()) == (expected, before)
    assert not ListImport.objects.exists()

    assert outcomes(apply_list(kind, *lines, **of_kind(kind, stvc))) == expected
    after = everything()
    again = apply_list(kind, *lines, **of_kind(kind, stvc))
    assert (outcomes(again), everything()) == (["same"] * len(expected), after)


@pytest.mark.core
@pytest.mark.parametrize("kind", LISTS)
def test_with_one_error_nothing_is_written(kind, stvc):
    lines, expected = LISTS[kind]
    before = everything()
    plan = apply_list(kind, *lines, *["=1+1"], **of_kind(kind, stvc))
    assert outcomes(plan) == [*expected, "error"]
    assert everything() == before
    assert not ListImport.objects.exists()


def test_agencies_are_imported_with_their_memberships():
    apply_list(AGENCIES, *MEMBERS)
    assert list(Agency.objects.values_list("name", "city")) == [
        ("Example Place", ""),
        ("Sample House", "Sampleton"),
    ]
    membership = EvaMembership.objects.get()
    assert (membership.starts_on, membership.ends_on) == (date(2026, 1, 1), date(2026, 12, 31))
    assert (membership.evidence, membership.source) == (
        Evidence.LISTED,
        "the list of April 1, 2026",
    )


def test_programs_are_found_by_agency_type_and_place():
    apply_list(AGENCIES, "Agency", "SAMPLE  house")
    apply_list(PROGRAMS, *FUNDED)
    assert Agency.objects.get().name == "SAMPLE house"
    assert list(
        Program.objects.order_by("pk").values_list("type", "community_served", "funder", "evidence")
    ) == [
        ("STVC", "Sampleton", "PSSG", Evidence.LISTED),
        ("STV_ORS", "Sampleton", "OTHER", Evidence.LISTED),
    ]


def test_initiatives_are_imported_with_roles_of_people_found_by_email():
    robin = Person.objects.create(email="robin@example.org")
    apply_list(INITIATIVES, *CHAIRS)
    robin.refresh_from_db()
    role = CoordinationRole.objects.get()
    assert (role.person, robin.name) == (robin, "Robin Sample")
    assert (role.role, role.initiative.kind, role.evidence) == ("CO_CHAIR", "VAWIR", "listed")
    assert set(CoordinationInitiative.objects.values_list("name", flat=True)) == {
        "Sampleton VIR",
        "Example ICAT",
    }


def test_people_are_imported_with_their_positions_and_an_empty_caseload_is_unknown():
    apply_list(PROGRAMS, *FUNDED)
    apply_list(PEOPLE, *WORKERS)
    assert list(
        ProgramPosition.objects.order_by("pk").values_list(
            "person__email", "program__funder", "carries_caseload", "evidence"
        )
    ) == [
        ("dana@example.org", "PSSG", True, Evidence.LISTED),
        ("jo@example.org", "PSSG", None, Evidence.LISTED),
    ]


def test_a_roster_enrols_people_and_re_enrols_no_one(stvc):
    for number, (start, end) in enumerate([(date(2023, 1, 1), None), (date(2023, 1, 1), MAY)]):
        person = Person.objects.create(email=f"in{number}@example.org", name="Sample")
        Enrolment.objects.create(person=person, community=stvc, started_on=start, ended_on=end)
    plan = apply_list(
        ROSTER,
        *MEMBERS_OF_STVC,
        ",in0@example.org,2024-03-01",
        ",in1@example.org,2024-03-01",
        ",late@example.org,2026-06-01",
        community=stvc,
        dry_run=True,
    )
    assert outcomes(plan) == ["add", "same", "same", "error"]
    assert sentences(plan)[1:] == [
        "enrolled since January 1, 2023",
        "Left on May 1, 2026. An import does not re-enrol them.",
        "Starts on June 1, 2026, after the list date.",
    ]
    apply_list(ROSTER, *MEMBERS_OF_STVC, community=stvc)
    assert Enrolment.objects.get(person__email="dana@example.org").started_on == date(2024, 3, 1)


@pytest.mark.core
@pytest.mark.parametrize("form", ["NFC", "NFD"])
@pytest.mark.parametrize("name", ["Maison d’accueil L’Échantillon", "W̱SÁNEĆ Sample", "ᐊᐧᐱᐢᑭ"])
def test_composed_and_decomposed_accents_are_one_name(name, form):
    Agency.objects.create(name=unicodedata.normalize("NFC", name))
    plan = apply_list(AGENCIES, "Agency", unicodedata.normalize(form, name))
    assert outcomes(plan) == ["same"]
    assert Agency.objects.count() == 1


@pytest.mark.parametrize(
    ("again", "outcome", "sentence"),
    [
        ("SAMPLE-HOUSE,SAS,PSSG", "same", "Same as row 2."),
        (
            "Sample house,SAS,Other funder",
            "error",
            "Rows 2 and 3 contradict each other. Keep one of them.",
        ),
    ],
)
def test_rows_about_the_same_thing_are_reported_once(again, outcome, sentence):
    plan = apply_list(PROGRAMS, "Agency,Type,Funder", "Sample House,SAS,PSSG", again, dry_run=True)
    assert outcomes(plan) == ["add", outcome]
    assert sentences(plan)[1] == sentence


@pytest.mark.core
def test_periods_of_one_agency_may_not_overlap():
    heading = "Agency,From,To"
    year, next_year = "A,2026-01-01,2026-12-31", "A,2027-01-01,2027-12-31"
    assert outcomes(apply_list(AGENCIES, heading, year, next_year)) == ["add", "add"]
    plan = apply_list(AGENCIES, heading, year, "A,2026-06-01,2027-05-31")
    assert outcomes(plan) == ["same", "error"]
    assert sentences(plan)[1] == "Rows 2 and 3 have memberships of the same agency that overlap."
    ongoing = {"values.ends_on": {"ongoing": NO_END}}
    plan = apply_list(AGENCIES, heading, "A,2026-01-01,ongoing", answers=ongoing)
    assert sentences(plan) == [
        "An EVA BC membership always has a last day. Enter it, or skip the row."
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "mailto:dana@example.org",
        "Dana <Dana@Example.org>",
        "<dana@example.org>",
        "dana＠example.org",
        "dana@example.org.",
        "dana@example.org (work)",
        "dana@example.org;",
    ],
)
def test_an_email_is_read_as_mail_programs_write_it(cell):
    assert columns.email(cell) == "dana@example.org"


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("Dana <dana@example.org> <kim@example.org>", "has more than one address."),
        ("dana@example.org; kim@example.org", "has more than one address."),
        ("dana@example.org <kim@example.org>", "has more than one address."),
        ("dana (at) example.org", "is not an email address."),
        ("dana@example,org", "is not an email address."),
        ("dana@example.co,m", "is not an email address."),
        ("dána@example.org", "“dána@example.org”: The address has the letter “á” before the @."),
    ],
)
def test_an_email_that_is_none_or_two_is_refused(cell, message):
    with pytest.raises(columns.CellError) as refused:
        columns.email(cell)
    assert message in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "lines", "sentence"),
    [
        (AGENCIES, ("Agency,From", "A,2026-01-01"), "Enter both the first and the last day of the membership, or neither."),
        (AGENCIES, ("Agency,From,To", "A,2026-01-02,2026-01-01"), "The last day (January 1, 2026) is before the first day (January 2, 2026)."),
        (AGENCIES, ("Agency,City", ",Sampleton"), "“Agency” is empty."),
        (PEOPLE, ("Email,Agency,Type", "dana,A,STVC"), "“Email”: “dana” is not an email address."),
        (INITIATIVES, ("Committee,Kind,Name,Email,Role", "A,ICAT,Robin,,Chair"), "Enter an email for each person in a role, so that people with the same name are not mixed up."),
        (INITIATIVES, ("Committee,Kind,Email,Role", "A,ICAT,robin@example.org,"), "“Role” is empty. Enter it here, or choose “Chair (name)” for the column with the names of chairs."),
    ],
)  # fmt: skip
def test_each_error_has_a_message(kind, lines, sentence):
    plan = apply_list(kind, *lines)
    assert [(row.number, row.outcome.name, row.sentence) for row in plan.rows] == [
        (2, "ERROR", sentence)
    ]


def test_a_confirmed_fact_stays_and_notes_what_the_list_says():
    apply_list(PROGRAMS, *FUNDED)
    program = Program.objects.get(type="STVC")
    program.evidence, program.confirmed_on = Evidence.CONFIRMED, APRIL
    program.save()
    line = "Sample House,STVC,Sampleton,Another funder,2026-04-01,2027-03-31"
    plan = apply_list(PROGRAMS, FUNDED[0], line, as_of=MAY)
    assert outcomes(plan) == ["change"]
    assert sentences(plan)[0].startswith("Staff confirmed this fact, so it stays. Noted: funder: ")
    program.refresh_from_db()
    assert (program.funder, program.evidence, program.source) == (
        "PSSG",
        Evidence.CONFIRMED,
        "the list of May 1, 2026",
    )
    assert program.list_says.endswith("(PSSG) → Another funder")
    assert outcomes(apply_list(PROGRAMS, FUNDED[0], line, as_of=MAY)) == ["same"]
    apply_list(PROGRAMS, *FUNDED, as_of=date(2026, 5, 2))
    program.refresh_from_db()
    assert program.list_says == ""


def test_a_list_with_a_membership_says_otherwise_than_staff_who_found_none():
    house = Agency.objects.create(name="Sample House")
    checked = {"evidence": Evidence.CONFIRMED, "confirmed_on": APRIL, "is_held": False}
    EvaMembership.objects.create(agency=house, starts_on=APRIL, ends_on=MAY, **checked)
    apply_list(AGENCIES, "Agency,From,To", "Sample House,2026-04-01,2027-03-31", as_of=MAY)
    row = EvaMembership.objects.get()
    assert (row.is_held, row.ends_on) == (False, MAY)
    assert row.list_says.startswith("has a membership: no → yes; ")
    assert row.list_values == {"is_held": True, "ends_on": "2027-03-31"}


def test_a_claim_stays_beside_the_fact_from_a_list():
    apply_list(PROGRAMS, *FUNDED)
    dana = Person.objects.create(email="dana@example.org", name="Dana Sample")
    program = Program.objects.get(type="STVC")
    claim = ProgramPosition.objects.create(
        person=dana, program=program, program_type="STVC", carries_caseload=True
    )
    apply_list(PEOPLE, WORKERS[0], "Dana,dana@example.org,Sample House,STVC,Sampleton,no")
    claim.refresh_from_db()
    assert (claim.carries_caseload, claim.evidence) == (True, Evidence.CLAIMED)
    listed = dana.positions.exclude(pk=claim.pk).get()
    assert (listed.carries_caseload, listed.evidence) == (False, Evidence.LISTED)


def test_a_newer_list_moves_the_period_of_a_membership():
    heading = "Agency,From,To"
    apply_list(AGENCIES, heading, "A,2026-01-01,2026-06-30", "A,2026-07-01,2026-12-31")
    plan = apply_list(AGENCIES, heading, "A,2026-02-01,2027-01-31", as_of=MAY)
    assert outcomes(plan) == ["change"]
    held = EvaMembership.objects.get()
    assert (held.starts_on, held.ends_on) == (date(2026, 2, 1), date(2027, 1, 31))


def test_versions_of_a_list_share_one_name():
    apply_list(AGENCIES, *MEMBERS, name="EVA BC members")
    apply_list(AGENCIES, *MEMBERS, name=" eva bc  Members", as_of=MAY)
    assert ListImport.newest() == {("agencies", "EVA BC members"): MAY}


@pytest.mark.parametrize("kind", LISTS)
def test_the_number_of_queries_does_not_grow_with_the_rows(
    kind, stvc, django_assert_max_num_queries
):
    headings, first = LISTS[kind][0][:2]
    more = [first.replace("ample", f"ample{n}").replace("@", f"{n}@") for n in range(150)]
    # The list, its effect, the access tasks of a roster, and the reassessment. SQLite splits long inserts.
    with django_assert_max_num_queries(110):
        apply_list(kind, headings, *more, **of_kind(kind, stvc))
    with django_assert_max_num_queries(110):
        apply_list(kind, headings, *more, as_of=MAY, **of_kind(kind, stvc))


def test_an_import_fills_in_an_empty_region_and_changes_no_other():
    apply_list(PROGRAMS, *FUNDED)
    apply_list(INITIATIVES, *CHAIRS)
    apply_list(
        PROGRAMS,
        "Agency,Type,Community,Development region,Funder,From,To",
        "Sample House,STVC,Sampleton,Cariboo,PSSG,2026-04-01,2027-03-31",
    )
    apply_list(
        INITIATIVES, "Committee,Kind,Community,Region", "Example ICAT,ICAT,Example Harbour,Island"
    )
    again = apply_list(
        PROGRAMS,
        "Agency,Type,Community,Region,Funder,From,To",
        "Sample House,STVC,Sampleton,Nechako,PSSG,2026-04-01,2027-03-31",
    )

    assert outcomes(again) == ["same"]
    assert Program.objects.get(type="STVC").region == "CARIBOO"
    assert CoordinationInitiative.objects.get(kind="ICAT").region == "VANCOUVER_ISLAND"


@pytest.mark.parametrize(
    ("periods", "until"),
    [
        (["2025-04-01,2026-03-31", "2026-04-01,2027-03-31"], "2027-03-31"),
        (["2026-04-01,2027-03-31", "2027-04-01,2028-03-31", "2025-04-01,2026-03-31"], "2027-03-31"),
        (["2023-04-01,2024-03-31", "2024-04-01,2025-03-31"], "2025-03-31"),
        (["2024-04-01,2025-03-31", "2027-04-01,2028-03-31"], None),
        (["2026-04-01,2027-03-31", "2026-09-01,2027-08-31"], None),
        (["2026-04-01,2027-03-31", "2027-04-01,"], None),
    ],
)
def test_of_contracts_that_follow_each_other_the_one_of_the_list_date_counts(periods, until):
    rows = [f"Sample House,STVC,Sampleton,PSSG,{period}" for period in periods]
    plan = apply_list(PROGRAMS, FUNDED[0], *rows, as_of=MAY)
    if until is None:
        assert "contradict each other" in sentences(plan)[1]
        return
    assert sorted(outcomes(plan)) == ["add", *["same"] * (len(rows) - 1)]
    counts = next(row.number for row in plan.rows if row.sentence.startswith("new agency"))
    assert sum(f"Row {counts} has the period that counts" in said for said in sentences(plan)) > 0
    assert str(Program.objects.get().funded_until) == until
