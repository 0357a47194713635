"""Who can join the four program support communities: status and sentence, case by case."""

from dataclasses import dataclass, replace
from itertools import product

import pytest

from communities.rules.assess import assess
from communities.rules.caseload import Caseload
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.funding import Funding
from communities.rules.vocabulary import Funder, ProgramType, Status, Verdict
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

STAFF_WILL_CONFIRM = "EVA BC staff will confirm this."
IF_WRONG = "If this is not right, tell us in your note or email us."
NOT_SURE = "If you’re not sure, EVA BC staff will check."
# By kind of rule: what the applicant can do where it is not met, and where nothing is known.
NOT_MET_STEPS = {
    CASELOAD: f"See whether another community fits your work. {IF_WRONG}",
    FUNDING: f"Your agency can tell you who funds the program. {IF_WRONG}",
    MEMBERSHIP: "Ask your agency if it has an EVA BC membership or can renew it. "
    f"Your own membership counts too. {IF_WRONG}",
}
NOT_KNOWN_STEPS = {
    CASELOAD: f"Tell us which program you work in and whether you carry a caseload. {NOT_SURE}",
    FUNDING: f"Ask your agency. {NOT_SURE}",
    MEMBERSHIP: f"Ask your agency. {NOT_SURE}",
}


def next_step(finding) -> str:
    """The step that belongs to a finding's status."""
    return {
        Status.MET: "",
        Status.SELF_REPORTED: STAFF_WILL_CONFIRM,
        Status.UNKNOWN: "EVA BC staff will check this."
        if finding.evidence
        else NOT_KNOWN_STEPS[finding.kind],
        Status.NOT_MET: NOT_MET_STEPS[finding.kind],
    }[finding.status]


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
    "sas": "a Sexual Assault Service program",
}
FITTING = [(slug, kind) for slug, kinds in PROGRAM_COMMUNITIES.items() for kind in kinds]
OTHERS = [pair for pair in product(PROGRAM_COMMUNITIES, ProgramType) if pair not in FITTING]


@pytest.mark.parametrize(("slug", "kind"), FITTING)
@pytest.mark.parametrize(
    ("caseload", "status", "lead"),
    [
        (listed(), Status.MET, "The list of 2026 says that"),
        (claimed(), Status.SELF_REPORTED, "You told us that"),
    ],
)
def test_a_caseload_in_a_program_of_the_community_is_met(slug, kind, caseload, status, lead):
    finding = findings_of(slug, work_in(kind, caseload))[CASELOAD]
    assert (finding.verdict, finding.status) == (MET, status)
    assert finding.condition == f"You must carry a caseload in {WANTED[slug]}."
    assert (
        finding.sentence == f"{lead} you carry a caseload in the {kind} program of Sample Society."
    )
    assert finding.next_step == next_step(finding)


@pytest.mark.parametrize(("slug", "kind"), OTHERS)
def test_whoever_says_they_work_in_another_program_reads_which_and_what_it_takes(slug, kind):
    finding = findings_of(slug, work_in(kind, claimed(), claimed=True))[CASELOAD]
    assert finding.status == Status.NOT_MET
    assert finding.sentence == (
        f"You told us that you work in the {kind} program of Sample Society."
    )
    assert finding.staff_sentence == (
        f"Self-reported: works in the {kind} program of Sample Society, "
        f"and this community is for people who work in {WANTED[slug]}."
    )
    assert finding.next_step == next_step(finding)


@pytest.mark.parametrize(("slug", "kind"), OTHERS)
def test_a_list_that_shows_them_elsewhere_says_nothing_about_this_program(slug, kind):
    findings = findings_of(slug, work_in(kind, funding=(listed(OTHER),)))
    assert [(f.verdict, f.evidence, f.sentence) for f in findings.values()] == [
        (UNKNOWN, None, "We don’t know yet whether you carry a caseload in your program."),
        (UNKNOWN, None, "We don’t know yet who funds your program."),
        (
            UNKNOWN,
            None,
            "We don’t know yet whether you or your agency hold a current EVA BC membership.",
        ),
    ]


