"""From rows in the register to the standing that the rules assess."""

from datetime import date
from typing import Any

import pytest

from communities.rules.facts import Fact, ProgramWork, RoleHeld, Standing
from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
)
from membership.register.standing import standing_of, standings_of

pytestmark = pytest.mark.django_db

DAY = date(2026, 5, 4)
AS_OF = date(2026, 4, 1)
CHECKED = date(2026, 4, 20)
ON_LIST: dict[str, Any] = {
    "evidence": Evidence.LISTED,
    "list_name": "the list",
    "list_as_of": AS_OF,
}
CONFIRMED: dict[str, Any] = {"evidence": Evidence.CONFIRMED, "confirmed_on": CHECKED}
YEAR = {"starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31)}
STVC_WORDS = "the Stopping the Violence Counselling (STVC) program at Sample Society"


def claimed(value: bool | Funder = True) -> Fact:
    return Fact(value, Evidence.CLAIMED)


def listed(value: bool | Funder = True, **period: Any) -> Fact:
    return Fact(value, Evidence.LISTED, source="the list of April 1, 2026", as_of=AS_OF, **period)


def confirmed(value: bool | Funder = True) -> Fact:
    return Fact(value, Evidence.CONFIRMED, as_of=CHECKED)


@pytest.fixture
def dana() -> Person:
    return Person.objects.create(name="Dana Sample", email="dana@example.org")


@pytest.fixture
def agency() -> Agency:
    return Agency.objects.create(name="Sample Society")


@pytest.fixture
def stvc(agency) -> Program:
    return Program.objects.create(
        agency=agency,
        type=ProgramType.STVC,
        community_served="Sampleton",
        funder=Funder.PSSG,
        funded_from=date(2025, 4, 1),
        funded_until=date(2027, 3, 31),
        **ON_LIST,
    )


def position(person: Person, program: Program | None = None, **more: Any) -> ProgramPosition:
    """An unsaved position."""
    kind = program.type if program else ProgramType.STVC
    return ProgramPosition(person=person, program=program, **{"program_type": kind, **more})


def saved(*rows: Any) -> None:
    for row in rows:
        row.save()


FUNDING = listed(Funder.PSSG, starts_on=date(2025, 4, 1), ends_on=date(2027, 3, 31))


def test_nothing_is_known_about_a_person_without_rows(dana):
    assert standing_of(dana, DAY) == Standing(on=DAY)


def test_an_unsaved_person_is_known_only_by_their_answers(dana, stvc):
    saved(position(dana, stvc, carries_caseload=True))
    nobody = Person(name="Dana Sample")
    assert standing_of(nobody, DAY) == Standing(on=DAY)
    answer = position(nobody, stvc, carries_caseload=False)
    assert standing_of(nobody, DAY, positions=[answer]).work == (
        ProgramWork(
            STVC_WORDS,
            ProgramType.STVC,
            claimed=True,
            caseload=(claimed(False),),
            funding=(FUNDING,),
        ),
    )


def test_a_listed_position_includes_the_facts_of_its_program_and_agency(dana, agency, stvc):
    EvaMembership.objects.create(agency=agency, **YEAR, **CONFIRMED)
    saved(
        position(
            dana,
            stvc,
            carries_caseload=True,
            starts_on=date(2025, 6, 1),
            ends_on=date(2026, 6, 30),
            **ON_LIST,
        )
    )
    assert standing_of(dana, DAY).work == (
        ProgramWork(
            program=STVC_WORDS,
            program_type=ProgramType.STVC,
            claimed=False,
            caseload=(listed(starts_on=date(2025, 6, 1), ends_on=date(2026, 6, 30)),),
            funding=(FUNDING,),
            memberships=(Fact(True, Evidence.CONFIRMED, as_of=CHECKED, **YEAR),),
        ),
    )


def test_an_unanswered_question_is_no_fact(dana, agency):
    sas = Program.objects.create(agency=agency, type=ProgramType.SAS)
    saved(position(dana, sas, carries_caseload=None))
    assert standing_of(dana, DAY).work == (
        ProgramWork(
            "the Sexual Assault Service (SAS) program at Sample Society", ProgramType.SAS, True
        ),
    )


@pytest.mark.parametrize(
    ("says", "funding", "of_agency", "own"),
    [
        ({"says_funded": True}, (claimed(Funder.PSSG),), (), ()),
        ({"says_funded": False}, (claimed(Funder.OTHER),), (), ()),
        ({"says_funded": None}, (), (), ()),
        ({"says_membership": "agency"}, (), (claimed(),), ()),
        ({"says_membership": "own"}, (), (), (claimed(),)),
        ({"says_membership": "no"}, (), (claimed(False),), ()),
        ({"says_membership": ""}, (), (), ()),
    ],
)
def test_answers_about_program_and_agency_are_claims(dana, says, funding, of_agency, own):
    saved(position(dana, **says))
    standing = standing_of(dana, DAY)
    assert (standing.work[0].funding, standing.work[0].memberships) == (funding, of_agency)
    assert standing.memberships == own


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"program_type": ProgramType.SAS}, "the Sexual Assault Service (SAS) program"),
        (
            {"program_type": ProgramType.OTHER, "agency_name": "A Small Society"},
            "another program at A Small Society",
        ),
    ],
)
def test_a_program_that_is_not_in_the_register_is_named_as_the_worker_wrote_it(dana, fields, words):
    saved(position(dana, **fields))
    assert [work.program for work in standing_of(dana, DAY).work] == [words]


