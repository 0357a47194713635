"""The last import of a list can be undone, and its date corrected."""

from datetime import date, timedelta

import pytest
from django.core import serializers

from communities.rules.vocabulary import Evidence
from membership.append_only import history_released
from membership.errors import RefusedError
from membership.imports import undoing, working
from membership.imports.editions import compared
from membership.models import (
    Access,
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    EvaMembership,
    ListImport,
    ListKind,
    NameCheck,
    Person,
    Program,
    ProgramPosition,
    User,
    WorklistRow,
    WorklistStep,
)
from membership.tasks import sweep_imports
from requests.my import privacy
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, apply_list

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(days=1)
MODELS = (
    Agency,
    Program,
    EvaMembership,
    Person,
    ProgramPosition,
    CoordinationInitiative,
    CoordinationRole,
    Enrolment,
    Access,
    NameCheck,
    WorklistRow,
)
PROGRAMS = "Agency,Program type,Community served,Funder,Funded from,Funded until"
HOUSE = "Sample House,STVC,Sampleton,PSSG,2026-04-01,2027-03-31"
PEOPLE = "Name,Email,Agency,Program type,Carries a caseload,Since"
DANA = "Dana Sample,dana@example.org,Sample House,STVC,yes,2024-04-01"


def register() -> dict[str, list[object]]:
    """Every row of the register, as data."""
    return {
        model.__name__: [
            row["fields"] for row in serializers.serialize("python", model.objects.order_by("pk"))
        ]
        for model in MODELS
    }


def last() -> ListImport:
    return ListImport.objects.latest("pk")


@pytest.fixture(autouse=True)
def staff() -> User:
    return builders.staff()


def undo_last() -> None:
    undoing.undo_import(list_import_id=last().pk, by=User.objects.get(), now=LATER)


LISTS = {
    ListKind.AGENCIES: (
        "Agency,City,Member since,Member until,Contact name,Contact email",
        ["Sample House,,2026-01-01,2026-12-31,,"],
        [
            "Sample House,Sampleton,2026-02-01,2027-01-31,Robin,robin@example.org",
            "New House,Sampleton,2026-01-01,2026-12-31,,",
        ],
    ),
    ListKind.PROGRAMS: (
        PROGRAMS,
        [HOUSE],
        [HOUSE.replace("2027-03-31", "2026-09-30"), HOUSE.replace("House", "Place")],
    ),
    ListKind.INITIATIVES: (
        "Initiative,Kind,Community served,Region,Name,Email,Role,Since",
        ["Sampleton VAWIR,VAWIR,Sampleton,,Dana Sample,dana@example.org,Chair,"],
        [
            "Sampleton VAWIR,VAWIR,Sampleton,Kootenay,Dana Sample,dana@example.org,Chair,2024-04-01",
            "Other ICAT,ICAT,Sampleton,,Kai Example,kai@example.org,Coordinator,",
        ],
    ),
    ListKind.PEOPLE: (
        PEOPLE,
        [DANA],
        [DANA.replace("yes", "no"), DANA.replace("Dana", "Kai").replace("dana", "kai")],
    ),
}


@pytest.mark.core
@pytest.mark.parametrize("kind", LISTS)
def test_the_register_is_as_it_was_before_the_import(kind):
    head, first, second = LISTS[kind]
    apply_list(kind, head, *first)
    before = register()
    apply_list(kind, head, *second, as_of=MAY)
    assert register() != before
    preview = undoing.preview(last())
    assert preview.removed
    assert preview.changed_back
    undo_last()
    assert register() == before
    taken = last()
    assert (taken.state, taken.changes, taken.undone_at) == (ListImport.State.UNDONE, None, LATER)
    assert ListImport.newest() == {(kind, "the list"): APRIL}
    with pytest.raises(RefusedError, match="Its status is “Undone”"):
        undo_last()


