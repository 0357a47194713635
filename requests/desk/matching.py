"""Matching what an applicant wrote to the register, and confirming what they reported.

Each verb locks the request, which must be open and belong to the staff member's team, changes the
register by its own verbs, and adds a note for staff to the request's history. None of them decides on
the request. What one did is kept as a ``RegisterStep``, with which ``undo_step`` takes it back. An approved
request can still be matched.
"""

from collections.abc import Container, Iterable
from datetime import date, datetime
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType
from membership.as_shown import require_as_shown
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Person,
    Program,
    ProgramPosition,
    User,
)
from membership.recorded_changes import Watched
from membership.register import verbs
from membership.register.agencies import keys_of
from membership.register.names import name_key
from membership.register.undoing import undo_checked
from requests.answers import claims_of
from requests.lifecycle import OPEN
from requests.models import JoinRequest, RegisterStep
from requests.workflow import (
    add_note,
    lock_open,
    lock_to_match,
    require_settled_name,
    update_verdict,
)

# Facts that the applicant reported or staff confirmed; facts from lists are not matched here.
_OWN_EVIDENCE = (Evidence.CLAIMED, Evidence.CONFIRMED)
Registered = Agency | Program | CoordinationInitiative  # what a request is matched to
_Registered = TypeVar("_Registered", bound=Model)
_Row = TypeVar("_Row", ProgramPosition, CoordinationRole)


# -- The facts that a request is about --------------------------------------------------------------------


def claimed_rows(
    join_request: JoinRequest,
    *,
    positions: Iterable[ProgramPosition] | None = None,
    roles: Iterable[CoordinationRole] | None = None,
    agency_keys: Container[str] | None = None,
) -> tuple[list[ProgramPosition], list[CoordinationRole]]:
    """The register's rows about the program or the role that this request names, oldest first.

    The person's ``positions`` and ``roles``, and the keys of the agency's names, are read if they are not given.
    """
    person, answers = join_request.person, join_request.answers
    claims = claims_of(answers, person=person, community=join_request.community, find=None)
    found: tuple[list[ProgramPosition], list[CoordinationRole]] = [], []
    for claim in claims.positions:
        if positions is None:
            positions = person.positions.select_related("program__agency", "agency").order_by("pk")
        keys = agency_keys or keys_of(agency_as_written(join_request))
        words = ("program_type", "community_served")
        found[0].extend(
            r for r in _alike(claim, positions, words) if name_key(r.agency_name) in keys
        )
    for held in claims.roles:
        if roles is None:
            roles = person.roles.select_related("initiative").order_by("pk")
        found[1].extend(_alike(held, roles, ("role", *held.IDENTITY_FIELDS[1:])))
    return found


def _alike(claim: _Row, rows: Iterable[_Row], names: Iterable[str]) -> list[_Row]:
    """Those of a person's rows that say the same as a claim of theirs, and are no list's."""
    said = [(name, getattr(claim, name)) for name in names]
    own = [row for row in rows if row.evidence in _OWN_EVIDENCE]
    return [row for row in own if all(getattr(row, name) == value for name, value in said)]


def requests_naming_the_same_agency(
    join_request: JoinRequest, keys: Container[str] | None = None
) -> list[JoinRequest]:
    """The other open requests of the team that name the same agency and are not matched yet."""
    unmatched = JoinRequest.objects.filter(
        state__in=OPEN, agency=None, community__team=join_request.community.team
    ).exclude(pk=join_request.pk)
    keys = keys_of(agency_as_written(join_request)) if keys is None else keys
    names = unmatched.order_by("pk").values_list("pk", "agency_name")
    alike = [pk for pk, name in names if name_key(name) in keys]
    rows = JoinRequest.objects.filter(pk__in=alike).select_related("person", "name_check")
    return list(rows.order_by("pk")) if alike else []


def agency_as_written(join_request: JoinRequest) -> str:
    """The agency in the applicant's words; matching never changes these."""
    return str(join_request.answers.get("agency", ""))


