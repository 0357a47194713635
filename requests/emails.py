"""The emails about a request to join, and who gets them.

Their texts are in ``templates/email/`` until staff change them.
"""

from dataclasses import replace
from datetime import date, datetime, timedelta

from django.conf import settings
from django.urls import reverse

from membership.emails.kinds import (
    COMMUNITY,
    COMMUNITY_LINK,
    LIMIT,
    MEETINGS_LINK,
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
from membership.models import Enrolment, OutboxEmail
from requests.joining.forms import NOTE, answers_in_words, sent_form
from requests.lifecycle import LAPSE_DAYS, REMINDER_DAYS, State, Verb
from requests.models import JoinRequest


def _is_still_member(email: OutboxEmail, now: datetime) -> bool:
    """Whether they are still in the community that they asked to join."""
    request = JoinRequest.objects.filter(pk=email.about.partition(":")[2])
    theirs = Enrolment.objects.filter(person=email.person_id, ended_on=None)
    return theirs.filter(community__in=request.values("community")).exists()


REMINDER_KINDS = {days: f"reminder-{days}" for days in REMINDER_DAYS}

_JOIN_SLACK = "Join the Slack workspace, where members talk between meetings:"
_COMMON = (NAME, COMMUNITY, REFERENCE, TEAM)
_REQUEST_LINK = link(
    "request_link", "The page of the request", "/my/requests/1/", "See your request"
)
_DESK_LINK = link(
    "desk_link",
    "The request on the staff desk",
    "/admin/joinrequests/joinrequest/1/change/",
    "Review the request",
)
_LAST_DAY = Placeholder("last_day", "The last day to answer", "Tuesday, June 2, 2026", needed=True)
_QUESTION = staff_text("The question from staff", "Which program do you carry a caseload in?")
_RECEIPT = (
    *_COMMON,
    LIMIT,
    Placeholder(
        "answer_time",
        "When the team aims to answer, with the last day of it",
        "within 7 business days, by Monday, December 7, 2026",
    ),
    Placeholder("email", "The email that the answer goes to", "dana@example.org"),
    Placeholder(
        "answers",
        "The applicant’s answers, without their note",
        "Your full name: Dana Sample\nDo you carry a caseload in this program? Yes",
    ),
    _REQUEST_LINK,
)
_DECIDED = (Verb.APPROVE, Verb.DECLINE, Verb.WITHDRAW)
_NO_LONGER_ASKED = (Verb.REPLY, *_DECIDED, Verb.LAPSE)
# What becomes of a request whose approval is reversed, in the email about it.
AFTER_REVERSING = {
    State.AWAITING_REVIEW: "Your request is open again. We will review it again and email you.",
    State.DECLINED: "We are not able to approve your request at this time. You can ask to join again later.",
}

EMAIL_KINDS = (
    EmailKind(
        "receipt",
        "Request received",
        TO_PERSON,
        "When an applicant sends a request",
        _RECEIPT,
        cancelled_by=(Verb.WITHDRAW,),
    ),
    EmailKind(
        "receipt-entered",
        "Request received (entered by staff)",
        TO_PERSON,
        "When staff enter a request that came by email or phone",
        (*_RECEIPT, Placeholder("came_by", "How the request came to staff", "by phone")),
        cancelled_by=(Verb.WITHDRAW,),
    ),
    EmailKind(
        "question",
        "Question about a request",
        TO_PERSON,
        "When staff ask the applicant a question",
        (*_COMMON, _QUESTION, _REQUEST_LINK, _LAST_DAY),
        cancelled_by=_NO_LONGER_ASKED,
    ),
    EmailKind(
        "reminder",
        "Reminder about a question",
        TO_PERSON,
        f"{REMINDER_DAYS[0]} and {REMINDER_DAYS[1]} days after a question, if there is no reply",
        (*_COMMON, _QUESTION, _REQUEST_LINK, _LAST_DAY),
        cancelled_by=(*_NO_LONGER_ASKED, Verb.ASK, Event.REPLACED),
        queued_as=tuple(REMINDER_KINDS.values()),
    ),
    EmailKind(
        "welcome",
        "Welcome",
        TO_PERSON,
        "When staff approve a request",
        (
            *_COMMON,
            staff_text(
                "A personal message from staff (it may be empty)", "We’re glad you’re here."
            ),
            Placeholder(
                "offerings",
                "What members get, as a list",
                "- A dedicated Slack workspace\n- Quarterly Zoom meetings",
            ),
            Placeholder(
                "slack",
                "How to join Slack, if the community uses it",
                f"{_JOIN_SLACK}\n\n/my/communities/stvc/slack/",
                label="Join Slack",
            ),
            MEETINGS_LINK,
            link(
                "calendar_link",
                "The page to add meetings to their calendar",
                "/my/calendar/",
                "Add to your calendar",
            ),
            COMMUNITY_LINK,
        ),
        cancelled_by=(Verb.REVERSE,),
        is_still_wanted=_is_still_member,
    ),
    EmailKind(
        "approval-reversed",
        "Approval reversed",
        TO_PERSON,
        "When staff reverse an approval",
        (
            *_COMMON,
            staff_text("The reason from staff", "We approved your request by mistake."),
            Placeholder(
                "outcome",
                "What happens to the request now",
                AFTER_REVERSING[State.AWAITING_REVIEW],
                needed=True,
            ),
            _REQUEST_LINK,
        ),
        cancelled_by=(Verb.APPROVE,),
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
        "When an applicant withdraws a request",
        (*_COMMON, COMMUNITY_LINK),
    ),
    EmailKind(
        "lapsed",
        "Request closed without a reply",
        TO_PERSON,
        f"{LAPSE_DAYS} days after a question, if there is no reply",
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
        "When an applicant replies to a question",
        (COMMUNITY, REFERENCE, TEAM, _DESK_LINK),
        cancelled_by=_DECIDED,
    ),
    EmailKind(
        "digest",
        "Morning summary",
        TO_TEAM,
        "On the morning of a business day, if something has been waiting longer than the limit",
        (
            Placeholder(
                "what_waits",
                "What is waiting, in numbers with links",
                "3 requests have been waiting for 7 business days or longer. The longest wait is 9 business days.",
                needed=True,
                alone=True,
            ),
            Placeholder("limit", "The limit, in business days", "7"),
            TEAM,
        ),
        cancelled_by=(Event.REPLACED,),
    ),
)


def last_day_to_reply(asked_on: date) -> date:
    """The last day to answer a question that was asked on this day."""
    return asked_on + timedelta(days=LAPSE_DAYS - 1)


def reminder(join_request: JoinRequest, *, days: int, last_day: date) -> Email:
    """To the applicant, ``days`` after a question that they have not answered yet."""
    email = email_of("reminder", join_request, text=join_request.question, last_day=last_day)
    return replace(email, kind=REMINDER_KINDS[days])


def news(join_request: JoinRequest, verb: Verb) -> Email:
    """To the team's mailbox. It names the reference only, because mailboxes are shared."""
    return email_of(f"news-{verb.value}", join_request, to_team=True)


def email_of(
    kind: str,
    join_request: JoinRequest,
    *,
    text: str = "",
    outcome: str = "",
    last_day: date | None = None,
    to_team: bool = False,
) -> Email:
    """The email of a kind about a request: to the applicant, or to the team's mailbox."""
    community = join_request.community
    slack_page = _url("my:slack", community.slug)
    return compose(
        kind,
        team=community.team,
        person=None if to_team else join_request.person,
        words={
            "name": join_request.applicant_name,
            "email": join_request.person.email,
            "community": community,
            "reference": join_request.reference,
            "text": text.strip(),
            "outcome": outcome,
            "came_by": join_request.get_came_by_display().lower(),
            "last_day": last_day,
            "limit": settings.WAITING_LIMIT_DAYS["loud"],
            "answer_time": join_request.answer_time,
            "answers": _answers(join_request) if kind.startswith("receipt") else "",
            "offerings": "\n".join(f"- {o}" for o in community.offerings),
            "slack": f"{_JOIN_SLACK}\n\n{slack_page}" if community.has_slack else "",
            "request_link": settings.PORTAL_URL + join_request.get_absolute_url(),
            "community_link": settings.PORTAL_URL + community.get_absolute_url(),
            "meetings_link": _url("my:meetings"),
            "calendar_link": _url("my:calendar"),
            "desk_link": _url("admin:joinrequests_joinrequest_change", join_request.pk),
        },
    )


def _url(name: str, *args: object) -> str:
    return settings.PORTAL_URL + reverse(name, args=args)


def _answers(join_request: JoinRequest) -> str:
    """A line for each answer, without the note: people sometimes write too much in it."""
    lines = []
    for question, answer, name in answers_in_words(sent_form(join_request)):
        if answer and name != NOTE:
            question = question.removesuffix(" (optional)")
            lines.append(f"{question} {answer}" if question[-1] == "?" else f"{question}: {answer}")
    return "\n".join(lines)
