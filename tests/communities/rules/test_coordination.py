"""Who can join the two coordination communities: every role in every kind of initiative."""

from itertools import product

import pytest

from communities.rules.assess import assess
from communities.rules.facts import RoleHeld, Standing
from communities.rules.vocabulary import InitiativeKind, ProgramType, RoleKind, Status, Verdict
from tests.communities.rules.facts import (
    TODAY,
    TOMORROW,
    YESTERDAY,
    claimed,
    confirmed,
    contradicted,
    listed,
    rules_of,
    work_in,
)

MET, UNKNOWN, NOT_MET = Verdict.MET, Verdict.UNKNOWN, Verdict.NOT_MET
VAWIR, SAC, ICAT, OTHER_KIND = InitiativeKind
CHAIR, CO_CHAIR, COORDINATOR, OTHER_ROLE = RoleKind

# By the kind of initiative: the verdict on its chair, co-chair, coordinator, and on another role.
TABLE = {
    "community-coordination": {
        VAWIR: (MET, UNKNOWN, NOT_MET, NOT_MET),
        SAC: (MET, UNKNOWN, NOT_MET, NOT_MET),
        ICAT: (UNKNOWN, UNKNOWN, NOT_MET, NOT_MET),
        OTHER_KIND: (UNKNOWN, UNKNOWN, NOT_MET, NOT_MET),
    },
    "icat": {
        VAWIR: (NOT_MET, NOT_MET, NOT_MET, NOT_MET),
        SAC: (NOT_MET, NOT_MET, NOT_MET, NOT_MET),
        ICAT: (UNKNOWN, MET, MET, NOT_MET),
        OTHER_KIND: (NOT_MET, NOT_MET, NOT_MET, NOT_MET),
    },
}
VERDICTS = {
    (slug, kind, role): verdict
    for slug, kinds in TABLE.items()
    for kind, verdicts in kinds.items()
    for role, verdict in zip(RoleKind, verdicts, strict=True)
}
SUCH_A = {
    VAWIR: "a VAWIR/VIR committee",
    SAC: "a Sexual Assault Coordination committee",
    ICAT: "an ICAT",
    OTHER_KIND: "another coordination initiative",
}
AS = {
    CHAIR: "the chair of",
    CO_CHAIR: "a co-chair of",
    COORDINATOR: "the coordinator of",
    OTHER_ROLE: "in another role on",
}
WANTED = {
    "community-coordination": (
        "chairs of coordination initiatives such as VAWIR/VIR committees and Sexual Assault "
        "Coordination committees"
    ),
    "icat": "co-chairs and coordinators of ICATs",
}
NOTHING_KNOWN = "We don’t know yet whether you have one of these roles."
NOT_KNOWN_STEP = (
    "Tell us your role and the kind of initiative. If you’re not sure, EVA BC staff will check."
)
OTHER_STEP = "See if the other coordination community fits your work."


def held(kind, role, fact, initiative="Sampleton Committee") -> RoleHeld:
    return RoleHeld(initiative=initiative, kind=kind, role=role, fact=fact)


def finding_of(slug, *roles):
    [finding] = assess(Standing(on=TODAY, roles=roles), rules_of(slug)).findings
    return finding


def test_the_table_names_every_role_in_every_kind_of_initiative():
    assert set(VERDICTS) == set(product(WANTED, InitiativeKind, RoleKind))


def with_verdict(*verdicts):
    return pytest.mark.parametrize(
        ("slug", "kind", "role"), [case for case, v in VERDICTS.items() if v in verdicts]
    )


@with_verdict(MET, UNKNOWN)
@pytest.mark.parametrize(
    ("fact", "lead"),
    [
        (claimed(), "You told us that"),
        (listed(), "The list of 2026 says that"),
        (confirmed(), "EVA BC staff have confirmed that"),
    ],
)
def test_a_role_that_the_rule_names_is_met_and_one_that_it_leaves_open_is_to_check(
    slug, kind, role, fact, lead
):
    finding = finding_of(slug, held(kind, role, fact))
    is_named = VERDICTS[slug, kind, role] == MET
    claimed_step = "EVA BC staff will confirm this." if lead == "You told us that" else ""
    assert finding.verdict == VERDICTS[slug, kind, role]
    assert finding.condition == f"This community is for {WANTED[slug]}."
    assert finding.sentence == f"{lead} you are {AS[role]} {SUCH_A[kind]}."
    assert finding.next_step == (
        claimed_step
        if is_named
        else "Our rules do not say whether this role fits. EVA BC staff will decide."
    )


def test_staff_read_the_same_about_the_applicant():
    finding = finding_of("icat", held(ICAT, CO_CHAIR, claimed()))
    assert finding.staff_sentence == "Self-reported: a co-chair of an ICAT."
    finding = finding_of("icat", held(ICAT, CHAIR, listed()))
    assert finding.staff_sentence == (
        "The list of 2026 says that the applicant is the chair of an ICAT, "
        "which the rules do not mention."
    )