def test_more_rows_than_are_saved_one_by_one():
    rows = [HOUSE.replace("House", f"House {number}") for number in range(30)]
    apply_list(ListKind.PROGRAMS, PROGRAMS, *rows)
    before = register()
    apply_list(ListKind.PROGRAMS, PROGRAMS, *[r.replace("2027", "2028") for r in rows], as_of=MAY)
    undo_last()
    assert register() == before


def test_a_roster_goes_with_its_tasks_and_its_roster_checks():
    community = builders.community()
    before = register()
    apply_list(
        ListKind.ROSTER,
        "Name,Email,Since",
        "Dana Sample,dana@example.org,2024-04-01",
        community=community,
    )
    assert Access.objects.filter(state=Access.State.TO_DO).exists()
    assert WorklistRow.objects.exists()
    undo_last()
    assert register() == before


def test_a_roster_check_that_stays_no_longer_names_the_undone_import():
    roster = ("Name,Email,Since", "Dana Sample,dana@example.org,2024-04-01")
    apply_list(ListKind.ROSTER, *roster, community=builders.community())
    apply_list(ListKind.PEOPLE, PEOPLE, DANA.replace("yes", "no"))
    check = WorklistRow.objects.get(state=WorklistRow.State.OPEN)
    assert check.list_import == last()
    undo_last()
    check.refresh_from_db()
    assert (check.state, check.list_import) == (WorklistRow.State.OPEN, None)


def test_not_if_something_was_built_on_it():
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE)
    program = Program.objects.get()
    Program.objects.update(region="KOOTENAY")
    with pytest.raises(RefusedError, match="has been changed since, so this import can no longer"):
        undo_last()
    Program.objects.update(region="")
    person = Person.objects.create(name="Kai", email="kai@example.org")
    ProgramPosition.objects.create(person=person, program=program, program_type="STVC")
    with pytest.raises(RefusedError, match="has been added since"):
        undo_last()
    assert Program.objects.get().evidence == Evidence.LISTED


def test_not_if_staff_dealt_with_its_roster_checks(staff):
    apply_list(
        ListKind.ROSTER,
        "Name,Email,Since",
        "Dana Sample,dana@example.org,2024-04-01",
        community=builders.community(),
    )
    WorklistStep.objects.create(
        row=WorklistRow.objects.first(), verb=WorklistStep.Verb.WROTE, by=staff, at=LATER
    )
    with pytest.raises(RefusedError, match="A roster check of Dana Sample has been dealt with"):
        undo_last()


def test_only_the_last_import_and_for_ninety_days():
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE)
    first = last()
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE, as_of=MAY)
    first.refresh_from_db()
    assert "Only the last import" in undoing.why_not_undone_import(first)
    assert (first.changes, bool(first.named)) == (None, True)
    undoing.forget_old(now=NOW + undoing.KEPT_FOR)
    assert last().changes
    undoing.forget_old(now=NOW + undoing.KEPT_FOR + timedelta(seconds=1))
    assert "no longer kept" in undoing.why_not_undone_import(last())


def test_name_checks_that_no_one_answered_go_too():
    Person.objects.create(name="Dana Sample", email="dana@example.org")
    apply_list(ListKind.PEOPLE, PEOPLE, DANA.replace("Dana Sample", "Robin Other"))
    assert NameCheck.objects.count() == 1
    undo_last()
    assert not NameCheck.objects.exists()


@pytest.mark.core
def test_an_erased_person_is_not_kept_and_the_rest_can_be_undone(staff):
    apply_list(ListKind.PEOPLE, PEOPLE, DANA, DANA.replace("Dana", "Kai").replace("dana", "kai"))
    ListImport.objects.update(preview={"rows": [["Dana Sample", "removed"]]})
    dana = Person.objects.get(email="dana@example.org")
    privacy.erase(person_id=dana.pk, by=staff, now=LATER)
    assert [row.number for row in last().rows.all()] == [3]
    kept = f"{last().changes} {last().named} {last().preview}"
    assert "Kai" in kept
    assert "Dana" not in kept
    assert "dana@" not in kept
    listed = Person.objects.exclude(pk=dana.pk).filter(user=None)  # what the list says stays
    assert {row[0] for row in last().named} == set(listed.values_list("pk", flat=True))
    undo_last()
    assert not last().rows.exists()
    assert not ProgramPosition.objects.exists()
    assert not listed.exists()


