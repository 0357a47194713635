"""Set up a portal that runs for the first time: mailboxes, the first lead, a test letter, lists, and
the keys for backups.

Asks for what it needs, or takes it from its options. Nothing is written before every answer is there
and the test letter is on its way. Run it again to change an answer.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email
from django.db import transaction

from communities.models import SupportTeam
from communities.rules.vocabulary import Family
from evabc.ops.backup import new_key_pair
from membership.accounts.teams import LEADS, make_lead
from membership.models import ListKind, User

# The private key is shown this once, and kept nowhere.
KEY_PAIR = """
Backups are encrypted to a public key. To have one made every night, put this line into .env:

EVABC_BACKUP_RECIPIENT={}

and run: docker compose up --detach

The private key opens the backups. It is shown only now. Keep it in two safe places away from this machine:

{}

Until the line is in .env, each run of this command shows a new pair of keys."""


@dataclass(frozen=True)
class Question:
    """One answer that is needed: its option, how it is asked, and whether it is an address."""

    option: str
    asked: str
    is_email: bool = True

    @property
    def name(self) -> str:
        return self.option.replace("-", "_")


MAILBOXES = {
    "program-support-mailbox": Family.PROGRAM_SUPPORT,
    "ccss-mailbox": Family.COORDINATION,
}
QUESTIONS = [
    Question("lead-email", "The work email of the first lead"),
    Question("lead-name", "Her full name", is_email=False),
    Question("program-support-mailbox", "The mailbox of program support"),
    Question("ccss-mailbox", "The mailbox of community coordination (CCSS)"),
    Question("test-letter-to", "Where to send a test letter"),
]


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        for question in QUESTIONS:
            parser.add_argument(f"--{question.option}", help=f"{question.asked}.")
        parser.add_argument(
            "--list",
            nargs=4,
            action="append",
            default=[],
            metavar=("KIND", "FILE", "NAME", "AS_OF"),
            help=f"A list to bring in; its kind is one of {', '.join(_kinds())}.",
        )
        parser.add_argument("--no-input", action="store_true", help="Ask nothing; use the options.")

    def handle(self, *args: object, no_input: bool, **options: Any) -> None:
        self.stdout.write(f"The portal is at {settings.PORTAL_URL}.")
        answers = {q.name: self._answer(q, options[q.name], no_input) for q in QUESTIONS}
        self._send_test_letter(answers["test_letter_to"])
        with transaction.atomic():
            call_command("seed_communities", stdout=self.stdout)
            for option, family in MAILBOXES.items():
                mailbox = answers[option.replace("-", "_")]
                SupportTeam.objects.filter(family=family).update(mailbox=mailbox)
            lead = make_lead(email=answers["lead_email"], name=answers["lead_name"])
            for kind, file, name, as_of in options["list"]:
                self.stdout.write(f"{name}:")
                named = [f"--name={name}", f"--as-of={as_of}"]
                call_command("import_list", kind, file, *named, stdout=self.stdout)
        self.stdout.write(
            f"{lead.email} is a lead. Sign in at {settings.PORTAL_URL}/admin/ with a code from "
            "your email; the portal then leads you through your second step."
        )
        if not settings.BACKUP_RECIPIENT:
            self.stdout.write(KEY_PAIR.format(*new_key_pair()))

    def _answer(self, question: Question, given: str | None, no_input: bool) -> str:
        """What was given, or is typed now; asked again until it is right."""
        usual = _usual(question)
        while True:
            if given is None and no_input:
                given = usual
            elif given is None:
                typed = input(f"{question.asked}{f' [{usual}]' if usual else ''}: ").strip()
                given = typed or usual
            wrong = _wrong_with(question, given)
            if not wrong:
                return given
            if no_input:
                raise CommandError(f"--{question.option}: {wrong} Nothing was changed.")
            self.stderr.write(wrong)
            given = None

    def _send_test_letter(self, to: str) -> None:
        letter = EmailMessage(
            "A test letter",
            f"The portal at {settings.PORTAL_URL} can send letters.\n",
            settings.DEFAULT_FROM_EMAIL,
            [to],
        )
        try:
            letter.send()
        except OSError as error:  # smtplib's errors are among them
            raise CommandError(
                f"The test letter could not be sent: {error}. Look at EMAIL_URL, restart with the "
                "right one and run this again. Nothing was changed."
            ) from error
        self.stdout.write(f"A test letter is on its way to {to}. Look whether it arrives.")


def _wrong_with(question: Question, answer: str) -> str:
    if not answer:
        return f"{question.asked} is missing."
    if question.is_email:
        try:
            validate_email(answer)
        except ValidationError:
            return f"“{answer}” is no email address. Type one like name@example.org."
    return ""


def _usual(question: Question) -> str:
    """What the portal knows already, so that a second run asks for nothing new."""
    if family := MAILBOXES.get(question.option):
        team = SupportTeam.objects.filter(family=family).first()
        return team.mailbox if team else ""
    lead = User.objects.filter(groups__name=LEADS, is_active=True).order_by("pk").first()
    if lead is None:
        return ""
    return lead.display_name if question.option == "lead-name" else lead.email


def _kinds() -> list[str]:
    # A roster needs its community too: `import_list` asks for it.
    return [kind for kind in ListKind.values if kind != ListKind.ROSTER]
