"""The sentences of the findings: one for the worker, one for staff, and what to do next.

Kept apart from the rules so that the wording can be read, and changed, in one place.
"""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from django.utils.formats import date_format

from communities.vocabulary import (
    CriterionKind,
    Evidence,
    Funder,
    InitiativeKind,
    ProgramType,
    RoleKind,
    Verdict,
)

if TYPE_CHECKING:
    from communities.facts import Criterion, Fact


class Sentence(enum.Enum):
    """What there is to say about one rule."""

    SAYS_YES = enum.auto()
    SAYS_NO = enum.auto()
    ENDED = enum.auto()
    NOT_YET = enum.auto()
    NOTHING_KNOWN = enum.auto()
    OTHER_PROGRAM = enum.auto()
    OTHER_ROLE = enum.auto()
    NOT_NAMED = enum.auto()


class Said(NamedTuple):
    worker: str
    staff: str
    next_step: str


STAFF_WILL_CHECK = "EVA BC staff will check this."
IF_WRONG = "If this is not right, say so in your note, or write to us."

# What there is to say, to the worker and to staff, as a clause after "The list of 1 May says that".
_CLAUSES: dict[tuple[CriterionKind, Sentence], tuple[str, str]] = {
    (CriterionKind.CASELOAD, Sentence.SAYS_YES): (
        "you carry a caseload in {program}",
        "the applicant carries a caseload in {program}",
    ),
    (CriterionKind.CASELOAD, Sentence.SAYS_NO): (
        "you do not carry a caseload in {program}",
        "the applicant does not carry a caseload in {program}",
    ),
    (CriterionKind.CASELOAD, Sentence.ENDED): (
        "your caseload in {program} ended on {date}",
        "the applicant’s caseload in {program} ended on {date}",
    ),
    (CriterionKind.CASELOAD, Sentence.NOT_YET): (
        "your caseload in {program} starts on {date}",
        "the applicant’s caseload in {program} starts on {date}",
    ),
    (CriterionKind.CASELOAD, Sentence.OTHER_PROGRAM): (
        "you work in {program}, and this community is for staff of {wanted}",
        "the applicant works in {program}, and this community is for staff of {wanted}",
    ),
    (CriterionKind.FUNDING, Sentence.SAYS_YES): (
        "{funder} funds {program}",
        "{funder} funds {program}",
    ),
    (CriterionKind.FUNDING, Sentence.SAYS_NO): (
        "{funder} does not fund {program}",
        "{funder} does not fund {program}",
    ),
    (CriterionKind.FUNDING, Sentence.ENDED): (
        "the funding of {program} by {funder} ended on {date}",
        "the funding of {program} by {funder} ended on {date}",
    ),
    (CriterionKind.FUNDING, Sentence.NOT_YET): (
        "the funding of {program} by {funder} starts on {date}",
        "the funding of {program} by {funder} starts on {date}",
    ),
    (CriterionKind.EVA_MEMBERSHIP, Sentence.SAYS_YES): (
        "{you_hold} a current EVA BC membership",
        "{they_hold} a current EVA BC membership",
    ),
    (CriterionKind.EVA_MEMBERSHIP, Sentence.SAYS_NO): (
        "{you_hold_no} current EVA BC membership",
        "{they_hold_no} current EVA BC membership",
    ),
    (CriterionKind.EVA_MEMBERSHIP, Sentence.ENDED): (
        "{your} EVA BC membership ended on {date}",
        "{their} EVA BC membership ended on {date}",
    ),
    (CriterionKind.EVA_MEMBERSHIP, Sentence.NOT_YET): (
        "{your} EVA BC membership starts on {date}",
        "{their} EVA BC membership starts on {date}",
    ),
    (CriterionKind.COORDINATION_ROLE, Sentence.SAYS_YES): (
        "you are {role} of {initiative}",
        "the applicant is {role} of {initiative}",
    ),
    (CriterionKind.COORDINATION_ROLE, Sentence.SAYS_NO): (
        "you are not {role} of {initiative}",
        "the applicant is not {role} of {initiative}",
    ),
    (CriterionKind.COORDINATION_ROLE, Sentence.ENDED): (
        "your role as {role} of {initiative} ended on {date}",
        "the applicant’s role as {role} of {initiative} ended on {date}",
    ),
    (CriterionKind.COORDINATION_ROLE, Sentence.NOT_YET): (
        "your role as {role} of {initiative} starts on {date}",
        "the applicant’s role as {role} of {initiative} starts on {date}",
    ),
    (CriterionKind.COORDINATION_ROLE, Sentence.OTHER_ROLE): (
        "you have the role “{role}” in {initiative}, and this community is for {wanted}",
        "the applicant has the role “{role}” in {initiative}, and this community is for {wanted}",
    ),
    (CriterionKind.COORDINATION_ROLE, Sentence.NOT_NAMED): (
        "you are {role} of {initiative}, which our rules do not name",
        "the applicant is {role} of {initiative}, which the rules do not name",
    ),
}

# What to say of a rule about which nothing is known.
_NOT_KNOWN: dict[CriterionKind, tuple[str, str]] = {
    CriterionKind.CASELOAD: (
        "We do not know yet whether you carry a caseload in {workplace}",
        "It is not known whether the applicant carries a caseload in {workplace}",
    ),
    CriterionKind.FUNDING: (
        "We do not know yet who funds {program}",
        "It is not known who funds {program}",
    ),
    CriterionKind.EVA_MEMBERSHIP: (
        "We do not know yet whether you or your agency hold a current EVA BC membership",
        "It is not known whether the applicant or the agency holds a current EVA BC membership",
    ),
    CriterionKind.COORDINATION_ROLE: (
        "We do not know yet whether you have a role that this community is for",
        "It is not known whether the applicant has a role that this community is for",
    ),
}

