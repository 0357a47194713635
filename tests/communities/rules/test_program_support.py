"""Who may join the four program-support communities: verdict, reading and sentence, case by case."""

from dataclasses import dataclass, replace
from itertools import product

import pytest

from communities.rules.assess import assess
from communities.rules.caseload import Caseload
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.funding import Funding
from communities.rules.vocabulary import Funder, ProgramType, Reading, Verdict
from tests.communities.rules.facts import (
    LAST_YEAR,
    NEXT_YEAR,
    OLD_LIST,
    PROGRAM_COMMUNITIES,
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
CASELOAD, FUNDING, MEMBERSHIP = Caseload.key, Funding.key, EvaMembershipHeld.key
PSSG, OTHER = Funder.PSSG, Funder.OTHER
STVC_PROGRAM = "the STVC program of Sample Society"
MINISTRY = "the Ministry of Public Safety and Solicitor General"

STAFF_WILL_CHECK = "EVA BC staff will check this."
IF_WRONG = "If this is not right, say so in your note, or write to us."
NOT_CASELOAD = (
    "This community is for frontline staff who carry a caseload in a Stopping the Violence "
    f"Counselling program. See whether another community fits. {IF_WRONG}"
)
NOT_FUNDED = f"Your agency can tell you who funds the program. {IF_WRONG}"
NO_MEMBERSHIP = (
    "Ask your agency whether it holds or can renew its EVA BC membership; your own counts too. "
    f"{IF_WRONG}"
)


def standing_with(*work: ProgramWork, memberships: tuple[Fact, ...] = ()) -> Standing:
    return Standing(on=TODAY, work=work, memberships=memberships)


def findings_of(slug: str, *work: ProgramWork, memberships: tuple[Fact, ...] = ()):
    findings = assess(standing_with(*work, memberships=memberships), rules_of(slug)).findings
    return {finding.kind: finding for finding in findings}


# -- Which program ------------------------------------------------------------------------------

WANTED = {
    "stvc": "a Stopping the Violence Counselling program",
    "ors": "a Stopping the Violence Outreach program or a Multicultural Outreach program",
    "cbvs": "a Community-Based Victim Services program",
    "sas": "a Sexual Assault Services program",
}
FITTING = [(slug, kind) for slug, kinds in PROGRAM_COMMUNITIES.items() for kind in kinds]
OTHERS = [pair for pair in product(PROGRAM_COMMUNITIES, ProgramType) if pair not in FITTING]


@pytest.mark.parametrize(("slug", "kind"), FITTING)
def test_a_listed_caseload_in_a_program_of_the_community_is_met(slug, kind):
    finding = findings_of(slug, work_in(kind))[CASELOAD]
    assert (finding.verdict, finding.reading) == (MET, Reading.MET)
    assert finding.sentence == (
        f"The list of 2026 says that you carry a caseload in the {kind} program of Sample Society."
    )
    assert finding.next_step == ""


@pytest.mark.parametrize(("slug", "kind"), FITTING)
def test_a_claimed_caseload_in_a_program_of_the_community_is_to_check(slug, kind):
    finding = findings_of(slug, work_in(kind, claimed(), claimed=True))[CASELOAD]
    assert (finding.verdict, finding.reading) == (MET, Reading.TO_CHECK)
    assert finding.sentence == (
        f"You told us that you carry a caseload in the {kind} program of Sample Society."
    )
    assert finding.next_step == STAFF_WILL_CHECK


@pytest.mark.parametrize(("slug", "kind"), OTHERS)
def test_whoever_says_they_work_in_another_program_reads_which_and_what_it_takes(slug, kind):
    finding = findings_of(slug, work_in(kind, claimed(), claimed=True))[CASELOAD]
    assert (finding.verdict, finding.reading) == (NOT_MET, Reading.NOT_MET)
    assert finding.sentence == (
        f"You told us that you work in the {kind} program of Sample Society, "
        f"and this community is for staff of {WANTED[slug]}."
    )
    assert finding.staff_sentence == (
        f"Claimed: the applicant works in the {kind} program of Sample Society, "
        f"and this community is for staff of {WANTED[slug]}."
    )
    assert finding.next_step == (
        f"This community is for frontline staff who carry a caseload in {WANTED[slug]}. "
        f"See whether another community fits. {IF_WRONG}"
    )


@pytest.mark.parametrize(("slug", "kind"), OTHERS)
def test_a_list_that_shows_them_elsewhere_says_nothing_about_this_program(slug, kind):
    findings = findings_of(slug, work_in(kind, funding=(listed(OTHER),)))
    assert [(f.verdict, f.evidence, f.sentence) for f in findings.values()] == [
        (UNKNOWN, None, f"We do not know yet whether you carry a caseload in {WANTED[slug]}."),
        (UNKNOWN, None, "We do not know yet who funds your program."),
        (
            UNKNOWN,
            None,
            "We do not know yet whether you or your agency hold a current EVA BC membership.",
        ),
    ]


@pytest.mark.parametrize("slug", PROGRAM_COMMUNITIES)
def test_of_a_person_without_facts_nothing_is_known(slug):
    assessment = assess(standing_with(), rules_of(slug))
    assert (assessment.verdict, assessment.reading) == (UNKNOWN, Reading.TO_CHECK)
    assert assessment.not_met == ()
    assert assessment.needs_written_reason
    assert [f.staff_sentence for f in assessment.findings] == [
        f"It is not known whether the applicant carries a caseload in {WANTED[slug]}.",
        "It is not known who funds the program.",
        "It is not known whether the applicant or the agency holds a current EVA BC membership.",
    ]
    assert [f.next_step for f in assessment.findings] == [STAFF_WILL_CHECK] * 3


# -- One rule at a time ---------------------------------------------------------------------------


CLAIMED, KNOWN = (MET, Reading.TO_CHECK), (MET, Reading.MET)
OPEN, REFUTED = (UNKNOWN, Reading.TO_CHECK), (NOT_MET, Reading.NOT_MET)


@dataclass(frozen=True)
class Case:
    """Facts about one rule of STVC, and what should come of them.

    ``says`` is what the worker reads, without its full stop.
    """

    name: str
    facts: tuple[Fact, ...]
    outcome: tuple[Verdict, Reading]
    says: str


def to_table(*cases: Case):
    return pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in cases])


