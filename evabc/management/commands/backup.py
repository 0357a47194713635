"""Write an encrypted backup of the database."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from evabc.ops.backup import make_backup
from membership.errors import RefusedError


class Command(BaseCommand):
    help = __doc__

    def handle(self, *args: object, **options: object) -> None:
        try:
            file = make_backup(now=timezone.now())
        except RefusedError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{file}: {file.stat().st_size:,} bytes, encrypted, of version {settings.VERSION}."
        )
