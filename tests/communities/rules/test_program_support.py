"""Who can join the four program support communities: status and sentence, case by case."""

from dataclasses import replace
from itertools import product

import pytest

from communities.rules.assess import assess
from communities.rules.caseload import Caseload
from communities.rules.eva_membership import EvaMembershipHeld
from communities.rules.facts import Fact, ProgramWork, Standing
from communities.rules.funding import Funding
from communities.rules.rule import Sentence, weigh
from communities.rules.vocabulary import Evidence, Funder, ProgramType, Status, Verdict
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
CURRENT = listed(starts_on=LAST_YEAR, ends_on=NEXT_YEAR)
OVER = listed(starts_on=LAST_YEAR, ends_on=YESTERDAY)
LONG_OVER = confirmed(starts_on=LAST_YEAR.replace(year=2023), ends_on=LAST_YEAR)
COMING = listed(starts_on=TOMORROW, ends_on=NEXT_YEAR)
STVC_PROGRAM = "the STVC program at Sample Society"
MINISTRY = "the Ministry of Public Safety and Solicitor General"

STAFF_WILL_CONFIRM = "EVA BC staff will confirm this."
ASK_YOUR_AGENCY = "If you’re not sure, you can ask your agency."
# By kind of rule: what the applicant can do where it is not met, and where nothing is known.
NOT_MET_STEPS = {
    CASELOAD: "See if another community fits your work.",
    FUNDING: "Your agency can tell you who funds the program.",
    MEMBERSHIP: "Ask your agency if it has an EVA BC membership or can renew it. "
    "Your own membership counts too.",
}
NOT_KNOWN_STEPS = {
    CASELOAD: ASK_YOUR_AGENCY,
    FUNDING: ASK_YOUR_AGENCY,
    MEMBERSHIP: ASK_YOUR_AGENCY,
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
        finding.sentence == f"{lead} you carry a caseload in the {kind} program at Sample Society."
    )
    assert finding.next_step == next_step(finding)


@pytest.mark.parametrize(("slug", "kind"), OTHERS)
def test_whoever_says_they_work_in_another_program_reads_which_and_what_it_takes(slug, kind):
    finding = findings_of(slug, work_in(kind, claimed(), claimed=True))[CASELOAD]
    assert finding.status == Status.NOT_MET
    if kind == ProgramType.OTHER:  # They were asked about these programs, and said no.
        sentence = f"You told us that you do not work in {WANTED[slug]}."
        staff_sentence = f"Self-reported: does not work in {WANTED[slug]}."
    else:
        sentence = f"You told us that you work in the {kind} program at Sample Society."
        staff_sentence = (
            f"Self-reported: works in the {kind} program at Sample Society, "
            f"and this community is for people who work in {WANTED[slug]}."
        )
    assert (finding.sentence, finding.staff_sentence) == (sentence, staff_sentence)
    assert finding.next_step == next_step(finding)


