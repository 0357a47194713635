"""Rosters: the open enrolments of a community."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from types import MappingProxyType

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, SupportTeam
from membership.access import verbs as access
from membership.accounts.teams import require_team
from membership.as_shown import require_as_shown
from membership.emails.kinds import UNDO_SECONDS, UNDO_TIME, Event
from membership.emails.queue import Email, cancel, queue, take_back, uncancel
from membership.errors import RefusedError
from membership.history import history_of, log_change
from membership.locking import get_locked
from membership.meetings.attendance import cancel_emails_to_leaver
from membership.models import AccessStep, Enrolment, Person, User, WorklistRow, WorklistStep
from membership.rosters import emails
from membership.rosters.roster_checks import lock_row, reopen, settle

NO_REASON = "Enter the reason."
NOT_UNDONE = f"This can no longer be undone: emails go out after {UNDO_SECONDS} seconds. Nothing was changed."
_ENDED = "Ended."
_ENDED_ON_LEAVE = "Ended during a leave until "


def enrol(
    *,
    person: Person,
    community: CommunityOfPractice,
    on: date,
    now: datetime,
    by: User | None = None,
) -> Enrolment:
    """Open an enrolment on the day ``on``, and add the tasks to give access to Slack and Zoom.

    Runs inside the caller's transaction.
    """
    enrolment = Enrolment.objects.create(person=person, community=community, started_on=on)
    access.require_access(people=[person], community=community, by=by, now=now)
    return enrolment


def take_back_enrolment(enrolment: Enrolment, *, opened_on: date, by: User, now: datetime) -> None:
    """Delete an enrolment that was opened a moment ago. No report counts it, and its tasks end.

    Runs inside the caller's transaction. Refuses if it is no longer as it was opened.
    """
    enrolment = lock_enrolment(enrolment.pk)
    # Merging two records makes a new enrolment and an older one the same.
    is_as_opened = enrolment.started_on == opened_on and not enrolment.ended_on
    if not is_as_opened or enrolment.leave_until or enrolment.worklist.exists():
        raise RefusedError("This enrolment has already been changed, so it can’t be undone.")
    cancel(about=enrolment.about, event=Event.ENROLMENT_ENDED)
    enrolment.delete()
    access.end_access(enrolment=enrolment, by=by, now=now)
    cancel_emails_to_leaver(enrolment.person, on=timezone.localdate(now))


def team_of(person: Person) -> SupportTeam:
    """The team of the community that they are in, or left last; else program support."""
    enrolments = person.enrolments.select_related("community__team")
    newest = enrolments.order_by(F("ended_on").desc(nulls_first=True), "-pk").first()
    return newest.community.team if newest else SupportTeam.objects.order_by("-family")[0]


@transaction.atomic
def end_enrolment(
    *,
    enrolment_id: int,
    by: User,
    text: str,
    now: datetime,
    with_email: bool = True,
    as_shown: str = "",
) -> Enrolment:
    """Staff end an enrolment today. ``text`` says why, to the member too unless no email goes out."""
    enrolment = lock_open_for_staff(enrolment_id, by, as_shown)
    if not text.strip():
        raise RefusedError(NO_REASON)
    email = emails.email_of("roster-ended", enrolment, text) if with_email else None
    close_enrolment(enrolment, email=email, by=by, text=text, now=now)
    return enrolment


@transaction.atomic
def end_from_roster_check(
    *,
    row_id: int,
    by: User,
    text: str,
    now: datetime,
    seen: int | None = None,
    others: Mapping[int, int | None] = MappingProxyType({}),
) -> WorklistRow:
    """Staff end the enrolment of an unresolved roster check. Its email waits, so that this can be undone.

    ``others`` are more roster checks of the same member and team, each with what was ``seen``: their enrolments
    end too, with one email about all of them.
    """
    row = lock_row(row_id, by, seen)
    rows = [row, *(lock_row(pk, by, newest) for pk, newest in others.items())]
    if not text.strip():
        raise RefusedError(NO_REASON)
    if len(emails.share_an_email(rows, is_ready=False)) > 1:
        raise RefusedError("One email cannot be about these roster checks. Nothing was changed.")
    email: Email | None = emails.of_ended(rows, text)
    for enrolment_id in dict.fromkeys(row.enrolment_id for row in rows):
        enrolment = lock_open_for_staff(enrolment_id, by)
        close_enrolment(enrolment, email=email, by=by, text=text, now=now, wait=UNDO_TIME)
        email = None
    return row


def undo_end(row: WorklistRow, *, ended_at: datetime, by: User, now: datetime) -> None:
    """Open the enrolment of a locked roster check again, and those that ended with it a moment ago.

    Runs inside the caller's transaction. Raises ``RefusedError`` if that is no longer possible.
    """
    with_it = WorklistStep.objects.filter(verb=WorklistStep.Verb.SETTLED, at=ended_at, by=by)
    together = Enrolment.objects.filter(
        worklist__steps__in=with_it,
        person=row.enrolment.person_id,
        community__team=row.enrolment.community.team_id,
    )
    for pk in together.order_by("pk").values_list("pk", flat=True).distinct():
        _undo_end(lock_enrolment(pk), ended_at=ended_at, by=by, now=now)


def _undo_end(enrolment: Enrolment, *, ended_at: datetime, by: User, now: datetime) -> None:
    entry = history_of(enrolment).last()
    if entry is None or not entry.change_message.startswith((_ENDED, _ENDED_ON_LEAVE)):
        raise RefusedError("This can’t be undone here. Open the enrolment and reopen it there.")
    is_in_again = roster_of(enrolment.community).filter(person=enrolment.person_id).exists()
    if is_in_again or not take_back(about=enrolment.about, event=entry.pk):
        raise RefusedError(NOT_UNDONE)
    enrolment.ended_on, enrolment.leave_until = None, _leave_in(entry.change_message)
    enrolment.save(update_fields=["ended_on", "leave_until"])
    settled = WorklistStep.objects.filter(verb=WorklistStep.Verb.SETTLED, at=ended_at)
    same_moment = enrolment.worklist.filter(how=WorklistRow.How.ENDED, pk__in=settled.values("row"))
    for other in same_moment.select_for_update():
        text = "The enrolment has not ended: this was undone."
        reopen(other, by=by, now=now, text=text)
    # On leave they may have had none before.
    if AccessStep.objects.filter(
        access__person=enrolment.person_id, verb=access.Verb.ENDED, at=ended_at
    ).exists():
        access.require_access(
            people=[enrolment.person], community=enrolment.community, by=by, now=now
        )
    uncancel(about=enrolment.about, step=entry.pk)
    log_change(enrolment, by=by, words="Undone. It has not ended.")


def _leave_in(words: str) -> date | None:
    """The last day of the leave during which an enrolment ended, from the ``words`` of its history."""
    if not words.startswith(_ENDED_ON_LEAVE):
        return None
    day, _, _ = words.removeprefix(_ENDED_ON_LEAVE).partition(".")
    return datetime.strptime(day, "%B %d, %Y").date()


def lock_for_staff(enrolment_id: int, by: User) -> Enrolment:
    """Lock an enrolment of the team of ``by``. Runs inside the caller's transaction."""
    enrolment = lock_enrolment(enrolment_id)
    require_team(enrolment.community, by, "enrolment")
    return enrolment


