"""Emails as messages: plain text, the same text as HTML, and the team as the sender."""

import functools
import re
from collections.abc import Mapping
from datetime import date
from email.utils import formataddr
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import Resolver404, resolve

from communities.calendar import format_day
from communities.models import CommunityOfPractice, SupportTeam
from membership.emails.kinds import KINDS, EmailKind
from membership.emails.queue import Email
from membership.emails.templates import current_template
from membership.models import OutboxEmail, Person


def build_message(email: OutboxEmail) -> EmailMultiAlternatives:
    """The message to send for a row of the outbox."""
    team = email.team
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.body,
        from_email=formataddr((team.name, team.sender)),
        to=[email.to_email],
        reply_to=[formataddr((team.name, team.mailbox))],
        headers={"Message-ID": email.message_id, "Auto-Submitted": "auto-generated"},
    )
    words = {"subject": email.subject, "blocks": text_blocks(email.body)}
    message.attach_alternative(render_to_string("email/message.html", words), "text/html")
    return message


class PortalLink(str):
    """The URL of a page of the portal, with the label of the button that it becomes."""

    @property
    def label(self) -> str:
        try:
            page = resolve(urlsplit(self).path).view_name
        except Resolver404:
            page = ""
        return _labels().get(page, "Open the page")


@functools.cache
def _labels() -> dict[str, str]:
    """The labels that the kinds of emails declare, by the name of the page that they lead to."""
    links = (p for kind in KINDS.values() for p in kind.placeholders if p.label)
    paths = ((re.search(r"^/\S*$", p.sample, re.MULTILINE), p.label) for p in links)
    return {resolve(path[0]).view_name: label for path, label in paths if path}


def text_blocks(body: str) -> list[tuple[str, str]]:
    """An email's paragraphs in order, each as ("text", its words) or ("link", a ``PortalLink``)."""
    paragraphs = [p.strip() for p in body.split("\n\n") if p.strip()]
    # Only the portal's own URLs become links. What people typed never does.
    own = settings.PORTAL_URL + "/"
    return [
        ("link", PortalLink(p)) if p.startswith(own) and len(p.split()) == 1 else ("text", p)
        for p in paragraphs
    ]


# Marks the place in a preview where staff write their own text.
STAFF_TEXT_MARKER = "[own words]"


def preview_blocks(body: str) -> list[tuple[str, str]]:
    """The paragraphs of a preview. The one where staff write is of the kind "own"."""
    return [
        ("own" if words == STAFF_TEXT_MARKER else kind, words) for kind, words in text_blocks(body)
    ]


def compose(
    kind: str, *, team: SupportTeam, person: Person | None, words: Mapping[str, object]
) -> Email:
    """The email of a kind from a team to a person, or to the team's own mailbox if there is no person.

    ``words`` are the values of its placeholders. A ``name`` becomes the first name.
    """
    values = {name: _as_text(value) for name, value in {"team": team.name, **words}.items()}
    if "name" in values:
        values["name"] = first_name(values["name"])
    subject, body = current_template(kind).render(values)
    to_email = person.email if person else team.mailbox
    return Email(kind, team, person, subject, body, to_email)


def first_name(name: str) -> str:
    """How a greeting calls a person: "Dana" for "Dana Sample", "there" if the register has no name."""
    _, comma, after = name.partition(",")
    words = (after if comma else name).split()
    return words[0] if words else "there"


def sample_values(kind: EmailKind) -> dict[str, str]:
    """Values for an email to a sample person. Its links lead to pages of this portal."""
    return {
        p.name: re.sub(r"^/", settings.PORTAL_URL + "/", p.sample, flags=re.MULTILINE)
        for p in kind.placeholders
    }


def _as_text(value: object) -> str:
    """The text of a value: a community's full name, a day with its weekday, anything else as it is."""
    if isinstance(value, CommunityOfPractice):
        return value.full_name
    if isinstance(value, date):
        return format_day(value)
    return "" if value is None else str(value)