@pytest.mark.parametrize(("slug", "kind"), OTHERS)
def test_a_list_that_shows_them_elsewhere_says_nothing_about_this_program(slug, kind):
    findings = findings_of(slug, work_in(kind, funding=(listed(OTHER),)))
    assert [(f.verdict, f.evidence, f.sentence) for f in findings.values()] == [
        (UNKNOWN, None, "EVA BC staff will check whether you carry a caseload in your program."),
        (UNKNOWN, None, "EVA BC staff will check who funds your program."),
        (
            UNKNOWN,
            None,
            "EVA BC staff will check whether you or your agency holds a current EVA BC membership.",
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


# -- Weighing facts -------------------------------------------------------------------------------

YES, NO, ENDED, NOT_YET = Sentence.SAYS_YES, Sentence.SAYS_NO, Sentence.ENDED, Sentence.NOT_YET

# The facts, the outcome, and which of the facts decides.
WEIGHED = {
    "claimed": ([claimed()], MET, YES, 0),
    "listed": ([listed()], MET, YES, 0),
    "confirmed": ([confirmed()], MET, YES, 0),
    "contradicted": ([contradicted()], NOT_MET, NO, 0),
    "their own no": ([claimed(False)], NOT_MET, NO, 0),
    "listed no": ([listed(False)], NOT_MET, NO, 0),
    "confirmed no": ([confirmed(False)], NOT_MET, NO, 0),
    "their no against a list": ([claimed(False), listed()], MET, YES, 1),
    "claimed and listed": ([claimed(), listed()], MET, YES, 1),
    "claimed against a list": ([claimed(), listed(False)], NOT_MET, NO, 1),
    "a check against a list": ([listed(False), confirmed()], MET, YES, 1),
    "a newer list says yes": ([listed(), listed(False, OLD_LIST)], MET, YES, 0),
    "a newer list says no": ([listed(True, OLD_LIST), listed(False)], NOT_MET, NO, 1),
    "two lists of a day disagree": ([listed(False), listed()], MET, YES, 1),
    "ended yesterday": ([listed(ends_on=YESTERDAY)], NOT_MET, ENDED, 0),
    "ends today": ([listed(ends_on=TODAY)], MET, YES, 0),
    "ends tomorrow": ([listed(ends_on=TOMORROW)], MET, YES, 0),
    "starts today": ([listed(starts_on=TODAY)], MET, YES, 0),
    "starts tomorrow": ([listed(starts_on=TOMORROW)], UNKNOWN, NOT_YET, 0),
    "ended, claimed to go on": ([OVER, claimed()], NOT_MET, ENDED, 0),
    "ended on a newer list": ([OVER, listed(True, OLD_LIST)], NOT_MET, ENDED, 0),
    "ended on an older list": ([listed(True, OLD_LIST, ends_on=YESTERDAY), listed()], MET, YES, 1),
    "checked to have ended": ([confirmed(ends_on=YESTERDAY), listed()], NOT_MET, ENDED, 0),
    "ended and came back": ([OVER, listed(starts_on=TODAY)], MET, YES, 1),
    "renewed before the end": ([OVER, listed(starts_on=YESTERDAY)], MET, YES, 1),
    "renewed on an older list": ([OVER, listed(True, OLD_LIST, starts_on=TODAY)], MET, YES, 1),
    "ended, again from tomorrow": ([OVER, COMING], UNKNOWN, NOT_YET, 1),
    "the later one of two that ended": ([LONG_OVER, OVER], NOT_MET, ENDED, 1),
    "a no that has ended says nothing": ([listed(False, ends_on=YESTERDAY)], UNKNOWN, None, None),
    "nor beside a claim": ([listed(False, ends_on=YESTERDAY), claimed()], MET, YES, 1),
    "a no from tomorrow says nothing": ([listed(False, starts_on=TOMORROW)], UNKNOWN, None, None),
    "no until today, yes after": ([listed(False, ends_on=TODAY), COMING], NOT_MET, NO, 0),
    "nothing": ([], UNKNOWN, None, None),
}


@pytest.mark.parametrize(("facts", "verdict", "sentence", "decides"), WEIGHED.values(), ids=WEIGHED)
def test_the_strongest_fact_decides(facts, verdict, sentence, decides):
    outcome = weigh(facts, wanted=True, on=TODAY, words={})
    assert (outcome.verdict, outcome.sentence) == (verdict, sentence or Sentence.NOTHING_KNOWN)
    assert outcome.fact == (None if decides is None else facts[decides])


@pytest.mark.parametrize(
    ("facts", "status", "decides"),
    [
        ([contradicted(False)], Status.NOT_MET, "You told us that you do not"),
        ([listed(), claimed(False)], Status.NOT_MET, "You told us that you do not"),
        ([confirmed(), claimed(False)], Status.MET, "EVA BC staff have confirmed that you carry"),
        ([listed(), claimed(False, ends_on=YESTERDAY)], Status.MET, "The list of 2026 says"),
        ([listed(starts_on=TOMORROW), claimed(False)], Status.NOT_MET, "You told us that you do"),
    ],
)
def test_about_their_own_caseload_a_persons_no_outweighs_a_list(facts, status, decides):
    finding = findings_of("stvc", work_in(ProgramType.STVC, *facts))[CASELOAD]
    assert (finding.status, finding.sentence[: len(decides)]) == (status, decides)


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ([listed(PSSG), claimed(OTHER)], Status.MET),
        ([contradicted(OTHER)], Status.MET),
        ([listed(OTHER), claimed(PSSG)], Status.NOT_MET),
        ([listed(OTHER, ends_on=YESTERDAY)], Status.UNKNOWN),
        ([listed(OTHER, ends_on=TODAY), listed(PSSG, starts_on=TOMORROW)], Status.NOT_MET),
    ],
)
def test_funding_by_the_ministry_is_what_counts(facts, status):
    work = work_in(ProgramType.STVC, funding=tuple(facts))
    assert findings_of("stvc", work)[FUNDING].status == status


