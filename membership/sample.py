"""The invented sample province: is it loaded, and loading it from the sample lists by the importers.

Its people have addresses at example.org, and its agencies, towns and people carry "Sample",
"Example", "Invented" or "Placeholder" in their names.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction

from communities.catalogue import COMMUNITIES, slug_of
from communities.models import CommunityOfPractice
from communities.rules.vocabulary import Funder
from membership.access.sample import work_on_sample_access
from membership.importing.uploads import write_at_once
from membership.meetings.sample import plan_sample_meetings
from membership.models import ListKind, Person, Program, SampleProvince, User
from membership.reassessment import reassess_if_due
from membership.refusal import Refused
from membership.register import confirm_funding
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


@dataclass(frozen=True)
class SampleList:
    """A file of ``sample_lists``: what it holds, what the list is called, and its age in days."""

    file_name: str
    kind: ListKind
    name: str
    age: int
    community: str = ""

    def content(self, *, today: date) -> bytes:
        """The file, its days moved as far as today is from the day on which the files are true."""
        text = (_FOLDER / self.file_name).read_text(encoding="utf-8")
        later = today - _DAY_OF_THE_FILES
        moved = _DAY.sub(lambda day: (date.fromisoformat(day[0]) + later).isoformat(), text)
        return moved.encode()


_FOLDER = Path(__file__).parent / "sample_lists"
# Memberships end soon, and people left their jobs lately, when the files are looked at on this day.
_DAY_OF_THE_FILES = date(2026, 11, 22)
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")

LISTS = [
    SampleList("agencies.csv", ListKind.AGENCIES, "EVA BC’s list of members", 60),
    SampleList("programs.csv", ListKind.PROGRAMS, "the ministry’s contract list", 55),
    SampleList("people.csv", ListKind.PEOPLE, "the list of program staff", 50),
    SampleList("initiatives.csv", ListKind.INITIATIVES, "the list of committees and ICATs", 50),
    # A community needs no sample roster: people ask to join it in the sample year.
    *(
        SampleList(f"roster-{slug}.csv", ListKind.ROSTER, f"the {slug} roster", 45, slug)
        for slug in map(slug_of, COMMUNITIES)
        if (_FOLDER / f"roster-{slug}.csv").exists()
    ),
]
# It comes after staff checked the funding of two of its programs, and says otherwise.
CONTRADICTING = SampleList(
    "regional-office.csv", ListKind.PROGRAMS, "the regional office’s list", 12
)
_CHECKED = [
    ("Sample Creek Community Services", "CBVS", "Sample Creek"),
    ("Port Placeholder Transition Society", "STVC", "Port Placeholder"),
]
_CHECKED_DAYS_AGO = 30


@transaction.atomic
def load_sample_province(*, now: datetime, today: date) -> bool:
    """Load the sample province once. False where it is loaded already."""
    if sample_data_loaded():
        return False
    SampleProvince.objects.create(loaded_at=now)
    staff = [_staff(one) for one in STAFF]
    for one in LISTS:
        write_sample_list(one, now=now, today=today)
    for agency, kind, place in _CHECKED:
        program = Program.objects.get(agency__name=agency, type=kind, community_served=place)
        confirm_funding(
            program_id=program.pk,
            funder=Funder.PSSG,
            by=staff[0],
            on=today - timedelta(days=_CHECKED_DAYS_AGO),
        )
    write_sample_list(CONTRADICTING, now=now, today=today)
    plan_sample_meetings(now=now)
    work_on_sample_access(now=now)
    reassess_if_due(now=now)
    return True


def write_sample_list(one: SampleList, *, now: datetime, today: date) -> None:
    """Bring one list in as staff would have on its day. Raises ``Refused`` where a row has an error."""
    plan = write_at_once(
        kind=one.kind,
        list_name=one.name,
        as_of=today - timedelta(days=one.age),
        content=one.content(today=today),
        file_name=one.file_name,
        now=now - timedelta(days=one.age),
        community=CommunityOfPractice.objects.filter(slug=one.community).first(),
    )
    if plan.errors:
        first = plan.errors[0]
        raise Refused(f"{one.file_name}, row {first.number}: {first.sentence}")


def _staff(one: StaffSignIn) -> User:
    user = User.objects.create_user(one.email, is_staff=True)
    user.groups.add(Group.objects.get(name=one.group))
    Person.objects.create(user=user, name=one.name, email=one.email)
    return user