def _lock(*, join_request_id: int, by: User, or_approved: bool = False) -> JoinRequest:
    """Lock an open request of this person's team that is clearly the person's."""
    lock = lock_to_match if or_approved else lock_open
    join_request = lock(join_request_id=join_request_id, by=by)
    require_settled_name(join_request)
    return join_request


# -- What can be taken back ------------------------------------------------------------------------------


NO_STEP = "none"


def require_row_as_shown(*, join_request_id: int, about: str, step: str, by: User) -> None:
    """Raise ``RefusedError`` if a row of the review page has another ``step`` by now than the page showed, or none.

    Locks the request. Runs inside the caller's transaction.
    """
    join_request = _lock(join_request_id=join_request_id, by=by, or_approved=True)
    newest = join_request.register_steps.filter(
        undone_at=None, action__endswith=f"-{about}"
    ).first()
    now = str(newest.pk) if newest else NO_STEP
    since = "It was undone"
    if newest:
        who = newest.by.display_name if newest.by else "A former colleague"
        since = f"{who}: “{str(newest).removesuffix('.')}”"
    require_as_shown(step, now, since=since)


# The steps that rest on a match: they are taken back before it.
_RESTS_ON = {
    "agency": (
        "match-program",
        "add-program",
        "check-caseload",
        "check-funding",
        "check-membership",
    ),
    "program": ("check-caseload", "check-funding"),
    "initiative": ("check-role",),
}


@transaction.atomic
def undo_step(*, join_request_id: int, step: int, by: User, now: datetime) -> RegisterStep:
    """Take back what staff matched or confirmed: every row becomes what it was before.

    Refused if something of it has changed since, or rests on it.
    """
    join_request = _lock(join_request_id=join_request_id, by=by, or_approved=True)
    steps = join_request.register_steps.filter(undone_at=None)
    if (found := steps.filter(pk=step).first()) is None:
        raise RefusedError("This has already been undone.")
    resting = _RESTS_ON.get(found.about, ())
    if later := steps.filter(pk__gt=found.pk, action__in=resting).first():
        raise RefusedError(f"Undo this first: “{later}” Nothing was changed.")
    undo_checked(found, by=by, now=now)
    join_request.refresh_from_db(fields=["agency", "agency_name"])
    _store(join_request, f"Undone: {found}", by=by, now=now)
    return found


# -- Matching -------------------------------------------------------------------------------------

_NOUNS: dict[type[Model], str] = {
    Agency: "agency",
    Program: "program",
    CoordinationInitiative: "initiative",
}


@transaction.atomic
def match(*, join_request_id: int, to: Registered, by: User, now: datetime) -> JoinRequest:
    """Match the request to an agency, a program of its agency, or an initiative of the register.

    Staff may match it to another one later. Which program of an agency is meant is asked next.
    """
    return _match(join_request_id, to, by=by, now=now)


def _match(
    join_request_id: int, to: Registered, *, by: User, now: datetime, is_new: bool = False
) -> JoinRequest:
    join_request = _lock(join_request_id=join_request_id, by=by, or_approved=True)
    to, noun = _locked(to), _NOUNS[type(to)]
    written, rows = agency_as_written(join_request), _rows_to_match(join_request, to)
    is_matched = all(getattr(row, f"{noun}_id") == to.pk for row in rows) and (
        noun != "agency" or join_request.agency_id == to.pk
    )
    steps = join_request.register_steps.filter(undone_at=None, action__endswith=f"-{noun}")
    # By a colleague, or by a second click: one undo takes it back.
    if is_matched and steps.exists():
        raise RefusedError(f"This is already matched to {to}. Nothing was changed.")
    watched = Watched(join_request, *rows)
    for row in rows:
        setattr(row, noun, to)
        if isinstance(to, Agency) and row.program and row.program.agency_id != to.pk:
            row.program = None
        row.save()
    if isinstance(to, Agency):
        join_request.agency, join_request.agency_name = to, to.name
        join_request.save(update_fields=["agency", "agency_name"])
    what = f"“{written}”" if isinstance(to, Agency) else f"the {noun}"
    # The register's history outlives the request, so it has neither reference nor words of the applicant.
    log_change(to, by=by, words="A request to join was matched to this.")
    text, changes = f"Matched {what} to {to}.", watched.changes(*[to] * is_new)
    action = f"{'add' if is_new else 'match'}-{noun}"
    return _record_step(join_request, action, text, changes, by=by, now=now)