_NOT_MET_STEPS = {
    CriterionKind.CASELOAD: "This community is for frontline staff who carry a caseload in {wanted}. "
    "See whether another community fits. " + IF_WRONG,
    CriterionKind.FUNDING: "Your agency can tell you who funds the program. " + IF_WRONG,
    CriterionKind.EVA_MEMBERSHIP: "Ask your agency whether it holds or can renew its EVA BC membership; "
    "your own counts too. " + IF_WRONG,
    CriterionKind.COORDINATION_ROLE: "This community is for {wanted}. See whether the other coordination "
    "community fits. " + IF_WRONG,
}

_PROGRAM_NAMES = {
    ProgramType.STVC: "a Stopping the Violence Counselling program",
    ProgramType.STV_ORS: "a Stopping the Violence Outreach program",
    ProgramType.MORS: "a Multicultural Outreach program",
    ProgramType.CBVS: "a Community-Based Victim Services program",
    ProgramType.SAS: "a Sexual Assault Services program",
    ProgramType.OTHER: "another program",
}
_FUNDER_NAMES = {
    Funder.PSSG: "the Ministry of Public Safety and Solicitor General",
    Funder.OTHER: "another funder than the ministry",
}
_ROLE_NAMES = {
    RoleKind.CHAIR: "chairs",
    RoleKind.CO_CHAIR: "co-chairs",
    RoleKind.COORDINATOR: "coordinators",
    RoleKind.OTHER: "people with another role",
}


def explain(
    sentence: Sentence,
    *,
    verdict: Verdict,
    criterion: Criterion,
    fact: Fact | None,
    words: dict[str, str],
    programs: Sequence[ProgramType],
) -> Said:
    """Put one outcome into words.

    ``fact`` is the fact that decided, None where nothing is known; ``programs`` are the program
    types that the community is for.
    """
    wanted = _wanted(criterion, programs)
    named = {
        "program": "your program",
        "workplace": words.get("program", wanted),
        "date": _boundary(sentence, fact),
        "wanted": wanted,
        "funder": _FUNDER_NAMES[criterion.funder or Funder.PSSG],
        **_holder(_whose(words.get("holder", ""), sentence, fact)),
        **words,
    }
    for_staff = {**named, "program": words.get("program", "the program")}
    said = _CLAUSES[criterion.kind, sentence] if fact else _NOT_KNOWN[criterion.kind]
    # The lead is no template: the name of a list may hold anything.
    worker, staff = said[0].format(**named), said[1].format(**for_staff)
    if fact:
        worker = f"{_lead(fact, 'You told us that')} {worker}"
        staff = f"{_lead(fact, 'Claimed:')} {staff}"
    return Said(
        # An agency's name can end with a full stop of its own.
        worker=worker.removesuffix(".") + ".",
        staff=staff.removesuffix(".") + ".",
        next_step=_next_step(verdict, criterion.kind, fact).format(**named),
    )


def _lead(fact: Fact, claimed: str) -> str:
    if fact.evidence == Evidence.CLAIMED:
        return claimed
    if fact.evidence == Evidence.CONFIRMED:
        return "EVA BC staff have checked that"
    source = fact.source or "A list of EVA BC"
    return f"{source[0].upper()}{source[1:]} says that"


def _next_step(verdict: Verdict, kind: CriterionKind, fact: Fact | None) -> str:
    if verdict == Verdict.NOT_MET:
        return _NOT_MET_STEPS[kind]
    is_known = verdict == Verdict.MET and fact and fact.evidence != Evidence.CLAIMED
    return "" if is_known else STAFF_WILL_CHECK


def _boundary(sentence: Sentence, fact: Fact | None) -> str:
    """The day that the sentence names; most name none, and writing one takes time."""
    if fact is None or sentence not in (Sentence.ENDED, Sentence.NOT_YET):
        return ""
    day = fact.starts_on if sentence is Sentence.NOT_YET else fact.ends_on
    return date_format(day, "j F Y") if day else ""


def _wanted(criterion: Criterion, programs: Sequence[ProgramType]) -> str:
    if criterion.kind == CriterionKind.COORDINATION_ROLE:
        roles = _listing([_ROLE_NAMES[role] for role in criterion.roles]) or "people with a role"
        kinds = _listing([InitiativeKind(kind).short for kind in criterion.initiatives], "or")
        return f"{roles} {'of' if criterion.roles else 'in'} {kinds or 'a coordination initiative'}"
    return _listing([_PROGRAM_NAMES[t] for t in programs], "or") or "a program of this community"


def _listing(things: Sequence[str], last: str = "and") -> str:
    return (
        f" {last} ".join([", ".join(things[:-1]), things[-1]])
        if len(things) > 1
        else "".join(things)
    )


def _whose(holder: str, sentence: Sentence, fact: Fact | None) -> str:
    """The question asks for her agency's membership and her own at once, and so does its "no"."""
    is_her_no = sentence is Sentence.SAYS_NO and fact and fact.evidence == Evidence.CLAIMED
    return "neither" if is_her_no else holder


def _holder(holder: str) -> dict[str, str]:
    if holder == "neither":
        return {
            "you_hold_no": "neither you nor your agency holds a",
            "they_hold_no": "neither the applicant nor the agency holds a",
        }
    if holder == "you":
        return {
            "you_hold": "you hold",
            "you_hold_no": "you hold no",
            "they_hold": "the applicant holds",
            "they_hold_no": "the applicant holds no",
            "your": "your own",
            "their": "the applicant’s own",
        }
    return {
        "you_hold": "your agency holds",
        "you_hold_no": "your agency holds no",
        "they_hold": "the agency holds",
        "they_hold_no": "the agency holds no",
        "your": "your agency’s",
        "their": "the agency’s",
    }
