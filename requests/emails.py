"""The emails about a join request: which go to whom, when, and what their texts can hold.

The texts are in ``templates/email/`` until staff change them.
"""

from dataclasses import replace
from datetime import date, timedelta

from django.conf import settings
from django.urls import reverse

from communities.models import CommunityOfPractice
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
from requests.joining.forms import join_form_for
from requests.lifecycle import LAPSE_DAYS, REMINDER_DAYS, Verb
from requests.models import JoinRequest

__all__ = ["Email"]

REMINDER_KINDS = {days: f"reminder-{days}" for days in REMINDER_DAYS}

_COMMON = (NAME, COMMUNITY, REFERENCE, TEAM)
_REQUEST_LINK = link("request_link", "A link to the request", "/my/requests/1/")
_DESK_LINK = link("desk_link", "A link to the request on the staff desk", "/admin/joinrequests/1/")
_LAST_DAY = Placeholder("last_day", "The last day to answer", "Tuesday, June 2, 2026", needed=True)
# What a confirmation can repeat and promise.
_RECEIPT = (
    Placeholder("answers", "Their answers, as a list", "- Your full name: Dana Sample"),
    Placeholder("limit", "How many business days an answer takes at most", "7"),
    Placeholder("mailbox", "The email address of the team", "programsupport@example.org"),
    _REQUEST_LINK,
)
_QUESTION = staff_text("The question from staff", "Which program do you carry a caseload in?")
_DECIDED = (Verb.APPROVE, Verb.DECLINE, Verb.WITHDRAW)
_NO_LONGER_ASKED = (Verb.REPLY, *_DECIDED, Verb.LAPSE)

EMAIL_KINDS = (
    EmailKind(
        "receipt",
        "Confirmation of a request",
        TO_PERSON,
        "When a request is sent",
        (*_COMMON, *_RECEIPT),
        cancelled_by=(Verb.WITHDRAW,),
    ),
    EmailKind(
        "receipt-entered",
        "Confirmation of a request entered by staff",
        TO_PERSON,
        "When staff enter a request received by email or phone",
        (
            *_COMMON,
            *_RECEIPT,
            Placeholder("came_by", "How staff received it", "by phone"),
        ),
        cancelled_by=(Verb.WITHDRAW,),
    ),
    EmailKind(
        "question",
        "A question about a request",
        TO_PERSON,
        "When staff ask a question",
        (*_COMMON, _QUESTION, _REQUEST_LINK, _LAST_DAY),
        cancelled_by=_NO_LONGER_ASKED,
    ),
    EmailKind(
        "reminder",
        "Reminder about a question",
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
                "A personal message from staff; may be empty", "It’s good to have you with us."
            ),
            Placeholder("offerings", "What members get, as a list", "- Slack\n- Zoom"),
            Placeholder(
                "next_steps",
                "What to do next, as a list with links",
                "- See upcoming meetings: https://example.org/my/meetings/",
            ),
            _REQUEST_LINK,
        ),
    ),
    EmailKind(
        "declined",
        "Request declined",
        TO_PERSON,
        "When staff decline a request",
        (
            *_COMMON,
            staff_text(
                "The reason, and what the applicant can do",
                "We could not find an EVA BC membership.",
            ),
            COMMUNITY_LINK,
        ),
        cancelled_by=(Verb.REOPEN,),
    ),
    EmailKind(
        "withdrawn",
        "Request withdrawn",
        TO_PERSON,
        "When the applicant withdraws the request",
        (*_COMMON, COMMUNITY_LINK),
    ),
    EmailKind(
        "lapsed",
        "Request closed without a reply",
        TO_PERSON,
        f"{LAPSE_DAYS} days after a question without a reply",
        (*_COMMON, COMMUNITY_LINK),
        cancelled_by=(Verb.REOPEN,),
    ),
    EmailKind(
        "news-submit",
        "Notice: new request",
        TO_TEAM,
        "When a request is sent",
        (COMMUNITY, REFERENCE, TEAM, _DESK_LINK),
        cancelled_by=_DECIDED,
    ),
    EmailKind(
        "news-reply",
        "Notice: reply received",
        TO_TEAM,
        "When the applicant replies",
        (COMMUNITY, REFERENCE, TEAM, _DESK_LINK),
        cancelled_by=_DECIDED,
    ),
    EmailKind(
        "digest",
        "Daily summary for staff",
        TO_TEAM,
        "On business day mornings, when something has been waiting too long",
        (
            Placeholder(
                "what_waits",
                "What is waiting, in numbers with links",
                "3 requests have been waiting 7 business days or more; the oldest for 9.",
                needed=True,
                alone=True,
            ),
            Placeholder("limit", "The limit in business days", "7"),
            TEAM,
        ),
        cancelled_by=(Event.REPLACED,),
    ),
)


def last_day_to_reply(asked_on: date) -> date:
    """The last day to answer a question that was asked on this day."""
    return asked_on + timedelta(days=LAPSE_DAYS - 1)


def reminder(join_request: JoinRequest, *, days: int, last_day: date) -> Email:
    """To the applicant, ``days`` after the question: they can still answer it until ``last_day``."""
    email = email_of("reminder", join_request, text=join_request.question, last_day=last_day)
    return replace(email, kind=REMINDER_KINDS[days])


def news(join_request: JoinRequest, verb: Verb) -> Email:
    """To the team's mailbox: there is something to do. Names only the reference: mailboxes are shared."""
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
    community, team = join_request.community, join_request.community.team
    answers = join_form_for(community, join_request.answers).answers_in_words
    page = reverse("admin:joinrequests_joinrequest_change", args=[join_request.pk])
    return compose(
        kind,
        team=team,
        person=None if to_team else join_request.person,
        words={
            "name": join_request.person.short_name,
            "community": community,
            "reference": join_request.reference,
            "text": text.strip(),
            "came_by": join_request.get_came_by_display().lower(),
            "last_day": last_day,
            "request_link": settings.PORTAL_URL + join_request.get_absolute_url(),
            "community_link": settings.PORTAL_URL + community.get_absolute_url(),
            "offerings": "\n".join(f"- {o}" for o in community.offerings),
            "answers": "\n".join(f"- {question}: {answer or '–'}" for question, answer in answers),
            "limit": settings.WAITING_LIMIT_DAYS["loud"],
            "mailbox": team.mailbox,
            "next_steps": "\n".join(_next_steps(community)),
            "desk_link": settings.PORTAL_URL + page,
        },
    )


def _next_steps(community: CommunityOfPractice) -> list[str]:
    """What a new member can do at once, each with the page for it."""
    steps = [
        ("See upcoming meetings and tell us if you’re coming", reverse("my:meetings")),
        ("Add the meetings to your calendar", reverse("my:calendar")),
        ("Read about the community", community.get_absolute_url()),
    ]
    if community.has_slack:
        steps.insert(0, ("Join us on Slack", reverse("my:slack", args=[community.slug])))
    return [f"- {step}: {settings.PORTAL_URL}{path}" for step, path in steps]
