"""The emails to people on a roster. Their texts are in ``templates/email/`` until staff change them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date

from django.conf import settings
from django.urls import reverse
from django.utils.text import get_text_list

from membership.emails.kinds import (
    COMMUNITY,
    COMMUNITY_LINK,
    MEETINGS_LINK,
    NAME,
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
from membership.models import Enrolment, Person, WorklistRow
from membership.rosters.renewals import RENEWAL_KINDS, is_still_wanted

# The reminders of the yearly check-in, by the number of days after it.
CONFIRM_REMINDERS = {14: "confirm-14", 28: "confirm-28"}

_NO_LONGER_ASKED = (Event.YEARLY_ANSWERED, Event.ENROLMENT_ENDED, Event.REPLACED)
_CONFIRM_LINK = link(
    "confirm_link",
    "The page of the check-in",
    "/my/communities/1/confirm/",
    "Complete your check-in",
)
_DESK_LINK = link(
    "desk_link",
    "The enrolment on the staff desk",
    "/admin/membership/enrolment/1/change/",
    "See the enrolment",
)

_CONDITIONS = Placeholder(
    "conditions",
    "What the community’s rules ask for, where it is not certain that it is met",
    "You must carry a caseload in a Stopping the Violence Counselling program.",
)
_OWN_WORDS = staff_text("What staff add, if anything", "We look forward to hearing from you.")


def _ready(key: str, title: str, *more: Placeholder, answered: tuple[str, ...] = ()) -> EmailKind:
    """The ready text for a kind of roster check."""
    return EmailKind(
        f"roster-check-{key}",
        f"Roster check: {title}",
        TO_PERSON,
        "When staff write to a member from such a roster check and use the ready text",
        (NAME, COMMUNITY, TEAM, *more, _OWN_WORDS),
        cancelled_by=(Event.ENROLMENT_ENDED, *answered),
    )


# The ready text for each kind of roster check.
_READY = {
    WorklistRow.Kind.RULES: "roster-check-rules",
    WorklistRow.Kind.EXCEPTION: "roster-check-exception",
    WorklistRow.Kind.ENDS_IN_60: "roster-check-ends",
    WorklistRow.Kind.ENDS_IN_30: "roster-check-ends",
    WorklistRow.Kind.UNCONFIRMED: "roster-check-unconfirmed",
    WorklistRow.Kind.CHANGED_JOBS: "roster-check-changed-jobs",
    WorklistRow.Kind.LEAVE_ENDED: "roster-check-leave-ended",
}

EMAIL_KINDS = (
    EmailKind(
        "roster-check",
        "Question from a roster check",
        TO_PERSON,
        "When staff write to a member from a roster check",
        (
            NAME,
            COMMUNITY,
            TEAM,
            staff_text("The question from staff", "Do you still carry a caseload?"),
        ),
        cancelled_by=(Event.ENROLMENT_ENDED,),
    ),
    _ready("rules", "may no longer meet the rules", _CONDITIONS),
    _ready("exception", "exception due for review", _CONDITIONS),
    _ready(
        "ends",
        "EVA BC membership ends",
        Placeholder("last_day", "The last day of the membership", "Thursday, December 31, 2026"),
    ),
    _ready(
        "unconfirmed",
        "no answer to the yearly check-in",
        _CONFIRM_LINK,
        answered=(Event.YEARLY_ANSWERED,),
    ),
    _ready("changed-jobs", "changed jobs"),
    _ready("leave-ended", "leave has ended", answered=(Event.PAUSED, Event.RESUMED)),
    EmailKind(
        "roster-ended",
        "Enrolment ended",
        TO_PERSON,
        "When staff end an enrolment",
        (
            NAME,
            COMMUNITY,
            TEAM,
            staff_text("The reason, and what the person can do", "Your program has closed."),
            COMMUNITY_LINK,
        ),
        cancelled_by=(Event.ENROLMENT_REOPENED,),
    ),
    EmailKind(
        "roster-reopened",
        "Enrolment reopened",
        TO_PERSON,
        "When staff reopen an enrolment that they ended by mistake",
        (NAME, COMMUNITY, TEAM, staff_text("A message from staff", "This was a mistake.")),
        cancelled_by=(Event.ENROLMENT_ENDED,),
    ),
    EmailKind(
        "roster-paused",
        "On leave",
        TO_PERSON,
        "When staff pause an enrolment, or change the last day of a leave",
        (
            NAME,
            COMMUNITY,
            TEAM,
            Placeholder("until", "The last day of the leave", "Friday, April 2, 2027", needed=True),
            staff_text("A message from staff", "You told us that you are on leave."),
        ),
        cancelled_by=(Event.ENROLMENT_ENDED, Event.PAUSED, Event.RESUMED),
    ),
    EmailKind(
        "roster-resumed",
        "Back from leave",
        TO_PERSON,
        "When staff resume an enrolment after a leave",
        (NAME, COMMUNITY, TEAM, staff_text("A message from staff", "Welcome back."), MEETINGS_LINK),
        cancelled_by=(Event.ENROLMENT_ENDED, Event.PAUSED),
    ),
    EmailKind(
        "confirm",
        "Yearly check-in",
        TO_PERSON,
        "A year after an enrolment started, or after the last answer",
        (NAME, COMMUNITY, TEAM, _CONFIRM_LINK),
        cancelled_by=_NO_LONGER_ASKED,
    ),
    EmailKind(
        "confirm-reminder",
        "Reminder of the yearly check-in",
        TO_PERSON,
        f"{' and '.join(map(str, CONFIRM_REMINDERS))} days after a check-in, if there is no answer",
        (NAME, COMMUNITY, TEAM, _CONFIRM_LINK),
        cancelled_by=_NO_LONGER_ASKED,
        queued_as=tuple(CONFIRM_REMINDERS.values()),
    ),
    EmailKind(
        "roster-left",
        "Left a community",
        TO_PERSON,
        "When a member leaves a community on their own",
        (NAME, COMMUNITY, TEAM, COMMUNITY_LINK),
    ),
    EmailKind(
        "news-left",
        "Notice: member left",
        TO_TEAM,
        "When a member leaves a community on their own",
        (COMMUNITY, TEAM, _DESK_LINK),
    ),
    EmailKind(
        "renewal",
        "EVA BC membership ends soon",
        "The member of EVA BC, or the agency’s contact",
        f"{' and '.join(map(str, RENEWAL_KINDS))} days before an EVA BC membership ends",
        (
            NAME,
            Placeholder("holder", "The agency or person who holds it", "Sample House"),
            Placeholder("last_day", "Its last day", "Thursday, December 31, 2026"),
            TEAM,
        ),
        cancelled_by=(Event.REPLACED,),
        queued_as=tuple(RENEWAL_KINDS.values()),
        is_still_wanted=is_still_wanted,
    ),
    EmailKind(
        "successor",
        "Invitation to a successor",
        "The person who was named",
        "When a chair or coordinator leaves and names a successor",
        (
            NAME,
            Placeholder("named_by", "Who named this person, or “A colleague”", "Robin Placeholder"),
            Placeholder(
                "community_name", "The full name of the community", "Community Coordination"
            ),
            TEAM,
            COMMUNITY_LINK,
        ),
    ),
)


def email_of(
    kind: str, enrolment: Enrolment, text: str = "", *, until: str = "", to_team: bool = False
) -> Email:
    """The email of a kind about an enrolment: to the person, or to the team's mailbox.

    ``text`` is what staff wrote; ``until`` stands for a last day that is not chosen yet. An email to a mailbox names no one, because mailboxes are shared.
    """
    return compose(
        kind,
        team=enrolment.community.team,
        person=None if to_team else enrolment.person,
        words={"until": until or enrolment.leave_until, **_words(enrolment, text)},
    )


def of_roster_checks(rows: Sequence[WorklistRow], text: str, *, is_ready: bool) -> Email:
    """A question to a member about roster checks that ``share_an_email``: their ready text if ``is_ready``, and ``text``.

    Conditions are in the words of the rules: what the register knows about others is for staff.
    """
    first = rows[0]
    conditions = dict.fromkeys(r.condition for row in rows for r in row.reasons if r.condition)
    return compose(
        _READY[WorklistRow.Kind(first.kind)] if is_ready else "roster-check",
        team=first.enrolment.community.team,
        person=first.enrolment.person,
        words={
            **_words(first.enrolment, text),
            "community": _communities_in_full(rows),
            "conditions": "\n".join(conditions) or "You must meet the rules of this community.",
            "last_day": _last_day(first),
        },
    )


def of_ended(rows: Sequence[WorklistRow], text: str) -> Email:
    """To a member whose enrolments staff end from these roster checks, all of one team."""
    words = _words(rows[0].enrolment, text)
    if len({row.enrolment_id for row in rows}) > 1:
        words["community"] = _communities_in_full(rows)
        words["community_link"] = settings.PORTAL_URL + reverse("communities")
    first = rows[0].enrolment
    return compose("roster-ended", team=first.community.team, person=first.person, words=words)


def communities_of(rows: Iterable[WorklistRow]) -> str:
    """The short names of the communities of roster checks, in words."""
    return get_text_list(
        [*dict.fromkeys(row.enrolment.community.short_name for row in rows)], "and"
    )


def _communities_in_full(rows: Iterable[WorklistRow]) -> str:
    """Their full names, to go between “the” and “community of practice” in a sentence."""
    *others, last = dict.fromkeys(row.enrolment.community.full_name for row in rows)
    joined = " community of practice, the ".join(others)
    return f"{joined} community of practice and the {last}" if others else last


def share_an_email(rows: Iterable[WorklistRow], *, is_ready: bool) -> list[list[WorklistRow]]:
    """The roster checks in groups: those of one member and team whose email says the same but for the community."""
    groups: defaultdict[tuple[object, ...], list[WorklistRow]] = defaultdict(list)
    for row in rows:
        own: tuple[object, ...] = ()
        if is_ready:
            has_own_link = row.kind == WorklistRow.Kind.UNCONFIRMED
            kind = _READY[WorklistRow.Kind(row.kind)]
            own = kind, _last_day(row), row.enrolment_id if has_own_link else None
        groups[row.enrolment.person_id, row.enrolment.community.team_id, *own].append(row)
    return list(groups.values())


def _last_day(row: WorklistRow) -> date | None:
    return next((reason.ends_on for reason in row.reasons if reason.ends_on), None)


def successor(enrolment: Enrolment, *, name: str, email: str, named_by: str) -> Email:
    """To a successor whom a leaving member named: what the community is, and how to ask to join.

    The register may not know the address. The email says nothing about anyone else.
    """
    email_to_person = compose(
        "successor",
        team=enrolment.community.team,
        person=Person.objects.filter(email=email).first(),
        words={
            **_words(enrolment),
            "name": name,
            "named_by": named_by,
            "community_name": enrolment.community.name,
        },
    )
    return replace(email_to_person, to_email=email)


def _words(enrolment: Enrolment, text: str = "") -> dict[str, object]:
    community = enrolment.community
    desk_page = reverse("admin:membership_enrolment_change", args=[enrolment.pk])
    return {
        "name": enrolment.person.name,
        "community": community,
        "text": text.strip(),
        "meetings_link": settings.PORTAL_URL + reverse("my:meetings"),
        "community_link": settings.PORTAL_URL + community.get_absolute_url(),
        "confirm_link": settings.PORTAL_URL + reverse("my:confirm", args=[enrolment.pk]),
        "desk_link": settings.PORTAL_URL + desk_page,
    }
