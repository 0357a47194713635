"""Rules are data: what staff change in the admin changes who can join, and the sentences."""

import pytest
from django.core.exceptions import ValidationError

from communities.catalogue import COMMUNITIES
from communities.models import EligibilityCriterion
from communities.rules.assess import Assessment, assess
from communities.rules.caseload import Caseload
from communities.rules.coordination_role import CoordinationRoleHeld
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.facts import RoleHeld, Standing
from communities.rules.funding import Funding
from communities.rules.rule import Rule
from communities.rules.vocabulary import (
    Funder,
    InitiativeKind,
    ProgramType,
    RoleKind,
    Verdict,
)
from tests.communities.rules.facts import SLUGS, TODAY, claimed, listed, rules_of, work_in

MINISTRY = "the Ministry of Public Safety and Solicitor General"
OTHER_FUNDER = "a funder other than the ministry"


def finding_of(rule: Rule, *work, roles=()):
    [finding] = assess(Standing(on=TODAY, work=work, roles=roles), [rule]).findings
    return finding


def test_the_catalogue_has_the_rules_of_the_source():
    a_program = [Caseload, Funding, EvaMembershipHeld]
    assert {slug: [type(rule) for rule in rules_of(slug)] for slug in SLUGS} == {
        "stvc": a_program,
        "ors": a_program,
        "cbvs": a_program,
        "sas": a_program,
        "community-coordination": [CoordinationRoleHeld],
        "icat": [CoordinationRoleHeld],
    }
    assert [community["slug"] for community in COMMUNITIES] == SLUGS


@pytest.mark.parametrize("kind", ProgramType)
def test_a_caseload_rule_without_program_types_takes_any_program(kind):
    rule = Caseload()
    assert finding_of(rule, work_in(kind)).verdict == Verdict.MET
    assert finding_of(rule).sentence == (
        "EVA BC staff will check whether you carry a caseload in your program."
    )


def test_a_caseload_rule_can_name_several_types_and_other_programs():
    types = (ProgramType.STVC, ProgramType.SAS, ProgramType.OTHER)
    rule = Caseload(program_types=types)
    assert finding_of(rule, work_in(ProgramType.CBVS, claimed=True)).condition == (
        "You must carry a caseload in a Stopping the Violence Counselling program, "
        "a Sexual Assault Service program or another program."
    )


@pytest.mark.parametrize(
    ("asked", "funder", "verdict", "words"),
    [
        (None, Funder.PSSG, Verdict.MET, f"is funded by {MINISTRY}"),
        (None, Funder.OTHER, Verdict.NOT_MET, f"is not funded by {MINISTRY}"),
        (Funder.OTHER, Funder.OTHER, Verdict.MET, f"is funded by {OTHER_FUNDER}"),
        (Funder.OTHER, Funder.PSSG, Verdict.NOT_MET, f"is not funded by {OTHER_FUNDER}"),
    ],
)
def test_a_funding_rule_names_the_funder_that_it_asks_for(asked, funder, verdict, words):
    work = work_in(ProgramType.STVC, funding=(listed(funder),))
    finding = finding_of(Funding(funder=asked), work)
    assert (finding.verdict, finding.sentence) == (
        verdict,
        f"The list of 2026 says that the STVC program at Sample Society {words}.",
    )
    wanted = OTHER_FUNDER if asked else MINISTRY
    assert finding.condition == f"Your program must be funded by {wanted}."


CHAIR = RoleHeld("Sampleton Committee", InitiativeKind.VAWIR, RoleKind.CHAIR, claimed())
CO_CHAIRS = (RoleKind.CO_CHAIR,)


@pytest.mark.parametrize(
    ("rule", "verdict", "wanted"),
    [
        (CoordinationRoleHeld(), Verdict.MET, "people with a role in coordination initiatives"),
        (
            CoordinationRoleHeld(roles=CO_CHAIRS, roles_to_check=(RoleKind.CHAIR,)),
            Verdict.UNKNOWN,
            "co-chairs of coordination initiatives",
        ),
        (
            CoordinationRoleHeld(roles=CO_CHAIRS),
            Verdict.NOT_MET,
            "co-chairs of coordination initiatives",
        ),
        (
            CoordinationRoleHeld(initiatives=(InitiativeKind.VAWIR,)),
            Verdict.MET,
            "people with a role in VAWIR/VIR committees",
        ),
        (
            CoordinationRoleHeld(initiatives=(InitiativeKind.SAC,)),
            Verdict.NOT_MET,
            "people with a role in Sexual Assault Coordination committees",
        ),
    ],
)
def test_a_role_rule_takes_any_role_or_initiative_where_it_names_none(rule, verdict, wanted):
    finding = finding_of(rule, roles=(CHAIR,))
    assert (finding.verdict, finding.condition) == (verdict, f"This community is for {wanted}.")


def test_a_row_of_the_database_becomes_a_rule():
    row = EligibilityCriterion(
        kind="coordination-role",
        parameters={
            "roles": ["CHAIR"],
            "initiatives": ["VAWIR", "SAC"],
            "roles_to_check": ["CO_CHAIR"],
        },
    )
    assert row.as_rule() == CoordinationRoleHeld(
        roles=(RoleKind.CHAIR,),
        initiatives=(InitiativeKind.VAWIR, InitiativeKind.SAC),
        roles_to_check=(RoleKind.CO_CHAIR,),
    )


def test_a_row_with_parameters_that_its_kind_does_not_know_is_refused():
    with pytest.raises(ValidationError, match="ASTRONAUT"):
        EligibilityCriterion(kind="coordination-role", parameters={"roles": ["ASTRONAUT"]}).clean()


def test_of_a_kind_that_is_gone_staff_decide_and_what_was_kept_is_still_read():
    rule = EligibilityCriterion(kind="shoe-size", parameters={"at_least": 40}).as_rule()
    finding = finding_of(rule, work_in(ProgramType.STVC))
    assert (finding.verdict, finding.next_step) == (
        Verdict.UNKNOWN,
        "EVA BC staff will check this.",
    )
    kept = {**Assessment(TODAY, (finding,)).as_json()}
    kept["findings"][0]["kind"] = "shoe-size"
    [read] = Assessment.from_json(kept).findings
    assert (read.short_title, read.sentence) == ("Other", finding.sentence)
