"""Rules are data: what staff change in the admin changes who is welcome, and what is said."""

import pytest

from communities.catalogue import COMMUNITIES
from communities.models import EligibilityCriterion
from communities.rules.assess import Criterion, RoleHeld, Standing, assess
from communities.rules.vocabulary import (
    CriterionKind,
    Funder,
    InitiativeKind,
    ProgramType,
    RoleKind,
    Verdict,
)
from tests.communities.facts import SLUGS, TODAY, claimed, listed, rules_of, work_in

MINISTRY = "the Ministry of Public Safety and Solicitor General"


def finding_of(rule: Criterion, *work, roles=()):
    [finding] = assess(Standing(on=TODAY, work=work, roles=roles), [rule]).findings
    return finding


def test_the_catalogue_has_the_rules_of_the_source():
    a_program = [
        CriterionKind.CASELOAD,
        CriterionKind.FUNDING,
        CriterionKind.EVA_MEMBERSHIP,
    ]
    assert {slug: [rule.kind for rule in rules_of(slug)] for slug in SLUGS} == {
        "stvc": a_program,
        "ors": a_program,
        "cbvs": a_program,
        "sas": a_program,
        "community-coordination": [CriterionKind.COORDINATION_ROLE],
        "icat": [CriterionKind.COORDINATION_ROLE],
    }
    assert [community["slug"] for community in COMMUNITIES] == SLUGS


@pytest.mark.parametrize("kind", ProgramType)
def test_a_caseload_rule_without_program_types_takes_any_program(kind):
    rule = Criterion(CriterionKind.CASELOAD)
    assert finding_of(rule, work_in(kind)).verdict == Verdict.MET
    assert finding_of(rule).sentence == (
        "We do not know yet whether you carry a caseload in a program of this community."
    )


def test_a_caseload_rule_can_name_several_types_and_other_programs():
    types = (ProgramType.STVC, ProgramType.SAS, ProgramType.OTHER)
    rule = Criterion(CriterionKind.CASELOAD, program_types=types)
    assert finding_of(rule, work_in(ProgramType.CBVS, claimed=True)).sentence == (
        "You told us that you work in the CBVS program of Sample Society, and this community is for "
        "staff of a Stopping the Violence Counselling program, a Sexual Assault Services program or "
        "another program."
    )


@pytest.mark.parametrize(
    ("asked", "funder", "verdict", "sentence"),
    [
        (None, Funder.PSSG, Verdict.MET, f"{MINISTRY} funds"),
        (None, Funder.OTHER, Verdict.NOT_MET, f"{MINISTRY} does not fund"),
        (Funder.OTHER, Funder.OTHER, Verdict.MET, "another funder than the ministry funds"),
        (
            Funder.OTHER,
            Funder.PSSG,
            Verdict.NOT_MET,
            "another funder than the ministry does not fund",
        ),
    ],
)
def test_a_funding_rule_speaks_of_the_funder_that_it_asks_for(asked, funder, verdict, sentence):
    work = work_in(ProgramType.STVC, funding=(listed(funder),))
    finding = finding_of(Criterion(CriterionKind.FUNDING, funder=asked), work)
    assert (finding.verdict, finding.sentence) == (
        verdict,
        f"The list of 2026 says that {sentence} the STVC program of Sample Society.",
    )


@pytest.mark.parametrize(
    ("rule", "verdict"),
    [
        (Criterion(CriterionKind.COORDINATION_ROLE), Verdict.MET),
        (Criterion(CriterionKind.COORDINATION_ROLE, roles=(RoleKind.CHAIR,)), Verdict.MET),
        (
            Criterion(CriterionKind.COORDINATION_ROLE, initiatives=(InitiativeKind.VAWIR,)),
            Verdict.MET,
        ),
        (
            Criterion(
                CriterionKind.COORDINATION_ROLE,
                roles=(RoleKind.CO_CHAIR,),
                roles_to_check=(RoleKind.CHAIR,),
            ),
            Verdict.UNKNOWN,
        ),
        (Criterion(CriterionKind.COORDINATION_ROLE, roles=(RoleKind.CO_CHAIR,)), Verdict.NOT_MET),
        (
            Criterion(CriterionKind.COORDINATION_ROLE, initiatives=(InitiativeKind.SAC,)),
            Verdict.NOT_MET,
        ),
    ],
)
def test_a_role_rule_takes_any_role_or_initiative_where_it_names_none(rule, verdict):
    chair = RoleHeld("Sampleton Committee", InitiativeKind.VAWIR, RoleKind.CHAIR, claimed())
    assert finding_of(rule, roles=(chair,)).verdict == verdict


@pytest.mark.parametrize(
    ("rule", "wanted"),
    [
        (
            Criterion(CriterionKind.COORDINATION_ROLE, roles=(RoleKind.CO_CHAIR,)),
            "co-chairs of a coordination initiative",
        ),
        (
            Criterion(CriterionKind.COORDINATION_ROLE, initiatives=(InitiativeKind.SAC,)),
            "people with a role in a Sexual Assault Coordination committee",
        ),
    ],
)
def test_a_role_rule_that_names_little_still_says_whom_it_is_for(rule, wanted):
    chair = RoleHeld("Sampleton Committee", InitiativeKind.VAWIR, RoleKind.CHAIR, claimed())
    assert finding_of(rule, roles=(chair,)).sentence == (
        "You told us that you have the role “chair” in a VAWIR/VIR committee, "
        f"and this community is for {wanted}."
    )


def test_a_row_of_the_admin_becomes_a_rule():
    row = EligibilityCriterion(
        kind="coordination-role",
        roles=["CHAIR"],
        initiatives=["VAWIR", "SAC"],
        roles_to_check=["CO_CHAIR"],
        initiatives_to_check=["OTHER"],
    )
    assert row.as_rule() == Criterion(
        kind=CriterionKind.COORDINATION_ROLE,
        roles=(RoleKind.CHAIR,),
        initiatives=(InitiativeKind.VAWIR, InitiativeKind.SAC),
        roles_to_check=(RoleKind.CO_CHAIR,),
        initiatives_to_check=(InitiativeKind.OTHER,),
    )