def no_longer_listed(fact: Fact) -> Fact:
    """The fact of the list of 2026, which the edition of today no longer names."""
    return replace(fact, superseded_on=TODAY)


@pytest.mark.parametrize(
    ("facts", "verdict", "sentence", "decides"),
    [
        ([no_longer_listed(listed())], UNKNOWN, YES, 0),
        ([no_longer_listed(listed(False))], UNKNOWN, NO, 0),
        ([no_longer_listed(OVER)], UNKNOWN, ENDED, 0),
        ([no_longer_listed(COMING)], UNKNOWN, NOT_YET, 0),
        ([no_longer_listed(listed(True, OLD_LIST)), no_longer_listed(listed())], UNKNOWN, YES, 1),
        ([no_longer_listed(listed(False)), claimed()], MET, YES, 1),
        ([no_longer_listed(listed()), claimed(False)], NOT_MET, NO, 1),
        ([no_longer_listed(listed()), listed(ends_on=YESTERDAY)], NOT_MET, ENDED, 1),
        ([no_longer_listed(listed(False, ends_on=YESTERDAY))], UNKNOWN, None, None),
    ],
)
def test_what_a_newer_edition_no_longer_names_does_not_count(facts, verdict, sentence, decides):
    outcome = weigh(facts, wanted=True, on=TODAY, words={})
    assert (outcome.verdict, outcome.sentence) == (verdict, sentence or Sentence.NOTHING_KNOWN)
    assert outcome.fact == (None if decides is None else facts[decides])


def test_staff_and_applicant_read_which_edition_named_it_last():
    work = work_in(ProgramType.STVC, no_longer_listed(listed()))
    finding = findings_of("stvc", work)[CASELOAD]
    assert finding.staff_sentence == (
        "Named by the list of 2026, not by that of May 4, 2026: "
        f"the applicant carries a caseload in {STVC_PROGRAM}."
    )
    assert finding.sentence == (
        f"{LIST} you carry a caseload in {STVC_PROGRAM}, "
        "but the one of May 4, 2026 does not mention it."
    )
    # As old as the edition that left it out.
    assert (finding.status, finding.as_of) == (Status.UNKNOWN, TODAY)


@pytest.mark.parametrize(
    ("fact", "otherwise", "verdict"),
    [
        (confirmed(), listed(False), UNKNOWN),
        (confirmed(), listed(ends_on=YESTERDAY), UNKNOWN),
        (confirmed(), listed(ends_on=TOMORROW), MET),
        (confirmed(), listed(None), UNKNOWN),
        (confirmed(False), listed(), UNKNOWN),
        (confirmed(False), listed(None), NOT_MET),
        (confirmed(ends_on=YESTERDAY), listed(), UNKNOWN),
        (confirmed(ends_on=YESTERDAY), listed(ends_on=LAST_YEAR), NOT_MET),
    ],
)
def test_a_list_that_says_otherwise_than_staff_confirmed_leaves_it_to_check(
    fact, otherwise, verdict
):
    outcome = weigh([replace(fact, otherwise=otherwise)], wanted=True, on=TODAY, words={})
    assert outcome.verdict == verdict
    assert (outcome.fact.evidence == Evidence.CONTRADICTED) == (verdict == UNKNOWN)