def lock_open_for_staff(enrolment_id: int, by: User, as_shown: str = "") -> Enrolment:
    """Lock an enrolment of the team of ``by`` that has not ended, and is still ``as_shown`` on the page, if there was one.

    Runs inside the caller's transaction.
    """
    enrolment = lock_for_staff(enrolment_id, by)
    _require_open(enrolment)
    if as_shown:
        since = f"The enrolment {enrolment.state_in_words}"
        require_as_shown(as_shown, enrolment.as_shown, since=since)
    return enrolment


def _require_open(enrolment: Enrolment) -> None:
    if enrolment.ended_on:
        ended = date_format(enrolment.ended_on)
        raise RefusedError(f"This enrolment already ended on {ended}. Nothing was changed.")


def log_and_email(
    enrolment: Enrolment,
    kind: str,
    *,
    did: str,
    text: str,
    with_email: bool,
    by: User,
    now: datetime,
) -> None:
    """Add what staff did with a locked enrolment to its history, and email the member if asked to."""
    entry = log_change(enrolment, by=by, words=f"{did} {text.strip()}")
    if with_email and enrolment.person.email:
        email = emails.email_of(kind, enrolment, text)
        queue(email, about=enrolment.about, event=entry.pk, now=now)


def lock_enrolment(enrolment_id: int) -> Enrolment:
    """Lock an enrolment. Runs inside the caller's transaction."""
    rows = Enrolment.objects.select_for_update(of=("self",))
    return get_locked(rows.select_related("person", "community__team"), enrolment_id)


def lock_own_enrolment(enrolment_id: int, by: User) -> Enrolment:
    """Lock an enrolment of the signed-in member. Runs inside the caller's transaction."""
    enrolment = lock_enrolment(enrolment_id)
    if enrolment.person.user_id != by.pk:
        raise RefusedError("This enrolment belongs to someone else.")
    return enrolment


def close_enrolment(
    enrolment: Enrolment,
    *,
    email: Email | None,
    by: User | None,
    text: str,
    now: datetime,
    wait: timedelta = timedelta(),
) -> None:
    """End a locked enrolment, and a leave, today. Every way of leaving a community goes through here.

    Roster checks are resolved, tasks to remove access are added, and ``email``, if any, is queued if the
    register has their email. Runs inside the caller's transaction.
    """
    _require_open(enrolment)
    enrolment.ended_on = max(timezone.localdate(now), enrolment.started_on)
    until, enrolment.leave_until = enrolment.leave_until, None
    enrolment.save(update_fields=["ended_on", "leave_until"])
    for row in enrolment.worklist.select_for_update().exclude(state=WorklistRow.State.SETTLED):
        settle(row, how=WorklistRow.How.ENDED, by=by, text=text, now=now)
    did = f"{_ENDED_ON_LEAVE}{date_format(until)}." if until else _ENDED
    entry = log_change(enrolment, by=by, words=f"{did} {text.strip()}") if by else None
    access.end_access(enrolment=enrolment, by=by, now=now)
    step = entry.pk if entry else None
    cancel(about=enrolment.about, event=Event.ENROLMENT_ENDED, step=step)
    cancel_emails_to_leaver(enrolment.person, on=timezone.localdate(now))
    if email and entry and enrolment.person.email:
        queue(email, about=enrolment.about, event=entry.pk, now=now, wait=wait)


def end_open_enrolments(person: Person, *, by: User | None, text: str, now: datetime) -> None:
    """End all enrolments of someone, without an email."""
    open_ones = person.enrolments.filter(ended_on__isnull=True).order_by("pk")
    for pk in open_ones.values_list("pk", flat=True):
        close_enrolment(lock_enrolment(pk), email=None, by=by, text=text, now=now)


def roster_of(community: CommunityOfPractice) -> QuerySet[Enrolment]:
    """The open enrolments of a community."""
    return Enrolment.objects.filter(community=community, ended_on__isnull=True)
