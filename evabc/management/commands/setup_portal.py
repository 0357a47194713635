"""Set up the portal for the first time: mailboxes, the first lead, test emails, imports and the keys
for backups.

Asks for what is not given as an option. Nothing is saved until every answer is valid and the mail server has
taken a test email from each address that the portal sends from. Run it again to change an answer.
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
from membership.emails.sending import Answer, Trouble, connection
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


def _sender(team: str) -> EmailFormField:
    label = f"Address that the emails of {team} come from, if not from its mailbox"
    return EmailFormField(label=label, required=False)


TEAMS = {"program_support": Family.PROGRAM_SUPPORT, "ccss": Family.COORDINATION}
# Each is an option, or is asked for if it is required.
QUESTIONS: dict[str, forms.CharField] = {
    "lead_email": _email("Work email of the first lead"),
    "lead_name": forms.CharField(
        label="Full name of the first lead",
        error_messages={"required": "Enter the full name of the first lead."},
    ),
    "program_support_mailbox": _email("Mailbox for program support"),
    "ccss_mailbox": _email("Mailbox for Community Coordination (CCSS)"),
    "test_email_to": _email("Email address for test emails"),
    "program_support_sender": _sender("program support"),
    "ccss_sender": _sender("Community Coordination (CCSS)"),
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
        self._send_test_emails(answers)
        with transaction.atomic():
            call_command("seed_communities", stdout=self.stdout)
            for name, family in TEAMS.items():
                SupportTeam.objects.filter(family=family).update(
                    mailbox=answers[f"{name}_mailbox"], sender_email=answers[f"{name}_sender"]
                )
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
                is_asked = field.required and not no_input
                given = (_ask(str(field.label), known) if is_asked else "") or known
            try:
                return str(field.clean(given))
            except ValidationError as error:
                if no_input:
                    message = f"{_option(name)}: {error.messages[0]} Nothing was changed."
                    raise CommandError(message) from error
                self.stderr.write(error.messages[0])
                given = None

    def _send_test_emails(self, answers: dict[str, str]) -> None:
        """Send one email from each address that the portal sends from, and report every refusal."""
        to, problems = answers["test_email_to"], []
        # Each address, and how to choose another one.
        senders = {
            answers[f"{team}_sender"] or answers[f"{team}_mailbox"]: _option(f"{team}_sender")
            for team in TEAMS
        }
        if settings.DEFAULT_FROM_EMAIL:
            senders[settings.DEFAULT_FROM_EMAIL] = "EVABC_SENDER_EMAIL in .env"
        with connection() as opened:
            for sender, option in senders.items():
                try:
                    opened.send_messages([_test_email(sender, to)])
                except OSError as error:  # smtplib's errors are among them
                    problems.append(_problem(Answer.of(error), sender, to, option))
                else:
                    self.stdout.write(f"A test email from {sender} is on its way to {to}.")
        if problems:
            # A server that cannot be reached is one problem, not one for each sender.
            raise CommandError("\n".join([*dict.fromkeys(problems), "Nothing was changed."]))
        self.stdout.write("Check that each test email arrives.")


def _test_email(sender: str, to: str) -> EmailMessage:
    return EmailMessage(
        "Test email from the portal",
        f"The portal at {settings.PORTAL_URL} can send emails from {sender}.\n",
        sender,
        [to],
        headers={"Auto-Submitted": "auto-generated"},
    )


def _problem(answer: Answer, sender: str, to: str, option: str) -> str:
    """Why a test email was not sent, in the words of the mail server, and what to do."""
    # Several lines of a long answer, with or without its full stop.
    words = " ".join((answer.words or str(answer.error)).split()).rstrip(".")
    refusal = f"The mail server did not take an email from {sender} to {to}: {words}."
    if not answer.is_about_message:
        refusal = f"No test email could be sent: {words}."
    if answer.trouble is Trouble.LATER:
        return f"{refusal} Run this command again in a few minutes."
    if answer.trouble is Trouble.ADDRESS:
        return f"{refusal} Correct {_option('test_email_to')}."
    if not answer.is_about_message:
        return (
            f"{refusal} Correct EMAIL_URL in .env, restart the portal and run this command again."
        )
    return (
        f"{refusal} Let the portal send from this address, or choose another one with {option}, and "
        "run this command again."
    )


def _ask(label: str, known: str) -> str:
    try:
        return input(f"{label}{f' [{known}]' if known else ''}: ").strip()
    except EOFError as error:
        raise CommandError(
            "The input ended before the last question. Nothing was changed."
        ) from error


def _known_answer(name: str) -> str:
    """The current answer, offered again in a second run."""
    prefix, _, kind = name.rpartition("_")
    if family := TEAMS.get(prefix):
        team = SupportTeam.objects.filter(family=family).first()
        known = {"mailbox": team.mailbox, "sender": team.sender_email} if team else {}
        return known.get(kind, "")
    lead = User.objects.filter(groups__name=LEADS, is_active=True).order_by("pk").first()
    if lead is None:
        return ""
    return lead.display_name if name == "lead_name" else lead.email