YES = f"you carry a caseload in {STVC_PROGRAM}"
NO = f"you do not carry a caseload in {STVC_PROGRAM}"
CASELOAD_OF = f"your caseload in {STVC_PROGRAM}"
LIST, OLD, STAFF, TOLD = (
    "The list of 2026 says that",
    "The list of 2025 says that",
    "EVA BC staff have checked that",
    "You told us that",
)
ENDED, STARTS = "ended on May 3, 2026", "starts on May 5, 2026"
CASELOAD_ENDED = f"{LIST} {CASELOAD_OF} {ENDED}"


@to_table(
    Case("claimed", (claimed(),), CLAIMED, f"{TOLD} {YES}"),
    Case("listed", (listed(),), KNOWN, f"{LIST} {YES}"),
    Case("confirmed", (confirmed(),), KNOWN, f"{STAFF} {YES}"),
    Case("contradicted", (contradicted(),), REFUTED, f"{LIST} {NO}"),
    Case("their own no", (claimed(False),), REFUTED, f"{TOLD} {NO}"),
    Case("listed no", (listed(False),), REFUTED, f"{LIST} {NO}"),
    Case("confirmed no", (confirmed(False),), REFUTED, f"{STAFF} {NO}"),
    Case("a list that contradicts their no", (contradicted(False),), REFUTED, f"{TOLD} {NO}"),
    Case("their no against a list", (listed(), claimed(False)), REFUTED, f"{TOLD} {NO}"),
    Case("their no against a check", (confirmed(), claimed(False)), KNOWN, f"{STAFF} {YES}"),
    Case("claimed and listed", (claimed(), listed()), KNOWN, f"{LIST} {YES}"),
    Case("claimed against a list", (claimed(), listed(False)), REFUTED, f"{LIST} {NO}"),
    Case("a check against a list", (listed(False), confirmed()), KNOWN, f"{STAFF} {YES}"),
    Case("a newer list says yes", (listed(), listed(False, OLD_LIST)), KNOWN, f"{LIST} {YES}"),
    Case("a newer list says no", (listed(True, OLD_LIST), listed(False)), REFUTED, f"{LIST} {NO}"),
    Case("two lists of a day disagree", (listed(False), listed()), KNOWN, f"{LIST} {YES}"),
    Case("ended yesterday", (listed(ends_on=YESTERDAY),), REFUTED, CASELOAD_ENDED),
    Case("ends today", (listed(ends_on=TODAY),), KNOWN, f"{LIST} {YES}"),
    Case("ends tomorrow", (listed(ends_on=TOMORROW),), KNOWN, f"{LIST} {YES}"),
    Case("starts today", (listed(starts_on=TODAY),), KNOWN, f"{LIST} {YES}"),
    Case("starts tomorrow", (listed(starts_on=TOMORROW),), OPEN, f"{LIST} {CASELOAD_OF} {STARTS}"),
    Case(
        "ended on a list, claimed to go on",
        (listed(ends_on=YESTERDAY), claimed()),
        REFUTED,
        CASELOAD_ENDED,
    ),
    Case(
        "ended on a newer list than the one it runs on",
        (listed(ends_on=YESTERDAY), listed(True, OLD_LIST)),
        REFUTED,
        CASELOAD_ENDED,
    ),
    Case(
        "ended on an older list than the one it runs on",
        (listed(True, OLD_LIST, ends_on=YESTERDAY), listed()),
        KNOWN,
        f"{LIST} {YES}",
    ),
    Case(
        "checked to have ended, still on a list",
        (confirmed(ends_on=YESTERDAY), listed()),
        REFUTED,
        f"{STAFF} {CASELOAD_OF} {ENDED}",
    ),
    Case(
        "ended, and they came back",
        (confirmed(starts_on=LAST_YEAR, ends_on=YESTERDAY), listed(starts_on=TODAY)),
        KNOWN,
        f"{LIST} {YES}",
    ),
    Case(
        "a leave that ended says nothing",
        (listed(False, ends_on=YESTERDAY), claimed()),
        CLAIMED,
        f"{TOLD} {YES}",
    ),
    Case(
        "their no of a time that is over",
        (listed(), claimed(False, ends_on=YESTERDAY)),
        KNOWN,
        f"{LIST} {YES}",
    ),
    Case(
        "their no against a list that starts tomorrow",
        (listed(starts_on=TOMORROW), claimed(False)),
        REFUTED,
        f"{TOLD} {NO}",
    ),
)
def test_what_is_known_of_the_caseload(case):
    finding = findings_of("stvc", work_in(ProgramType.STVC, *case.facts))[CASELOAD]
    assert (finding.verdict, finding.reading) == case.outcome
    assert finding.sentence == f"{case.says}."
    assert finding.next_step == next_step(case, NOT_CASELOAD)


