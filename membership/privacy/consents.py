"""What EVA BC asks for and why, in the words that people agree to; and which version somebody agreed to.

Whoever changes PURPOSES, so that something new is done with what people told us, gives VERSION the next
number and CHANGED its day: everybody is then asked again.
"""

from datetime import date, datetime

from membership.models import Consent, Person

VERSION = 1
CHANGED = date(2026, 11, 23)

PURPOSES = (
    "to decide whether you can join a community, by its rules;",
    "to keep the list of who is in each community true, and ask you once a year;",
    "to write to you about your requests, your communities and their meetings;",
    "to let you into Slack and the Zoom meetings of your communities;",
    "to count, without names, how the communities are doing.",
)


def has_current_consent(person: Person) -> bool:
    """True where they agreed to the current version."""
    return Consent.objects.filter(person=person, version=VERSION).exists()


def agree(*, person: Person, now: datetime) -> None:
    """Record consent to the current version; a second time changes nothing."""
    Consent.objects.get_or_create(person=person, version=VERSION, defaults={"at": now})


def agree_at_first_sign_in(*, person: Person, now: datetime) -> None:
    """Record the consent that the first sign-in gives: the page of the code names the purposes.

    When the purposes change, people are asked on their own page instead.
    """
    if not Consent.objects.filter(person=person).exists():
        agree(person=person, now=now)
