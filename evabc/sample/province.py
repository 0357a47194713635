"""The sample province: invented data, imported from the sample lists.

All email addresses are at example.org, and the names of agencies, towns and people contain "Sample",
"Example", "Invented" or "Placeholder".
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import product
from pathlib import Path

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils import timezone

from communities.catalogue import COMMUNITIES, slug_of
from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import Family, Funder, MeetingKind
from evabc.sample.resources import share_sample_resources
from membership.access import slack_link, verbs
from membership.access.verbs import Verb
from membership.accounts.teams import LEADS, TEAM_GROUPS
from membership.errors import RefusedError
from membership.imports.uploads import import_at_once, new_import
from membership.meetings.attendance import Answer, answer, eligible_people, record_attendance
from membership.meetings.planning import MeetingPlan, plan_meeting
from membership.models import Access, ListKind, Person, Program, SampleProvince, User
from membership.register.verbs import confirm_funding
from membership.rosters.reassessment import reassess_if_due

_TEAMS = list(TEAM_GROUPS)
# Name, email and group of each sample member of staff. The start of the portal prints them.
STAFF = [
    ("Priya Sample", "priya@example.org", _TEAMS[0]),
    ("Camille Example", "camille@example.org", _TEAMS[1]),
    ("Lou Sample-Lead", "lou@example.org", LEADS),
]


@dataclass(frozen=True)
class SampleList:
    """A file in ``lists``: its kind, its name in the register, and its age in days."""

    file_name: str
    kind: ListKind
    name: str
    age: int
    community: str = ""

    def content(self, *, today: date) -> bytes:
        """The content of the file, with its dates moved by the days since the files were written."""
        text = (_FOLDER / self.file_name).read_text(encoding="utf-8")
        return moved(text, today=today).encode()


_FOLDER = Path(__file__).parent / "lists"
# The day that the dates in the files are relative to: some memberships end soon after it.
_DAY_OF_THE_FILES = date(2026, 11, 22)
_DAY = re.compile(r"\b\d{4}-\d\d-\d\d\b")


def moved(text: str, *, today: date) -> str:
    """A text with its dates moved by the days since the files were written."""
    later = today - _DAY_OF_THE_FILES
    return _DAY.sub(lambda day: (date.fromisoformat(day[0]) + later).isoformat(), text)


LISTS = [
    SampleList("agencies.csv", ListKind.AGENCIES, "EVA BC’s list of members", 60),
    SampleList("programs.csv", ListKind.PROGRAMS, "the ministry’s contract list", 55),
    SampleList("people.csv", ListKind.PEOPLE, "the list of program staff", 50),
    SampleList("initiatives.csv", ListKind.INITIATIVES, "the list of committees and ICATs", 50),
    # Some communities have no sample roster: people ask to join them in the sample year.
    *(
        SampleList(file, ListKind.ROSTER, f"the {c['short_name']} roster", 45, slug_of(c))
        for c in COMMUNITIES
        if (_FOLDER / (file := f"roster-{slug_of(c)}.csv")).exists()
    ),
]
# It contradicts the funding of two programs that staff confirmed before.
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
    """Load the sample province once. False if it is loaded already."""
    if SampleProvince.objects.exists():
        return False
    SampleProvince.objects.create(loaded_at=now)
    staff = []
    for name, email, group in STAFF:
        user = User.objects.create_user(email, is_staff=True)
        user.groups.add(Group.objects.get(name=group))
        Person.objects.create(user=user, name=name, email=email)
        staff.append(user)
    for one in LISTS:
        write_sample_list(one, now=now, today=today)
    for agency, kind, town in _CHECKED:
        program = Program.objects.get(agency__name=agency, type=kind, community_served=town)
        confirm_funding(
            program_id=program.pk,
            funder=Funder.PSSG,
            by=staff[0],
            on=today - timedelta(days=_CHECKED_DAYS_AGO),
        )
    write_sample_list(CONTRADICTING, now=now, today=today)
    by_family = dict(zip(TEAM_GROUPS.values(), staff, strict=False))
    plan_sample_meetings(staff=by_family, now=now)
    share_sample_resources(staff=by_family, now=now)
    work_on_sample_access(lead=staff[-1], now=now)
    reassess_if_due(now=now)
    return True


def write_sample_list(one: SampleList, *, now: datetime, today: date) -> None:
    """Import one list as of its day. Raises ``RefusedError`` if a row has an error."""
    list_import = new_import(
        kind=one.kind,
        list_name=one.name,
        as_of=today - timedelta(days=one.age),
        content=one.content(today=today),
        file_name=one.file_name,
        now=now - timedelta(days=one.age),
        community=CommunityOfPractice.objects.filter(slug=one.community).first(),
    )
    plan = import_at_once(list_import)
    if plan.errors:
        first = plan.errors[0]
        raise RefusedError(f"{one.file_name}, row {first.number}: {first.sentence}")


# -- Slack and Zoom --------------------------------------------------------------------------------


def work_on_sample_access(*, lead: User, now: datetime) -> None:
    """Half of the people have joined, one is invited, the others are to do; the invitation link expires soon."""
    for team in slack_link.workspaces_of(lead):
        slack_link.give_link(
            team=team,
            link="https://join.slack.com/t/sample-evabc/shared_invite/zt-sample",
            expires_on=timezone.localdate(now) + timedelta(days=5),
            most_uses=400,
            by=lead,
            now=now,
        )
    rows = Access.objects.order_by("kind", "person__name", "pk")
    slack = list(rows.filter(kind=Access.Kind.SLACK).values_list("pk", flat=True))
    zoom = list(rows.filter(kind=Access.Kind.ZOOM).values_list("pk", flat=True))
    joined = [*slack[: len(slack) // 2], *zoom[: len(zoom) // 2]]
    verbs.mark(access_ids=joined, verb=Verb.JOINED, by=lead, now=now)
    verbs.mark(access_ids=slack[-1:], verb=Verb.INVITED, by=lead, now=now)


# -- Meetings --------------------------------------------------------------------------------------


# days from today for the first community, kind, topic
_MEETINGS: list[tuple[int, MeetingKind, str]] = [
    (-45, MeetingKind.REGULAR, "What has changed in our work this season"),
    (-38, MeetingKind.TRAINING, "Grounding exercises for groups"),
    (3, MeetingKind.REGULAR, "Staying well in this work"),
    (37, MeetingKind.TRAINING, "Safety planning in small towns"),
]
_DAYS_APART, _SOON = 4, 4  # each team has one this week
_ANSWERERS = 12
_AGENDA = (
    "Welcome and introductions\nThe topic, with time for your questions\nWhat to cover next time"
)
_RECORDING = "https://zoom.example.org/rec/0000000000"
_SPEAKER, _ABOUT_SPEAKER = "Morgan Placeholder", "Trainer, Sample Creek College"
_NOTES = (
    "We shared what helps when a colleague is away. We will come back to this at the next meeting."
)


def plan_sample_meetings(*, staff: dict[Family, User], now: datetime) -> None:
    """For each community a past meeting with attendance and an upcoming one, and for program support trainings too."""
    today = timezone.localdate(now)
    for community, (days, kind, topic) in product(
        CommunityOfPractice.objects.select_related("team"), _MEETINGS
    ):
        if kind == MeetingKind.TRAINING and community.is_coordination:
            continue  # the source names no training for these communities
        day = today + timedelta(days=days + _DAYS_APART * (community.position % _SOON))
        if day.isoweekday() > 5:
            day += timedelta(days=8 - day.isoweekday())
        starts_at = timezone.make_aware(datetime.combine(day, time(10)))
        is_over = days < 0
        planned_at = min(now, starts_at - timedelta(days=30))
        by = staff[community.family]
        plan = MeetingPlan(
            communities=(community,),
            kind=kind,
            topic=topic,
            starts_at=starts_at,
            ends_at=starts_at + timedelta(minutes=90),
            join_link="https://zoom.example.org/j/0000000000",
            agenda=_AGENDA,
            notes=_NOTES if is_over else "",
            recording_link=_RECORDING if is_over and kind == MeetingKind.TRAINING else "",
            speaker=_SPEAKER if kind == MeetingKind.TRAINING else "",
            about_speaker=_ABOUT_SPEAKER if kind == MeetingKind.TRAINING else "",
        )
        meeting = plan_meeting(plan=plan, by=by, now=planned_at)
        _answer(meeting, answered_at=planned_at)
        if is_over:
            attendees = set(eligible_people(meeting).values_list("pk", flat=True))
            record_attendance(
                meeting_id=meeting.pk, came=attendees, shown=attendees, by=by, now=now
            )


def _answer(meeting: Meeting, *, answered_at: datetime) -> None:
    """Every second one of the first few people has answered. More would slow down the first start."""
    for number, person in enumerate(eligible_people(meeting)[:_ANSWERERS]):
        if number % 2 == 0:
            their_answer = Answer.YES if number % 4 == 0 else Answer.MAYBE
            answer(meeting_id=meeting.pk, person=person, answer=their_answer, now=answered_at)