@with_verdict(NOT_MET)
def test_whoever_says_they_have_another_role_reads_whom_the_community_is_for(slug, kind, role):
    finding = finding_of(slug, held(kind, role, claimed()))
    assert finding.status == Status.NOT_MET
    assert finding.sentence == f"You told us that you are {AS[role]} {SUCH_A[kind]}."
    assert finding.staff_sentence == (
        f"Self-reported: {AS[role]} {SUCH_A[kind]}, and this community is for {WANTED[slug]}."
    )
    assert finding.next_step == OTHER_STEP


@with_verdict(NOT_MET)
@pytest.mark.parametrize("fact", [listed(), confirmed(), listed(ends_on=YESTERDAY)])
def test_a_list_that_shows_them_in_another_role_says_nothing_about_this_one(slug, kind, role, fact):
    finding = finding_of(slug, held(kind, role, fact))
    assert (finding.verdict, finding.evidence, finding.sentence) == (UNKNOWN, None, NOTHING_KNOWN)
    assert finding.next_step == NOT_KNOWN_STEP


@pytest.mark.parametrize("slug", WANTED)
def test_without_a_role_nothing_is_known(slug):
    finding = finding_of(slug)
    assert finding.status == Status.UNKNOWN
    assert finding.sentence == NOTHING_KNOWN
    assert finding.staff_sentence == (
        "There is no information yet on whether the applicant has a role that this community is for."
    )


LIST = "The list of 2026 says that"
IS_CHAIR = "you are the chair of a VAWIR/VIR committee."
ENDED = "your time as chair of a VAWIR/VIR committee ended on May 3, 2026."


@pytest.mark.parametrize(
    ("facts", "verdict", "sentence"),
    [
        ([contradicted()], NOT_MET, f"{LIST} you are not the chair of a VAWIR/VIR committee."),
        ([listed(ends_on=YESTERDAY)], NOT_MET, f"{LIST} {ENDED}"),
        (
            [listed(starts_on=TOMORROW)],
            UNKNOWN,
            f"{LIST} you start as chair of a VAWIR/VIR committee on May 5, 2026.",
        ),
        ([claimed(), listed()], MET, f"{LIST} {IS_CHAIR}"),
        ([claimed(), listed(ends_on=YESTERDAY)], NOT_MET, f"{LIST} {ENDED}"),
        ([contradicted(), confirmed()], MET, f"EVA BC staff have confirmed that {IS_CHAIR}"),
    ],
)
def test_what_several_sources_say_of_one_role_is_weighed(facts, verdict, sentence):
    finding = finding_of("community-coordination", *(held(VAWIR, CHAIR, f) for f in facts))
    assert (finding.verdict, finding.sentence) == (verdict, sentence)


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_roles_the_one_that_serves_them_best_is_named(order):
    roles = [
        held(VAWIR, CO_CHAIR, confirmed()),
        held(SAC, CHAIR, claimed(), "Another Committee"),
        held(VAWIR, CHAIR, listed(ends_on=YESTERDAY), "A Third Committee"),
    ]
    finding = finding_of("community-coordination", *roles[::order])
    assert (finding.verdict, finding.sentence) == (
        MET,
        "You told us that you are the chair of a Sexual Assault Coordination committee.",
    )


def test_a_role_that_ended_in_one_committee_says_nothing_about_another():
    ended = held(VAWIR, CHAIR, listed(ends_on=YESTERDAY), "Sampleton Committee")
    claims = held(VAWIR, CHAIR, claimed(), "Example Harbour Committee")
    assert finding_of("community-coordination", ended, claims).verdict == MET


def test_a_contradicted_role_is_not_met_whatever_else_is_listed():
    claims = held(VAWIR, CHAIR, contradicted())
    elsewhere = held(ICAT, COORDINATOR, listed(), "Invented Lake ICAT")
    finding = finding_of("community-coordination", claims, elsewhere)
    assert finding.verdict == NOT_MET


def test_a_role_to_check_that_has_ended_is_not_met():
    finding = finding_of("icat", held(ICAT, CHAIR, listed(ends_on=YESTERDAY)))
    assert (finding.verdict, finding.sentence) == (
        NOT_MET,
        "The list of 2026 says that your time as chair of an ICAT ended on May 3, 2026.",
    )


@pytest.mark.parametrize("slug", WANTED)
def test_neither_caseload_nor_funding_nor_membership_is_asked_for(slug):
    work = work_in(ProgramType.STVC, listed(False), memberships=(listed(ends_on=YESTERDAY),))
    assessment = assess(Standing(on=TODAY, work=(work,)), rules_of(slug))
    assert [f.sentence for f in assessment.findings] == [NOTHING_KNOWN]


def test_a_role_that_they_name_for_later_says_nothing_of_another_role_today():
    listed_chair = held(VAWIR, CHAIR, listed())
    later = held(VAWIR, CHAIR, claimed(starts_on=TOMORROW))

    assert finding_of("icat", listed_chair).verdict == UNKNOWN
    assert finding_of("icat", listed_chair, later).verdict == UNKNOWN