def next_step(case: Case, when_not_met: str) -> str:
    return {KNOWN: "", REFUTED: when_not_met}.get(case.outcome, STAFF_WILL_CHECK)


FUNDED, NOT_FUNDED_BY = (
    f"{MINISTRY} funds {STVC_PROGRAM}",
    f"{MINISTRY} does not fund {STVC_PROGRAM}",
)
THE_FUNDING = f"the funding of {STVC_PROGRAM} by {MINISTRY}"


@to_table(
    Case("nothing", (), OPEN, f"We do not know yet who funds {STVC_PROGRAM}"),
    Case("claimed", (claimed(PSSG),), CLAIMED, f"{TOLD} {FUNDED}"),
    Case("listed", (listed(PSSG),), KNOWN, f"{LIST} {FUNDED}"),
    Case("confirmed", (confirmed(PSSG),), KNOWN, f"{STAFF} {FUNDED}"),
    Case("contradicted", (contradicted(PSSG),), REFUTED, f"{LIST} {NOT_FUNDED_BY}"),
    Case("another funder, contradicted", (contradicted(OTHER),), KNOWN, f"{LIST} {FUNDED}"),
    Case("their own no", (claimed(OTHER),), REFUTED, f"{TOLD} {NOT_FUNDED_BY}"),
    Case("another funder", (listed(OTHER),), REFUTED, f"{LIST} {NOT_FUNDED_BY}"),
    Case("another funder, checked", (confirmed(OTHER),), REFUTED, f"{STAFF} {NOT_FUNDED_BY}"),
    Case("their no against a list", (listed(PSSG), claimed(OTHER)), KNOWN, f"{LIST} {FUNDED}"),
    Case(
        "their yes against a list",
        (listed(OTHER), claimed(PSSG)),
        REFUTED,
        f"{LIST} {NOT_FUNDED_BY}",
    ),
    Case("a check against a list", (listed(OTHER), confirmed(PSSG)), KNOWN, f"{STAFF} {FUNDED}"),
    Case(
        "a newer list names another funder",
        (listed(PSSG, OLD_LIST), listed(OTHER)),
        REFUTED,
        f"{LIST} {NOT_FUNDED_BY}",
    ),
    Case(
        "an older list names another funder",
        (listed(PSSG), listed(OTHER, OLD_LIST)),
        KNOWN,
        f"{LIST} {FUNDED}",
    ),
    Case(
        "ended yesterday",
        (listed(PSSG, ends_on=YESTERDAY),),
        REFUTED,
        f"{LIST} {THE_FUNDING} {ENDED}",
    ),
    Case("ends today", (listed(PSSG, ends_on=TODAY),), KNOWN, f"{LIST} {FUNDED}"),
    Case("ends tomorrow", (listed(PSSG, ends_on=TOMORROW),), KNOWN, f"{LIST} {FUNDED}"),
    Case(
        "starts tomorrow",
        (listed(PSSG, starts_on=TOMORROW),),
        OPEN,
        f"{LIST} {THE_FUNDING} {STARTS}",
    ),
    Case(
        "another funder's funding ended",
        (listed(OTHER, ends_on=YESTERDAY),),
        OPEN,
        f"We do not know yet who funds {STVC_PROGRAM}",
    ),
    Case(
        "another funder's funding ended, claimed",
        (listed(OTHER, ends_on=YESTERDAY), claimed(PSSG)),
        CLAIMED,
        f"{TOLD} {FUNDED}",
    ),
    Case(
        "another funder from tomorrow",
        (listed(OTHER, starts_on=TOMORROW),),
        OPEN,
        f"We do not know yet who funds {STVC_PROGRAM}",
    ),
    Case(
        "another funder now, the ministry from tomorrow",
        (listed(OTHER, ends_on=TODAY), listed(PSSG, starts_on=TOMORROW)),
        REFUTED,
        f"{LIST} {NOT_FUNDED_BY}",
    ),
)
def test_what_is_known_of_the_funding(case):
    work = work_in(ProgramType.STVC, funding=case.facts)
    finding = findings_of("stvc", work)[FUNDING]
    assert (finding.verdict, finding.reading) == case.outcome
    assert finding.sentence == f"{case.says}."
    assert finding.next_step == next_step(case, NOT_FUNDED)