def test_the_membership_of_the_agency_counts_for_an_unknown_program(dana, agency):
    EvaMembership.objects.create(agency=agency, **YEAR, **ON_LIST)
    saved(position(dana, agency=agency, agency_name=agency.name))
    [work] = standing_of(dana, DAY).work
    assert (work.program, work.memberships) == (STVC_WORDS, (listed(**YEAR),))


def test_a_personal_membership_counts_only_for_its_holder(dana, agency, stvc):
    robin = Person.objects.create(name="Robin Placeholder")
    EvaMembership.objects.create(person=robin, **YEAR, **ON_LIST)
    saved(position(dana, stvc), position(robin, stvc))
    standings = standings_of([dana.pk, robin.pk], DAY)
    assert standings[dana.pk].memberships == ()
    assert standings[robin.pk].memberships == (listed(**YEAR),)


def test_a_list_and_a_claim_about_one_program_are_combined(dana, stvc):
    saved(
        position(dana, stvc, carries_caseload=True, **ON_LIST),
        position(dana, stvc, carries_caseload=True, says_funded=False, says_membership="no"),
    )
    assert standing_of(dana, DAY).work == (
        ProgramWork(
            program=STVC_WORDS,
            program_type=ProgramType.STVC,
            claimed=True,
            caseload=(listed(), claimed()),
            funding=(claimed(Funder.OTHER), FUNDING),
            memberships=(claimed(False),),
        ),
    )


def test_two_programs_stay_apart(dana, agency, stvc):
    cbvs = Program.objects.create(agency=agency, type=ProgramType.CBVS)
    saved(
        position(dana, cbvs, carries_caseload=True, **ON_LIST),
        position(dana, stvc, carries_caseload=False, **CONFIRMED),
    )
    assert [(w.program_type, w.caseload, w.funding) for w in standing_of(dana, DAY).work] == [
        (ProgramType.CBVS, (listed(),), ()),
        (ProgramType.STVC, (confirmed(False),), (FUNDING,)),
    ]


@pytest.mark.parametrize(
    ("how", "known"),
    [
        ({**ON_LIST, **CONFIRMED}, {"as_of": CHECKED}),
        (
            {**ON_LIST, "evidence": Evidence.CONTRADICTED},
            {"source": "the list of April 1, 2026", "as_of": AS_OF},
        ),
    ],
)
def test_a_fact_keeps_its_evidence_and_the_date_of_its_source(dana, stvc, how, known):
    saved(position(dana, stvc, carries_caseload=True, **how))
    [work] = standing_of(dana, DAY).work
    [fact] = work.caseload
    assert (work.claimed, fact.evidence) == (False, how["evidence"])
    assert {name: getattr(fact, name) for name in known} == known


