"""From the wording of a kind of letter to a letter to somebody."""

from datetime import date
from typing import Any

from django.conf import settings
from django.utils.formats import date_format

from communities.models import CommunityOfPractice, SupportTeam
from membership.models import Person
from membership.outbox.kinds import LetterKind
from membership.outbox.queue import Letter
from membership.outbox.wording import wording_of


def write(kind: str, *, team: SupportTeam, person: Person | None, words: dict[str, Any]) -> Letter:
    """The letter of a kind with ``words`` filled in, from a team to a person or its own mailbox."""
    said = {name: _said(value) for name, value in {"team": team.name, **words}.items()}
    subject, body = wording_of(kind).filled(said)
    return Letter(kind=kind, team=team, person=person, subject=subject, body=body)


def sample_words(kind: LetterKind) -> dict[str, str]:
    """The words of a letter to a sample person; its links lead into this portal."""
    return {
        p.name: settings.PORTAL_URL + p.sample if p.sample.startswith("/") else p.sample
        for p in kind.placeholders
    }


def _said(value: Any) -> str:
    """A word of a letter: a community by its short name, a day with its weekday, else as it is."""
    if isinstance(value, CommunityOfPractice):
        return value.short_name
    if isinstance(value, date):
        return date_format(value, "l, j F Y")
    return "" if value is None else str(value)