A_MEMBERSHIP = "a current EVA BC membership"
HOLDS = f"{{holds}} {A_MEMBERSHIP}"
MEMBERSHIP_ENDED = f"{{whose}} EVA BC membership {ENDED}"
MEMBERSHIP_STARTS = f"{{whose}} EVA BC membership {STARTS}"
CURRENT = listed(starts_on=LAST_YEAR, ends_on=NEXT_YEAR)
OVER = listed(starts_on=LAST_YEAR, ends_on=YESTERDAY)
COMING = listed(starts_on=TOMORROW, ends_on=NEXT_YEAR)
MEMBERSHIP_CASES = to_table(
    Case("claimed", (claimed(),), CLAIMED, f"{TOLD} {HOLDS}"),
    Case("listed", (listed(),), KNOWN, f"{LIST} {HOLDS}"),
    Case("confirmed", (confirmed(),), KNOWN, f"{STAFF} {HOLDS}"),
    Case(
        "contradicted", (contradicted(),), REFUTED, f"{LIST} {{holds}} no current EVA BC membership"
    ),
    Case(
        "their own no",
        (claimed(False),),
        REFUTED,
        f"{TOLD} neither you nor your agency holds {A_MEMBERSHIP}",
    ),
    Case("their no against a list", (claimed(False), CURRENT), KNOWN, f"{LIST} {HOLDS}"),
    Case("ended yesterday", (OVER,), REFUTED, f"{LIST} {MEMBERSHIP_ENDED}"),
    Case("ends today", (listed(starts_on=LAST_YEAR, ends_on=TODAY),), KNOWN, f"{LIST} {HOLDS}"),
    Case(
        "ends tomorrow", (listed(starts_on=LAST_YEAR, ends_on=TOMORROW),), KNOWN, f"{LIST} {HOLDS}"
    ),
    Case("starts today", (listed(starts_on=TODAY, ends_on=NEXT_YEAR),), KNOWN, f"{LIST} {HOLDS}"),
    Case("starts tomorrow", (COMING,), OPEN, f"{LIST} {MEMBERSHIP_STARTS}"),
    Case(
        "ended yesterday, claimed to go on",
        (OVER, claimed()),
        REFUTED,
        f"{LIST} {MEMBERSHIP_ENDED}",
    ),
    Case(
        "ended yesterday, renewed from today",
        (
            confirmed(starts_on=LAST_YEAR, ends_on=YESTERDAY),
            listed(True, OLD_LIST, starts_on=TODAY, ends_on=NEXT_YEAR),
        ),
        KNOWN,
        f"{OLD} {HOLDS}",
    ),
    Case(
        "ended yesterday, renewed before that",
        (
            confirmed(starts_on=LAST_YEAR, ends_on=YESTERDAY),
            listed(starts_on=YESTERDAY, ends_on=NEXT_YEAR),
        ),
        KNOWN,
        f"{LIST} {HOLDS}",
    ),
    Case(
        "ended yesterday, again from tomorrow", (OVER, COMING), OPEN, f"{LIST} {MEMBERSHIP_STARTS}"
    ),
    Case(
        "two that ended: the later one is named",
        (confirmed(starts_on=LAST_YEAR.replace(year=2023), ends_on=LAST_YEAR), OVER),
        REFUTED,
        f"{LIST} {MEMBERSHIP_ENDED}",
    ),
)


