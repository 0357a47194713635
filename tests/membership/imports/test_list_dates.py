"""Lists apply by their date, in whatever order they are imported."""

from datetime import date, timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from communities.rules.vocabulary import Evidence, Funder
from membership.imports import undoing
from membership.imports.applying import ListSource, apply_to_fact
from membership.imports.batches import EVIDENCE_FIELDS, RowBatch
from membership.models import (
    Agency,
    CoordinationRole,
    EvaMembership,
    ListImport,
    ListKind,
    Person,
    Program,
    ProgramPosition,
)
from membership.register.standing import standing_of, standings_of
from tests import builders
from tests.membership.imports.lists import APRIL, MAY, NOW, apply_list, outcomes, sentences

pytestmark = [pytest.mark.django_db, pytest.mark.core]

DAY = date(2026, 6, 1)
HEADINGS = "Agency,Type,Funder"
PERIODS = [("2026-01-01", "2026-12-31"), ("2026-01-01", "2027-06-30"), ("", "")]


def lines_of(kind: ListKind, values: dict[int, Any]) -> list[str]:
    """A list with a value for each numbered agency or worker."""
    match kind:
        case ListKind.AGENCIES:
            rows = [f"House {n},{','.join(PERIODS[value])}" for n, value in values.items()]
            return ["Agency,From,To", *rows]
        case ListKind.PROGRAMS:
            rows = [f"House {n},STVC,{list(Funder)[v % 2].value}" for n, v in values.items()]
            return [HEADINGS, *rows]
        case ListKind.PEOPLE:
            answers = ["yes", "no", ""]
            rows = [f"w{n}@example.org,House,STVC,{answers[v]}" for n, v in values.items()]
            return ["Email,Agency,Type,Caseload", *rows]
    rows = [f"House ICAT,ICAT,w{n}@example.org,Chair,,{PERIODS[v][1]}" for n, v in values.items()]
    return ["Committee,Kind,Email,Role,From,To", *rows]


def known_facts() -> list[Any]:
    """The facts of the register without their keys, and each person's standing."""
    facts = [
        sorted(map(str, model._default_manager.values_list(*columns, *EVIDENCE_FIELDS)))
        for model, *columns in (
            (Program, "agency__name", "funder"),
            (EvaMembership, "agency__name", "ends_on"),
            (CoordinationRole, "person__email", "ends_on"),
            (ProgramPosition, "person__email", "carries_caseload"),
        )
    ]
    people = list(Person.objects.all())
    standings = standings_of([person.pk for person in people], DAY)
    assert {p.pk: standing_of(p, DAY) for p in people} == standings
    return [facts, {p.email: standings[p.pk] for p in people}]


def lists(values: int, most: int) -> st.SearchStrategy[list[Any]]:
    """Up to so many lists, each with the first so many of the values for some of the subjects."""
    a_list = st.tuples(
        st.sampled_from(["the list", "another list"]),
        st.dictionaries(st.integers(0, 3), st.integers(0, values - 1), min_size=1),
    )
    return st.lists(a_list, min_size=1, max_size=most)


