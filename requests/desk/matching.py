"""From request to register: the verbs that link what an applicant wrote, and check what they claim.

Each locks the request, which must be open and of the team of the member of staff, does its work on
the register by the register's own verbs, and writes a note for staff into the request's history.
Nothing here decides a request.
"""

from contextlib import suppress
from datetime import date, datetime
from typing import TypeVar

from django.db import transaction
from django.utils import timezone

from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType
from membership.history import record
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Person,
    Program,
    ProgramPosition,
    User,
)
from membership.refusal import Refused
from membership.register import facts
from membership.register.names import clean_text, name_key
from requests.answers import claims_of, find_program
from requests.lifecycle import OPEN
from requests.models import JoinRequest
from requests.workflow import lock_open, look_again, note

# What an applicant said, and what staff checked about it; what lists say is not theirs to link.
_HERS = (Evidence.CLAIMED, Evidence.CONFIRMED)
_Row = TypeVar("_Row", ProgramPosition, CoordinationRole)


# -- What the request is about --------------------------------------------------------------------


def positions_of(join_request: JoinRequest) -> list[ProgramPosition]:
    """The rows about the program that this request names, oldest first."""
    claims = claims_of(
        join_request.answers, person=join_request.person, community=join_request.community
    ).positions
    if not claims:
        return []
    rows = join_request.person.positions.filter(
        evidence__in=_HERS,
        program_type=claims[0].program_type,
        community_served=claims[0].community_served,
    ).select_related("program__agency", "agency", "person")
    return [row for row in rows.order_by("pk") if _same_name(row.agency_name, join_request)]


def roles_of(join_request: JoinRequest) -> list[CoordinationRole]:
    """The rows about the role that this request names, oldest first."""
    claims = claims_of(
        join_request.answers, person=join_request.person, community=join_request.community
    ).roles
    if not claims:
        return []
    same = {name: getattr(claims[0], name) for name in ("role", "initiative_kind")}
    written = {name: getattr(claims[0], name) for name in ("initiative_name", "community_served")}
    rows = join_request.person.roles.filter(evidence__in=_HERS, **same, **written)
    return list(rows.select_related("initiative", "person").order_by("pk"))


def written_alike(join_request: JoinRequest) -> list[JoinRequest]:
    """The other open requests of the team that name the same agency and are not matched yet.

    It reads the open requests without an agency: the queue, never the whole table.
    """
    unmatched = (
        JoinRequest.objects.filter(
            state__in=OPEN, agency=None, community__team=join_request.community.team
        )
        .exclude(pk=join_request.pk)
        .select_related("person", "community")
        .order_by("pk")
    )
    return [other for other in unmatched if _same_name(other.agency_name, join_request)]


def _written(join_request: JoinRequest) -> str:
    """The agency as they wrote it; a match changes what the request links to, never their words."""
    return str(join_request.answers.get("agency", ""))


def _same_name(name: str, join_request: JoinRequest) -> bool:
    return name_key(name) == name_key(clean_text(_written(join_request)))


# -- Matching -------------------------------------------------------------------------------------


@transaction.atomic
def match_agency(*, join_request_id: int, agency_id: int, by: User, now: datetime) -> JoinRequest:
    """What they wrote is this agency of the register; their program is taken where only one fits.

    Another agency than the first one may be chosen while the request is open.
    """
    join_request = lock_open(join_request_id=join_request_id, by=by)
    agency = Agency.objects.get(pk=agency_id)
    written = _written(join_request)
    for row in join_request.person.positions.filter(evidence__in=_HERS):
        if _same_name(row.agency_name, join_request):
            row.agency = agency
            row.program = find_program(agency, ProgramType(row.program_type), row.community_served)
            row.save()
    join_request.agency, join_request.agency_name = agency, agency.name
    join_request.save(update_fields=["agency", "agency_name"])
    words = f"Matched “{written}” to {agency.name}."
    record(agency, by=by, words=f"Request {join_request.reference}: {words}")
    _keep(join_request, words, by=by, now=now)
    return join_request


def match_written_alike(*, join_request_id: int, by: User, now: datetime) -> int:
    """Give the other requests that name the same agency the same match. Gives their number.

    Each is matched by itself: one that was decided meanwhile is left alone.
    """
    join_request = JoinRequest.objects.select_related("community__team").get(pk=join_request_id)
    if join_request.agency_id is None:
        raise Refused("Match this request to an agency first.")
    matched = 0
    for other in written_alike(join_request):
        with suppress(Refused):
            match_agency(join_request_id=other.pk, agency_id=join_request.agency_id, by=by, now=now)
            matched += 1
    return matched


@transaction.atomic
def match_program(*, join_request_id: int, program_id: int, by: User, now: datetime) -> JoinRequest:
    """The program that they mean is this one of their agency."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    program = Program.objects.select_related("agency").get(pk=program_id)
    if program.agency_id != join_request.agency_id:
        raise Refused("This program belongs to another agency.")
    return _link(join_request, "program", program, positions_of(join_request), by, now)


@transaction.atomic
def match_initiative(
    *, join_request_id: int, initiative_id: int, by: User, now: datetime
) -> JoinRequest:
    """The initiative that they mean is this one."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    initiative = CoordinationInitiative.objects.get(pk=initiative_id)
    return _link(join_request, "initiative", initiative, roles_of(join_request), by, now)