# -- Unsaved answers -------------------------------------------------------------------------------


@pytest.mark.parametrize(("how", "known"), [(ON_LIST, listed()), (CONFIRMED, confirmed())])
def test_answers_are_added_to_what_lists_and_staff_say(dana, stvc, how, known):
    saved(position(dana, stvc, carries_caseload=True, **how))
    answer = position(dana, stvc, carries_caseload=False)
    [work] = standing_of(dana, DAY, positions=[answer]).work
    assert (work.claimed, work.caseload) == (True, (known, claimed(False)))
    assert not answer.pk


SAYS = "the list’s words"


@pytest.mark.parametrize(
    ("says", "otherwise"),
    [
        ({"carries_caseload": False}, {"value": False}),
        ({"ends_on": "2026-05-01"}, {"value": True, "ends_on": date(2026, 5, 1)}),
        # What an earlier version noted in words only.
        (None, {"value": None}),
    ],
)
def test_what_a_list_says_against_a_confirmed_fact_is_known_with_it(dana, stvc, says, otherwise):
    noted = {"list_name": "the list", "list_as_of": AS_OF, "list_says": SAYS, "list_values": says}
    saved(position(dana, stvc, carries_caseload=True, **CONFIRMED, **noted))
    [fact] = standing_of(dana, DAY).work[0].caseload
    by_list = {"evidence": Evidence.LISTED, "source": "the list of April 1, 2026", "as_of": AS_OF}
    assert fact.otherwise == Fact(**by_list, **otherwise)
    assert (fact.value, fact.evidence, fact.as_of) == (True, Evidence.CONFIRMED, CHECKED)


def test_a_list_that_only_leaves_something_out_says_nothing_against_a_confirmed_fact(dana, stvc):
    noted = {"list_name": "the list", "list_as_of": AS_OF, "list_says": SAYS}
    row = position(dana, stvc, carries_caseload=True, ends_on=date(2026, 12, 31), **CONFIRMED)
    for name, value in {**noted, "list_values": {"ends_on": None}}.items():
        setattr(row, name, value)
    saved(row)
    assert standing_of(dana, DAY).work[0].caseload[0].otherwise is None


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_newer_answer_replaces_an_older_one(dana, stvc, is_saved):
    older = position(dana, stvc, carries_caseload=False, says_funded=False, says_membership="own")
    # The same program, although its place is written differently.
    newer = position(dana, stvc, carries_caseload=True, community_served="near Sampleton")
    saved(older, *[newer] * is_saved)
    standing = standing_of(dana, DAY, positions=[newer][is_saved:])
    assert standing == Standing(
        on=DAY,
        work=(
            ProgramWork(
                STVC_WORDS,
                ProgramType.STVC,
                claimed=True,
                caseload=(claimed(),),
                funding=(FUNDING,),
            ),
        ),
    )


def test_an_answer_about_another_program_keeps_the_older_one(dana, agency, stvc):
    saved(position(dana, stvc, carries_caseload=True))
    answer = position(dana, program_type=ProgramType.SAS, agency=agency, agency_name=agency.name)
    work = standing_of(dana, DAY, positions=[answer]).work
    assert [(w.program_type, w.claimed) for w in work] == [
        (ProgramType.STVC, True),
        (ProgramType.SAS, True),
    ]


# -- Roles ----------------------------------------------------------------------------------------


@pytest.fixture
def committee() -> CoordinationInitiative:
    return CoordinationInitiative.objects.create(
        kind=InitiativeKind.VAWIR, name="Sample Committee", community_served="Sampleton"
    )


def role(
    person: Person, known: CoordinationInitiative | None, held: RoleKind, **more: Any
) -> CoordinationRole:
    """An unsaved role."""
    return CoordinationRole(
        person=person,
        initiative=known,
        role=held,
        **{"initiative_kind": InitiativeKind.VAWIR, **more},
    )


