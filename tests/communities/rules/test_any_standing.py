"""What holds for any facts about a person and any rules that staff have set."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from communities.rules import assess as assessing
from communities.rules.assess import Assessment
from communities.rules.caseload import Caseload
from communities.rules.coordination_role import CoordinationRoleHeld
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.facts import Fact, ProgramWork, RoleHeld, Standing
from communities.rules.funding import Funding
from communities.rules.vocabulary import (
    Evidence,
    Funder,
    InitiativeKind,
    ProgramType,
    RoleKind,
    Verdict,
)
from tests.communities.rules.facts import (
    NEW_LIST,
    PROGRAM_COMMUNITIES,
    SLUGS,
    TODAY,
    TOMORROW,
    rules_of,
)

NOT_WORSE = [Verdict.NOT_MET, Verdict.UNKNOWN, Verdict.MET]


def assess(standing: Standing, slug: str) -> Assessment:
    return assessing.assess(standing, rules_of(slug))


# -- Any facts ------------------------------------------------------------------------------------

days = st.integers(-3, 3).map(lambda n: TODAY + timedelta(days=n))
# Open on either side, or one that ends on or after its first day.
periods = (
    st.tuples(st.none(), st.none() | days)
    | st.tuples(days, st.none())
    | st.tuples(days, days).map(sorted).map(tuple)
)


# What a list says against a fact, if it says something else.
otherwise = st.none() | st.builds(
    Fact,
    st.none() | st.booleans() | st.sampled_from(Funder),
    st.just(Evidence.LISTED),
    source=st.sampled_from(["", "the list"]),
    ends_on=st.none() | days,
)


@st.composite
def facts(draw, values, evidences=tuple(Evidence), period=periods):
    starts_on, ends_on = draw(period)
    return Fact(
        value=draw(values),
        evidence=draw(st.sampled_from(evidences)),
        source=draw(st.sampled_from(["", "the list", "ᐊᐧᐱᐢᑭ list {0}", "liste d’été"])),
        as_of=draw(st.none() | st.integers(0, 2).map(lambda n: NEW_LIST + timedelta(days=n))),
        starts_on=starts_on,
        ends_on=ends_on,
        superseded_on=draw(st.none() | st.just(TODAY)),
        otherwise=draw(otherwise),
    )


def some(strategy, most=3):
    return st.lists(strategy, max_size=most).map(tuple)


any_type = st.sampled_from(ProgramType)
yes_or_no = st.booleans()


def works(types=any_type, claimed=yes_or_no, **known):
    """Work with any facts, or with those given."""
    return st.builds(
        ProgramWork,
        program=st.sampled_from(["the program", "a {braces} program", "the Programme d’aide"]),
        program_type=types,
        claimed=claimed,
        caseload=some(known.get("yes_no", facts(st.booleans()))),
        funding=some(known.get("funder", facts(st.sampled_from(Funder)))),
        memberships=some(known.get("yes_no", facts(st.booleans()))),
    )


def roles(evidences=tuple(Evidence), kinds=tuple(InitiativeKind), held=tuple(RoleKind), **more):
    return st.builds(
        RoleHeld,
        initiative=st.sampled_from(["", "Sampleton Committee", "Another Committee"]),
        kind=st.sampled_from(kinds),
        role=st.sampled_from(held),
        fact=facts(st.just(True), evidences, **more),
    )


def standings(work=None, role=None, memberships=None):
    return st.builds(
        Standing,
        on=st.just(TODAY),
        work=some(works() if work is None else work),
        roles=some(roles() if role is None else role),
        memberships=some(facts(st.booleans()) if memberships is None else memberships),
    )


any_slug = st.sampled_from(SLUGS)
program_slug = st.sampled_from([*PROGRAM_COMMUNITIES])
any_rules = st.tuples(
    st.builds(Caseload, program_types=some(st.sampled_from(ProgramType))),
    st.builds(Funding, funder=st.none() | st.sampled_from(Funder)),
    st.just(EvaMembershipHeld()),
    st.builds(
        CoordinationRoleHeld,
        roles=some(st.sampled_from(RoleKind)),
        initiatives=some(st.sampled_from(InitiativeKind)),
        roles_to_check=some(st.sampled_from(RoleKind)),
        initiatives_to_check=some(st.sampled_from(InitiativeKind)),
    ),
).flatmap(lambda rules: st.lists(st.sampled_from(rules), max_size=4, unique_by=type))


# -- Unknown is never "not met" -------------------------------------------------------------------

# Facts that say yes, or will; what has ended, or says no, or is denied, is not among them.
WELCOME = (Evidence.CLAIMED, Evidence.LISTED, Evidence.CONFIRMED)
not_ended = st.tuples(st.none() | days, st.none()) | st.tuples(
    st.none(), st.integers(0, 3).map(lambda n: TODAY + timedelta(days=n))
)
yes = facts(st.just(True), WELCOME, not_ended)
funded = facts(st.just(Funder.PSSG), WELCOME, not_ended)


@given(st.data(), program_slug)
def test_not_met_needs_a_no_of_theirs_a_fact_that_says_otherwise_or_an_end(data, slug):
    types = PROGRAM_COMMUNITIES[slug]
    theirs = works(st.sampled_from(types), yes_no=yes, funder=funded)
    # Whatever a list knows of their work elsewhere is no answer to this community.
    elsewhere = works(
        st.sampled_from([kind for kind in ProgramType if kind not in types]),
        claimed=st.just(False),
    )
    standing = data.draw(standings(theirs | elsewhere, memberships=yes))
    assert Verdict.NOT_MET not in {f.verdict for f in assess(standing, slug).findings}


@given(
    standings(
        role=roles(
            WELCOME, [InitiativeKind.ICAT], [RoleKind.CHAIR, RoleKind.CO_CHAIR], period=not_ended
        )
        # Neither community is for coordinators of a VAWIR committee; a list cannot know all roles.
        | roles(
            (Evidence.LISTED, Evidence.CONFIRMED), [InitiativeKind.VAWIR], [RoleKind.COORDINATOR]
        )
    ),
    st.sampled_from(["community-coordination", "icat"]),
)
def test_not_met_needs_another_role_of_theirs_a_fact_that_says_otherwise_or_an_end(standing, slug):
    assert assess(standing, slug).verdict != Verdict.NOT_MET


@given(standings(), any_slug, st.sampled_from(ProgramType))
def test_work_of_which_nothing_is_known_makes_nothing_worse(standing, slug, kind):
    [*fitting] = PROGRAM_COMMUNITIES.get(slug, (kind,))
    unknown = ProgramWork(program="a program", program_type=fitting[0], claimed=True)
    listed_elsewhere = ProgramWork(program="a program", program_type=kind)
    before = assess(standing, slug).verdict
    for added in unknown, listed_elsewhere:
        after = assess(replace(standing, work=(*standing.work, added)), slug).verdict
        assert (before, after) not in [
            (Verdict.UNKNOWN, Verdict.NOT_MET),
            (Verdict.MET, Verdict.NOT_MET),
        ]


@given(standings(), any_slug, st.sampled_from(Evidence))
def test_a_fact_that_starts_later_makes_nothing_worse(standing, slug, evidence):
    def later(value):
        return Fact(value, evidence, starts_on=TOMORROW)

    added = replace(
        standing,
        work=tuple(
            replace(
                work,
                caseload=(*work.caseload, later(False), later(True)),
                funding=(*work.funding, later(Funder.OTHER), later(Funder.PSSG)),
                memberships=(*work.memberships, later(True)),
            )
            for work in standing.work
        ),
        memberships=(*standing.memberships, later(True)),
        roles=(
            *standing.roles,
            *(replace(held, fact=later(True)) for held in standing.roles),
        ),
    )
    before, after = assess(standing, slug).verdict, assess(added, slug).verdict
    assert (before, after) not in [
        (Verdict.UNKNOWN, Verdict.NOT_MET),
        (Verdict.MET, Verdict.NOT_MET),
    ]


# -- One and the same program ---------------------------------------------------------------------


@given(standings(), any_slug)
def test_all_findings_are_those_of_one_program(standing, slug):
    alone = [assess(replace(standing, work=(work,)), slug) for work in standing.work]
    assert assess(standing, slug) in [*alone, assess(replace(standing, work=()), slug)]


@given(st.data(), program_slug)
def test_the_verdict_is_that_of_the_best_program_of_the_communitys_types(data, slug):
    fitting = works(st.sampled_from(PROGRAM_COMMUNITIES[slug]))
    others = works(st.sampled_from([t for t in ProgramType if t not in PROGRAM_COMMUNITIES[slug]]))
    standing = data.draw(standings(fitting))
    first = data.draw(fitting)
    of_this_type = replace(standing, work=(first, *standing.work))
    with_others = replace(of_this_type, work=(*data.draw(some(others)), *of_this_type.work))
    alone = [assess(replace(standing, work=(work,)), slug).verdict for work in of_this_type.work]
    assert assess(of_this_type, slug).verdict == max(alone, key=NOT_WORSE.index)
    assert assess(with_others, slug) == assess(of_this_type, slug)


@given(standings(), any_slug)
def test_the_order_of_what_is_known_does_not_change_the_verdict(standing, slug):
    turned = replace(
        standing,
        work=tuple(
            replace(
                work,
                caseload=work.caseload[::-1],
                funding=work.funding[::-1],
                memberships=work.memberships[::-1],
            )
            for work in reversed(standing.work)
        ),
        roles=standing.roles[::-1],
        memberships=standing.memberships[::-1],
    )
    assert assess(turned, slug).verdict == assess(standing, slug).verdict
    assert [f.status for f in assess(turned, slug).findings] == [
        f.status for f in assess(standing, slug).findings
    ]


# -- The assessment and its sentences -------------------------------------------------------------


@given(standings(), any_rules)
def test_there_is_one_finding_for_each_rule_and_it_comes_back_from_json(standing, rules):
    assessment = assessing.assess(standing, rules)
    assert [f.kind for f in assessment.findings] == [rule.key for rule in rules]
    kept = json.loads(json.dumps(assessment.as_json()))
    assert Assessment.from_json(kept) == assessment


NAMES = ("program", "workplace", "wanted", "role", "as_role", "initiative", "date")
TEMPLATE_WORDS = [*(f"{{{name}}}" for name in NAMES), "None", "  ", " .", "..", " of and"]


@given(standings(), any_rules | any_slug.map(rules_of))
def test_every_finding_is_one_plain_sentence(standing, rules):
    findings = assessing.assess(standing, rules).findings
    for sentence in [s for f in findings for s in (f.condition, f.sentence, f.staff_sentence)]:
        assert sentence.count(".") == 1
        assert sentence.endswith(".")
        assert sentence[0] == sentence[0].upper()
        assert [word for word in TEMPLATE_WORDS if word in sentence] == []
    for step in [f.next_step for f in findings if f.next_step]:
        assert step.endswith(".")
        assert [word for word in TEMPLATE_WORDS if word in step] == []


@given(standings(), any_rules)
def test_only_what_is_met_has_no_next_step_and_only_unknown_rests_on_no_fact(standing, rules):
    for finding in assessing.assess(standing, rules).findings:
        assert (finding.next_step == "") == (finding.status == "met")
        assert finding.evidence is not None or finding.verdict == Verdict.UNKNOWN


def test_without_rules_nothing_can_be_said():
    assessment = assessing.assess(Standing(on=TODAY), [])
    assert assessment.verdict == Verdict.UNKNOWN
    assert assessment.needs_written_reason


# -- Names that look like something else ----------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "program", "sentence"),
    [
        (
            "{0} {program.__class__}",
            "the {date} program",
            "{0} {program.__class__} says that you carry a caseload in the {date} program.",
        ),
        (
            "the list of April 1, 2026",
            "the program at Sample Society Inc.",
            "The list of April 1, 2026 says that you carry a caseload in the program at "
            "Sample Society Inc.",
        ),
        (
            "élan’s list",
            "the program of <b>“O’Sample”</b>",
            "Élan’s list says that you carry a caseload in the program of <b>“O’Sample”</b>.",
        ),
        (
            "",
            "the program of ᐊᐧᐱᐢᑭ",
            "An EVA BC list says that you carry a caseload in the program of ᐊᐧᐱᐢᑭ.",
        ),
    ],
)
def test_names_stand_in_the_sentence_as_they_are(source, program, sentence):
    fact = Fact(True, Evidence.LISTED, source=source, as_of=NEW_LIST)
    work = ProgramWork(program=program, program_type=ProgramType.STVC, caseload=(fact,))
    finding = assess(Standing(on=TODAY, work=(work,)), "stvc").findings[0]
    assert finding.sentence == sentence
