"""Verbs of a meeting: staff schedule, change and cancel it, and members get a reminder the day before."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, Meeting, SupportTeam
from communities.rules.vocabulary import Family, MeetingKind
from membership.accounts.teams import families_of, require_team
from membership.emails.kinds import UNDO_TIME, Event
from membership.emails.queue import cancel, check_staff_words, queue_once
from membership.errors import RefusedError
from membership.history import log_change, require_unchanged
from membership.meetings import emails
from membership.meetings.attendance import emailable_people, expected_people, lock_meeting
from membership.models import Enrolment, OutboxEmail, User
from membership.topics.verbs import leave_agenda_of

# Communities meet every quarter or twice a year: in how many months their next regular meeting should be.
RHYTHM = {Family.PROGRAM_SUPPORT: 3, Family.COORDINATION: 6}
_QUARTER = timedelta(days=92)

_LOOKS_LIKE_A_LINK = re.compile(r"https?:|www\.|zoom\.us", re.IGNORECASE)


@dataclass(frozen=True)
class MeetingPlan:
    """What staff enter for a meeting."""

    communities: tuple[CommunityOfPractice, ...]
    kind: str
    topic: str
    starts_at: datetime
    ends_at: datetime
    join_link: str = ""
    agenda: str = ""
    notes: str = ""
    speaker: str = ""
    about_speaker: str = ""
    recording_link: str = ""


# The names of the fields in the history. A change of the first ones raises the calendar's sequence number.
_CALENDAR_FIELDS = {"kind": "kind", "topic": "topic", "starts_at": "time", "ends_at": "time"}
_FIELDS = {
    **_CALENDAR_FIELDS,
    "join_link": "join link",
    "agenda": "agenda",
    "notes": "notes",
    "speaker": "speaker",
    "about_speaker": "speaker",
    "recording_link": "recording link",
}


def meetings_for_staff(user: User | AnonymousUser) -> QuerySet[Meeting]:
    """The meetings of this staff member's teams."""
    own = Meeting.objects.filter(team__family__in=families_of(user))
    return own.select_related("team").prefetch_related("communities")


