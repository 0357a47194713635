"""Matching what an applicant wrote to the register, and confirming what they reported.

Each verb locks the request, which must be open and belong to the staff member's team, changes the
register by its own verbs, and adds a note for staff to the request's history. None of them decides on
the request.
"""

from contextlib import suppress
from datetime import date, datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType
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
from membership.register import verbs
from membership.register.agencies import keys_of
from membership.register.names import name_key
from requests.answers import claims_of, find_program
from requests.lifecycle import OPEN
from requests.models import JoinRequest
from requests.workflow import add_note, lock_open, require_settled_name, update_verdict

# Facts that the applicant reported or staff confirmed; facts from lists are not matched here.
_OWN_EVIDENCE = (Evidence.CLAIMED, Evidence.CONFIRMED)
_Registered = TypeVar("_Registered", Agency, Program, CoordinationInitiative)
_Row = TypeVar("_Row", ProgramPosition, CoordinationRole)


# -- The facts that a request is about --------------------------------------------------------------------


def claimed_rows(
    join_request: JoinRequest,
) -> tuple[list[ProgramPosition], list[CoordinationRole]]:
    """The register's rows about the program or the role that this request names, oldest first."""
    person, agency_keys = join_request.person, keys_of(agency_as_written(join_request))
    claims = claims_of(
        join_request.answers,
        person=person,
        community=join_request.community,
        find=lambda name: None,  # only what else they say is compared
    )
    positions: list[ProgramPosition] = []
    roles: list[CoordinationRole] = []
    for position in claims.positions:
        rows = person.positions.filter(
            evidence__in=_OWN_EVIDENCE,
            program_type=position.program_type,
            community_served=position.community_served,
        ).select_related("program__agency", "agency")
        positions += [r for r in rows.order_by("pk") if name_key(r.agency_name) in agency_keys]
    for role in claims.roles:
        roles += (
            person.roles.filter(
                evidence__in=_OWN_EVIDENCE,
                role=role.role,
                initiative_kind=role.initiative_kind,
                initiative_name=role.initiative_name,
                community_served=role.community_served,
            )
            .select_related("initiative")
            .order_by("pk")
        )
    return positions, roles


def requests_naming_the_same_agency(join_request: JoinRequest) -> list[JoinRequest]:
    """The other open requests of the team that name the same agency and are not matched yet."""
    unmatched = (
        JoinRequest.objects.filter(
            state__in=OPEN, agency=None, community__team=join_request.community.team
        )
        .exclude(pk=join_request.pk)
        .select_related("person", "community")
        .order_by("pk")
    )
    keys = keys_of(agency_as_written(join_request))
    return [other for other in unmatched if name_key(other.agency_name) in keys]


def agency_as_written(join_request: JoinRequest) -> str:
    """The agency in the applicant's words; matching never changes these."""
    return str(join_request.answers.get("agency", ""))


def _lock(*, join_request_id: int, by: User) -> JoinRequest:
    """Lock an open request of this person's team that is clearly the person's."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    require_settled_name(join_request)
    return join_request


# -- Matching -------------------------------------------------------------------------------------


@transaction.atomic
def match_agency(*, join_request_id: int, agency: Agency, by: User, now: datetime) -> JoinRequest:
    """Match the request to this agency of the register, and to its program if only one fits.

    While the request is open, staff may match it to another agency.
    """
    join_request, agency = _lock(join_request_id=join_request_id, by=by), _locked(agency)
    keys = keys_of(agency_as_written(join_request))
    for row in join_request.person.positions.filter(evidence__in=_OWN_EVIDENCE):
        if name_key(row.agency_name) in keys:
            row.agency = agency
            row.program = find_program(agency, ProgramType(row.program_type), row.community_served)
            row.save()
    join_request.agency, join_request.agency_name = agency, agency.name
    join_request.save(update_fields=["agency", "agency_name"])
    text = f"“{agency_as_written(join_request)}” to {agency.name}"
    return _record_match(join_request, agency, text, by=by, now=now)


def match_same_agency(*, join_request_id: int, by: User, now: datetime) -> int:
    """Match the other requests that name the same agency too. Returns how many.

    Each is matched separately; requests that were decided in the meantime are skipped.
    """
    join_request = JoinRequest.objects.select_related("community__team", "agency").get(
        pk=join_request_id
    )
    if join_request.agency is None:
        raise RefusedError("Match this request to an agency first.")
    matched = 0
    for other in requests_naming_the_same_agency(join_request):
        with suppress(RefusedError):
            match_agency(join_request_id=other.pk, agency=join_request.agency, by=by, now=now)
            matched += 1
    return matched


@transaction.atomic
def match_program(
    *, join_request_id: int, program: Program, by: User, now: datetime
) -> JoinRequest:
    """Match the request to this program of its agency."""
    join_request, program = _lock(join_request_id=join_request_id, by=by), _locked(program)
    if program.agency_id != join_request.agency_id:
        raise RefusedError("This program belongs to another agency.")
    for row in _at_least_one(claimed_rows(join_request)[0]):
        row.program = program
        row.save()
    return _record_match(join_request, program, f"the program to {program}", by=by, now=now)


@transaction.atomic
def match_initiative(
    *, join_request_id: int, initiative: CoordinationInitiative, by: User, now: datetime
) -> JoinRequest:
    """Match the request to this initiative."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    initiative = _locked(initiative)
    for row in _at_least_one(claimed_rows(join_request)[1]):
        row.initiative = initiative
        row.save()
    return _record_match(
        join_request, initiative, f"the initiative to {initiative}", by=by, now=now
    )


