"""Set up the portal for the first time: mailboxes, the first lead, a test email, imports and the keys
for backups.

Asks for what is not given as an option. Nothing is saved until every answer is valid and the test email
has been sent. Run it again to change an answer.
"""

from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from communities.email_addresses import EmailFormField
from communities.models import SupportTeam
from communities.rules.vocabulary import Family
from evabc.ops.backup import new_key_pair
from membership.accounts.teams import LEADS, make_lead
from membership.models import ListKind, User

# The private key is shown once and stored nowhere.
KEY_PAIR = """
Backups are encrypted with a public key. To make one every night, add this line to .env:

EVABC_BACKUP_RECIPIENT={}

then run: docker compose up --detach

The private key opens the backups. It is shown only this once. Store it in two safe places away from this machine:

{}

Each run of this command shows a new pair of keys until the line is in .env."""


def _email(label: str) -> EmailFormField:
    required = f"Enter {label[0].lower()}{label[1:]}."
    return EmailFormField(label=label, error_messages={"required": required})


MAILBOXES = {
    "program_support_mailbox": Family.PROGRAM_SUPPORT,
    "ccss_mailbox": Family.COORDINATION,
}
# Each is an option, or is asked for.
QUESTIONS: dict[str, forms.CharField] = {
    "lead_email": _email("Work email of the first lead"),
    "lead_name": forms.CharField(
        label="Full name of the first lead",
        error_messages={"required": "Enter the full name of the first lead."},
    ),
    "program_support_mailbox": _email("Mailbox for program support"),
    "ccss_mailbox": _email("Mailbox for Community Coordination (CCSS)"),
    "test_email_to": _email("Email address for a test email"),
}


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        for name, field in QUESTIONS.items():
            parser.add_argument(_option(name), help=f"{field.label}.")
        # A roster also needs its community, which only `import_list` takes.
        kinds = [kind for kind in ListKind.values if kind != ListKind.ROSTER]
        parser.add_argument(
            "--list",
            nargs=4,
            action="append",
            default=[],
            metavar=("KIND", "FILE", "NAME", "AS_OF"),
            help=f"A list to import. KIND is one of {', '.join(kinds)}.",
        )
        parser.add_argument(
            "--no-input", action="store_true", help="Do not ask; use the options only."
        )

    def handle(self, *args: object, no_input: bool, **options: Any) -> None:
        self.stdout.write(f"The portal is at {settings.PORTAL_URL}.")
        answers = {name: self._answer(name, options[name], no_input) for name in QUESTIONS}
        self._send_test_email(answers["test_email_to"])
        with transaction.atomic():
            call_command("seed_communities", stdout=self.stdout)
            for name, family in MAILBOXES.items():
                SupportTeam.objects.filter(family=family).update(mailbox=answers[name])
            lead = make_lead(email=answers["lead_email"], name=answers["lead_name"])
            for kind, file, name, as_of in options["list"]:
                self.stdout.write(f"{name}:")
                named = [f"--name={name}", f"--as-of={as_of}"]
                call_command("import_list", kind, file, *named, stdout=self.stdout)
        self.stdout.write(
            f"{lead.email} is now a lead. Sign in at {settings.PORTAL_URL}/admin/ with a code from "
            "your email. The portal then helps you set up two-step sign-in."
        )
        if not settings.BACKUP_RECIPIENT:
            self.stdout.write(KEY_PAIR.format(*new_key_pair()))

    def _answer(self, name: str, given: str | None, no_input: bool) -> str:
        """The option, or what is typed now. Asks again until the answer is valid."""
        field, known = QUESTIONS[name], _known_answer(name)
        while True:
            if given is None:
                given = ("" if no_input else _ask(str(field.label), known)) or known
            try:
                return str(field.clean(given))
            except ValidationError as error:
                if no_input:
                    message = f"{_option(name)}: {error.messages[0]} Nothing was changed."
                    raise CommandError(message) from error
                self.stderr.write(error.messages[0])
                given = None

    def _send_test_email(self, to: str) -> None:
        email = EmailMessage(
            "Test email from the portal",
            f"The portal at {settings.PORTAL_URL} can send emails.\n",
            settings.DEFAULT_FROM_EMAIL,
            [to],
        )
        try:
            email.send()
        except OSError as error:  # smtplib's errors are among them
            raise CommandError(
                f"The test email could not be sent: {error}. Correct EMAIL_URL in .env, restart the "
                "portal and run this command again. Nothing was changed."
            ) from error
        self.stdout.write(f"A test email is on its way to {to}. Check that it arrives.")


def _ask(label: str, known: str) -> str:
    try:
        return input(f"{label}{f' [{known}]' if known else ''}: ").strip()
    except EOFError as error:
        raise CommandError(
            "The input ended before the last question. Nothing was changed."
        ) from error


def _known_answer(name: str) -> str:
    """The current answer, offered again in a second run."""
    if family := MAILBOXES.get(name):
        team = SupportTeam.objects.filter(family=family).first()
        return team.mailbox if team else ""
    lead = User.objects.filter(groups__name=LEADS, is_active=True).order_by("pk").first()
    if lead is None:
        return ""
    return lead.display_name if name == "lead_name" else lead.email
