"""Who comes to a meeting, and who came.

Being enrolled decides, at the moment of asking: who has left sees nothing, and their answers no longer
count; who joins late sees everything.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from communities.models import Meeting
from membership.accounts.teams import families_of
from membership.emails.kinds import Event, cancelled_by
from membership.emails.queue import cancel
from membership.history import record
from membership.meetings import emails
from membership.models import Attendance, Enrolment, OutboxEmail, Person, User
from membership.refusal import Refused

Answer = Attendance.Answer


def meetings_of(person: Person) -> QuerySet[Meeting]:
    """The meetings of the communities that they are enrolled in now, cancelled ones too."""
    hers = Enrolment.objects.filter(person=person, ended_on__isnull=True).values("community")
    theirs = Meeting.communities.through.objects.filter(communityofpractice__in=hers)
    return (
        Meeting.objects.filter(pk__in=theirs.values("meeting"))
        .select_related("team")
        .prefetch_related("communities")
    )


@dataclass(frozen=True)
class Invitation:
    """A meeting as one person sees it: with their own answer."""

    meeting: Meeting
    answer: str

    @property
    def answer_in_words(self) -> str:
        return Answer(self.answer).label if self.answer else ""


def invitations(person: Person, meetings: QuerySet[Meeting]) -> list[Invitation]:
    """These meetings with their answers; three queries, however many there are."""
    rows = list(meetings)
    said = dict(
        Attendance.objects.filter(person=person, meeting__in=rows).values_list("meeting", "answer")
    )
    return [Invitation(meeting, said.get(meeting.pk, "")) for meeting in rows]


def next_meetings(person: Person, *, now: datetime, most: int = 3) -> list[Invitation]:
    """What their own page shows: the next meetings, soonest first, for the include ``next.html``."""
    to_come = meetings_of(person).filter(ends_at__gt=now, cancelled_at__isnull=True)
    return invitations(person, to_come[:most])


@transaction.atomic
def answer(*, meeting_id: int, person: Person, answer: str, now: datetime) -> None:
    """They say whether they come. The newest answer counts."""
    meeting = Meeting.objects.select_for_update().get(pk=meeting_id)
    if not meetings_of(person).filter(pk=meeting_id).exists():
        raise Refused("This meeting is for people who are in its community.")
    if meeting.is_cancelled:
        raise Refused("This meeting was cancelled.")
    if not meeting.is_to_come(now):
        raise Refused("This meeting is over.")
    if answer not in Answer.values:
        raise Refused("Choose whether you will come.")
    Attendance.objects.update_or_create(
        meeting=meeting, person=person, defaults={"answer": answer, "answered_at": now}
    )


def people_of(meeting: Meeting) -> QuerySet[Person]:
    """Who is on the rosters of its communities on its day, and whoever was noted already."""
    on_the_roster = _enrolled(meeting).filter(
        Q(ended_on__isnull=True) | Q(ended_on__gte=meeting.day), started_on__lte=meeting.day
    )
    noted = Attendance.objects.filter(meeting=meeting, person=OuterRef("pk"), came=True)
    return Person.objects.filter(Exists(on_the_roster) | Exists(noted)).order_by("name", "pk")


def answers_to(meeting: Meeting) -> list[Attendance]:
    """What those on the roster said and who of them came, by name."""
    rows = Attendance.objects.filter(meeting=meeting, person__in=people_of(meeting))
    return list(rows.select_related("person").order_by("person__name", "person"))


def counting_on(meeting: Meeting) -> list[Person]:
    """Who plans to come: they said yes or maybe, or had a letter with its time and did not say no."""
    told = OutboxEmail.objects.filter(
        about=meeting.about,
        kind__in=[emails.REMINDER, emails.MOVED],
        person=OuterRef("pk"),
        wanted=True,
    )
    said_so = _said(meeting).filter(answer__in=[Answer.YES, Answer.MAYBE])
    return list(can_be_written_to(meeting).filter(Q(Exists(said_so)) | Q(Exists(told))))


def keep_letters_from(person: Person) -> None:
    """An enrolment of theirs ends: news of meetings that are no longer theirs and still waits stays here.

    Runs inside the caller's transaction.
    """
    under_way = OutboxEmail.objects.filter(
        person=person,
        kind__in=cancelled_by(Event.NO_LONGER_INVITED),
        state__in=[OutboxEmail.State.QUEUED, OutboxEmail.State.SENDING],
    )
    hers = {meeting.about for meeting in meetings_of(person)}
    for about in set(under_way.values_list("about", flat=True)) - hers:
        cancel(about=about, event=Event.NO_LONGER_INVITED, person=person)


def can_be_written_to(meeting: Meeting) -> QuerySet[Person]:
    """Who is enrolled now, has an email, may sign in, and did not say no."""
    enrolled_now = Exists(_enrolled(meeting).filter(ended_on__isnull=True))
    said_no = Exists(_said(meeting).filter(answer=Answer.NO))
    people = Person.objects.filter(enrolled_now, ~said_no).exclude(email="")
    return people.exclude(user__is_active=False).order_by("pk")


@dataclass(frozen=True)
class Noted:
    """How the note of who came has changed."""

    added: int
    removed: int

    def __str__(self) -> str:
        return f"{self.added} added, {self.removed} removed"


@transaction.atomic
def note_who_came(
    *,
    meeting_id: int,
    came: Collection[int],
    shown: Collection[int],
    by: User,
    now: datetime,
    source: str = "by hand",
) -> Noted:
    """Of the people ``shown``, those in ``came`` were there and the others were not."""
    meeting = (
        Meeting.objects.select_for_update(of=("self",)).select_related("team").get(pk=meeting_id)
    )
    if meeting.team.family not in families_of(by):
        raise Refused("This meeting belongs to the other team.")
    if meeting.is_cancelled:
        raise Refused("This meeting was cancelled, so nobody came.")
    if now < meeting.starts_at:
        raise Refused("This meeting has not started yet. Note who came afterwards.")
    known = set(people_of(meeting).filter(pk__in=shown).values_list("pk", flat=True))
    rows = meeting.attendances.filter(came=True, person__in=known)
    before = set(rows.values_list("person_id", flat=True))
    now_there = known & set(came)
    rows.exclude(person__in=now_there).update(came=False)
    Attendance.objects.bulk_create(
        (Attendance(meeting=meeting, person_id=pk, came=True) for pk in now_there - before),
        update_conflicts=True,
        unique_fields=["meeting", "person"],
        update_fields=["came"],
    )
    noted = Noted(len(now_there - before), len(before - now_there))
    if noted.added or noted.removed:
        record(meeting, by=by, words=f"Noted who came, {source}: {noted}.")
    return noted


def _enrolled(meeting: Meeting) -> QuerySet[Enrolment]:
    """Enrolments of the person of the outer query in this meeting's communities."""
    return Enrolment.objects.filter(
        person=OuterRef("pk"), community__in=meeting.communities.values("pk")
    )


def _said(meeting: Meeting) -> QuerySet[Attendance]:
    """What the person of the outer query said about this meeting."""
    return Attendance.objects.filter(meeting=meeting, person=OuterRef("pk"))
