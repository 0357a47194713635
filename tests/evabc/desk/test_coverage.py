"""Coverage: funded programs and initiatives without a member in their community, by region."""

import csv
import io
from datetime import timedelta

import pytest
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, Region, RoleKind
from evabc.desk.coverage import NOT_KNOWN, coverage_of
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Export,
    ListImport,
    ProgramPosition,
)
from tests import builders
from tests.membership.rosters.enrolments import NOW, TODAY, agency, enrolled, on_list, program

pytestmark = pytest.mark.django_db

KOOTENAY, CARIBOO = Region.KOOTENAY.label, Region.CARIBOO.label


def coverage(slug="stvc"):
    community = CommunityOfPractice.objects.filter(slug=slug)
    found = coverage_of(community, on=TODAY)
    return {
        region: (cell.total, [str(row) for row in cell.uncovered])
        for region, cells in found.rows.items()
        for cell in cells.values()
        if cell.total
    }


def test_a_funded_program_is_uncovered_if_no_one_who_works_there_is_on_the_roster():
    with_somebody = program(agency("Sample House"), region=Region.KOOTENAY)
    enrolled("Dana Sample", with_somebody)
    without = program(agency("Example House"), region=Region.KOOTENAY)
    program(agency("Placeholder House"))

    assert coverage() == {
        KOOTENAY: (2, [str(without)]),
        NOT_KNOWN: (1, ["Placeholder House: Stopping the Violence Counselling (STVC)"]),
    }


@pytest.mark.parametrize(
    "change",
    [
        {"funder": Funder.OTHER},
        {"funded_until": TODAY - timedelta(days=1)},
        {"funded_from": TODAY + timedelta(days=1)},
        {"type": "CBVS"},
        {"evidence": Evidence.CLAIMED},
        {"evidence": Evidence.CONTRADICTED},
    ],
)
def test_what_is_not_funded_today_for_this_community_is_not_counted(change):
    program(agency("Sample House"), **change)
    assert coverage() == {}


def test_a_program_that_the_newest_import_leaves_out_is_not_counted():
    program(agency("Sample House"), **on_list(as_of=TODAY - timedelta(days=30)))
    assert len(coverage()) == 1
    ListImport.objects.create(
        kind="programs",
        list_name="the sample list",
        as_of=TODAY,
        file_name="list.csv",
        uploaded_at=NOW,
        moved_at=NOW,
        state="applied",
    )
    assert coverage() == {}


@pytest.mark.parametrize(
    "gone",
    [
        lambda e: Enrolment.objects.update(ended_on=TODAY),
        lambda e: ProgramPosition.objects.update(ends_on=TODAY - timedelta(days=1)),
        lambda e: ProgramPosition.objects.update(carries_caseload=False),
        lambda e: Enrolment.objects.update(community=builders.community("cbvs")),
    ],
)
def test_someone_who_left_the_roster_or_the_program_no_longer_covers_it(gone):
    house = program(agency("Sample House"), region=Region.CARIBOO)
    enrolment = enrolled("Dana Sample", house)
    assert coverage() == {CARIBOO: (1, [])}
    gone(enrolment)
    assert coverage() == {CARIBOO: (1, [str(house)])}


def test_initiatives_count_for_the_community_of_their_kind():
    def initiative(name, kind):
        return CoordinationInitiative.objects.create(name=name, kind=kind, region=Region.CARIBOO)

    covered = initiative("Sampleton ICAT", InitiativeKind.ICAT)
    initiative("Invented Lake ICAT", InitiativeKind.ICAT)
    initiative("Sampleton VAWIR Committee", InitiativeKind.VAWIR)
    kai = enrolled("Kai Example", slug="icat")
    CoordinationRole.objects.create(
        person=kai.person,
        initiative=covered,
        initiative_kind=covered.kind,
        role=RoleKind.CO_CHAIR,
        **on_list(),
    )

    assert coverage("icat") == {CARIBOO: (2, ["Invented Lake ICAT"])}
    assert coverage("community-coordination") == {CARIBOO: (1, ["Sampleton VAWIR Committee"])}


@pytest.mark.parametrize("programs", [1, 30])
def test_the_number_of_queries_does_not_grow_with_the_register(programs, django_assert_num_queries):
    for number in range(programs):
        enrolled(f"Dana{number} Sample", program(agency(f"House {number}"), region=Region.CARIBOO))
    communities = CommunityOfPractice.objects.select_related("team").prefetch_related("criteria")
    # The communities, their rules, the newest lists, and one query for each of the six.
    with django_assert_num_queries(9):
        found = coverage_of(communities.order_by("position"), on=TODAY)
        assert found.totals[0] == (0, programs)
        [
            str(row)
            for cells in found.rows.values()
            for cell in cells.values()
            for row in cell.uncovered
        ]


def test_each_team_sees_its_own_communities_and_exports_them(client):
    program(agency("=Sample House"), region=Region.KOOTENAY)
    CoordinationInitiative.objects.create(name="Sampleton ICAT", kind=InitiativeKind.ICAT)
    builders.sign_in(client, builders.staff(), fresh_code=True)

    page = client.get("/admin/coverage/").content.decode()
    sheet = client.post("/admin/coverage/sheet/", {"format": "csv"})

    assert ("=Sample House" in page, "Sampleton ICAT" in page) == (True, False)
    rows = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert rows[1:] == [
        [
            "Kootenay",
            "STVC",
            "'=Sample House: Stopping the Violence Counselling (STVC)",
            "",
            f"the sample list of {date_format(TODAY)}",
        ]
    ]
    logged = Export.objects.get()
    assert (logged.what, logged.rows, logged.team.family) == ("Coverage", 1, "program-support")
    assert logged.by.email == "priya@example.org"
