"""The emails to people on a roster. Their texts are in ``templates/email/``, until staff change them."""

from dataclasses import replace

from django.conf import settings
from django.urls import reverse

from membership.emails.kinds import (
    COMMUNITY,
    COMMUNITY_LINK,
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
from membership.models import Enrolment, Person

# The reminders of the yearly question, by the days after it.
CONFIRM_REMINDERS = {14: "confirm-14", 28: "confirm-28"}

_NO_LONGER_ASKED = (Event.YEARLY_ANSWERED, Event.ENROLMENT_ENDED, Event.REPLACED)
_CONFIRM_LINK = link("confirm_link", "The page with the answers", "/my/communities/1/confirm/")
_DESK_LINK = link(
    "desk_link", "The enrolment on the staff desk", "/admin/membership/enrolment/1/change/"
)

EMAIL_KINDS = (
    EmailKind(
        "roster-check",
        "A question to somebody on a roster",
        TO_PERSON,
        "When staff write from the worklist",
        (NAME, COMMUNITY, TEAM, staff_text("What staff ask", "Do you still carry a caseload?")),
        cancelled_by=(Event.ENROLMENT_ENDED,),
    ),
    EmailKind(
        "roster-ended",
        "An enrolment is ended",
        TO_PERSON,
        "When staff end an enrolment",
        (
            NAME,
            COMMUNITY,
            TEAM,
            staff_text("Why, and what the person can do", "Your program has closed."),
            COMMUNITY_LINK,
        ),
    ),
    EmailKind(
        "confirm",
        "The yearly question",
        TO_PERSON,
        "A year after the start of an enrolment, or after the last answer",
        (NAME, COMMUNITY, TEAM, _CONFIRM_LINK),
        cancelled_by=_NO_LONGER_ASKED,
    ),
    EmailKind(
        "confirm-reminder",
        "Reminder of the yearly question",
        TO_PERSON,
        f"{' and '.join(map(str, CONFIRM_REMINDERS))} days after it without an answer",
        (NAME, COMMUNITY, TEAM, _CONFIRM_LINK),
        cancelled_by=_NO_LONGER_ASKED,
        queued_as=tuple(CONFIRM_REMINDERS.values()),
    ),
    EmailKind(
        "roster-left",
        "Somebody has left",
        TO_PERSON,
        "When a person leaves a community of their own accord",
        (NAME, COMMUNITY, TEAM, COMMUNITY_LINK),
    ),
    EmailKind(
        "news-left",
        "News: somebody has left",
        TO_TEAM,
        "When a person leaves a community of their own accord",
        (COMMUNITY, TEAM, _DESK_LINK),
    ),
    EmailKind(
        "successor",
        "Invitation to somebody whom a leaver has named",
        "The one who was named",
        "When a chair or coordinator leaves and names who comes after them",
        (
            NAME,
            Placeholder("named_by", "Who has named them, or “A colleague”", "Robin Placeholder"),
            Placeholder(
                "community_name", "The full name of the community", "Community Coordination"
            ),
            TEAM,
            COMMUNITY_LINK,
        ),
    ),
)


def email_of(kind: str, enrolment: Enrolment, text: str = "", *, to_team: bool = False) -> Email:
    """The email of a kind about an enrolment: to the person, or to the team's mailbox.

    ``text`` are the words of staff. What goes to a mailbox says no name: mailboxes are shared.
    """
    return compose(
        kind,
        team=enrolment.community.team,
        person=None if to_team else enrolment.person,
        words=_words(enrolment, text),
    )


def successor(enrolment: Enrolment, *, name: str, email: str, named_by: str) -> Email:
    """To whom a leaver has named: what the community is, and that they may ask to join.

    It goes to an address that the register need not know, and says nothing about anybody else.
    """
    email_to_person = compose(
        "successor",
        team=enrolment.community.team,
        person=Person.objects.filter(email__iexact=email).first(),
        words={
            **_words(enrolment),
            "name": name,
            "named_by": named_by,
            "community_name": enrolment.community.name,
        },
    )
    return replace(email_to_person, address=email)


def _words(enrolment: Enrolment, text: str = "") -> dict[str, object]:
    community = enrolment.community
    desk_page = reverse("admin:membership_enrolment_change", args=[enrolment.pk])
    return {
        "name": enrolment.person.name,
        "community": community,
        "text": text.strip(),
        "community_link": settings.PORTAL_URL + community.get_absolute_url(),
        "confirm_link": settings.PORTAL_URL + reverse("my:confirm", args=[enrolment.pk]),
        "desk_link": settings.PORTAL_URL + desk_page,
    }
