"""The rows of the review page: what they said, what the register knows, and what staff can do about it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from django.forms import Form
from django.forms.models import model_to_dict
from django.utils.text import capfirst

from communities.rules.assess import Assessment, Finding
from communities.rules.vocabulary import Evidence, FactKind, Verdict
from membership.models import Program
from membership.register.evidence import EvidencedModel
from requests.desk.forms import MatchAlikeForm, MembershipForm
from requests.desk.matching import claimed_rows, requests_naming_the_same_agency
from requests.desk.queue import MARKS
from requests.desk.subjects import (
    Register,
    Subject,
    funding_words,
    listed_against,
    offer_of,
    subjects_of,
)
from requests.lifecycle import State
from requests.models import JoinRequest, RegisterStep

Known = tuple[str, EvidencedModel]  # what the register knows in words, and the fact


@dataclass(frozen=True)
class Row:
    """A line of the review page, about a rule or about what has to be matched first.

    ``check`` names the form that confirms it; ``first`` says what is to do before that. ``step`` is
    the last one of the staff that can be undone.
    """

    name: str
    title: str
    said: Sequence[str]
    finding: Finding | None = None
    known: Sequence[Known] = ()
    check: str = ""
    confirms: str = ""
    first: str = ""
    step: RegisterStep | None = None
    subject: Subject | None = None

    @property
    def is_plain(self) -> bool:
        """Whether the row says it without the sentence of the finding."""
        verdict = self.finding.verdict if self.finding else Verdict.MET
        return verdict == Verdict.MET or (verdict == Verdict.NOT_MET and bool(self.known))

    @property
    def sign(self) -> str:
        return MARKS[self.finding.staff_status] if self.finding else ""

    @property
    def address(self) -> str:
        """The name of the address of its form."""
        return f"admin:joinrequests_joinrequest_{self.check}"


@dataclass(frozen=True)
class _Kind:
    """How rules about a kind of fact are shown: the row, the questions, and what is confirmed."""

    name: str
    questions: tuple[str, ...]
    confirms: str


_KINDS: dict[FactKind | None, _Kind] = {
    FactKind.CASELOAD: _Kind("caseload", ("carries_caseload",), "carries a caseload"),
    FactKind.FUNDING: _Kind("funding", ("ministry_funded",), "funded by the ministry"),
    FactKind.EVA_MEMBERSHIP: _Kind("membership", ("eva_membership",), "current EVA BC membership"),
    FactKind.COORDINATION_ROLE: _Kind("role", ("role",), "has this role"),
}
_OTHER = _Kind("rule", (), "")


def rows_of(
    join_request: JoinRequest,
    assessment: Assessment | None,
    panel: dict[str, Any],
    *,
    answers: Sequence[tuple[str, str, str]],
    register: Register,
    on: date,
) -> list[Row]:
    """The rows of a request. ``panel`` is that of ``panel_context``: what can be matched and confirmed.

    ``answers`` are in the words for staff.
    """
    words = {name: answer for _, answer, name in answers}

    def said(*questions: str) -> list[str]:
        return [word for question in questions if (word := words.get(question, ""))]

    steps, position, role = register.steps, panel.get("position"), panel.get("role")
    program = position.program if position else None
    named = {
        "agency": said("agency"),
        "program": said("program_type", "community_served"),
        "initiative": said("initiative_kind", "initiative_name", "community_served"),
    }
    rows = [
        Row(
            subject.noun,
            capfirst(subject.noun),
            named[subject.noun],
            step=steps.get(subject.noun),
            subject=subject,
        )
        for subject in panel.get("subjects") or subjects_of(join_request, register)
    ]
    can_check: dict[FactKind | None, tuple[object, str]] = {
        FactKind.CASELOAD: (position, ""),
        FactKind.FUNDING: (
            program,
            listed_against(join_request, register.positions, register.programs, on=on)
            or "Match the program first.",
        ),
        FactKind.EVA_MEMBERSHIP: (panel.get("can_check_membership"), "Match the agency first."),
        FactKind.COORDINATION_ROLE: (role, ""),
    }
    known = _known(register, program, on=on)
    is_open = join_request.is_open and bool(panel.get("subjects"))
    findings = assessment.findings if assessment else ()
    first_of_kind = assessment.first_by_fact if assessment else ()
    for number, finding in enumerate(findings):
        kind = _KINDS.get(finding.facts, _OTHER)
        is_first = finding.facts is not None and any(finding is one for one in first_of_kind)
        possible, first = can_check.get(finding.facts, (None, "")) if is_first else (None, "")
        rows.append(
            Row(
                kind.name if is_first else f"rule-{number}",
                finding.title,
                said(*kind.questions),
                finding=finding,
                known=known[finding.facts] if finding.facts else (),
                check=f"check-{kind.name}" if is_open and possible else "",
                confirms=kind.confirms,
                first=first if is_open and not possible else "",
                step=steps.get(kind.name) if is_first else None,
            )
        )
    return rows


_CASELOAD = {
    True: "Carries a caseload",
    False: "Does not carry a caseload",
    None: "Caseload not known",
}


def _known(register: Register, matched: Program | None, *, on: date) -> dict[FactKind, list[Known]]:
    """What the register knows beyond self-reported facts, by kind: in words, with the fact and its evidence."""
    known: dict[FactKind, list[Known]] = defaultdict(list)
    for program in register.programs:
        if program.funder and (matched is None or program == matched):
            known[FactKind.FUNDING].append((_funding(program, matched), program))
    for position in register.positions:
        if position.evidence != Evidence.CLAIMED:
            words = _CASELOAD[position.carries_caseload]
            elsewhere = position.program and position.program != matched
            words = f"{words}: {position.program}" if elsewhere else words
            known[FactKind.CASELOAD].append((words, position))
    for role in register.roles:
        if role.evidence != Evidence.CLAIMED:
            what = role.initiative or role.initiative_name
            name = role.get_role_display()
            held = name if role.is_held else f"Not {name.lower()}"
            known[FactKind.COORDINATION_ROLE].append((f"{held}, {what}", role))
    for whose in ("agency", "applicant"):
        theirs = [m for m in register.memberships if bool(m.agency_id) == (whose == "agency")]
        periods = sorted(theirs, key=lambda period: period.ends_on)
        current = [period for period in periods if period.ends_on >= on]
        for membership in current or periods[-1:]:
            held = "Membership" if membership.is_held else "No membership"
            words = f"{held} ({whose}): {membership.days}"
            known[FactKind.EVA_MEMBERSHIP].append((words, membership))
    return known


def _funding(program: Program, matched: Program | None) -> str:
    words = funding_words(program)
    return capfirst(words) if program == matched else f"{offer_of(program, '').words}: {words}"


def panel_context(
    join_request: JoinRequest,
    register: Register,
    *,
    searches: Mapping[str, str],
    refused: Form | None,
) -> dict[str, Any]:
    """The context for matching on the review page; empty for a request that was neither approved nor is open."""
    can_match = join_request.is_open or join_request.state == State.APPROVED
    if not can_match or join_request.another_name or not join_request.answers:
        return {}
    positions, roles = claimed_rows(
        join_request,
        positions=register.positions,
        roles=register.roles,
        agency_keys=register.agency_keys,
    )
    position, role = positions[-1] if positions else None, roles[-1] if roles else None
    agency = join_request.agency
    claims_own = position is not None and position.says_membership == "own"
    is_own = claims_own or agency is None
    # The newest known membership of the holder that the applicant named.
    theirs = [m for m in register.memberships if m.is_held and bool(m.person_id) == is_own]
    known = theirs[0] if theirs else None
    days = model_to_dict(known, ["starts_on", "ends_on"]) if known else {}
    check_membership = MembershipForm(
        has_agency=agency is not None,
        initial={"holder": "own" if is_own else "agency", **days},
        auto_id="check-membership-%s",
    )
    subjects = subjects_of(join_request, register, position=position, role=role, searches=searches)
    # A form with errors comes back with what was typed.
    if isinstance(refused, MembershipForm):
        check_membership = refused
    if refused:
        subjects = [
            replace(s, form=refused) if isinstance(s.form, type(refused)) else s for s in subjects
        ]
    # Without a match by staff, all who gave this name were matched when they sent their request.
    is_by_staff = agency is not None and "agency" in register.steps
    alike = (
        requests_naming_the_same_agency(join_request, register.agency_keys) if is_by_staff else []
    )
    ticked = (
        refused.ticked if isinstance(refused, MatchAlikeForm) else {other.pk for other in alike}
    )
    return {
        "subjects": subjects,
        "position": position,
        "role": role,
        "alike": [(other, other.pk in ticked) for other in alike],
        "membership": known,
        "check_membership": check_membership,
        "can_check_membership": agency is not None or claims_own,
    }