@pytest.mark.parametrize("slug", PROGRAM_COMMUNITIES)
def test_of_a_person_without_facts_nothing_is_known(slug):
    assessment = assess(standing_with(), rules_of(slug))
    assert assessment.verdict == UNKNOWN
    assert assessment.not_met == ()
    assert assessment.needs_written_reason
    assert [f.staff_sentence for f in assessment.findings] == [
        f"There is no information yet on whether the applicant carries a caseload in {WANTED[slug]}.",
        "There is no information yet on who funds the program.",
        "There is no information yet on whether the applicant or the agency holds a current "
        "EVA BC membership.",
    ]
    assert [f.next_step for f in assessment.findings] == [*NOT_KNOWN_STEPS.values()]


# -- One rule at a time ---------------------------------------------------------------------------


CLAIMED, KNOWN, OPEN, REFUTED = (
    Status.SELF_REPORTED,
    Status.MET,
    Status.UNKNOWN,
    Status.NOT_MET,
)


@dataclass(frozen=True)
class Case:
    """Facts about one rule of STVC, and what should come of them.

    ``says`` is what the worker reads, without its full stop.
    """

    name: str
    facts: tuple[Fact, ...]
    status: Status
    says: str


def to_table(*cases: Case):
    return pytest.mark.parametrize("case", [pytest.param(c, id=c.name) for c in cases])


