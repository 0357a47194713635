"""Confirming, from a roster check, that the member meets the rules: staff checked each fact behind it.

Only what is certain is confirmed here: a caseload and the funding of their one program that fits, and their one
role that fits. Anything else is confirmed on the pages of the register. What it changed is kept as a
``RosterConfirmation``, with which ``rosters.undoing`` undoes it.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model, prefetch_related_objects
from django.utils import timezone

from communities.rules.rule import Rule, accepts
from communities.rules.vocabulary import Evidence, FactKind, Funder, ProgramType
from membership.errors import RefusedError
from membership.models import (
    CoordinationRole,
    Enrolment,
    Program,
    ProgramPosition,
    RosterConfirmation,
    User,
    WorklistRow,
    WorklistStep,
)
from membership.recorded_changes import Watched
from membership.register import verbs
from membership.rosters.confirmations import (
    SETTLED_BY_HAND,
    open_confirmations,
    settle_by_hand,
)
from membership.rosters.reassessment import reassess
from membership.rosters.roster_checks import add_step, assessment_now, lock_row

_ELSEWHERE = {
    WorklistRow.Kind.ENDS_IN_60: "Add the next EVA BC membership to the register instead.",
    WorklistRow.Kind.ENDS_IN_30: "Add the next EVA BC membership to the register instead.",
    WorklistRow.Kind.LEAVE_ENDED: "Resume the enrolment, or change the leave, on the page of this check.",
    WorklistRow.Kind.EXCEPTION: "Renew the exception, or end it, on the page of this check.",
}


_Fact = TypeVar("_Fact", ProgramPosition, CoordinationRole)


@dataclass
class ToConfirm:
    """What confirming a roster check would record, in words and as calls; or why it cannot be done here."""

    words: list[str] = field(default_factory=list)
    calls: dict[FactKind | None, Callable[..., Model]] = field(default_factory=dict)
    program: Program | None = None  # whose funding it would record
    why_not: str = ""


def to_confirm(rows: Sequence[WorklistRow], *, on: date) -> dict[int, ToConfirm]:
    """By the keys of the roster checks. Takes the same number of queries for any number of them."""
    prefetch_related_objects(
        rows,
        "enrolment__community__criteria",
        "enrolment__person__positions__program__agency",
        "enrolment__person__roles__initiative",
    )
    return {row.pk: _to_confirm(row, on) for row in rows}


@transaction.atomic
def confirm(
    *, row_id: int, by: User, text: str, now: datetime, seen: int | None = None
) -> WorklistRow:
    """Staff confirm that the member meets the rules, and ``text`` says what they found.

    Refused, with nothing changed, if a rule is not met even then.
    """
    row, on = lock_row(row_id, by, seen), timezone.localdate(now)
    if row.kind in SETTLED_BY_HAND:
        watched = Watched(*open_confirmations().filter(enrolment=row.enrolment))
        row = settle_by_hand(row_id=row_id, by=by, text=text, now=now)
        _record(row, watched.changes(), by, now)
        return row
    if not text.strip():
        raise RefusedError("Enter what you found.")
    found = to_confirm([row], on=on)[row.pk]
    if found.why_not:
        raise RefusedError(found.why_not)
    programs = Program.objects.select_for_update(no_key=True).filter(
        pk__in=[found.program.pk] if found.program else ()
    )
    facts = (row.enrolment.person.positions, row.enrolment.person.roles)
    confirmed = (fact for rows in facts for fact in rows.filter(evidence=Evidence.CONFIRMED))
    watched = Watched(*programs, *confirmed)
    # A colleague may have confirmed a fact of the same program a moment ago.
    failing = {finding.facts for finding in assessment_now(row, on=on).failing}
    recorded = [call(by=by, on=on) for kind, call in found.calls.items() if kind in failing]
    _record(row, watched.changes(*recorded), by, now)
    add_step(row, WorklistStep.Verb.CONFIRMED, by, now, "\n".join([*found.words, text]))
    reassess(now=now, enrolments=Enrolment.objects.filter(pk=row.enrolment_id))
    row.refresh_from_db()
    if not row.is_settled:
        why = " ".join(finding.staff_sentence for finding in row.reasons)
        raise RefusedError(f"A rule would still not be met, so nothing was changed. {why}")
    return row


def _record(row: WorklistRow, changes: dict[str, Any], by: User, now: datetime) -> None:
    RosterConfirmation.objects.create(row=row, changes=changes, by=by, at=now)


def _to_confirm(row: WorklistRow, on: date) -> ToConfirm:
    if row.kind in SETTLED_BY_HAND:
        return ToConfirm()
    if row.kind != WorklistRow.Kind.RULES:
        return ToConfirm(why_not=_ELSEWHERE[WorklistRow.Kind(row.kind)])
    rules = {rule.key: rule for rule in row.enrolment.community.rules()}
    position = _position(row, [t for rule in rules.values() for t in rule.program_types], on)
    found = ToConfirm()
    call: Callable[..., Model]
    for finding in row.reasons:
        rule, program = rules.get(finding.kind), position and position.program
        if rule and position and finding.facts == FactKind.CASELOAD:
            words = f"Carries a caseload in {program}."
            call = partial(verbs.confirm_caseload, claim=position, carries=True)
        elif rule and program and finding.facts == FactKind.FUNDING:
            funder = rule.funder or Funder.PSSG
            words = f"Funding of {program}, for everyone who works there: {funder.label}."
            found.program = program
            call = partial(verbs.confirm_funding, program_id=program.pk, funder=funder)
        elif rule and finding.facts == FactKind.COORDINATION_ROLE and (role := _role(row, rule)):
            words = f"{role.get_role_display()} of {role.initiative_display}."
            call = partial(verbs.confirm_role, claim=role, held=True)
        else:
            why = f"{finding.staff_sentence} Confirm this on the pages of the register."
            return ToConfirm(why_not=why)
        found.words.append(words)
        found.calls[finding.facts] = call
    return found


def _position(row: WorklistRow, types: Sequence[ProgramType], on: date) -> ProgramPosition | None:
    """What the register says about their one program that fits. None if there is no such program, or several."""
    positions = row.enrolment.person.positions.all()
    fitting = [p for p in positions if p.program and accepts(types, p.program.type)]
    current = [p for p in fitting if not p.ends_on or p.ends_on >= on]
    return _newest(current or fitting, key=lambda p: p.program_id)


def _role(row: WorklistRow, rule: Rule) -> CoordinationRole | None:
    """What the register says about their one role that fits."""
    fitting = [
        role
        for role in row.enrolment.person.roles.all()
        if accepts(rule.roles, role.role)
        and accepts(
            rule.initiatives, role.initiative.kind if role.initiative else role.initiative_kind
        )
    ]
    return _newest(fitting, key=lambda r: (r.role, r.initiative_id or r.initiative_display))


def _newest(rows: Iterable[_Fact], *, key: Callable[[_Fact], Hashable]) -> _Fact | None:
    """The newest row, if all are about the same thing."""
    rows = sorted(rows, key=lambda row: row.pk)
    return rows[-1] if len({key(row) for row in rows}) == 1 else None