@MEMBERSHIP_CASES
def test_what_is_known_of_the_agencys_membership(case):
    work = work_in(ProgramType.STVC, memberships=case.facts)
    finding = findings_of("stvc", work)[MEMBERSHIP]
    assert (finding.verdict, finding.reading) == case.outcome
    said = case.says.format(holds="your agency holds", whose="your agency’s")
    assert finding.sentence == f"{said}."
    assert finding.next_step == next_step(case, NO_MEMBERSHIP)


@MEMBERSHIP_CASES
def test_what_is_known_of_their_own_membership(case):
    work = work_in(ProgramType.STVC, memberships=())
    finding = findings_of("stvc", work, memberships=case.facts)[MEMBERSHIP]
    assert (finding.verdict, finding.reading) == case.outcome
    assert finding.sentence == f"{case.says.format(holds='you hold', whose='your own')}."
    assert finding.next_step == next_step(case, NO_MEMBERSHIP)


@pytest.mark.parametrize(
    ("agencys", "own", "verdict", "sentence"),
    [
        (CURRENT, OVER, MET, f"{LIST} your agency holds {A_MEMBERSHIP}."),
        (OVER, CURRENT, MET, f"{LIST} you hold {A_MEMBERSHIP}."),
        (OVER, claimed(), MET, f"{TOLD} you hold {A_MEMBERSHIP}."),
        (claimed(), CURRENT, MET, f"{LIST} you hold {A_MEMBERSHIP}."),
        (claimed(False), CURRENT, MET, f"{LIST} you hold {A_MEMBERSHIP}."),
        (OVER, OVER, NOT_MET, f"{LIST} your own EVA BC membership {ENDED}."),
    ],
)
def test_a_membership_of_the_agency_or_of_the_person_satisfies(agencys, own, verdict, sentence):
    work = work_in(ProgramType.STVC, memberships=(agencys,))
    finding = findings_of("stvc", work, memberships=(own,))[MEMBERSHIP]
    assert (finding.verdict, finding.sentence) == (verdict, sentence)