def _rows_to_match(join_request: JoinRequest, to: Registered) -> list[Any]:
    """The person's rows that refer to it once the request is matched."""
    if isinstance(to, Agency):
        keys = keys_of(agency_as_written(join_request))
        own = join_request.person.positions.filter(evidence__in=_OWN_EVIDENCE)
        return [row for row in own.select_related("program") if name_key(row.agency_name) in keys]
    if isinstance(to, Program) and to.agency_id != join_request.agency_id:
        raise RefusedError("This program belongs to another agency.")
    positions, roles = claimed_rows(join_request)
    return _at_least_one(positions) if isinstance(to, Program) else _at_least_one(roles)


@transaction.atomic
def match_same_agency(
    *, join_request_id: int, others: Iterable[int], by: User, now: datetime
) -> str:
    """Match ``others``, of the requests that name the same agency, to that of this one. Returns their references."""
    join_request = JoinRequest.objects.select_related("community__team", "agency").get(
        pk=join_request_id
    )
    if join_request.agency is None:
        raise RefusedError("Match this request to an agency first.")
    alike = {other.pk: other for other in requests_naming_the_same_agency(join_request)}
    others = sorted(others)
    if not alike.keys() >= set(others):
        raise RefusedError("One of these has been matched or decided since. Nothing was changed.")
    for pk in others:
        try:
            match(join_request_id=pk, to=join_request.agency, by=by, now=now)
        except RefusedError as refusal:
            raise RefusedError(
                f"{alike[pk].reference}: {refusal} No request was matched."
            ) from None
    return ", ".join(alike[pk].reference for pk in others)


# -- Adding what is missing -----------------------------------------------------------------------


@transaction.atomic
def add_agency(
    *, join_request_id: int, name: str, city: str, by: User, now: datetime
) -> JoinRequest:
    """Add the agency to the register and match the request to it."""
    _lock(join_request_id=join_request_id, by=by, or_approved=True)
    agency = verbs.add_agency(name=name, city=city, by=by)
    return _match(join_request_id, agency, by=by, now=now, is_new=True)


@transaction.atomic
def add_program(
    *,
    join_request_id: int,
    program_type: ProgramType,
    community_served: str,
    by: User,
    now: datetime,
) -> JoinRequest:
    """Add the program to the register and match the request to it."""
    join_request = _lock(join_request_id=join_request_id, by=by, or_approved=True)
    if join_request.agency is None:
        raise RefusedError("Match the request to an agency first.")
    program = verbs.add_program(
        agency=join_request.agency, type=program_type, community_served=community_served, by=by
    )
    return _match(join_request_id, program, by=by, now=now, is_new=True)


@transaction.atomic
def add_initiative(
    *,
    join_request_id: int,
    kind: InitiativeKind,
    name: str,
    community_served: str,
    by: User,
    now: datetime,
) -> JoinRequest:
    """Add the initiative to the register and match the request to it."""
    _lock(join_request_id=join_request_id, by=by, or_approved=True)
    new = verbs.add_initiative(kind=kind, name=name, community_served=community_served, by=by)
    return _match(join_request_id, new, by=by, now=now, is_new=True)


# -- Confirming what they reported ---------------------------------------------------------------------