def test_staff_and_applicant_read_that_a_list_says_otherwise():
    fact = replace(confirmed(), otherwise=listed(False))
    finding = findings_of("stvc", work_in(ProgramType.STVC, fact))[CASELOAD]
    assert (finding.status, finding.source) == (Status.UNKNOWN, "the list of 2026")
    assert finding.staff_sentence == (
        "EVA BC staff have confirmed that the applicant carries a caseload in "
        f"{STVC_PROGRAM}, but the list of 2026 says otherwise."
    )
    assert finding.sentence == (
        f"EVA BC staff have confirmed that you carry a caseload in {STVC_PROGRAM}, "
        "but the list of 2026 says otherwise."
    )
    assert finding.next_step == next_step(finding)


# -- Sentences ------------------------------------------------------------------------------------

LIST, TOLD = "The list of 2026 says that", "You told us that"
NOR_OWN = "we don’t know yet whether you hold one yourself"
# By kind of rule: what the applicant reads where it is so, is not so, has ended, and will start.
SENTENCES = {
    CASELOAD: (
        f"you carry a caseload in {STVC_PROGRAM}.",
        f"you do not carry a caseload in {STVC_PROGRAM}.",
        f"your caseload in {STVC_PROGRAM} ended on May 3, 2026.",
        f"your caseload in {STVC_PROGRAM} starts on May 5, 2026.",
    ),
    FUNDING: (
        f"{STVC_PROGRAM} is funded by {MINISTRY}.",
        f"{STVC_PROGRAM} is not funded by {MINISTRY}.",
        f"funding for {STVC_PROGRAM} from {MINISTRY} ended on May 3, 2026.",
        f"funding for {STVC_PROGRAM} from {MINISTRY} starts on May 5, 2026.",
    ),
    MEMBERSHIP: (
        "your agency holds a current EVA BC membership.",
        f"your agency does not hold a current EVA BC membership; {NOR_OWN}.",
        f"your agency’s EVA BC membership ended on May 3, 2026; {NOR_OWN}.",
        "your agency’s EVA BC membership starts on May 5, 2026.",
    ),
}
PERIODS = [{}, {}, {"ends_on": YESTERDAY}, {"starts_on": TOMORROW}]


@pytest.mark.parametrize("kind", SENTENCES)
@pytest.mark.parametrize("number", range(4))
def test_the_applicant_reads_what_a_list_says_and_what_to_do(kind, number):
    yes, no = (PSSG, OTHER) if kind == FUNDING else (True, False)
    fact = listed(no if number == 1 else yes, **PERIODS[number])
    known = {CASELOAD: "caseload", FUNDING: "funding", MEMBERSHIP: "memberships"}[kind]
    finding = findings_of("stvc", replace(work_in(ProgramType.STVC), **{known: (fact,)}))[kind]
    assert finding.sentence == f"{LIST} {SENTENCES[kind][number]}"
    assert finding.next_step == next_step(finding)


A_MEMBERSHIP = "a current EVA BC membership"


@pytest.mark.parametrize(
    ("agencys", "own", "verdict", "sentence"),
    [
        (None, COMING, UNKNOWN, f"{LIST} your own EVA BC membership starts on May 5, 2026."),
        (
            None,
            contradicted(),
            UNKNOWN,
            f"{LIST} you do not hold {A_MEMBERSHIP}; we don’t know yet whether your agency holds one.",
        ),
        (
            None,
            OVER,
            UNKNOWN,
            f"{LIST} your own EVA BC membership ended on May 3, 2026; "
            "we don’t know yet whether your agency holds one.",
        ),
        (
            OVER,
            None,
            UNKNOWN,
            f"{LIST} your agency’s EVA BC membership ended on May 3, 2026; {NOR_OWN}.",
        ),
        (
            replace(CURRENT, superseded_on=TODAY),
            OVER,
            UNKNOWN,
            f"{LIST} your agency holds {A_MEMBERSHIP}, "
            "but the one of May 4, 2026 does not mention it.",
        ),
        (
            claimed(False),
            OVER,
            NOT_MET,
            f"{LIST} your own EVA BC membership ended on May 3, 2026; "
            "you told us that neither you nor your agency holds one.",
        ),
        (
            claimed(False),
            None,
            NOT_MET,
            f"{TOLD} neither you nor your agency holds {A_MEMBERSHIP}.",
        ),
        (CURRENT, OVER, MET, f"{LIST} your agency holds {A_MEMBERSHIP}."),
        (OVER, CURRENT, MET, f"{LIST} you hold {A_MEMBERSHIP}."),
        (OVER, claimed(), MET, f"{TOLD} you hold {A_MEMBERSHIP}."),
        (claimed(), CURRENT, MET, f"{LIST} you hold {A_MEMBERSHIP}."),
        (claimed(False), CURRENT, MET, f"{LIST} you hold {A_MEMBERSHIP}."),
        (
            OVER,
            OVER,
            NOT_MET,
            f"{LIST} your own EVA BC membership ended on May 3, 2026; "
            "neither you nor your agency holds a current one.",
        ),
    ],
)
def test_a_membership_of_the_agency_or_of_the_person_satisfies(agencys, own, verdict, sentence):
    work = work_in(ProgramType.STVC, memberships=(agencys,) if agencys else ())
    finding = findings_of("stvc", work, memberships=(own,) if own else ())[MEMBERSHIP]
    assert (finding.verdict, finding.sentence) == (verdict, sentence)
    assert finding.next_step == next_step(finding)


