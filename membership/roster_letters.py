"""The letters to people on a roster: which words go to whom. The words are in ``templates/email/``."""

from dataclasses import replace
from typing import Any

from django.conf import settings

from membership.models import Enrolment, Person
from membership.outbox.queue import Letter
from membership.outbox.writing import write


def check(enrolment: Enrolment, text: str) -> Letter:
    """To somebody who no longer meets the rules, as far as we know: ``text`` says what we ask."""
    return _letter("roster-check", enrolment, text)


def ended(enrolment: Enrolment, text: str) -> Letter:
    """To somebody whose enrolment was ended: why, and how to ask again."""
    return _letter("roster-ended", enrolment, text)


def left(enrolment: Enrolment) -> Letter:
    """To somebody who left by herself: so it is, and how to come back."""
    return _letter("left", enrolment, "")


def successor(enrolment: Enrolment, *, name: str, email: str, named_by: str) -> Letter:
    """To whom a leaver has named: what the community is, and that she may ask to join.

    It goes to an address that the register need not know, and says nothing about anybody else.
    """
    letter = write(
        "successor",
        team=enrolment.community.team,
        person=Person.objects.filter(email__iexact=email).first(),
        words={**_words(enrolment, ""), "name": name, "named_by": named_by},
    )
    return replace(letter, address=email)


def _letter(kind: str, enrolment: Enrolment, text: str) -> Letter:
    team, person = enrolment.community.team, enrolment.person
    return write(kind, team=team, person=person, words=_words(enrolment, text))


def _words(enrolment: Enrolment, text: str) -> dict[str, Any]:
    community = enrolment.community
    return {
        "name": enrolment.person.name,
        "community": community,
        "text": text.strip(),
        "community_link": settings.PORTAL_URL + community.get_absolute_url(),
    }
