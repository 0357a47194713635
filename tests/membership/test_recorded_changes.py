"""Changes that are recorded are undone row by row, unless something was built on them."""

import json
from datetime import UTC, date, datetime

import pytest
from django.core import serializers

from membership.errors import RefusedError
from membership.models import Agency, EvaMembership, Person, Program, ProgramPosition
from membership.recorded_changes import recorded_changes, undo, why_not_undone
from requests.models import JoinRequest
from tests import builders

pytestmark = [pytest.mark.django_db, pytest.mark.core]


def everything():
    models = (Agency, Program, ProgramPosition, EvaMembership, JoinRequest, Person)
    rows = [row for model in models for row in model.objects.order_by("pk")]
    return serializers.serialize("json", rows)


@pytest.fixture
def merged():
    """Two agencies made one by hand, in every way in which rows change. The changes are as they are stored."""
    kept = Agency.objects.create(name="Sample House")
    other = Agency.objects.create(name="Sample House Society", city="Sampleton")
    here = Program.objects.create(agency=kept, type="STVC", funded_from="2026-04-01")
    there = Program.objects.create(agency=other, type="STVC")
    place = Program.objects.create(agency=other, type="SAS")
    person = builders.worker().person
    position = ProgramPosition.objects.create(person=person, program=there, carries_caseload=None)
    EvaMembership.objects.create(agency=other, starts_on="2026-01-01", ends_on="2026-12-31")
    moment = datetime(2026, 5, 4, 17, 0, 0, 123456, tzinfo=UTC)
    asked = builders.sent(person.user, agency="Sample House Society")
    JoinRequest.objects.update(submitted_at=moment)
    assert asked.agency == other
    before = everything()
    with recorded_changes(kept, other) as changes:
        place.agency = kept
        place.save()
        ProgramPosition.objects.filter(program=there).update(program=here)
        ProgramPosition.objects.filter(agency=other).update(agency=kept)
        there.delete()
        new = Program.objects.create(agency=kept, type="CBVS")
        JoinRequest.objects.update(agency=kept, submitted_at=builders.NOW)
        kept.eva_memberships.set(other.eva_memberships.all())
        other.delete()
        kept.name = "Sample House Society"  # which the other one had
        kept.save()
    return {
        "changes": json.loads(json.dumps(changes)),
        "before": before,
        "kept": kept,
        "new": new,
        "position": position,
    }


def test_an_undo_gives_back_every_row(merged):
    assert everything() != merged["before"]
    assert why_not_undone(merged["changes"]) == ""

    undo(merged["changes"])

    assert everything() == merged["before"]


def remove_position(merged):
    merged["position"].delete()


def rename(merged):
    merged["kept"].name = "House of Samples"
    merged["kept"].save()


def give_a_program(merged):
    Program.objects.create(agency=merged["kept"], type="MORS")


def use_the_new_program(merged):
    ProgramPosition.objects.create(person=Person.objects.get(), program=merged["new"])


def take_the_number(merged):
    pk = next(r["pk"] for r in merged["changes"]["rows"] if r["after"] is None)
    label = next(r["model"] for r in merged["changes"]["rows"] if r["after"] is None)
    assert label == "membership.agency"
    Agency.objects.create(pk=pk, name="Another House")


@pytest.mark.parametrize(
    ("build", "why"),
    [
        (remove_position, "Program position has been removed since"),
        (rename, "Agency House of Samples has been changed since"),
        (
            give_a_program,
            "Program Sample House Society: Multicultural Outreach (MORS) has been added since",
        ),
        (
            use_the_new_program,
            "Program position Dana Sample: Sample House Society: Community-Based",
        ),
        (take_the_number, "Agency Another House has been added again since"),
    ],
)
def test_an_undo_is_refused_when_something_was_built_on_it(merged, build, why):
    build(merged)
    before = everything()

    with pytest.raises(RefusedError, match="can no longer be undone") as refusal:
        undo(merged["changes"])

    assert str(refusal.value).startswith(why)
    assert everything() == before


def test_rows_of_some_models_may_be_added_since(merged):
    give_a_program(merged)

    assert why_not_undone(merged["changes"], ignoring=[Program]) == ""


def test_an_undo_is_refused_when_a_unique_value_was_taken_since(merged):
    Agency.objects.create(name="Sample House")

    with pytest.raises(RefusedError, match="in the way"):
        undo(merged["changes"])


def test_changes_elsewhere_do_not_count(merged):
    elsewhere = Agency.objects.create(name="Elsewhere")
    Program.objects.create(agency=elsewhere, type="STVC", funded_from=date(2026, 4, 1))
    Person.objects.create(name="Kai Sample")

    assert why_not_undone(merged["changes"]) == ""