def test_staff_read_the_same_about_the_applicant():
    over = listed(ends_on=YESTERDAY)
    work = work_in(ProgramType.STVC, claimed(), funding=(listed(OTHER),), memberships=(over,))
    assert [f.staff_sentence for f in findings_of("stvc", work).values()] == [
        f"Self-reported: carries a caseload in {STVC_PROGRAM}.",
        f"{LIST} {STVC_PROGRAM} is not funded by {MINISTRY}.",
        f"{LIST} the agency’s EVA BC membership ended on May 3, 2026; "
        "it is not known yet whether the applicant holds one.",
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
    # Without a membership of their own either; else it would only be unknown.
    own = WELCOME[membership] if membership == "not met" else ()
    assessment = assess(standing_with(work, memberships=own), rules_of(slug))
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
        ((listed(OTHER),), NOT_MET, f"{LIST} {STVC_PROGRAM} is not funded by {MINISTRY}."),
        ((), UNKNOWN, "EVA BC staff will check who funds your program."),
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
        (UNKNOWN, "EVA BC staff will check whether you carry a caseload in your program."),
        (MET, f"{LIST} the other program is funded by {MINISTRY}."),
        (MET, f"{LIST} your agency holds {A_MEMBERSHIP}."),
    ]


def test_a_well_known_program_of_another_type_does_not_hide_the_one_they_name():
    claims_of_theirs = work_in(
        ProgramType.STVC, claimed(), claimed=True, funding=(), memberships=(claimed(),)
    )
    findings = findings_of("stvc", work_in(ProgramType.CBVS), claims_of_theirs)
    assert [f.sentence for f in findings.values()] == [
        f"{TOLD} you carry a caseload in {STVC_PROGRAM}.",
        "EVA BC staff will check who funds your program.",
        f"{TOLD} your agency holds {A_MEMBERSHIP}.",
    ]


def test_their_no_about_the_caseload_stands_beside_a_listed_program_of_another_type():
    claims_of_theirs = work_in(ProgramType.STVC, claimed(False), claimed=True)
    findings = findings_of("stvc", work_in(ProgramType.CBVS), claims_of_theirs)
    assert (findings[CASELOAD].verdict, findings[CASELOAD].sentence) == (
        NOT_MET,
        f"{TOLD} you do not carry a caseload in {STVC_PROGRAM}.",
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
    assert findings[CASELOAD].sentence == f"{LIST} you carry a caseload in {STVC_PROGRAM}."


def test_of_two_programs_that_serve_them_as_well_the_same_one_is_named_in_any_order():
    # One caseload is reported and its program confirmed; the other way round in the other program.
    one = work_in(ProgramType.STVC, claimed(), funding=(confirmed(PSSG),))
    other = in_another_program(caseload=(confirmed(),), funding=(claimed(PSSG),))
    first, second = (
        assess(standing_with(*works), rules_of("stvc")) for works in ((one, other), (other, one))
    )
    assert first == second
