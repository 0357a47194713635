"""The emails about a join request: which go to whom. Their texts are in ``templates/email/`` until
staff change them."""

from dataclasses import replace
from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse

from membership.emails.kinds import (
    COMMUNITY,
    COMMUNITY_LINK,
    NAME,
    REFERENCE,
    TEAM,
    TO_PERSON,
    TO_TEAM,
    EmailKind,
    Event,
    Placeholder,
    link,
    staff_text,
)
from membership.emails.message import compose
from membership.emails.queue import Email
from requests.lifecycle import LAPSE_DAYS, REMINDER_DAYS, Verb
from requests.models import JoinRequest

__all__ = ["Email"]

REMINDER_KINDS = {days: f"reminder-{days}" for days in REMINDER_DAYS}

_COMMON = (NAME, COMMUNITY, REFERENCE, TEAM)
_REQUEST_LINK = link("request_link", "The page of their request", "/my/requests/1/")
_DESK_LINK = link("desk_link", "The request on the staff desk", "/admin/joinrequests/1/")
_LAST_DAY = Placeholder("last_day", "The last day to answer", "Tuesday, 2 June 2026", needed=True)
_QUESTION = staff_text("What staff ask", "Which program do you carry a caseload in?")
_DECIDED = (Verb.APPROVE, Verb.DECLINE, Verb.WITHDRAW)
_NO_LONGER_ASKED = (Verb.REPLY, *_DECIDED, Verb.LAPSE)

EMAIL_KINDS = (
    EmailKind(
        "receipt",
        "Receipt of a request",
        TO_PERSON,
        "When a request is sent",
        (*_COMMON, _REQUEST_LINK),
        cancelled_by=(Verb.WITHDRAW,),
    ),
    EmailKind(
        "receipt-entered",
        "Receipt of a request that staff entered",
        TO_PERSON,
        "When staff enter a request that came by email or phone",
        (
            *_COMMON,
            Placeholder("came_by", "How it came to staff", "by phone"),
            _REQUEST_LINK,
        ),
        cancelled_by=(Verb.WITHDRAW,),
    ),
    EmailKind(
        "question",
        "A question about a request",
        TO_PERSON,
        "When staff ask for more",
        (*_COMMON, _QUESTION, _REQUEST_LINK, _LAST_DAY),
        cancelled_by=_NO_LONGER_ASKED,
    ),
    EmailKind(
        "reminder",
        "Reminder of a question",
        TO_PERSON,
        f"{REMINDER_DAYS[0]} and {REMINDER_DAYS[1]} days after a question without a reply",
        (*_COMMON, _QUESTION, _REQUEST_LINK, _LAST_DAY),
        cancelled_by=(*_NO_LONGER_ASKED, Event.REPLACED),
        queued_as=tuple(REMINDER_KINDS.values()),
    ),
    EmailKind(
        "welcome",
        "Welcome",
        TO_PERSON,
        "When a request is approved",
        (
            *_COMMON,
            staff_text(
                "The personal paragraph of staff; may be empty", "Good to have you with us."
            ),
            Placeholder(
                "offerings", "What the community consists of, as a list", "- Slack\n- Zoom"
            ),
            _REQUEST_LINK,
        ),
    ),
    EmailKind(
        "declined",
        "A request is declined",
        TO_PERSON,
        "When staff decline a request",
        (
            *_COMMON,
            staff_text(
                "Why, and what the person can do", "We could not find an EVA BC membership."
            ),
            COMMUNITY_LINK,
        ),
        cancelled_by=(Verb.REOPEN,),
    ),
    EmailKind(
        "withdrawn",
        "A request is taken back",
        TO_PERSON,
        "When the person takes their request back",
        (*_COMMON, COMMUNITY_LINK),
    ),
    EmailKind(
        "lapsed",
        "A request is closed without a reply",
        TO_PERSON,
        f"{LAPSE_DAYS} days after a question without a reply",
        (*_COMMON, COMMUNITY_LINK),
        cancelled_by=(Verb.REOPEN,),
    ),
    EmailKind(
        "news-submit",
        "News: a request waits",
        TO_TEAM,
        "When a request is sent",
        (COMMUNITY, REFERENCE, TEAM, _DESK_LINK),
        cancelled_by=_DECIDED,
    ),
    EmailKind(
        "news-reply",
        "News: a reply has come",
        TO_TEAM,
        "When the person replies",
        (COMMUNITY, REFERENCE, TEAM, _DESK_LINK),
        cancelled_by=_DECIDED,
    ),
    EmailKind(
        "digest",
        "Morning digest",
        TO_TEAM,
        "On the morning of a working day, when something waits beyond its limit",
        (
            Placeholder(
                "what_waits",
                "What waits, in numbers with links",
                "3 requests have waited for 7 working days or longer; the oldest for 9.",
                needed=True,
                alone=True,
            ),
            Placeholder("limit", "The limit, in working days", "7"),
            TEAM,
        ),
        cancelled_by=(Event.REPLACED,),
    ),
)


def last_day_to_reply(asked_on: date) -> date:
    """The last day on which a question of this day can be answered."""
    return asked_on + timedelta(days=LAPSE_DAYS - 1)


def reminder(join_request: JoinRequest, *, days: int, last_day: date) -> Email:
    """To the applicant, ``days`` after the question: it still waits for them, until ``last_day``."""
    email = email_of("reminder", join_request, text=join_request.question, last_day=last_day)
    return replace(email, kind=REMINDER_KINDS[days])


def news(join_request: JoinRequest, verb: Verb) -> Email:
    """To the team's mailbox: something waits. Says the reference only: mailboxes are shared."""
    return email_of(f"news-{verb.value}", join_request, to_team=True)


def email_of(
    kind: str,
    join_request: JoinRequest,
    *,
    text: str = "",
    last_day: date | None = None,
    to_team: bool = False,
) -> Email:
    """The email of a kind about a request: to the applicant, or to the team's mailbox."""
    team = join_request.community.team
    page = reverse("admin:joinrequests_joinrequest_change", args=[join_request.pk])
    return compose(
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
            "offerings": "\n".join(f"- {o}" for o in join_request.community.offerings),
            "desk_link": settings.PORTAL_URL + page,
        },
    )
