"""The invented sample province: is it loaded, and loading it.

Its people have addresses at example.org, and its agencies carry "Sample" or "Example" in their names.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction

from communities.models import CommunityOfPractice
from communities.vocabulary import Evidence, Funder, InitiativeKind, ProgramType, RoleKind
from membership.access.sample import work_on_sample_access
from membership.models import (
    Agency,
    CoordinationInitiative,
    CoordinationRole,
    EvaMembership,
    Person,
    Program,
    ProgramPosition,
    SampleProvince,
    User,
)
from membership.reassessment import reassess_if_due
from membership.rosters import enrol
from membership.teams import LEADS, TEAM_GROUPS


def sample_data_loaded() -> bool:
    """True while the database holds the sample province."""
    return SampleProvince.objects.exists()


@dataclass(frozen=True)
class StaffSignIn:
    """A sample member of staff: what the start of the portal prints."""

    name: str
    email: str
    group: str


_TEAMS = list(TEAM_GROUPS)
STAFF = [
    StaffSignIn("Priya Sample", "priya@example.org", _TEAMS[0]),
    StaffSignIn("Camille Example", "camille@example.org", _TEAMS[1]),
    StaffSignIn("Lou Sample-Lead", "lou@example.org", LEADS),
]

# agency, city, EVA BC membership ends in so many days (None: no membership known)
_AGENCIES: list[tuple[str, str, int | None]] = [
    ("Sample Valley Women’s Resource Society", "Sampleton", 240),
    ("Example Harbour Family Services", "Example Harbour", 120),
    ("Invented Lake Friendship Centre", "Invented Lake", 45),
    ("Maison d’accueil L’Échantillon", "Sampleton", 300),
    ("ᐊᐧᐱᐢᑭ Sample Nation Health", "North Example", -20),
    ("Placeholder Coast Transition House", "Placeholder Bay", None),
]

# agency (its place in the list above), type, community served, funder ("" where nobody knows)
_PROGRAMS: list[tuple[int, ProgramType, str, str]] = [
    (0, ProgramType.STVC, "Sampleton", Funder.PSSG),
    (0, ProgramType.STV_ORS, "Sampleton", Funder.PSSG),
    (0, ProgramType.CBVS, "Sampleton", Funder.PSSG),
    (1, ProgramType.STVC, "Example Harbour", Funder.PSSG),
    (1, ProgramType.SAS, "Example Harbour", Funder.OTHER),
    (2, ProgramType.MORS, "Invented Lake", Funder.PSSG),
    (2, ProgramType.STVC, "Invented Lake", ""),
    (3, ProgramType.CBVS, "Sampleton", Funder.PSSG),
    (4, ProgramType.STVC, "North Example", Funder.PSSG),
    (5, ProgramType.SAS, "Placeholder Bay", Funder.PSSG),
]

# name, program (its place in the list above), the community whose roster she is on: one membership
# ends soon, and one worker has changed to a program of another type.
_WORKERS = [
    ("Dana Sample", 0, "stvc"),
    ("Amélie Exemple", 7, "cbvs"),
    ("Siobhán O’Sample", 3, "sas"),
    ("Jo Invented", 5, "ors"),
]

# name, kind, community served
_INITIATIVES = [
    ("Sampleton VAWIR Committee", InitiativeKind.VAWIR, "Sampleton"),
    (
        "Example Harbour Sexual Assault Coordination Committee",
        InitiativeKind.SAC,
        "Example Harbour",
    ),
    ("Invented Lake ICAT", InitiativeKind.ICAT, "Invented Lake"),
]

# name, initiative (its place in the list above), role
_COORDINATORS = [
    ("Robin Placeholder", 0, RoleKind.CHAIR),
    ("Kai Example", 2, RoleKind.CO_CHAIR),
]


@transaction.atomic
def load_sample_province(*, now: datetime, today: date) -> bool:
    """Load the sample province once. False where it is loaded already."""
    if sample_data_loaded():
        return False
    SampleProvince.objects.create(loaded_at=now)
    listed = _listed("the sample list", today - timedelta(days=30))
    agencies = [_agency(*row, today=today, listed=listed) for row in _AGENCIES]
    programs = [
        Program.objects.create(
            agency=agencies[place],
            type=kind,
            community_served=served,
            funder=funder,
            **(listed if funder else {}),
        )
        for place, kind, served, funder in _PROGRAMS
    ]
    for name, place, slug in _WORKERS:
        worker = _person(name)
        ProgramPosition.objects.create(
            person=worker, program=programs[place], carries_caseload=True, **listed
        )
        community = CommunityOfPractice.objects.get(slug=slug)
        enrol(person=worker, community=community, on=today - timedelta(days=200), now=now)
    initiatives = [
        CoordinationInitiative.objects.create(name=name, kind=kind, community_served=served)
        for name, kind, served in _INITIATIVES
    ]
    for name, place, role in _COORDINATORS:
        CoordinationRole.objects.create(
            person=_person(name),
            initiative=initiatives[place],
            initiative_kind=initiatives[place].kind,
            role=role,
            **listed,
        )
    for staff in STAFF:
        user = User.objects.create_user(staff.email, is_staff=True)
        user.groups.add(Group.objects.get(name=staff.group))
        Person.objects.create(user=user, name=staff.name, email=staff.email)
    work_on_sample_access(now=now)
    reassess_if_due(now=now)
    return True


def _listed(name: str, as_of: date) -> dict[str, Any]:
    return {"evidence": Evidence.LISTED, "list_name": name, "list_as_of": as_of}


def _agency(
    name: str, city: str, ends_in: int | None, *, today: date, listed: dict[str, Any]
) -> Agency:
    agency = Agency.objects.create(name=name, city=city)
    if ends_in is not None:
        ends_on = today + timedelta(days=ends_in)
        EvaMembership.objects.create(
            agency=agency, starts_on=ends_on - timedelta(days=364), ends_on=ends_on, **listed
        )
    return agency


def _person(name: str) -> Person:
    local = name.split()[0].encode("ascii", "ignore").decode().lower()
    return Person.objects.create(name=name, email=f"{local}@example.org")
