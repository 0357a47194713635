"""The letters to people on a roster: which words go to whom. The words are in ``templates/email/``,
until staff change them."""

from django.conf import settings

from membership.models import Enrolment
from membership.outbox.kinds import (
    COMMUNITY,
    COMMUNITY_LINK,
    NAME,
    TEAM,
    THE_PERSON,
    LetterKind,
    own_words,
)
from membership.outbox.queue import Letter
from membership.outbox.writing import write

LETTER_KINDS = (
    LetterKind(
        "roster-check",
        "A question to somebody on a roster",
        THE_PERSON,
        "When staff write from the worklist",
        (NAME, COMMUNITY, TEAM, own_words("What staff ask", "Do you still carry a caseload?")),
    ),
    LetterKind(
        "roster-ended",
        "An enrolment is ended",
        THE_PERSON,
        "When staff end an enrolment",
        (
            NAME,
            COMMUNITY,
            TEAM,
            own_words("Why, and what the person can do", "Your program has closed."),
            COMMUNITY_LINK,
        ),
    ),
)


def check(enrolment: Enrolment, text: str) -> Letter:
    """To somebody who no longer meets the rules, as far as we know: ``text`` says what we ask."""
    return _letter("roster-check", enrolment, text)


def ended(enrolment: Enrolment, text: str) -> Letter:
    """To somebody whose enrolment was ended: why, and how to ask again."""
    return _letter("roster-ended", enrolment, text)


def _letter(kind: str, enrolment: Enrolment, text: str) -> Letter:
    community = enrolment.community
    return write(
        kind,
        team=community.team,
        person=enrolment.person,
        words={
            "name": enrolment.person.name,
            "community": community,
            "text": text.strip(),
            "community_link": settings.PORTAL_URL + community.get_absolute_url(),
        },
    )
