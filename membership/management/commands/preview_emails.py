"""Write every email that the portal sends to one HTML page, with sample data, to read through.

The page uses the templates as they are now, with the changes that staff have made.
"""

from collections.abc import Iterator
from pathlib import Path

from allauth.account.adapter import get_adapter
from django.core.mail import EmailMessage
from django.core.management.base import BaseCommand, CommandParser
from django.template.loader import render_to_string
from django.utils import timezone

from communities.models import SupportTeam
from membership.accounts.adapter import NOTICES
from membership.emails.kinds import KINDS, TO_TEAM
from membership.emails.message import build_message, sample_values
from membership.emails.templates import current_template
from membership.models import OutboxEmail

PERSON = "dana@example.org"
# The emails that allauth sends, by their template, and when it does.
SIGN_IN_EMAILS = {
    "account/email/login_code": "When someone signs in or confirms who they are",
    "account/email/change_code": "When someone changes their email: to the new one",
    "account/email/account_closed": "When someone asks for a code and the account is closed",
    "account/email/shared_mailbox": "When someone asks for a code and the mailbox looks shared",
    **{f"mfa/email/{name}": f"Notice: {subject}" for name, (subject, _) in NOTICES.items()},
}


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, required=True, help="The HTML file to write.")

    def handle(self, *args: object, to: Path, **options: object) -> None:
        emails = [_parts(name, when, message) for name, when, message in _emails()]
        to.write_text(render_to_string("email/all.html", {"emails": emails}), encoding="utf-8")
        self.stdout.write(f"{len(emails)} emails written to {to}.")


def _emails() -> Iterator[tuple[str, str, EmailMessage]]:
    """Each email with its name and when it is sent."""
    teams = list(SupportTeam.objects.all())
    for kind in KINDS.values():
        subject, body = current_template(kind.key).render(sample_values(kind))
        address = teams[0].mailbox if kind.to == TO_TEAM else PERSON
        row = OutboxEmail(team=teams[0], to_email=address, subject=subject, body=body)
        row.message_id = f"<{kind.key}@example.org>"
        yield kind.title, kind.when, build_message(row)
    now = timezone.now()
    context = {"code": "123456", "sent_at": now, "expires_at": now, "timestamp": now}
    context["support_teams"] = teams
    for prefix, when in SIGN_IN_EMAILS.items():
        message = get_adapter().render_mail(prefix, PERSON, context)
        yield message.subject, when, message


def _parts(name: str, when: str, message: EmailMessage) -> dict[str, object]:
    """What the page shows of an email: its headers, its text, and its HTML if it has any."""
    email = message.message()
    shown = ("From", "To", "Reply-To", "Subject", "Auto-Submitted", "Message-ID")
    alternatives = getattr(message, "alternatives", [])
    return {
        "name": name,
        "when": when,
        "headers": [(header, email[header]) for header in shown if email[header]],
        "text": message.body,
        "html": alternatives[0].content if alternatives else "",
    }