def communities_without_meeting(
    families: Iterable[Family], *, now: datetime
) -> QuerySet[CommunityOfPractice]:
    """The communities with members that have no regular meeting scheduled within their rhythm."""
    soon = Q()
    for family, months in RHYTHM.items():
        soon |= Q(team__family=family, starts_at__lt=now + months // 3 * _QUARTER)
    scheduled = Meeting.objects.filter(
        soon,
        communities=OuterRef("pk"),
        kind=MeetingKind.REGULAR,
        cancelled_at=None,
        ends_at__gt=now,
    )
    members = Enrolment.objects.filter(community=OuterRef("pk"), ended_on=None)
    own = CommunityOfPractice.objects.filter(team__family__in=list(families))
    return own.filter(Exists(members), ~Exists(scheduled)).select_related("team")


@transaction.atomic
def plan_series(*, plans: Sequence[MeetingPlan], by: User, now: datetime) -> list[Meeting]:
    """Schedule all of these meetings or none. The same form sent twice makes them once.

    Each is a meeting of its own, which can be changed or cancelled alone.
    """
    _check(plans[0], by)
    # One after the other, so that the second of two forms at once finds the meetings of the first.
    SupportTeam.objects.select_for_update().get(pk=plans[0].communities[0].team_id)
    for plan in plans:
        known = Meeting.objects.filter(
            topic=plan.topic,
            starts_at=plan.starts_at,
            communities__in=plan.communities,
            cancelled_at=None,
        )
        if known.exists():
            day = date_format(timezone.localdate(plan.starts_at))
            raise RefusedError(
                f"A meeting about this is already scheduled for {day}. Nothing was scheduled now."
            )
    return [plan_meeting(plan=plan, by=by, now=now) for plan in plans]


@transaction.atomic
def plan_meeting(*, plan: MeetingPlan, by: User, now: datetime) -> Meeting:
    """Add a meeting to the pages and calendars of its communities. No email is sent."""
    _check(plan, by)
    _refuse_the_past(plan, now)
    meeting = Meeting.objects.create(
        team=plan.communities[0].team,
        changed_at=now,
        **{name: getattr(plan, name) for name in _FIELDS},
    )
    meeting.communities.set(plan.communities)
    log_change(meeting, by=by, words=f"Scheduled for {emails.when(meeting)}.", added=True)
    return meeting


@transaction.atomic
def change_meeting(
    *, meeting_id: int, plan: MeetingPlan, by: User, now: datetime, as_shown: str = ""
) -> Meeting:
    """Change a meeting. People who plan to attend at its old time get one email with the new time."""
    meeting = lock_meeting(meeting_id, by)
    _check(plan, by)
    require_unchanged(meeting, as_shown)
    if meeting.is_cancelled:
        raise RefusedError("This meeting was cancelled. Schedule a new one instead.")
    if plan.communities[0].team_id != meeting.team_id:
        raise RefusedError(
            "A meeting can’t move to another team. Schedule a new one for the other team."
        )
    was = emails.when(meeting)
    changed = [name for name in _FIELDS if getattr(meeting, name) != getattr(plan, name)]
    moved = "starts_at" in changed or "ends_at" in changed
    new_communities = set(meeting.communities.all()) != set(plan.communities)
    if not changed and not new_communities:
        return meeting
    if moved:
        _refuse_the_past(plan, now)
    for name in changed:
        setattr(meeting, name, getattr(plan, name))
    if new_communities or _CALENDAR_FIELDS.keys() & set(changed):
        meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
    meeting.save()
    meeting.communities.set(plan.communities)
    leave_agenda_of(meeting, by=by)
    names = [*dict.fromkeys(_FIELDS[name] for name in changed), *["communities"] * new_communities]
    words = f"Changed: {', '.join(names)}."
    if moved:
        words += f" Before: {was}. Now: {emails.when(meeting)}."
        _email_expected(meeting, emails.MOVED, now, was=was)
    log_change(meeting, by=by, words=words)
    return meeting


@transaction.atomic
def cancel_meeting(*, meeting_id: int, text: str, by: User, now: datetime) -> Meeting:
    """Cancel a meeting; ``text`` says why to people who plan to attend."""
    meeting = lock_meeting(meeting_id, by)
    if meeting.is_cancelled:
        raise RefusedError("This meeting has already been cancelled. Nothing was changed.")
    if meeting.ends_at <= now:
        raise RefusedError("This meeting is over, so you can’t cancel it.")
    if not text.strip():
        raise RefusedError(
            "Explain why the meeting is cancelled, for people who planned to attend."
        )
    check_staff_words(text)
    meeting.cancelled_at, meeting.cancelled_why = now, text.strip()
    meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
    meeting.save(update_fields=["cancelled_at", "cancelled_why", "sequence", "changed_at"])
    # An announcement that waits does not go out any more, so members do not find it on their page either.
    meeting.announcements.filter(taken_back_at=None, at__gt=now - UNDO_TIME).update(
        taken_back_at=now
    )
    _email_expected(meeting, emails.CANCELLED, now, text=text.strip())
    leave_agenda_of(meeting, by=by)
    log_change(meeting, by=by, words=f"Cancelled. {text.strip()}")
    return meeting


def _email_expected(meeting: Meeting, kind: str, now: datetime, **words: str) -> None:
    """Queue one email to everyone who plans to attend, replacing those still in the queue."""
    people = expected_people(meeting, on=timezone.localdate(now))
    cancel(about=meeting.about, event=Event.REPLACED)
    for person in people:
        email = emails.email_of(kind, meeting, person, **words)
        key = f"{meeting.about}:{meeting.sequence}:{kind}:{person.pk}"
        queue_once(email, key=key, about=meeting.about, now=now)


def _check(plan: MeetingPlan, by: User) -> None:
    if not plan.communities:
        raise RefusedError("Choose at least one community.")
    if len({community.team_id for community in plan.communities}) > 1:
        raise RefusedError(
            "Choose communities of one team. Schedule a separate meeting for the other team."
        )
    require_team(plan.communities[0], by, "community")
    if plan.ends_at <= plan.starts_at:
        raise RefusedError("The end time must be after the start time.")
    if _LOOKS_LIKE_A_LINK.search(plan.topic):
        raise RefusedError("Leave links out of the topic. Emails and calendars show it.")
    check_staff_words(plan.topic, plan.agenda, plan.notes, plan.about_speaker)
    if plan.about_speaker and not plan.speaker:
        raise RefusedError("Enter the speaker’s name, or leave the line about them empty.")


def _refuse_the_past(plan: MeetingPlan, now: datetime) -> None:
    if plan.starts_at <= now:
        raise RefusedError("This time has passed. Choose a time in the future.")


def send_due_reminders(*, now: datetime) -> int:
    """Queue every reminder that is due and not queued yet. Returns their number."""
    return sum(_remind(meeting_id, now) for meeting_id in _soon(now))


def _soon(now: datetime) -> list[int]:
    """The meetings that start today or tomorrow."""
    # Two days cover every start until tomorrow night; the day itself is compared in Vancouver time.
    tomorrow = timezone.localdate(now) + timedelta(days=1)
    soon = Meeting.objects.filter(
        cancelled_at__isnull=True, starts_at__gt=now, starts_at__lt=now + timedelta(days=2)
    )
    return [meeting.pk for meeting in soon.only("starts_at") if meeting.day <= tomorrow]


@transaction.atomic
def _remind(meeting_id: int, now: datetime) -> int:
    # Locked, so that no reminder has the old time of a meeting that is changed or cancelled now.
    rows = Meeting.objects.select_for_update(of=("self",)).select_related("team")
    meeting = rows.get(pk=meeting_id)
    if meeting_id not in _soon(now):
        return 0
    reminders = OutboxEmail.objects.filter(about=meeting.about, kind=emails.REMINDER)
    queued = set(reminders.values_list("key", flat=True))
    count = 0
    for person in emailable_people(meeting, on=timezone.localdate(now)):
        key = f"{meeting.about}:{meeting.day}:{emails.REMINDER}:{person.pk}"
        if key not in queued and person.wants_reminders:
            email = emails.email_of(emails.REMINDER, meeting, person)
            count += queue_once(email, key=key, about=meeting.about, now=now)
    return count
