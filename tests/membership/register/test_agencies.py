"""Other names of an agency: kept when it is renamed, and found by forms, lists, matching and searches."""

import pytest

from membership.errors import RefusedError
from membership.models import Agency, AgencyAlias, ListKind, Program, ProgramPosition
from membership.register import verbs
from membership.register.agencies import find_agency
from requests.desk import matching
from tests import builders
from tests.membership.imports.lists import MAY, apply_list, outcomes, sentences
from tests.membership.register.test_admin import errors, inlines

pytestmark = pytest.mark.django_db

FORMER, NAME = "Sample Valley Women’s Place", "Échantillon House"


@pytest.fixture
def agency() -> Agency:
    return Agency.objects.create(name=FORMER, city="Sampleton")


@pytest.fixture
def renamed(desk, agency) -> Agency:
    assert save(desk, agency, name=NAME).status_code == 302
    agency.refresh_from_db()
    return agency


def save(desk, agency, *new: str, delete=(), **fields):
    """Save the agency’s page with new other names, and with some deleted."""
    known = list(agency.aliases.all())
    rows = {
        **inlines("programs", "eva_memberships"),
        "aliases-INITIAL_FORMS": len(known),
        "aliases-TOTAL_FORMS": len(known) + len(new),
    }
    for number, alias in enumerate(known):
        rows |= {f"aliases-{number}-id": alias.pk, f"aliases-{number}-agency": agency.pk}
        if alias.name in delete:
            rows[f"aliases-{number}-DELETE"] = "on"
    for number, name in enumerate(new, len(known)):
        rows |= {f"aliases-{number}-name": name, f"aliases-{number}-how": "spelling"}
        rows[f"aliases-{number}-agency"] = agency.pk
    typed = {"name": agency.name, "city": agency.city, **fields, **rows}
    return desk.post(f"/admin/membership/agency/{agency.pk}/change/", typed)


def names(agency) -> dict[str, str]:
    return dict(agency.aliases.values_list("name", "how"))


@pytest.mark.core
def test_a_former_name_still_finds_a_renamed_agency(desk, renamed):
    assert (renamed.name, names(renamed)) == (NAME, {FORMER: "former"})
    assert find_agency(" sample VALLEY womens place.") == renamed
    for words in (FORMER, "echantillon"):
        assert NAME in builders.page(desk, f"/admin/membership/agency/?q={words}")
    # Renamed back, it keeps the other name in its place.
    save(desk, renamed, name=FORMER.upper())
    renamed.refresh_from_db()
    assert names(renamed) == {NAME: "former"}
    # Another spelling of its name is no other name.
    save(desk, renamed, name=FORMER)
    assert names(renamed) == {NAME: "former"}


@pytest.mark.core
def test_everything_of_an_agency_is_found_by_a_name_that_staff_add_and_no_longer_once_it_is_deleted(
    desk, agency
):
    program = Program.objects.create(agency=agency, type="STVC")
    asked = builders.sent(builders.worker(), agency=FORMER)
    pages = [
        "/admin/membership/agency/?q=zzyzx",
        "/admin/membership/program/?q=zzyzx",
        "/admin/membership/person/?q=zzyzx",
        "/admin/joinrequests/joinrequest/?q=zzyzx",
    ]

    def found() -> list[int]:
        return [len(desk.get(page).context["cl"].result_list) for page in pages]

    assert found() == [0, 0, 0, 0]
    save(desk, agency, "Zzyzx Centre", "SVWP")
    assert found() == [1, 1, 1, 1]
    assert (program.agency, asked.agency) == (agency, agency)
    history = builders.page(desk, f"/admin/membership/agency/{agency.pk}/history/")
    assert "Added other name “Zzyzx Centre”." in history

    save(desk, agency, delete=["Zzyzx Centre"])
    assert found() == [0, 0, 0, 0]
    assert list(names(agency)) == ["SVWP"]


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (["OTHER-house"], "This name is already in the register as Other House."),
        (["the annex"], "This name is already in the register as Other House."),
        ([FORMER.upper()], "The agency already has this name."),
        (["SVWP", "S.V.W.P."], "The agency already has this name."),
    ],
)
def test_a_name_that_is_taken_is_refused(desk, agency, new, sentence):
    other = Agency.objects.create(name="Other House")
    other.aliases.create(name="The Annex")
    assert errors(save(desk, agency, *new)) == [sentence]
    assert names(agency) == {}


