"""The letters of a join request: which words go to whom. The words are in ``templates/email/``."""

from dataclasses import replace
from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse

from membership.outbox.queue import Letter
from membership.outbox.writing import write
from requests.lifecycle import LAPSE_DAYS, REMINDER_DAYS, Verb
from requests.models import JoinRequest

__all__ = [
    "Letter",
    "declined",
    "lapsed",
    "news",
    "question",
    "receipt",
    "receipt_entered",
    "reminder",
    "welcome",
    "withdrawn",
]

REMINDER_KINDS = {days: f"reminder-{days}" for days in REMINDER_DAYS}


def receipt(join_request: JoinRequest) -> Letter:
    """To the applicant: we have your request, and this happens next."""
    return _letter("receipt", join_request)


def receipt_entered(join_request: JoinRequest) -> Letter:
    """To the applicant: staff entered the request for her, and how she can see it."""
    return _letter("receipt-entered", join_request)


def question(join_request: JoinRequest, text: str, *, asked_on: date) -> Letter:
    """To the applicant: what staff want to know, and until when she can answer."""
    last_day = asked_on + timedelta(days=LAPSE_DAYS - 1)
    return _letter("question", join_request, text=text, last_day=last_day)


def reminder(join_request: JoinRequest, *, days: int, last_day: date) -> Letter:
    """To the applicant, ``days`` after the question: it still waits for her, until ``last_day``."""
    letter = _letter("reminder", join_request, text=join_request.question, last_day=last_day)
    return replace(letter, kind=REMINDER_KINDS[days])


def welcome(join_request: JoinRequest, personal: str = "") -> Letter:
    """To the applicant: approved."""
    return _letter("welcome", join_request, text=personal)


def declined(join_request: JoinRequest, text: str) -> Letter:
    """To the applicant: why not, and what she can do."""
    return _letter("declined", join_request, text=text)


def withdrawn(join_request: JoinRequest) -> Letter:
    """To the applicant: taken back, as she asked."""
    return _letter("withdrawn", join_request)


def lapsed(join_request: JoinRequest) -> Letter:
    """To the applicant: closed for want of a reply, and how to ask again."""
    return _letter("lapsed", join_request)


def news(join_request: JoinRequest, verb: Verb) -> Letter:
    """To the team's mailbox: something waits. Says the reference only: mailboxes are shared."""
    return _letter(f"news-{verb.value}", join_request, to_team=True)


def _letter(
    kind: str,
    join_request: JoinRequest,
    *,
    text: str = "",
    last_day: date | None = None,
    to_team: bool = False,
) -> Letter:
    team = join_request.community.team
    page = reverse("admin:joinrequests_joinrequest_change", args=[join_request.pk])
    return write(
        kind,
        team=team,
        person=None if to_team else join_request.person,
        words={
            "name": join_request.person.name,
            "community": join_request.community,
            "reference": join_request.reference,
            "text": text.strip(),
            "came_by": join_request.get_came_by_display().lower(),
            "last_day": last_day,
            "request_link": settings.PORTAL_URL + join_request.get_absolute_url(),
            "community_link": settings.PORTAL_URL + join_request.community.get_absolute_url(),
            "desk_link": settings.PORTAL_URL + page,
        },
    )