# -- Adding what is missing -----------------------------------------------------------------------


@transaction.atomic
def add_agency(
    *, join_request_id: int, name: str, city: str, by: User, now: datetime
) -> JoinRequest:
    """Add the agency to the register and match the request to it."""
    _lock(join_request_id=join_request_id, by=by)
    agency = verbs.add_agency(name=name, city=city, by=by)
    return match_agency(join_request_id=join_request_id, agency=agency, by=by, now=now)


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
    join_request = _lock(join_request_id=join_request_id, by=by)
    if join_request.agency is None:
        raise RefusedError("Match the request to an agency first.")
    program = verbs.add_program(
        agency=join_request.agency, type=program_type, community_served=community_served, by=by
    )
    return match_program(join_request_id=join_request_id, program=program, by=by, now=now)


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
    _lock(join_request_id=join_request_id, by=by)
    initiative = verbs.add_initiative(
        kind=kind, name=name, community_served=community_served, by=by
    )
    return match_initiative(join_request_id=join_request_id, initiative=initiative, by=by, now=now)


# -- Confirming what they reported ---------------------------------------------------------------------


@transaction.atomic
def check_caseload(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Record whether the applicant carries a caseload in the program they named."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    claim = _at_least_one(claimed_rows(join_request)[0])[-1]
    verbs.confirm_caseload(claim=claim, carries=answer, by=by, on=timezone.localdate(now))
    result = "carries a caseload" if answer else "does not carry a caseload"
    return _record_step(join_request, f"Checked: {result}.", by=by, now=now)


@transaction.atomic
def check_funding(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Record whether the ministry funds the program they named."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    program = _at_least_one(claimed_rows(join_request)[0])[-1].program
    if program is None:
        raise RefusedError("Match the program to the register first.")
    funder, result = (Funder.PSSG, "funded") if answer else (Funder.OTHER, "not funded")
    verbs.confirm_funding(program_id=program.pk, funder=funder, by=by, on=timezone.localdate(now))
    return _record_step(
        join_request, f"Checked: {program} is {result} by the ministry.", by=by, now=now
    )


@transaction.atomic
def check_role(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Record whether the applicant has the role they named."""
    join_request = _lock(join_request_id=join_request_id, by=by)
    claim = _at_least_one(claimed_rows(join_request)[1])[-1]
    verbs.confirm_role(claim=claim, held=answer, by=by, on=timezone.localdate(now))
    result = "has" if answer else "does not have"
    return _record_step(
        join_request, f"Checked: {result} the role named in the request.", by=by, now=now
    )


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
    if period is None:
        verbs.confirm_no_membership(holder=held_by, by=by, on=on)
        text = f"Checked: no current EVA BC membership ({whose})."
    else:
        membership = verbs.confirm_membership(
            holder=held_by, starts_on=period[0], ends_on=period[1], by=by, on=on
        )
        text = f"Checked: EVA BC membership ({whose}), {membership.days}."
    return _record_step(join_request, text, by=by, now=now)


def _record_match(
    join_request: JoinRequest,
    matched: Agency | Program | CoordinationInitiative,
    what: str,
    *,
    by: User,
    now: datetime,
) -> JoinRequest:
    """Add the match to the history of the request and of what it was matched to."""
    text = f"Matched {what}."
    # The register's history outlives the request, so it has neither reference nor words of the applicant.
    log_change(matched, by=by, words="A request to join was matched to this.")
    return _record_step(join_request, text, by=by, now=now)


def _record_step(join_request: JoinRequest, text: str, *, by: User, now: datetime) -> JoinRequest:
    """Add what was done to the history; store the request's region and its verdict as of now."""
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
