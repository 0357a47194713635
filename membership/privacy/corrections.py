"""Verbs of a ``Correction``: ask for it, and answer it."""

from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.urls import reverse

from membership.accounts.teams import families_of, require_team
from membership.emails.queue import queue
from membership.errors import RefusedError
from membership.history import log_change
from membership.models import Correction, Person, User
from membership.privacy import emails
from membership.rosters.enrolments import team_of

State = Correction.State


def corrections_of(user: User | AnonymousUser) -> QuerySet[Correction]:
    """The correction requests of this staff member's teams."""
    mine = Correction.objects.filter(team__family__in=families_of(user))
    return mine.select_related("person", "team", "answered_by__person")


def ask_for_correction(*, person: Person, by: User, text: str, now: datetime) -> Correction:
    """Ask for a correction. It goes to the team of their community, or else to program support."""
    if person.user_id != by.pk:
        raise RefusedError("These details belong to someone else.")
    team = team_of(person)
    try:
        with transaction.atomic():
            correction = Correction.objects.create(
                person=person, team=team, text=text, asked_at=now
            )
            page = reverse("admin:membership_correction_change", args=[correction.pk])
            email = emails.news("news-correction", team, page)
            queue(email, about=correction.about, event=correction.pk, now=now)
    except IntegrityError as error:
        raise RefusedError(
            "You have already asked for a correction. You can ask for another one when EVA BC staff "
            "have answered."
        ) from error
    return correction


@transaction.atomic
def answer(*, correction_id: int, by: User, state: str, text: str, now: datetime) -> Correction:
    """Record that it is done, or why it is not. The person gets an email."""
    rows = Correction.objects.select_for_update(of=("self",)).select_related("person", "team")
    correction = rows.get(pk=correction_id)
    require_team(correction.team, by, "correction request")
    if correction.state != State.OPEN:
        state_name = correction.get_state_display().lower()
        raise RefusedError(f"This was already answered: {state_name}. Nothing was changed.")
    if not text.strip():
        raise RefusedError("Explain what you corrected, or why you did not.")
    correction.state, correction.answer = state, text.strip()
    correction.answered_at, correction.answered_by = now, by
    correction.save()
    log_change(
        correction.person,
        by=by,
        words=f"Correction request answered: {correction.get_state_display()}.",
    )
    if correction.person.email:
        email = emails.answered(correction, text.strip())
        queue(email, about=correction.about, event=correction.pk, now=now)
    return correction