def _link(
    join_request: JoinRequest,
    name: str,
    thing: Program | CoordinationInitiative,
    rows: list[_Row],
    by: User,
    now: datetime,
) -> JoinRequest:
    """Their rows are about this ``thing``, which they keep under ``name``; both histories say so."""
    for row in _or_refuse(rows):
        setattr(row, name, thing)
        row.save()
    words = f"Matched the {name} to {thing}."
    record(thing, by=by, words=f"Request {join_request.reference}: {words}")
    _keep(join_request, words, by=by, now=now)
    return join_request


# -- Adding what is missing -----------------------------------------------------------------------


@transaction.atomic
def add_agency(
    *, join_request_id: int, name: str, city: str, by: User, now: datetime
) -> JoinRequest:
    """Add the agency to the register and match the request to it."""
    lock_open(join_request_id=join_request_id, by=by)
    agency = facts.add_agency(name=name, city=city, by=by)
    return match_agency(join_request_id=join_request_id, agency_id=agency.pk, by=by, now=now)


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
    join_request = lock_open(join_request_id=join_request_id, by=by)
    if join_request.agency is None:
        raise Refused("Match the request to an agency first.")
    program = facts.add_program(
        agency=join_request.agency, type=program_type, community_served=community_served, by=by
    )
    return match_program(join_request_id=join_request_id, program_id=program.pk, by=by, now=now)


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
    lock_open(join_request_id=join_request_id, by=by)
    initiative = facts.add_initiative(
        kind=kind, name=name, community_served=community_served, by=by
    )
    return match_initiative(
        join_request_id=join_request_id, initiative_id=initiative.pk, by=by, now=now
    )


# -- Checking what they claim ---------------------------------------------------------------------


@transaction.atomic
def check_caseload(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Staff checked whether they carry a caseload in the program they name."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    claim = _or_refuse(positions_of(join_request))[-1]
    facts.confirm_caseload(claim=claim, carries=answer, by=by, on=timezone.localdate(now))
    words = "carries a caseload" if answer else "carries no caseload"
    _keep(join_request, f"Checked: {words}.", by=by, now=now)
    return join_request


@transaction.atomic
def check_funding(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Staff checked whether the ministry funds the program they name."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    program = _or_refuse(positions_of(join_request))[-1].program
    if program is None:
        raise Refused("Match the program to the register first.")
    funder = Funder.PSSG if answer else Funder.OTHER
    facts.confirm_funding(program_id=program.pk, funder=funder, by=by, on=timezone.localdate(now))
    _keep(join_request, f"Checked: {program} is funded by {funder.label}.", by=by, now=now)
    return join_request


@transaction.atomic
def check_role(*, join_request_id: int, answer: bool, by: User, now: datetime) -> JoinRequest:
    """Staff checked whether they have the role they name."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    claim = _or_refuse(roles_of(join_request))[-1]
    facts.confirm_role(claim=claim, held=answer, by=by, on=timezone.localdate(now))
    words = "has" if answer else "does not have"
    _keep(join_request, f"Checked: {words} the role she names.", by=by, now=now)
    return join_request


@transaction.atomic
def check_membership(
    *,
    join_request_id: int,
    holder: str,
    period: tuple[date, date] | None,
    by: User,
    now: datetime,
) -> JoinRequest:
    """Staff checked the membership of their agency or their own: this period, or None for "no"."""
    join_request = lock_open(join_request_id=join_request_id, by=by)
    on = timezone.localdate(now)
    held_by = _holder(join_request, holder)
    whose = "the agency’s" if isinstance(held_by, Agency) else "the applicant’s own"
    if period is None:
        facts.confirm_no_membership(holder=held_by, by=by, on=on)
        _keep(join_request, f"Checked: {whose} EVA BC membership: none.", by=by, now=now)
        return join_request
    membership = facts.confirm_membership(
        holder=held_by, starts_on=period[0], ends_on=period[1], by=by, on=on
    )
    words = f"Checked: {whose} EVA BC membership, {membership.days}."
    _keep(join_request, words, by=by, now=now)
    return join_request


def _holder(join_request: JoinRequest, holder: str) -> Agency | Person:
    if holder == "own":
        return join_request.person
    if join_request.agency is None:
        raise Refused("Match the request to an agency first.")
    return join_request.agency


def _keep(join_request: JoinRequest, words: str, *, by: User, now: datetime) -> None:
    """Write down what was done, and keep where the request is and how the rules come out now."""
    look_again(join_request, now=now)
    positions, roles = positions_of(join_request), roles_of(join_request)
    matched = [*(p.program for p in positions), *(r.initiative for r in roles)]
    join_request.region = matched[-1].region if matched and matched[-1] else ""
    join_request.save(update_fields=["region", "verdict"])
    note(join_request, by=by, now=now, reason=words)


def _or_refuse(rows: list[_Row]) -> list[_Row]:
    if not rows:
        raise Refused("The register has no claim of this request to work on.")
    return rows
