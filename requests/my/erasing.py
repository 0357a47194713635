"""Erasing a person: the whole verb, and what it does to their requests.

The history of a request stays for the numbers: which community, when, how it ended. Whose it was,
what they said and what was written about it go.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from membership.accounts.teams import families_of
from membership.models import User
from membership.privacy.erasing import erase_person, lock_for_erasing
from membership.refusal import Refused
from requests.lifecycle import State
from requests.models import JoinRequest, JoinRequestEvent, StaffNote, new_reference
from requests.workflow import withdraw_erased


@transaction.atomic
def erase(*, person_id: int, by: User, now: datetime) -> None:
    """Erase a person: the person themself, or staff for them.

    Open requests are withdrawn, enrolments end, letters that wait are cancelled, and what stays says
    of nobody who they were. A letter that a worker is handing over to the mail server at this moment is
    sent or not sent; its row keeps neither address nor words.
    """
    # Requests before the person: in the order in which the other verbs lock.
    join_requests = _locked(person_id)
    person = lock_for_erasing(person_id=person_id, by=by)
    if person.user_id != by.pk:
        _in_teams(join_requests, by)
    abouts = [join_request.about for join_request in join_requests]
    take_out_of_requests(join_requests, now=now)
    erase_person(person, abouts=abouts, by=by, now=now)
    if not (person.join_requests.exists() or person.enrolments.exists()):
        person.delete()


def take_out_of_requests(join_requests: Sequence[JoinRequest], *, now: datetime) -> None:
    """Take the person out of these locked requests; a draft goes whole. The letters are the caller's."""
    sent = [r for r in join_requests if r.state != State.DRAFT]
    for join_request in join_requests:
        if join_request.state == State.DRAFT:
            join_request.delete()
    for join_request in sent:
        if join_request.is_open:
            withdraw_erased(join_request, now=now)
        _blank(join_request)
    StaffNote.objects.filter(join_request__in=sent).delete()
    events = JoinRequestEvent.objects.filter(join_request__in=sent)
    events.update(text="", reason="")


def _blank(join_request: JoinRequest) -> None:
    join_request.answers = {}
    join_request.agency, join_request.agency_name = None, ""
    # They know the old one, and letters in mailboxes name it.
    join_request.reference = new_reference()
    join_request.assessment = _verdicts_only(join_request.assessment)
    join_request.save()


def _verdicts_only(assessment: dict[str, Any] | None) -> dict[str, object] | None:
    """Which rules were met, for the reports, without the sentences."""
    if assessment is None:
        return None
    said = ("sentence", "staff_sentence", "next_step", "source")
    silent = {**dict.fromkeys(said, ""), "as_of": None, "ends_on": None}
    return {**assessment, "findings": [{**kept, **silent} for kept in assessment["findings"]]}


def _locked(person_id: int) -> list[JoinRequest]:
    rows = JoinRequest.objects.select_for_update(of=("self",)).filter(person_id=person_id)
    return list(rows.select_related("community__team").order_by("pk"))


def _in_teams(join_requests: Sequence[JoinRequest], by: User) -> None:
    families = families_of(by)
    if any(r.is_open and r.community.family not in families for r in join_requests):
        raise Refused("She has an open request with the other team. Ask a lead to erase her.")