def test_without_any_membership_known_nothing_is_said_of_one():
    finding = findings_of("stvc", work_in(ProgramType.STVC, memberships=()))[MEMBERSHIP]
    assert (finding.verdict, finding.evidence, finding.sentence) == (
        UNKNOWN,
        None,
        "We do not know yet whether you or your agency hold a current EVA BC membership.",
    )


def test_staff_read_the_same_about_the_applicant():
    over = listed(ends_on=YESTERDAY)
    work = work_in(ProgramType.STVC, claimed(), funding=(listed(OTHER),), memberships=(over,))
    assert [f.staff_sentence for f in findings_of("stvc", work).values()] == [
        f"Claimed: the applicant carries a caseload in {STVC_PROGRAM}.",
        f"{LIST} {MINISTRY} does not fund {STVC_PROGRAM}.",
        f"{LIST} the agency’s EVA BC membership {ENDED}.",
    ]


# -- All rules at once ----------------------------------------------------------------------------

WELCOME = {"met": (listed(),), "claimed": (claimed(),), "unknown": (), "not met": (listed(False),)}
FUNDINGS = {
    "met": (listed(PSSG),),
    "claimed": (claimed(PSSG),),
    "unknown": (),
    "not met": (listed(OTHER),),
}
ALL_OF = {
    frozenset({"met"}): (MET, Reading.MET, False),
    frozenset({"claimed"}): (MET, Reading.TO_CHECK, False),
    frozenset({"met", "claimed"}): (MET, Reading.TO_CHECK, False),
    frozenset({"unknown"}): (UNKNOWN, Reading.TO_CHECK, True),
    frozenset({"met", "unknown"}): (UNKNOWN, Reading.TO_CHECK, True),
    frozenset({"claimed", "unknown"}): (UNKNOWN, Reading.TO_CHECK, True),
    frozenset({"met", "claimed", "unknown"}): (UNKNOWN, Reading.TO_CHECK, True),
}


@pytest.mark.parametrize(("slug", "kind"), FITTING)
@pytest.mark.parametrize(("caseload", "funding", "membership"), [*product(WELCOME, repeat=3)])
def test_all_three_rules_must_hold_at_once(slug, kind, caseload, funding, membership):
    work = ProgramWork(
        program="the program",
        program_type=kind,
        caseload=WELCOME[caseload],
        funding=FUNDINGS[funding],
        memberships=WELCOME[membership],
    )
    assessment = assess(standing_with(work), rules_of(slug))
    states = [caseload, funding, membership]
    expected = ALL_OF.get(frozenset(states), (NOT_MET, Reading.NOT_MET, True))
    assert (
        assessment.verdict,
        assessment.reading,
        assessment.needs_written_reason,
    ) == expected
    assert len(assessment.not_met) == states.count("not met")


# -- One and the same program ---------------------------------------------------------------------


def in_another_program(**facts) -> ProgramWork:
    return replace(work_in(ProgramType.STVC, **facts), program="the other program")


NO_CASELOAD = (listed(False),)


