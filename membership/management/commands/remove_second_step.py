"""Take away the second step of somebody who lost it; they set up a new one at their next sign-in.

Make sure before that it is really they who ask: by a call to a number that you know, for example.
"""

from allauth.mfa.models import Authenticator
from django.core.management.base import BaseCommand, CommandError, CommandParser

from membership.models import User


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--dry-run", action="store_true", help="Say what is there, and stop.")

    def handle(self, *args: object, email: str, dry_run: bool, **options: object) -> None:
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {email}.")
        factors = Authenticator.objects.filter(user=user)
        found = factors.count()
        if not dry_run:
            factors.delete()
        self.stdout.write(f"{found} {'would be' if dry_run else 'were'} removed.")
