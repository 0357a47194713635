"""The sample province is imported from the sample lists in the repository."""

import re
from collections import Counter
from datetime import UTC, date, datetime

import pytest

from communities.rules.vocabulary import Region
from evabc.sample.province import CONTRADICTING, LISTS, load_sample_province, write_sample_list
from membership.imports.uploads import import_at_once, new_import
from membership.models import (
    Agency,
    CoordinationInitiative,
    Enrolment,
    EvaMembership,
    ListImport,
    ListKind,
    Person,
    Program,
    ProgramPosition,
    WorklistRow,
)
from tests.builders import community
from tests.servers.parts import ROOT

pytestmark = pytest.mark.django_db

NOW = datetime(2027, 3, 1, 20, 0, tzinfo=UTC)
TODAY = date(2027, 3, 1)
EVERY_LIST = [*LISTS, CONTRADICTING]
FILES = ROOT / "evabc" / "sample" / "lists"


@pytest.fixture(scope="module")
def province(rows_of_the_module) -> None:
    assert load_sample_province(now=NOW, today=TODAY)


def test_every_file_of_the_folder_is_loaded_and_every_kind_of_list_has_one():
    assert sorted(one.file_name for one in EVERY_LIST) == sorted(f.name for f in FILES.iterdir())
    assert {one.kind for one in EVERY_LIST} == set(ListKind)


def test_each_list_passes_a_dry_run_with_an_empty_register():
    for one in EVERY_LIST:
        list_import = new_import(
            kind=one.kind,
            list_name=one.name,
            as_of=TODAY,
            content=one.content(today=TODAY),
            file_name=one.file_name,
            now=NOW,
            community=community(one.community) if one.community else None,
        )
        plan = import_at_once(list_import, dry_run=True)

        assert [row.sentence for row in plan.errors] == [], one.file_name


def test_the_province_has_all_regions_and_all_rosters(province):
    assert Agency.objects.count() == 41
    assert set(Program.objects.exclude(region="").values_list("region", flat=True)) == set(Region)
    regions = CoordinationInitiative.objects.values_list("region", flat=True)
    assert set(regions) == set(Region)
    rosters = Counter(Enrolment.objects.values_list("community__slug", flat=True))
    assert min(rosters.values()) >= 8
    assert len(rosters) == 6


def test_every_page_has_something_to_show(province):
    kinds = WorklistRow.Kind
    of_the_lists = {kinds.RULES, kinds.ENDS_IN_60, kinds.ENDS_IN_30}
    assert set(WorklistRow.objects.values_list("kind", flat=True)) == of_the_lists
    assert Program.objects.exclude(list_says="").count() == 2
    assert EvaMembership.objects.filter(ends_on__lt=TODAY).exists()
    staffed = ProgramPosition.objects.values("program")
    assert Program.objects.exclude(pk__in=staffed).exists()


def test_a_second_load_changes_nothing(province):
    before = ListImport.objects.count(), Person.objects.count()

    assert load_sample_province(now=NOW, today=TODAY) is False
    assert (ListImport.objects.count(), Person.objects.count()) == before


@pytest.mark.core
def test_the_same_lists_again_change_nothing(province):
    for one in EVERY_LIST:
        write_sample_list(one, now=NOW, today=TODAY)

        again = ListImport.objects.latest("pk")
        assert (again.added, again.changed, again.errors) == (0, 0, 0), one.file_name


def test_all_email_addresses_are_at_example_org(province):
    text = "".join(file.read_text() for file in FILES.iterdir())
    domains = set(re.findall(r"@([\w.-]+)", text))

    assert domains == {"example.org"}
    assert "http" not in text
    assert not Person.objects.exclude(email__endswith="@example.org").exists()
