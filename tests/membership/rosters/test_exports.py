"""Exports of a roster: only the chosen columns of the team's own rosters, and every export is logged."""

import csv
import io
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from communities.rules.vocabulary import Evidence, InitiativeKind, Region, RoleKind
from membership.models import (
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Export,
    ProgramPosition,
)
from membership.rosters.exports import Column, roster_rows
from tests import builders
from tests.membership.rosters.enrolments import TODAY, agency, enrolled, on_list, program

pytestmark = pytest.mark.django_db


def read(content):
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.core
def test_the_log_of_exports_is_append_only():
    logged = Export.objects.create(
        what="Coverage", columns="Region", rows=1, by=builders.staff(), at=builders.NOW
    )
    logged.what = "Nothing"
    with pytest.raises(IntegrityError), transaction.atomic():
        logged.save()


# -- A roster -------------------------------------------------------------------------------------

PAGE = "/admin/roster-sheet/"


def rows(slug="stvc", columns=tuple(Column)):
    return list(roster_rows(builders.community(slug), columns, on=TODAY))


def post(client, slug, columns, sheet_format="csv"):
    community = builders.community(slug).pk
    return client.post(PAGE, {"community": community, "columns": columns, "format": sheet_format})


def test_each_member_is_one_row_with_their_work_agency_and_region():
    house = program(agency("Sample House"), region=Region.KOOTENAY, community_served="Sampleton")
    since = enrolled("Dana Sample", house).started_on
    assert rows() == [
        [
            "Dana Sample",
            "dana@example.org",
            "",
            "Sample House",
            "Stopping the Violence Counselling (STVC)",
            "",
            "Sampleton",
            "Kootenay",
            since,
            "",
            "",
        ]
    ]


def test_a_role_in_an_initiative_has_its_own_column():
    initiative = CoordinationInitiative.objects.create(
        name="Sampleton ICAT", kind=InitiativeKind.ICAT, region=Region.CARIBOO
    )
    CoordinationRole.objects.create(
        person=enrolled("Kai Example", slug="icat").person,
        initiative=initiative,
        initiative_kind=initiative.kind,
        role=RoleKind.CO_CHAIR,
        **on_list(),
    )
    assert rows("icat", [Column.NAME, Column.INITIATIVE, Column.REGION]) == [
        ["Kai Example", "Co-chair, Sampleton ICAT", "Cariboo"]
    ]


@pytest.mark.parametrize(
    "change",
    [{"ends_on": TODAY - timedelta(days=1)}, {"evidence": Evidence.CONTRADICTED}],
)
def test_ended_or_contradicted_work_is_left_out(change):
    enrolled("Dana Sample", program(agency("Sample House")))
    ProgramPosition.objects.update(**change)
    assert rows(columns=[Column.NAME, Column.AGENCY]) == [["Dana Sample", ""]]


@pytest.mark.parametrize("people", [1, 30])
def test_the_number_of_queries_does_not_grow_with_the_roster(people, django_assert_num_queries):
    for number in range(people):
        enrolled(f"Dana{number} Sample", program(agency(f"House {number}")))
    community = builders.community()
    with django_assert_num_queries(3):
        assert len(list(roster_rows(community, list(Column), on=TODAY))) == people


def test_an_export_has_the_current_members_and_the_chosen_columns_and_is_logged(client):
    enrolled("=Dana Sample")
    Enrolment.objects.filter(pk=enrolled("Kai Example").pk).update(ended_on=TODAY)
    by = builders.staff()
    builders.sign_in(client, by, fresh_code=True)

    answer = post(client, "stvc", ["email", "name"])

    assert read(answer.content) == [["Name", "Email"], ["'=Dana Sample", "'=dana@example.org"]]
    assert "no-store" in answer["Cache-Control"]
    logged = Export.objects.get()
    assert (logged.what, logged.columns, logged.rows, logged.by, logged.team.family) == (
        "Roster of STVC",
        "Name, Email",
        1,
        by,
        "program-support",
    )


def test_the_other_teams_roster_cannot_be_chosen(client):
    enrolled("Kai Example", slug="icat")
    builders.sign_in(client, builders.staff(), fresh_code=True)

    answer = post(client, "icat", ["name"])

    assert "Choose one of your team’s communities." in answer.content.decode()
    assert "Kai Example" not in answer.content.decode()
    assert Export.objects.count() == 0


def test_a_lead_exports_the_rosters_of_both_teams(client):
    enrolled("Dana Sample")
    enrolled("Kai Example", slug="icat")
    builders.sign_in(client, builders.lead(), fresh_code=True)
    saved = [read(post(client, slug, ["name"]).content)[1:] for slug in ("stvc", "icat")]
    assert saved == [[["Dana Sample"]], [["Kai Example"]]]


def test_without_a_column_the_page_says_so_and_keeps_the_community(client):
    builders.sign_in(client, builders.staff(), fresh_code=True)
    page = post(client, "stvc", []).content.decode()
    assert "Choose at least one column." in page
    assert f'<option value="{builders.community().pk}" selected>' in page


def test_a_post_from_another_site_exports_nothing():
    client = Client(enforce_csrf_checks=True)
    builders.sign_in(client, builders.staff(), fresh_code=True)
    assert post(client, "stvc", ["name"]).status_code == 403
    assert Export.objects.count() == 0