YES = f"you carry a caseload in {STVC_PROGRAM}"
NO = f"you do not carry a caseload in {STVC_PROGRAM}"
CASELOAD_OF = f"your caseload in {STVC_PROGRAM}"
LIST, OLD, STAFF, TOLD = (
    "The list of 2026 says that",
    "The list of 2025 says that",
    "EVA BC staff have confirmed that",
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
    assert finding.status == case.status
    assert finding.sentence == f"{case.says}."
    assert finding.next_step == next_step(finding)


FUNDED, NOT_FUNDED_BY = (
    f"{STVC_PROGRAM} is funded by {MINISTRY}",
    f"{STVC_PROGRAM} is not funded by {MINISTRY}",
)
THE_FUNDING = f"funding for {STVC_PROGRAM} from {MINISTRY}"


@to_table(
    Case("nothing", (), OPEN, "We don’t know yet who funds your program"),
    Case("claimed", (claimed(PSSG),), CLAIMED, f"{TOLD} {FUNDED}"),
    Case("listed", (listed(PSSG),), KNOWN, f"{LIST} {FUNDED}"),
    Case("contradicted", (contradicted(PSSG),), REFUTED, f"{LIST} {NOT_FUNDED_BY}"),
    Case("another funder, contradicted", (contradicted(OTHER),), KNOWN, f"{LIST} {FUNDED}"),
    Case("their own no", (claimed(OTHER),), REFUTED, f"{TOLD} {NOT_FUNDED_BY}"),
    Case("their no against a list", (listed(PSSG), claimed(OTHER)), KNOWN, f"{LIST} {FUNDED}"),
    Case(
        "ended yesterday",
        (listed(PSSG, ends_on=YESTERDAY),),
        REFUTED,
        f"{LIST} {THE_FUNDING} {ENDED}",
    ),
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
        "We don’t know yet who funds your program",
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
    assert finding.status == case.status
    assert finding.sentence == f"{case.says}."
    assert finding.next_step == next_step(finding)


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
    Case(
        "contradicted",
        (contradicted(),),
        REFUTED,
        f"{LIST} {{holds_no}} a current EVA BC membership",
    ),
    Case(
        "their own no",
        (claimed(False),),
        REFUTED,
        f"{TOLD} neither you nor your agency holds {A_MEMBERSHIP}",
    ),
    Case("their no against a list", (claimed(False), CURRENT), KNOWN, f"{LIST} {HOLDS}"),
    Case("ended yesterday", (OVER,), REFUTED, f"{LIST} {MEMBERSHIP_ENDED}"),
    Case("starts tomorrow", (COMING,), OPEN, f"{LIST} {MEMBERSHIP_STARTS}"),
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
@pytest.mark.parametrize(
    ("holds", "holds_no", "whose"),
    [
        ("your agency holds", "your agency does not hold", "your agency’s"),
        ("you hold", "you do not hold", "your own"),
    ],
)
def test_what_is_known_of_a_membership_of_the_agency_or_of_their_own(case, holds, holds_no, whose):
    own = case.facts if holds == "you hold" else ()
    work = work_in(ProgramType.STVC, memberships=() if own else case.facts)
    finding = findings_of("stvc", work, memberships=own)[MEMBERSHIP]
    assert finding.status == case.status
    sentence = case.says.format(holds=holds, holds_no=holds_no, whose=whose)
    assert finding.sentence == f"{sentence}."
    assert finding.next_step == next_step(finding)


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
        "We don’t know yet whether you or your agency hold a current EVA BC membership.",
    )


def test_staff_read_the_same_about_the_applicant():
    over = listed(ends_on=YESTERDAY)
    work = work_in(ProgramType.STVC, claimed(), funding=(listed(OTHER),), memberships=(over,))
    assert [f.staff_sentence for f in findings_of("stvc", work).values()] == [
        f"Self-reported: carries a caseload in {STVC_PROGRAM}.",
        f"{LIST} {STVC_PROGRAM} is not funded by {MINISTRY}.",
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
    verdict = NOT_MET if "not met" in states else UNKNOWN if "unknown" in states else MET
    assert (assessment.verdict, assessment.needs_written_reason) == (verdict, verdict != MET)
    assert len(assessment.not_met) == states.count("not met")


# -- One and the same program ---------------------------------------------------------------------


def in_another_program(**facts) -> ProgramWork:
    return replace(work_in(ProgramType.STVC, **facts), program="the other program")


NO_CASELOAD = (listed(False),)


@pytest.mark.parametrize(
    ("funding", "verdict", "sentence"),
    [
        ((listed(OTHER),), NOT_MET, f"{LIST} {NOT_FUNDED_BY}."),
        ((), UNKNOWN, "We don’t know yet who funds your program."),
    ],
)
def test_a_caseload_here_and_funding_there_do_not_add_up(funding, verdict, sentence):
    here = work_in(ProgramType.STVC, funding=funding)
    assessment = assess(standing_with(here), rules_of("stvc"))
    assert (assessment.verdict, assessment.findings[1].sentence) == (verdict, sentence)
    for there in in_another_program(caseload=NO_CASELOAD), work_in(ProgramType.CBVS):
        assert assess(standing_with(here, there), rules_of("stvc")) == assessment
        assert assess(standing_with(there, here), rules_of("stvc")).verdict == verdict


def test_a_funded_program_where_their_caseload_is_not_known_leaves_it_open():
    here = work_in(ProgramType.STVC, funding=(listed(OTHER),))
    there = replace(in_another_program(), caseload=())
    findings = findings_of("stvc", here, there)
    assert [(f.verdict, f.sentence) for f in findings.values()] == [
        (UNKNOWN, "We don’t know yet whether you carry a caseload in your program."),
        (MET, f"{LIST} the other program is funded by {MINISTRY}."),
        (MET, f"{LIST} your agency holds {A_MEMBERSHIP}."),
    ]


def test_a_well_known_program_of_another_type_does_not_hide_the_one_they_name():
    claims_of_theirs = work_in(
        ProgramType.STVC, claimed(), claimed=True, funding=(), memberships=(claimed(),)
    )
    findings = findings_of("stvc", work_in(ProgramType.CBVS), claims_of_theirs)
    assert [f.sentence for f in findings.values()] == [
        f"{TOLD} {YES}.",
        "We don’t know yet who funds your program.",
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
    assert assessment.verdict == MET


def test_a_listed_program_serves_better_than_a_claimed_one():
    claims = in_another_program(caseload=(claimed(),))
    findings = findings_of("stvc", claims, work_in(ProgramType.STVC))
    assert findings[CASELOAD].sentence == f"{LIST} {YES}."
