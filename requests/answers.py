"""From an applicant's answers to the facts that the rules assess.

The request keeps the answers as they were given; this module turns them into self-reported facts of
the register.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import TypeVar

from django.db.models import TextChoices

from communities.models import CommunityOfPractice
from communities.rules.assess import Assessment, assess
from communities.rules.vocabulary import Evidence, InitiativeKind, ProgramType, RoleKind
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    Person,
    Program,
    ProgramPosition,
)
from membership.register.agencies import find_agency, lock_agency
from membership.register.names import clean_text, name_key
from membership.register.standing import standing_of
from requests.joining.forms import Answers, CoordinationJoinForm, JoinForm, ProgramJoinForm

_Term = TypeVar("_Term", bound=TextChoices)

_YES_NO = {"yes": True, "no": False}


FindAgency = Callable[[str], Agency | None]


@dataclass(frozen=True)
class Claims:
    """The self-reported facts in a set of answers, as rows that are not saved yet."""

    positions: tuple[ProgramPosition, ...] = ()
    roles: tuple[CoordinationRole, ...] = ()

    @property
    def region(self) -> str:
        """The region of the program or initiative that these name; empty if it is not known."""
        programs = [p.program.region for p in self.positions if p.program]
        initiatives = [r.initiative.region for r in self.roles if r.initiative]
        return next(iter(programs + initiatives), "")


def claims_of(
    answers: Answers,
    *,
    person: Person,
    community: CommunityOfPractice,
    find: FindAgency | None = find_agency,
) -> Claims:
    """The claims in these answers. Missing and unknown values make none.

    Nothing of the register is guessed: what they name is the register's only if each word of it is. Staff match the
    rest. Without ``find``, nothing is looked up.
    """
    if community.is_coordination:
        return Claims(roles=_role(answers, person, is_looked_up=find is not None))
    return Claims(positions=_position(answers, person, find or (lambda name: None)))


def assess_answers(
    answers: Answers, *, person: Person, community: CommunityOfPractice, on: date
) -> Assessment:
    """Assess what the applicant may know and these answers together by the community's rules."""
    claims = claims_of(answers, person=person, community=community)
    standing = standing_of(person, on, positions=claims.positions, roles=claims.roles)
    return assess(standing.for_applicant(), community.rules())


def keep_claims(
    answers: Answers,
    *,
    person: Person,
    community: CommunityOfPractice,
    find: FindAgency = lock_agency,
) -> Claims:
    """Save the claims in these answers to the register; they replace earlier claims about the same.

    Runs inside the caller's transaction. ``find`` gives their agency, which stays until its end.
    """
    claims = claims_of(answers, person=person, community=community, find=find)
    for claim in (*claims.positions, *claims.roles):
        same = {
            name: getattr(claim, name) for name in (*claim.IDENTITY_FIELDS, "person", "evidence")
        }
        type(claim)._default_manager.filter(**same).delete()
        claim.save()
    return claims


def _position(answers: Answers, person: Person, find: FindAgency) -> tuple[ProgramPosition, ...]:
    program_type = _one_of(ProgramType, answers.get("program_type"))
    if program_type is None:
        return ()
    text = partial(_text, answers, ProgramJoinForm)
    agency_name, place = text("agency"), text("community_served")
    membership = text("eva_membership")
    agency = find(agency_name)
    return (
        ProgramPosition(
            person=person,
            program=find_program(agency, program_type, place),
            agency=agency,
            agency_name=agency.name if agency else agency_name,
            program_type=program_type,
            community_served=place,
            carries_caseload=_YES_NO.get(text("carries_caseload")),
            says_funded=_YES_NO.get(text("ministry_funded")),
            says_membership=membership if membership in ("agency", "own", "no") else "",
            evidence=Evidence.CLAIMED,
        ),
    )


def find_program(agency: Agency | None, program_type: ProgramType, place: str) -> Program | None:
    """The agency's only program of this type that serves this place."""
    programs = agency.programs.filter(type=program_type) if agency and place else ()
    return _only_in(place, programs)


def _role(answers: Answers, person: Person, *, is_looked_up: bool) -> tuple[CoordinationRole, ...]:
    kind = _one_of(InitiativeKind, answers.get("initiative_kind"))
    role = _one_of(RoleKind, answers.get("role"))
    if kind is None or role is None:
        return ()
    name = _text(answers, CoordinationJoinForm, "initiative_name")
    place = _text(answers, CoordinationJoinForm, "community_served")
    return (
        CoordinationRole(
            person=person,
            initiative=find_initiative(kind, name, place) if is_looked_up else None,
            initiative_kind=kind,
            initiative_name=name,
            community_served=place,
            role=role,
            evidence=Evidence.CLAIMED,
        ),
    )


def find_initiative(kind: InitiativeKind, name: str, place: str) -> CoordinationInitiative | None:
    """The only initiative of this kind with this name that serves this place."""
    known = CoordinationInitiative.objects.filter(kind=kind) if name and place else ()
    return _only_in(place, (row for row in known if name_key(row.name) == name_key(name)))


_Placed = TypeVar("_Placed", Program, CoordinationInitiative)


def _only_in(place: str, rows: Iterable[_Placed]) -> _Placed | None:
    """The only one of these that serves the place. If several do, none is chosen: staff decide."""
    there = [row for row in rows if name_key(row.community_served) == name_key(place)]
    return there[0] if len(there) == 1 else None


def _text(answers: Answers, form: type[JoinForm], name: str) -> str:
    """The text of an answer, cut to the form's limit; anything but text is no answer."""
    value = answers.get(name)
    longest = getattr(form.base_fields[name], "max_length", None)
    return clean_text(value)[:longest] if isinstance(value, str) else ""


def _one_of(vocabulary: type[_Term], value: object) -> _Term | None:
    return vocabulary(value) if value in vocabulary.values else None
