"""Remove someone's two-step sign-in because they lost their device or recovery codes.

First make sure that the request comes from them, for example by calling a number that you already know.
They are signed out everywhere, and set up two-step sign-in again the next time they sign in.
"""

from allauth.mfa.models import Authenticator
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from communities.email_addresses import normalize_email
from membership.accounts.sessions import end_sessions
from membership.models import User


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", help="The email that they sign in with.")
        parser.add_argument(
            "--dry-run",
            action="store_true",
            help="Show what would be removed, without removing it.",
        )

    def handle(self, *args: object, email: str, dry_run: bool, **options: object) -> None:
        try:
            user = User.objects.filter(email=normalize_email(email)).first()
        except ValidationError as error:
            raise CommandError(error.message) from None
        if user is None:
            raise CommandError(f"No account has the email {email}. Check the spelling.")
        factors = Authenticator.objects.filter(user=user)
        count = factors.count()
        if dry_run:
            self.stdout.write(f"Ways to complete two-step sign-in that would be removed: {count}.")
            return
        with transaction.atomic():
            factors.delete()
            end_sessions(user)
        self.stdout.write(f"Ways to complete two-step sign-in removed: {count}.")
