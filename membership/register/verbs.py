"""The verbs of the register: record what staff confirmed, and add what is missing.

Each one owns its transaction, locks the row that the fact is about, saves who confirmed it and when,
and adds to the history. A confirmed caseload or role gets its own row beside the rows of other sources,
because a row holds what one source says; a program has only one funding. They raise ``RefusedError``
with a sentence for the user.
"""

from datetime import date, timedelta
from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model
from django.template.defaultfilters import yesno

from communities.rules.vocabulary import Evidence, Funder, InitiativeKind, ProgramType
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
    User,
)
from membership.register.agencies import find_agency
from membership.register.evidence import EvidencedModel
from membership.register.names import clean_text, name_key

# How long a confirmed "no membership" counts. After that, staff check again: an agency may join on any
# day, and a confirmed fact outweighs every list.
NO_MEMBERSHIP_PERIOD = timedelta(days=30)

_Personal = TypeVar("_Personal", ProgramPosition, CoordinationRole)


@transaction.atomic
def confirm_caseload(
    *, claim: ProgramPosition, carries: bool, by: User, on: date
) -> ProgramPosition:
    """Staff confirm whether the person carries a caseload in the program that ``claim`` is about."""
    _lock(claim.person)
    position = _confirmed_row(claim, "agency")
    position.carries_caseload = carries
    _confirm(position, by, on)
    where = position.program or position.get_program_type_display()
    log_change(claim.person, by=by, words=f"Caseload in {where} checked: {yesno(carries)}.")
    return position


@transaction.atomic
def confirm_role(*, claim: CoordinationRole, held: bool, by: User, on: date) -> CoordinationRole:
    """Staff confirm whether the person has the role that ``claim`` is about."""
    _lock(claim.person)
    role = _confirmed_row(claim, "role")
    role.is_held = held
    _confirm(role, by, on)
    kind = role.get_role_display()
    words = f"{kind} of {role.initiative_display} checked: {yesno(held)}."
    log_change(claim.person, by=by, words=words)
    if role.initiative:
        log_change(role.initiative, by=by, words=f"A {kind.lower()} was checked.")
    return role


@transaction.atomic
def confirm_funding(*, program_id: int, funder: Funder, by: User, on: date) -> Program:
    """Staff confirm who funds a program today. This counts for everyone who works there."""
    program = Program.objects.select_for_update().get(pk=program_id)
    before = program.get_funder_display() or "unknown"
    program.funder = funder
    # A period that does not include today is not the one that staff confirmed.
    if program.funded_from and program.funded_from > on:
        program.funded_from = None
    if program.funded_until and program.funded_until < on:
        program.funded_until = None
    _confirm(program, by, on)
    words = f"Funding checked: {program.get_funder_display()} (before: {before})."
    log_change(program, program.agency, by=by, words=words)
    return program


@transaction.atomic
def confirm_membership(
    *, holder: Agency | Person, starts_on: date, ends_on: date, by: User, on: date
) -> EvaMembership:
    """Staff confirm that the holder has a membership for this period.

    A known period that overlaps this one is replaced by it. If several overlap, this is refused.
    """
    _lock(holder)
    if ends_on < starts_on:
        raise RefusedError("The last day must be on or after the first day.")
    memberships = holder.eva_memberships.all()
    memberships.filter(is_held=False, ends_on__gte=starts_on).delete()
    known = list(memberships.filter(starts_on__lte=ends_on, ends_on__gte=starts_on, is_held=True))
    if len(known) > 1:
        raise RefusedError(
            "This period overlaps several memberships in the register. "
            "Correct those first, on the EVA BC memberships page."
        )
    membership = known[0] if known else EvaMembership(**_holder(holder))
    before = f" (before: {membership.days})" if known else ""
    membership.starts_on, membership.ends_on = starts_on, ends_on
    _confirm(membership, by, on)
    words = f"EVA BC membership checked: {membership.days}{before}."
    log_change(holder, membership, by=by, words=words)
    return membership


