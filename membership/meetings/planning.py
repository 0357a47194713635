"""What staff do with a meeting: plan, change, cancel. One verb, one function, one transaction."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from communities.models import CommunityOfPractice, Meeting
from membership.accounts.teams import families_of
from membership.emails.kinds import Event
from membership.emails.queue import Letter, cancel, queue_once
from membership.history import record
from membership.meetings import emails
from membership.meetings.attendance import counting_on
from membership.models import Person, User
from membership.refusal import Refused

_LOOKS_LIKE_A_LINK = re.compile(r"https?:|www\.|zoom\.us", re.IGNORECASE)


@dataclass(frozen=True)
class Plan:
    """What staff write of a meeting."""

    communities: tuple[CommunityOfPractice, ...]
    kind: str
    topic: str
    starts_at: datetime
    ends_at: datetime
    join_link: str = ""
    agenda: str = ""
    notes: str = ""


# Which changes calendars must hear of, and what the history calls each.
_SHOWN_IN_CALENDARS = {"kind": "kind", "topic": "topic", "starts_at": "time", "ends_at": "time"}
_BEHIND_THE_SIGN_IN = {"join_link": "join link", "agenda": "agenda", "notes": "notes"}


def meetings_for_staff(user: User) -> QuerySet[Meeting]:
    """The meetings of the communities that this member of staff looks after."""
    theirs = Meeting.objects.filter(team__family__in=families_of(user))
    return theirs.select_related("team").prefetch_related("communities")


@transaction.atomic
def plan_meeting(*, plan: Plan, by: User, now: datetime) -> Meeting:
    """Put a meeting on the pages and in the calendars of its communities. No letter goes out."""
    _check(plan, by)
    _refuse_the_past(plan, now)
    meeting = Meeting.objects.create(
        team=plan.communities[0].team, changed_at=now, **_columns(plan)
    )
    meeting.communities.set(plan.communities)
    record(meeting, by=by, words=f"Planned for {emails.when(meeting)}.", added=True)
    return meeting


@transaction.atomic
def change_meeting(*, meeting_id: int, plan: Plan, by: User, now: datetime) -> Meeting:
    """Write a meeting anew. Whoever counts on its old time gets one letter with the new one."""
    meeting = _locked(meeting_id, by)
    _check(plan, by)
    if meeting.is_cancelled:
        raise Refused("This meeting was cancelled. Plan a new one instead.")
    if plan.communities[0].team_id != meeting.team_id:
        raise Refused("A meeting stays with its team. Plan a new one for the other team.")
    was, before = emails.when(meeting), _columns_of(meeting)
    other_communities = {c.pk for c in meeting.communities.all()} != {
        c.pk for c in plan.communities
    }
    changed = [name for name, value in _columns(plan).items() if before[name] != value]
    moved = "starts_at" in changed or "ends_at" in changed
    if not changed and not other_communities:
        return meeting
    if moved:
        _refuse_the_past(plan, now)
    for name in changed:
        setattr(meeting, name, getattr(plan, name))
    if other_communities or _SHOWN_IN_CALENDARS.keys() & set(changed):
        meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
    meeting.save()
    meeting.communities.set(plan.communities)
    words = _said(changed, other_communities)
    if moved:
        words += f" Was: {was}. Now: {emails.when(meeting)}."
        _tell(meeting, lambda person: emails.moved(meeting, person, was=was), now)
    record(meeting, by=by, words=words)
    return meeting


@transaction.atomic
def cancel_meeting(*, meeting_id: int, text: str, by: User, now: datetime) -> Meeting:
    """It does not take place; ``text`` says why to whoever counts on it."""
    meeting = _locked(meeting_id, by)
    if meeting.is_cancelled:
        raise Refused("This meeting was cancelled already. Nothing was changed.")
    if meeting.ends_at <= now:
        raise Refused("This meeting is over, so it cannot be cancelled.")
    if not text.strip():
        raise Refused("Write why, in words for those who planned to come.")
    meeting.cancelled_at, meeting.cancelled_why = now, text.strip()
    meeting.sequence, meeting.changed_at = meeting.sequence + 1, now
    meeting.save(update_fields=["cancelled_at", "cancelled_why", "sequence", "changed_at"])
    _tell(meeting, lambda person: emails.cancelled(meeting, person, text), now)
    record(meeting, by=by, words=f"Cancelled. {text.strip()}")
    return meeting


def _tell(meeting: Meeting, letter_to: Callable[[Person], Letter], now: datetime) -> None:
    """One letter to everyone who counts on the meeting; what still waits of older news stays here."""
    people = counting_on(meeting)
    cancel(about=meeting.about, event=Event.REPLACED)
    for person in people:
        letter = letter_to(person)
        key = f"{meeting.about}:{meeting.sequence}:{letter.kind}:{person.pk}"
        queue_once(letter, key=key, about=meeting.about, now=now)


def _locked(meeting_id: int, by: User) -> Meeting:
    meeting = (
        Meeting.objects.select_for_update(of=("self",)).select_related("team").get(pk=meeting_id)
    )
    if meeting.team.family not in families_of(by):
        raise Refused("This meeting belongs to the other team.")
    return meeting


def _check(plan: Plan, by: User) -> None:
    if not plan.communities:
        raise Refused("Choose at least one community.")
    if len({community.team_id for community in plan.communities}) > 1:
        raise Refused("Choose communities of one team. Plan a meeting of its own for the other.")
    if plan.communities[0].family not in families_of(by):
        raise Refused("This community belongs to the other team.")
    if plan.ends_at <= plan.starts_at:
        raise Refused("The end must be after the start.")
    if _LOOKS_LIKE_A_LINK.search(plan.topic):
        raise Refused("Leave links out of the topic: it goes into letters and calendars.")


def _refuse_the_past(plan: Plan, now: datetime) -> None:
    if plan.starts_at <= now:
        raise Refused("This time has passed. Choose a time to come.")


def _columns(plan: Plan) -> dict[str, object]:
    return {name: getattr(plan, name) for name in (*_SHOWN_IN_CALENDARS, *_BEHIND_THE_SIGN_IN)}


def _columns_of(meeting: Meeting) -> dict[str, object]:
    return {name: getattr(meeting, name) for name in (*_SHOWN_IN_CALENDARS, *_BEHIND_THE_SIGN_IN)}


def _said(changed: Iterable[str], other_communities: bool) -> str:
    names = {**_SHOWN_IN_CALENDARS, **_BEHIND_THE_SIGN_IN}
    things = list(dict.fromkeys(names[name] for name in changed))
    return f"Changed: {', '.join([*things, *['communities'] * other_communities])}."