def test_a_caseload_here_and_funding_there_is_not_met_where_another_funder_pays_here():
    here = work_in(ProgramType.STVC, funding=(listed(OTHER),))
    assessment = assess(standing_with(here), rules_of("stvc"))
    assert (assessment.verdict, assessment.findings[1].sentence) == (
        NOT_MET,
        f"{LIST} {NOT_FUNDED_BY}.",
    )
    for there in in_another_program(caseload=NO_CASELOAD), work_in(ProgramType.CBVS):
        assert assess(standing_with(here, there), rules_of("stvc")) == assessment
        assert assess(standing_with(there, here), rules_of("stvc")).verdict == NOT_MET


def test_a_caseload_here_and_funding_there_is_unknown_where_nobody_knows_who_pays_here():
    here = work_in(ProgramType.STVC, funding=())
    assessment = assess(standing_with(here), rules_of("stvc"))
    assert (assessment.verdict, assessment.findings[1].sentence) == (
        UNKNOWN,
        f"We do not know yet who funds {STVC_PROGRAM}.",
    )
    for there in in_another_program(caseload=NO_CASELOAD), work_in(ProgramType.CBVS):
        assert assess(standing_with(here, there), rules_of("stvc")) == assessment
        assert assess(standing_with(there, here), rules_of("stvc")) == assessment


def test_a_funded_program_where_their_caseload_is_not_known_leaves_it_open():
    here = work_in(ProgramType.STVC, funding=(listed(OTHER),))
    there = replace(in_another_program(), caseload=())
    findings = findings_of("stvc", here, there)
    assert [(f.verdict, f.sentence) for f in findings.values()] == [
        (UNKNOWN, "We do not know yet whether you carry a caseload in the other program."),
        (MET, f"{LIST} {MINISTRY} funds the other program."),
        (MET, f"{LIST} your agency holds {A_MEMBERSHIP}."),
    ]


def test_funding_of_a_program_of_another_type_does_not_count():
    with_caseload = work_in(ProgramType.STVC, funding=())
    with_funding = work_in(ProgramType.CBVS)
    findings = findings_of("stvc", with_funding, with_caseload)
    assert (findings[FUNDING].verdict, findings[FUNDING].sentence) == (
        UNKNOWN,
        f"We do not know yet who funds {STVC_PROGRAM}.",
    )


def test_a_well_known_program_of_another_type_does_not_hide_the_one_they_name():
    claims_of_theirs = work_in(
        ProgramType.STVC, claimed(), claimed=True, funding=(), memberships=(claimed(),)
    )
    findings = findings_of("stvc", work_in(ProgramType.CBVS), claims_of_theirs)
    assert [f.sentence for f in findings.values()] == [
        f"{TOLD} {YES}.",
        f"We do not know yet who funds {STVC_PROGRAM}.",
        f"{TOLD} your agency holds {A_MEMBERSHIP}.",
    ]


def test_their_no_about_the_caseload_stands_beside_a_listed_program_of_another_type():
    claims_of_theirs = work_in(ProgramType.STVC, claimed(False), claimed=True)
    findings = findings_of("stvc", work_in(ProgramType.CBVS), claims_of_theirs)
    assert (findings[CASELOAD].verdict, findings[CASELOAD].sentence) == (
        NOT_MET,
        f"{TOLD} {NO}.",
    )


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_programs_the_one_that_serves_them_best_is_named(order):
    best = in_another_program()
    work = [work_in(ProgramType.STVC, funding=()), best, work_in(ProgramType.STVC, claimed(False))]
    assessment = assess(standing_with(*work[::order]), rules_of("stvc"))
    assert assessment == assess(standing_with(best), rules_of("stvc"))
    assert assessment.reading == Reading.MET


def test_a_listed_program_serves_better_than_a_claimed_one():
    claims = in_another_program(caseload=(claimed(),))
    findings = findings_of("stvc", claims, work_in(ProgramType.STVC))
    assert findings[CASELOAD].sentence == f"{LIST} {YES}."


@pytest.mark.parametrize("slug", PROGRAM_COMMUNITIES)
def test_the_day_of_the_standing_is_kept_with_the_findings(slug):
    assert assess(Standing(on=YESTERDAY), rules_of(slug)).on == YESTERDAY