def test_a_role_includes_its_committee_and_its_period(dana, committee):
    period = {"starts_on": date(2025, 9, 1), "ends_on": date(2026, 8, 31)}
    saved(role(dana, committee, RoleKind.CHAIR, **period, **ON_LIST))
    assert standing_of(dana, DAY).roles == (
        RoleHeld(
            initiative="Sample Committee, Sampleton",
            kind=InitiativeKind.VAWIR,
            role=RoleKind.CHAIR,
            fact=listed(**period),
        ),
    )


def test_the_kind_of_a_committee_comes_from_the_register(dana, committee):
    saved(role(dana, committee, RoleKind.CHAIR, initiative_kind=InitiativeKind.OTHER))
    assert [held.kind for held in standing_of(dana, DAY).roles] == [InitiativeKind.VAWIR]


@pytest.mark.parametrize(
    ("fields", "initiative"),
    [
        ({}, ""),
        (
            {"initiative_name": "Our Committee", "community_served": "Sampleton"},
            "Our Committee, Sampleton",
        ),
    ],
)
def test_a_committee_that_is_not_in_the_register_is_named_as_the_worker_wrote_it(
    dana, fields, initiative
):
    saved(role(dana, None, RoleKind.CO_CHAIR, **fields))
    assert standing_of(dana, DAY).roles == (
        RoleHeld(initiative, InitiativeKind.VAWIR, RoleKind.CO_CHAIR, claimed()),
    )


@pytest.mark.parametrize("is_saved", [True, False])
def test_a_newer_answer_about_a_committee_replaces_an_older_one(dana, committee, is_saved):
    older = role(dana, committee, RoleKind.CHAIR)
    newer = role(dana, committee, RoleKind.CO_CHAIR)
    on_list = role(dana, committee, RoleKind.COORDINATOR, **ON_LIST)
    saved(older, on_list, *[newer] * is_saved)
    held = standing_of(dana, DAY, roles=[newer][is_saved:]).roles
    assert [(r.role, r.fact) for r in held] == [
        (RoleKind.COORDINATOR, listed()),
        (RoleKind.CO_CHAIR, claimed()),
    ]


@pytest.mark.parametrize("named_by", ["initiative_name", "community_served"])
def test_committees_that_are_not_in_the_register_stay_apart(dana, named_by):
    saved(role(dana, None, RoleKind.CHAIR, **{named_by: "Sampleton"}))
    answer = role(dana, None, RoleKind.CHAIR, **{named_by: "Example Harbour"})
    roles = standing_of(dana, DAY, roles=[answer]).roles
    assert [held.initiative for held in roles] == ["Sampleton", "Example Harbour"]


# -- Many people at once --------------------------------------------------------------------------


@pytest.mark.parametrize("size", [1, 50])
def test_the_number_of_queries_does_not_depend_on_the_number_of_people(
    django_assert_num_queries, size
):
    committee = CoordinationInitiative.objects.create(kind=InitiativeKind.ICAT, name="Sample ICAT")
    people = [Person.objects.create(name=f"Person {n} Sample") for n in range(size)]
    for n, person in enumerate(people):
        agency = Agency.objects.create(name=f"Sample Society {n}")
        stvc = Program.objects.create(agency=agency, type=ProgramType.STVC, funder=Funder.PSSG)
        saved(
            EvaMembership(agency=agency, **YEAR, **ON_LIST),
            EvaMembership(person=person, **YEAR, **ON_LIST),
            position(person, stvc, carries_caseload=True, **ON_LIST),
            position(person, stvc, carries_caseload=True, says_membership="own"),
            position(person, agency=agency, agency_name=agency.name),
            role(person, committee, RoleKind.COORDINATOR, **ON_LIST),
        )
    with django_assert_num_queries(4):
        standings = standings_of([person.pk for person in people], DAY)
    assert len(standings) == size
    answer = position(people[0], Program.objects.select_related("agency")[0], carries_caseload=True)
    with django_assert_num_queries(4):
        standing_of(people[0], DAY, positions=[answer])