@transaction.atomic
def check_caseload(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Record whether the applicant carries a caseload in the program they named."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    claim = _at_least_one(claimed_rows(join_request)[0])[-1]
    watched = Watched(*_locked(join_request.person).positions.filter(evidence=Evidence.CONFIRMED))
    fact = verbs.confirm_caseload(claim=claim, carries=answer, by=by, on=timezone.localdate(now))
    result = "carries a caseload" if answer else "does not carry a caseload"
    text, changes = f"Checked: {result}.", watched.changes(fact)
    return _record_step(join_request, "check-caseload", text, changes, by=by, now=now)


@transaction.atomic
def check_funding(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Record whether the ministry funds the program they named."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    program = _at_least_one(claimed_rows(join_request)[0])[-1].program
    if program is None:
        raise RefusedError("Match the program to the register first.")
    funder, result = (Funder.PSSG, "funded") if answer else (Funder.OTHER, "not funded")
    watched = Watched(_locked(program))
    verbs.confirm_funding(program_id=program.pk, funder=funder, by=by, on=timezone.localdate(now))
    text, changes = f"Checked: {program} is {result} by the ministry.", watched.changes()
    return _record_step(join_request, "check-funding", text, changes, by=by, now=now)


@transaction.atomic
def check_role(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Record whether the applicant has the role they named."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    claim = _at_least_one(claimed_rows(join_request)[1])[-1]
    watched = Watched(*_locked(join_request.person).roles.filter(evidence=Evidence.CONFIRMED))
    fact = verbs.confirm_role(claim=claim, held=answer, by=by, on=timezone.localdate(now))
    result = "has" if answer else "does not have"
    text, changes = f"Checked: {result} the role named in the request.", watched.changes(fact)
    return _record_step(join_request, "check-role", text, changes, by=by, now=now)


@transaction.atomic
def check_membership(
    *,
    join_request_id: int,
    holder: str,
    period: tuple[date, date] | None,
    by: User,
    now: datetime,
) -> JoinRequest:
    """Record the membership of the ``holder`` ("agency" or "own"): its period, or none."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    on = timezone.localdate(now)
    held_by: Agency | Person | None = (
        join_request.person if holder == "own" else join_request.agency
    )
    if held_by is None:
        raise RefusedError("Match the request to an agency first.")
    whose = "applicant" if holder == "own" else "agency"
    watched = Watched(*_locked(held_by).eva_memberships.all())
    if period is None:
        membership = verbs.confirm_no_membership(holder=held_by, by=by, on=on)
        text = f"Checked: no current EVA BC membership ({whose})."
    else:
        membership = verbs.confirm_membership(
            holder=held_by, starts_on=period[0], ends_on=period[1], by=by, on=on
        )
        text = f"Checked: EVA BC membership ({whose}), {membership.days}."
    changes = watched.changes(membership)
    return _record_step(join_request, "check-membership", text, changes, by=by, now=now)


def _record_step(
    join_request: JoinRequest,
    action: str,
    text: str,
    changes: dict[str, Any],
    *,
    by: User,
    now: datetime,
) -> JoinRequest:
    """Keep what was done, so that it can be taken back, and add it to the history."""
    RegisterStep.objects.create(
        join_request=join_request, action=action, words=text, changes=changes, by=by, at=now
    )
    return _store(join_request, text, by=by, now=now)


def _store(join_request: JoinRequest, text: str, *, by: User, now: datetime) -> JoinRequest:
    """Store the request's region, and its verdict as of now while it is open; add a note to the history."""
    if join_request.is_open:
        update_verdict(join_request, now=now)
    positions, roles = claimed_rows(join_request)
    matched = [*(p.program for p in positions), *(r.initiative for r in roles)]
    join_request.region = matched[-1].region if matched and matched[-1] else ""
    join_request.save(update_fields=["region", "verdict"])
    add_note(join_request, by=by, now=now, reason=text)
    return join_request


def _locked(row: _Registered) -> _Registered:
    """A row of the register, which can be neither merged nor removed before the transaction ends."""
    rows = type(row)._default_manager.select_for_update(no_key=True)
    if (found := rows.filter(pk=row.pk).first()) is None:
        raise RefusedError(f"{row} is no longer in the register. Choose again.")
    return found


def _at_least_one(rows: list[_Row]) -> list[_Row]:
    if not rows:
        raise RefusedError(
            "The register no longer has what the applicant reported. Ask them to send a new request."
        )
    return rows
