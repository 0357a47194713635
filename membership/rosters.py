"""Rosters: the open enrolments of a community."""

from datetime import date, datetime

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.formats import date_format

from communities.models import CommunityOfPractice
from membership import roster_letters
from membership.history import record
from membership.meetings.attendance import keep_letters_from
from membership.models import Enrolment, Person, User
from membership.outbox.queue import cancel, queue
from membership.reassessment import reassess
from membership.refusal import Refused
from membership.teams import families_of
from membership.worklist import settle_ended

__all__ = ["end_enrolment", "enrol", "is_enrolled", "leave", "reassess", "roster_of"]


def enrol(*, person: Person, community: CommunityOfPractice, on: date) -> Enrolment:
    """Open an enrolment from the day ``on``. Runs inside the caller's transaction."""
    return Enrolment.objects.create(person=person, community=community, started_on=on)


@transaction.atomic
def end_enrolment(*, enrolment_id: int, by: User, text: str, now: datetime) -> Enrolment:
    """End an enrolment today; ``text`` tells the person why, and the worklist lets go of her.

    Where the register has no email of hers, no letter goes out.
    """
    enrolment = _locked(enrolment_id)
    if enrolment.community.family not in families_of(by):
        raise Refused("This enrolment belongs to the other team.")
    _still_open(enrolment)
    if not text.strip():
        raise Refused("Write why, in words for the person.")
    _end(enrolment, by=by, text=text, now=now)
    if enrolment.person.email:
        # An enrolment ends once, so its own key is the event's.
        letter = roster_letters.ended(enrolment, text)
        queue(letter, about=enrolment.about, event=enrolment.pk, now=now)
    return enrolment


@transaction.atomic
def leave(*, enrolment_id: int, by: User, now: datetime) -> Enrolment:
    """She leaves by herself, today. She gets a letter, and her team hears of it."""
    enrolment = _locked(enrolment_id)
    if enrolment.person.user_id != by.pk:
        raise Refused("This is somebody else’s place in the community.")
    _still_open(enrolment)
    _end(enrolment, by=by, text="She left by herself.", now=now)
    for letter in (roster_letters.left(enrolment), roster_letters.news_left(enrolment)):
        if letter.to_email:
            queue(letter, about=enrolment.about, event=enrolment.pk, now=now)
    return enrolment


def _locked(enrolment_id: int) -> Enrolment:
    return (
        Enrolment.objects.select_for_update(of=("self",))
        .select_related("person", "community__team")
        .get(pk=enrolment_id)
    )


def _still_open(enrolment: Enrolment) -> None:
    if enrolment.ended_on:
        ended = date_format(enrolment.ended_on, "j F Y")
        raise Refused(f"This enrolment was ended already, on {ended}. Nothing was changed.")


def _end(enrolment: Enrolment, *, by: User, text: str, now: datetime) -> None:
    enrolment.ended_on = max(timezone.localdate(now), enrolment.started_on)
    enrolment.save(update_fields=["ended_on"])
    settle_ended(enrolment, by=by, text=text, now=now)
    record(enrolment, by=by, words=f"Ended. {text.strip()}")
    # A question that has not gone out yet is no longer ours to ask.
    cancel(about=enrolment.about, kinds=["roster-check", *roster_letters.OF_THE_YEARLY_QUESTION])
    keep_letters_from(enrolment.person)


def is_enrolled(person: Person, community: CommunityOfPractice) -> bool:
    """True while the person has an open enrolment there."""
    return roster_of(community).filter(person=person).exists()


def roster_of(community: CommunityOfPractice) -> QuerySet[Enrolment]:
    """The open enrolments of a community."""
    return Enrolment.objects.filter(community=community, ended_on__isnull=True)