@transaction.atomic
def confirm_no_membership(*, holder: Agency | Person, by: User, on: date) -> EvaMembership:
    """Staff confirm that the holder has no membership today.

    What a list says stays, but counts for less. A membership that staff confirmed earlier ends yesterday.
    """
    _lock(holder)
    checked = holder.eva_memberships.filter(evidence=Evidence.CONFIRMED)
    for earlier in checked.filter(starts_on__lte=on, ends_on__gte=on):
        if earlier.starts_on == on or not earlier.is_held:
            earlier.delete()
            continue
        log_change(
            earlier, by=by, words=f"EVA BC membership checked: none (before: {earlier.days})."
        )
        earlier.ends_on = on - timedelta(days=1)
        earlier.save()
    membership = EvaMembership(
        **_holder(holder),
        is_held=False,
        starts_on=on,
        ends_on=on + NO_MEMBERSHIP_PERIOD,
    )
    _confirm(membership, by, on)
    log_change(holder, membership, by=by, words="EVA BC membership checked: none.")
    return membership


@transaction.atomic
def add_agency(*, name: str, city: str, by: User) -> Agency:
    """Add an agency. Refused if the register has one with this name, even spelled differently."""
    name = clean_text(name)
    agency = find_agency(name)
    new = agency is None
    if agency is None:
        agency, new = Agency.objects.get_or_create(
            name_key=name_key(name),
            defaults={"name": name, "city": clean_text(city), "added_by": by},
        )
    if not new:
        raise RefusedError(f"{agency.name} is already in the register. Choose it from the list.")
    log_change(agency, by=by, words="Added from a request to join.", added=True)
    return agency


@transaction.atomic
def add_program(*, agency: Agency, type: ProgramType, community_served: str, by: User) -> Program:
    """Add a program of an agency. Its funding is not known yet."""
    _lock(agency)
    place = clean_text(community_served)
    for known in agency.programs.filter(type=type):
        if name_key(known.community_served) == name_key(place):
            raise RefusedError("This agency already has a program of this type in this place.")
    program = Program.objects.create(agency=agency, type=type, community_served=place, added_by=by)
    log_change(program, by=by, words="Added from a request to join.", added=True)
    log_change(agency, by=by, words=f"Program added: {program}.")
    return program


@transaction.atomic
def add_initiative(
    *, kind: InitiativeKind, name: str, community_served: str, by: User
) -> CoordinationInitiative:
    """Add a coordination initiative."""
    initiative, new = CoordinationInitiative.objects.get_or_create(
        kind=kind,
        name=clean_text(name),
        community_served=clean_text(community_served),
        defaults={"added_by": by},
    )
    if not new:
        raise RefusedError(
            "An initiative of this kind with this name already exists in this place."
        )
    log_change(initiative, by=by, words="Added from a request to join.", added=True)
    return initiative


def _lock(holder: Model) -> None:
    locked = type(holder)._default_manager.select_for_update()
    try:
        holder.refresh_from_db(from_queryset=locked)
    except ObjectDoesNotExist as error:
        raise RefusedError(f"{holder} is no longer in the register. Choose again.") from error


def _confirmed_row(claim: _Personal, *more_fields: str) -> _Personal:
    """The row that holds what staff confirmed about this claim. Rows of other sources stay as they are."""
    same = {name: getattr(claim, name) for name in (*claim.IDENTITY_FIELDS, *more_fields)}
    model = type(claim)
    checked = model._default_manager.filter(
        person=claim.person, evidence=Evidence.CONFIRMED, **same
    )
    return checked.order_by("pk").last() or model(person=claim.person, **same)


def _holder(holder: Agency | Person) -> dict[str, Agency | Person]:
    return {"agency" if isinstance(holder, Agency) else "person": holder}


def _confirm(fact: EvidencedModel, by: User, on: date) -> None:
    fact.evidence = Evidence.CONFIRMED
    fact.confirmed_by, fact.confirmed_on = by, on
    # Staff see what a list says against a fact when they confirm it, so that is settled now.
    fact.list_says, fact.list_values = "", None
    fact.save()