@pytest.mark.core
def test_a_wrong_date_is_corrected_and_the_import_can_still_be_undone():
    before = register()
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE, as_of=MAY)
    day = date(2026, 5, 15)
    assert undoing.facts_dated(last()) == 1
    undoing.correct_date(list_import_id=last().pk, as_of=day, now=LATER)
    assert (last().as_of, Program.objects.get().list_as_of) == (day, day)
    undo_last()
    assert register() == before


@pytest.mark.parametrize(
    ("as_of", "sentence"),
    [
        (date(2026, 3, 1), "There is an edition of April 1, 2026"),
        (APRIL, "There is an edition of April 1, 2026"),
        (date(2026, 4, 10), "other list of April 15, 2026 is newer than that"),
        (date(2030, 1, 1), "The list date cannot be in the future"),
        (MAY, "already has the date"),
    ],
)
def test_no_date_that_would_change_which_list_counts(as_of, sentence):
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE)
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE, as_of=date(2026, 4, 15), name="other list")
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE, as_of=MAY)
    with pytest.raises(RefusedError, match=sentence):
        undoing.correct_date(list_import_id=last().pk, as_of=as_of, now=LATER)
    assert last().as_of == MAY


def test_how_two_editions_differ():
    kai = DANA.replace("Dana", "Kai").replace("dana", "kai")
    robin = DANA.replace("Dana", "Robin").replace("dana", "robin")
    apply_list(ListKind.PEOPLE, PEOPLE, DANA, kai)
    first = last()
    apply_list(ListKind.PEOPLE, PEOPLE, DANA.replace("yes", "no"), robin, as_of=MAY)
    found = compared(first, last(), {"carries_caseload": "Carries a caseload"})
    where = "Sample House, Stopping the Violence Counselling"
    assert [w.partition(":")[0] for w in found.added] == ["Robin Sample"]
    assert [w.partition(":")[0] for w in found.left_out] == ["Kai Sample"]
    (changed,) = found.changed
    assert changed.what.startswith("Dana Sample: Sample House, ")
    assert changed.values == [("Carries a caseload", "yes", "no")]
    assert found.same == 0, where


@pytest.mark.core
@pytest.mark.parametrize("is_cleared", [False, True])
def test_what_an_undone_import_taught_its_list_is_forgotten(is_cleared):
    """A wrong answer would otherwise be used again for the next file, without a question."""
    funded = {"constants": {"funder": "PSSG"}}
    apply_list(ListKind.PROGRAMS, "Agency,Program type", "Sample House,STVC", answers=funded)
    lines = ("Contractor,Type", "Sample House,STVC")
    wrong = {"constants": {"funder": "OTHER"}}
    apply_list(ListKind.PROGRAMS, *lines, as_of=MAY, answers=wrong)
    series = last().series
    assert series.mapping["constants"] == {"funder": "OTHER"}
    if is_cleared:
        series.mapping = {}
        series.save()

    undo_last()

    series.refresh_from_db()
    assert series.mapping == ({} if is_cleared else funded)


