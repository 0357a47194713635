"""From a template in ``templates/email/`` to a letter.

The first line of a template is the subject, which is neutral, because subjects show on locked
screens; the rest is the letter, paragraph by paragraph.
"""

from typing import Any

from django.template.loader import render_to_string

from communities.models import SupportTeam
from membership.models import Person
from membership.outbox.queue import Letter


def write(kind: str, *, team: SupportTeam, person: Person | None, words: dict[str, Any]) -> Letter:
    """The letter of a kind with ``words`` filled in, from a team to a person or its own mailbox."""
    rendered = render_to_string(f"email/{kind}.txt", {"team": team, **words})
    subject, _, body = rendered.partition("\n")
    return Letter(kind=kind, team=team, person=person, subject=subject.strip(), body=_tidy(body))


def _tidy(body: str) -> str:
    """One blank line between paragraphs, whatever the template left out."""
    paragraphs = [p.strip() for p in body.split("\n\n")]
    return "\n\n".join(p for p in paragraphs if p) + "\n"
