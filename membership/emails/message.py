"""Emails as messages: plain text, the same text as HTML, the team as sender."""

from collections.abc import Mapping
from datetime import date

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

from communities.calendar import format_day
from communities.models import CommunityOfPractice, SupportTeam
from membership.emails.kinds import EmailKind
from membership.emails.queue import Email
from membership.emails.templates import current_template
from membership.models import OutboxEmail, Person


def build_message(email: OutboxEmail) -> EmailMultiAlternatives:
    """The mail to hand over for a row of the outbox."""
    sender = f"{email.team.name} <{email.team.mailbox}>"
    message = EmailMultiAlternatives(
        subject=email.subject,
        body=email.body,
        from_email=sender,
        to=[email.to_email],
        reply_to=[sender],
        headers={"Message-ID": email.message_id, "Auto-Submitted": "auto-generated"},
    )
    words = {"subject": email.subject, "blocks": text_blocks(email.body)}
    message.attach_alternative(render_to_string("email/message.html", words), "text/html")
    return message


def text_blocks(body: str) -> list[tuple[str, str]]:
    """An email's paragraphs in order, each as ("text" or "link", its words)."""
    paragraphs = [p.strip() for p in body.split("\n\n") if p.strip()]
    return [("link" if _is_portal_link(p) else "text", p) for p in paragraphs]


def _is_portal_link(paragraph: str) -> bool:
    """Only the portal's own address becomes a link: what people typed never does."""
    return paragraph.startswith(settings.PORTAL_URL + "/") and len(paragraph.split()) == 1


# Marks the place in a preview where staff write their own text.
STAFF_TEXT_MARKER = "[own words]"


def preview_blocks(body: str) -> list[tuple[str, str]]:
    """The paragraphs of a preview; the one for the text of staff is of the kind "own"."""
    return [
        ("own" if words == STAFF_TEXT_MARKER else kind, words) for kind, words in text_blocks(body)
    ]


def compose(
    kind: str, *, team: SupportTeam, person: Person | None, words: Mapping[str, object]
) -> Email:
    """The email of a kind, with ``words`` as the values of its placeholders, from a team to a person or its own mailbox."""
    values = {name: _as_text(value) for name, value in {"team": team.name, **words}.items()}
    subject, body = current_template(kind).render(values)
    return Email(kind=kind, team=team, person=person, subject=subject, body=body)


def sample_values(kind: EmailKind) -> dict[str, str]:
    """Values for an email to a sample person; its links lead into this portal."""
    return {
        p.name: settings.PORTAL_URL + p.sample if p.sample.startswith("/") else p.sample
        for p in kind.placeholders
    }


def _as_text(value: object) -> str:
    """The text of a value: a community by its short name, a day with its weekday, else as it is."""
    if isinstance(value, CommunityOfPractice):
        return value.short_name
    if isinstance(value, date):
        return format_day(value)
    return "" if value is None else str(value)
