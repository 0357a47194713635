"""Asking for a correction, and answering: the verbs of a ``Correction``."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from communities.models import SupportTeam
from membership.accounts.teams import families_of
from membership.emails.queue import queue
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Correction, Person, User
from membership.privacy import emails

State = Correction.State


def corrections_of(user: User | AnonymousUser) -> QuerySet[Correction]:
    """The corrections that this member of staff answers."""
    mine = Correction.objects.filter(team__family__in=families_of(user))
    return mine.select_related("person", "team", "answered_by__person")


def ask_for_correction(*, person: Person, by: User, text: str, now: datetime) -> Correction:
    """They ask their team: that of their community, else program support."""
    if person.user_id != by.pk:
        raise RefusedError("These are somebody else’s details.")
    try:
        with transaction.atomic():
            correction = Correction.objects.create(
                person=person, team=_team_of(person), text=text, asked_at=now
            )
            email = emails.news_correction(correction)
            queue(email, about=correction.about, event=correction.pk, now=now)
    except IntegrityError as error:
        raise RefusedError(
            "You have asked for a correction already. EVA BC staff will answer it; then you can "
            "ask for another one."
        ) from error
    return correction


def _team_of(person: Person) -> SupportTeam:
    enrolments = person.enrolments.select_related("community__team")
    newest = enrolments.order_by("ended_on", "-pk").first()
    return newest.community.team if newest else SupportTeam.objects.order_by("-family")[0]


@transaction.atomic
def answer(*, correction_id: int, by: User, state: str, text: str, now: datetime) -> Correction:
    """Staff say that it is done, or why it is not; they get an email."""
    rows = Correction.objects.select_for_update(of=("self",)).select_related("person", "team")
    correction = rows.get(pk=correction_id)
    if correction.team.family not in families_of(by):
        raise RefusedError("This correction belongs to the other team.")
    if correction.state != State.OPEN:
        state_name = correction.get_state_display().lower()
        raise RefusedError(f"This was answered already: {state_name}. Nothing was changed.")
    if not text.strip():
        raise RefusedError("Write what you corrected, or why not, in words for the person.")
    correction.state, correction.answer = state, text.strip()
    correction.answered_at, correction.answered_by = now, by
    correction.save()
    log_change(
        correction.person, by=by, words=f"Correction answered: {correction.get_state_display()}."
    )
    if correction.person.email:
        email = emails.answered(correction, text.strip())
        queue(email, about=correction.about, event=correction.pk, now=now)
    return correction