@pytest.mark.core
@pytest.mark.parametrize("pending", ["rosters", "undo", "date"])
def test_what_is_pending_when_the_worker_dies_is_done_later(pending, staff):
    community = builders.community()
    roster = ("Name,Email,Since", "Dana Sample,dana@example.org,2024-04-01")
    apply_list(ListKind.ROSTER, *roster, community=community)
    match pending:
        case "rosters":  # the worker died after it wrote the list
            with history_released():
                WorklistStep.objects.all().delete()
                WorklistRow.objects.all().delete()
            ListImport.objects.update(pending=pending, pending_since=NOW)
        case "undo":
            undoing.ask_to_undo(list_import_id=last().pk, by=staff, now=NOW)
        case "date":
            undoing.ask_to_correct_date(list_import_id=last().pk, as_of=MAY, now=NOW)
    assert working.stalled_imports(now=NOW + working.STALLED_AFTER) == []
    sweep_imports()  # long after NOW
    sweep_imports()
    taken = last()
    assert (taken.is_working, taken.answers, taken.problem) == (False, {}, "")
    match pending:
        case "rosters":
            assert (WorklistRow.objects.get().list_import, WorklistStep.objects.count()) == (
                taken,
                1,
            )
        case "undo":
            assert (taken.undone_by, Enrolment.objects.count()) == (staff, 0)
        case "date":
            assert (taken.as_of, Enrolment.objects.count()) == (MAY, 1)


@pytest.mark.core
def test_a_corrected_date_is_also_that_of_a_single_value():
    """Which a newer list of another name does not say."""
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE)
    no_end = PROGRAMS.replace(",Funded until", ""), HOUSE.rpartition(",")[0]
    apply_list(ListKind.PROGRAMS, *no_end, as_of=MAY, name="other list")
    assert Program.objects.get().list_sources == {"funded_until": ["2026-04-01", "the list"]}
    first, day = ListImport.objects.earliest("pk"), date(2026, 4, 15)
    undoing.correct_date(list_import_id=first.pk, as_of=day, now=LATER)
    program = Program.objects.get()
    assert (program.list_sources, program.list_as_of) == (
        {"funded_until": ["2026-04-15", "the list"]},
        MAY,
    )


@pytest.mark.parametrize("as_of", [MAY, date(2026, 5, 15)])
def test_no_date_after_that_of_another_list_that_changed_the_same(as_of):
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE)
    other = HOUSE.replace("2027", "2028"), "Other House,SAS,Town,PSSG,"
    apply_list(ListKind.PROGRAMS, PROGRAMS, *other, as_of=MAY, name="other list")
    first = ListImport.objects.earliest("pk")
    with pytest.raises(RefusedError, match="other list of May 1, 2026 has some of the same rows"):
        undoing.correct_date(list_import_id=first.pk, as_of=as_of, now=LATER)
    undoing.correct_date(list_import_id=first.pk, as_of=date(2026, 4, 20), now=LATER)


@pytest.mark.core
@pytest.mark.parametrize("has_end", [True, False])
@pytest.mark.parametrize("name", ["the list", "other list"])
def test_a_later_import_can_be_undone_after_the_date_of_an_earlier_one_is_corrected(name, has_end):
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE)
    headings, row = PROGRAMS, HOUSE.replace("2027", "2028")
    if not has_end:
        headings, row = headings.rpartition(",")[0], row.rpartition(",")[0]
    apply_list(ListKind.PROGRAMS, headings, row, as_of=MAY, name=name)
    first, day = ListImport.objects.earliest("pk"), date(2026, 4, 15)
    undoing.correct_date(list_import_id=first.pk, as_of=day, now=LATER)
    undo_last()
    program = Program.objects.get()
    assert (program.funded_until, program.list_as_of) == (date(2027, 3, 31), day)


def test_what_an_older_list_says_otherwise_is_said_of_that_list():
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE, name="contracts")
    Program.objects.update(
        evidence=Evidence.CONFIRMED, confirmed_on=APRIL, funded_until=date(2026, 9, 30)
    )
    apply_list(ListKind.PROGRAMS, PROGRAMS, HOUSE, name="contracts")
    no_end = PROGRAMS.replace(",Funded until", ""), HOUSE.rpartition(",")[0]
    apply_list(ListKind.PROGRAMS, *no_end, as_of=MAY, name="grants")
    assert Program.objects.get().otherwise == (
        "Contracts of April 1, 2026 says otherwise (funded until: September 30, 2026 → March 31, 2027)."
    )