# Tries every order of up to three lists.
@settings(max_examples=settings().max_examples // 2)
@given(
    kind=st.sampled_from(
        [ListKind.AGENCIES, ListKind.PROGRAMS, ListKind.PEOPLE, ListKind.INITIATIVES]
    ),
    lists=lists(3, most=3),
)
def test_the_order_of_imports_does_not_matter(kind, lists):
    dated = [(name, values, APRIL + timedelta(n)) for n, (name, values) in enumerate(lists)]
    known = []
    for order in permutations(dated):
        with transaction.atomic():
            Person.objects.create(email="w0@example.org", name="Sample")
            for name, values, day in order:
                apply_list(kind, *lines_of(kind, values), name=name, as_of=day)
            known.append(known_facts())
            name, values, day = order[0]
            again = apply_list(kind, *lines_of(kind, values), name=name, as_of=day)
            assert set(outcomes(again)) == {"same"}
            assert known_facts() == known[-1]
            transaction.set_rollback(True)
    assert all(one == known[0] for one in known)


DAYS = [date(2024, 4, 1), date(2026, 3, 15), date(2027, 3, 31)]
# What an edition says of a program, and whether its last day is that of a status.
EDITION = st.tuples(
    st.fixed_dictionaries(
        {},
        optional={
            "funder": st.sampled_from(Funder),
            "funded_from": st.sampled_from(DAYS[:1]),
            "funded_until": st.sampled_from(DAYS[1:]),
        },
    ),
    st.booleans(),
)


@given(editions=st.lists(EDITION, min_size=3, max_size=4), is_confirmed=st.booleans())
def test_each_value_is_that_of_the_newest_edition_that_says_it(editions, is_confirmed):
    """Whatever the order of the imports, also with what staff confirmed, and a status in place of a day."""
    dated = []
    for number, (said, is_over) in enumerate(editions):
        day = DAYS[1] + timedelta(10 * number)
        over = {"funded_until": day - timedelta(1)} if is_over else {}
        dated.append((ListSource("the list", day), {**said, **over}, is_over))
    known = []
    for order in permutations(dated):
        fact = Program(funder="PSSG", funded_until=DAYS[2]) if is_confirmed else Program()
        fact.evidence = Evidence.CONFIRMED if is_confirmed else Evidence.CLAIMED
        for source, said, is_over in order:
            batch = RowBatch[Program](Program)
            assert apply_to_fact(batch, fact, said, source, by_status=is_over).outcome
        known.append([getattr(fact, name) for name in (*Program.FACT_FIELDS, *EVIDENCE_FIELDS)])
    assert known == [known[0]] * len(known)
    last = {name: value for _, said, _ in dated for name, value in said.items()}
    if not is_confirmed:
        if any(is_over for *_, is_over in dated):  # a later status does not make it longer
            del last["funded_until"]
        shown = dict(zip(Program.FACT_FIELDS, known[0], strict=False))
        assert {**shown, **last} == shown


@pytest.mark.parametrize("one_in", [5, pytest.param(1, marks=pytest.mark.slow)])
def test_a_value_of_the_middle_edition_is_not_that_of_the_first(one_in):
    """With the file of each edition, imported in every order (in `make test` in some), and the middle one undone."""
    editions = [
        (APRIL, "Agency,Type,Funder,Until", "House,STVC,PSSG,2027-03-31"),
        (APRIL + timedelta(10), "Agency,Type,Funder,Until", "House,STVC,PSSG,2028-03-31"),
        (APRIL + timedelta(20), "Agency,Type,Funder,Until", "House,STVC,PSSG,"),
        (MAY, "Agency,Type,Funder", "House,STVC,PSSG"),
    ]
    staff = builders.staff()
    for *others, middle in list(permutations(editions))[::one_in]:
        with transaction.atomic():
            for day, *lines in (*others, middle):
                before = [*Program.objects.values("funded_until", *EVIDENCE_FIELDS)]
                apply_list(ListKind.PROGRAMS, *lines, as_of=day)
            program = Program.objects.get()
            assert (program.funded_until, program.list_as_of) == (date(2028, 3, 31), MAY)
            last = ListImport.objects.latest("pk")
            undoing.undo_import(list_import_id=last.pk, by=staff, now=NOW)
            assert [*Program.objects.values("funded_until", *EVIDENCE_FIELDS)] == before
            transaction.set_rollback(True)


def test_an_older_list_does_not_overwrite_a_newer_one():
    apply_list(ListKind.PROGRAMS, HEADINGS, "House,STVC,PSSG", as_of=MAY)
    plan = apply_list(ListKind.PROGRAMS, HEADINGS, "House,STVC,Another funder", name="an old list")
    assert (outcomes(plan), sentences(plan)) == (
        ["same"],
        ["A newer list (the list of May 1, 2026) has this already, so nothing changes."],
    )
    assert Program.objects.get().funder == Funder.PSSG


@pytest.mark.parametrize("order", [(APRIL, MAY), (MAY, APRIL)])
def test_what_a_newer_version_no_longer_names_is_unknown_and_stays_in_the_register(order):
    people = {
        APRIL: ["Email,Agency,Type,Caseload", "dana@example.org,House,STVC,yes"],
        MAY: ["Email,Agency,Type,Caseload", "jo@example.org,House,STVC,yes"],
    }
    for day in order:
        apply_list(ListKind.PEOPLE, *people[day], as_of=day)
    dana, jo = (Person.objects.get(email=f"{name}@example.org") for name in ("dana", "jo"))
    standings = standings_of([dana.pk, jo.pk], DAY)
    assert [[f.superseded_on for f in w.caseload] for w in standings[dana.pk].work] == [[MAY]]
    assert [[f.value for f in w.caseload] for w in standings[jo.pk].work] == [[True]]
    assert dana.positions.get().evidence == Evidence.LISTED


def test_a_fact_is_missing_only_from_its_own_list_and_kind():
    apply_list(ListKind.PROGRAMS, HEADINGS, "House,STVC,PSSG", name="contracts")
    apply_list(ListKind.PROGRAMS, HEADINGS, "Other,STVC,PSSG", name="grants", as_of=MAY)
    apply_list(ListKind.AGENCIES, "Agency", "Other", name="contracts", as_of=MAY)
    apply_list(ListKind.PEOPLE, "Email,Agency,Type,Caseload", "dana@example.org,House,STVC,yes")
    dana = Person.objects.get()
    assert [f.superseded_on for f in standing_of(dana, DAY).work[0].funding] == [None]
    apply_list(ListKind.PROGRAMS, HEADINGS, "Other,STVC,PSSG", name="contracts", as_of=MAY)
    assert [f.superseded_on for f in standing_of(dana, DAY).work[0].funding] == [MAY]


def test_no_list_makes_a_confirmed_fact_unknown():
    agency = Agency.objects.create(name="House")
    EvaMembership.objects.create(
        agency=agency,
        starts_on="2026-01-01",
        ends_on="2026-12-31",
        evidence=Evidence.CONFIRMED,
        confirmed_on=APRIL,
        list_name="the list",
        list_as_of=APRIL,
    )
    apply_list(ListKind.PEOPLE, "Email,Agency,Type,Caseload", "dana@example.org,House,STVC,yes")
    apply_list(ListKind.AGENCIES, "Agency", "Other", as_of=MAY)
    assert len(standing_of(Person.objects.get(), DAY).work[0].memberships) == 1


def test_the_name_decides_between_two_lists_with_the_same_date():
    fact = Program(list_name="b", list_as_of=APRIL)
    assert ListSource("a", APRIL).is_older_than(fact)
    assert not ListSource("b", APRIL).is_older_than(fact)
    assert not ListSource("c", APRIL).is_older_than(fact)