def test_a_new_agency_cannot_have_another_ones_other_name(desk, priya, renamed):
    places = inlines("aliases", "programs", "eva_memberships")
    answer = desk.post("/admin/membership/agency/add/", {"name": FORMER, "city": "", **places})
    assert errors(answer) == [f"This agency is already in the register as {NAME}."]
    with pytest.raises(RefusedError, match=f"{NAME} is already in the register"):
        verbs.add_agency(name=FORMER, city="", by=priya)


@pytest.mark.core
def test_a_request_that_gives_another_name_is_matched_by_itself_and_its_claims_are_found(
    priya, renamed
):
    program = Program.objects.create(
        agency=renamed, type="STVC", community_served="Example Harbour"
    )
    asked = builders.sent(builders.worker(), agency=FORMER)

    assert (asked.agency, asked.agency_name) == (renamed, NAME)
    [position], _ = matching.claimed_rows(asked)
    assert (position.agency, position.program) == (renamed, program)
    matching.check_caseload(join_request_id=asked.pk, answer=True, by=priya, now=builders.NOW)


@pytest.mark.core
def test_what_a_request_claims_is_found_after_its_agency_was_renamed(desk, priya, agency):
    asked = builders.sent(builders.worker(), agency=FORMER.lower())
    save(desk, agency, name=NAME)
    assert len(matching.claimed_rows(asked)[0]) == 1


def test_an_agency_is_suggested_once_for_what_is_near_to_any_of_its_names(agency):
    agency.aliases.create(name="Totally Different Ladder")
    Agency.objects.create(name="Elsewhere")
    for written in ("Sample Valley Womans Places", "Totaly Diffrent Ladder"):
        asked = builders.sent(builders.worker(f"{len(written)}@example.org"), agency=written)
        assert builders.offered(asked, "agency") == [agency]


@pytest.mark.core
def test_the_agency_field_suggests_an_agency_by_another_name_and_says_so(signed_in, agency):
    AgencyAlias.objects.create(agency=agency, name="Zzyzx & Co.")
    shown = builders.text_of(signed_in.post("/join/agencies/", {"agency": "zzyzx"})).strip()
    assert shown == f'<option value="{FORMER}" label="{FORMER} (also Zzyzx & Co.)"></option>'


@pytest.mark.core
def test_a_list_with_another_name_finds_the_agency_and_says_so(agency):
    agency.aliases.create(name="Zzyzx House")
    program = Program.objects.create(agency=agency, type="STVC", community_served="Sampleton")
    funded = "Agency,Type,Community,Funder"
    rows = ("ZZYZX house,STVC,Sampleton,PSSG", "Zzyzx House,SAS,Sampleton,PSSG")

    plan = apply_list(ListKind.PROGRAMS, funded, *rows)

    assert outcomes(plan) == ["change", "add"]
    assert all(f"in the register as {FORMER}" in sentence for sentence in sentences(plan))
    assert [a.name for a in Agency.objects.all()] == [FORMER]
    program.refresh_from_db()
    assert program.funder == "PSSG"
    people = "Name,Email,Agency,Program,Community\nKim,kim@example.org,Zzyzx House,STVC,Sampleton"
    apply_list(ListKind.PEOPLE, *people.split("\n"))
    assert ProgramPosition.objects.get().program == program
    apply_list(ListKind.AGENCIES, "Agency,City,From,To", "Zzyzx House,,2026-01-01,2026-12-31")
    assert agency.eva_memberships.count() == 1


def test_rows_that_name_one_agency_differently_may_not_contradict_each_other(agency):
    agency.aliases.create(name="Zzyzx House")
    rows = (f"{FORMER},STVC,Sampleton,PSSG", "Zzyzx House,STVC,Sampleton,Another funder")
    plan = apply_list(
        ListKind.PROGRAMS, "Agency,Type,Community,Funder", *rows, as_of=MAY, dry_run=True
    )
    assert outcomes(plan) == ["add", "error"]
