"""Leaving a community: the person's own verb. Staff end an enrolment by ``rosters.end_enrolment``."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from membership import roster_letters, rosters
from membership.models import Enrolment, Leaving, User
from membership.outbox.queue import queue
from membership.refusal import Refused

SOMEBODY = "Somebody who knows your work"


@dataclass(frozen=True)
class Successor:
    """Whom a chair or coordinator names to follow her.

    ``may_name_me``: the leaver agrees that the letter gives her own name.
    """

    name: str
    email: str
    may_name_me: bool = False


@transaction.atomic
def leave(
    *,
    enrolment_id: int,
    by: User,
    now: datetime,
    reason: str = "",
    successor: Successor | None = None,
) -> Leaving:
    """She leaves today, and her team hears of it; ``reason`` is for staff. A successor is invited by letter to ask to join.

    Only the communities of chairs and coordinators ask for one. A leaving invites one person at most:
    an enrolment ends once, and what is over is refused.
    """
    enrolment = rosters.lock(enrolment_id)
    if enrolment.person.user_id != by.pk:
        raise Refused("This is somebody else’s place in the community.")
    letter = roster_letters.left(enrolment)
    said = f"She left by herself.\n{reason}".strip()
    rosters.close(enrolment, letter=letter, by=by, text=said, now=now)
    queue(roster_letters.news_left(enrolment), about=enrolment.about, event=enrolment.pk, now=now)
    if successor:
        _invite(enrolment, successor, now)
    return Leaving.objects.create(
        enrolment=enrolment,
        left_at=now,
        reason=reason.strip(),
        named_a_successor=successor is not None,
    )


def _invite(enrolment: Enrolment, successor: Successor, now: datetime) -> None:
    """Invite whom she names. Whether that person is known or enrolled already, nobody is told."""
    if not enrolment.community.is_coordination:
        raise Refused("This community asks for no successor.")
    if successor.email.lower() == enrolment.person.email.lower():
        raise Refused("This is your own email. Give that of the person who follows you.")
    name = enrolment.person.name if successor.may_name_me else ""
    letter = roster_letters.successor(
        enrolment, name=successor.name, email=successor.email, named_by=name or SOMEBODY
    )
    queue(letter, about=enrolment.about, event=enrolment.pk, now=now)
