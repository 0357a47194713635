"""Import a list into the register: check it, then import all rows or none."""

from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.errors import RefusedError
from membership.imports.files import refuse_too_large
from membership.imports.uploads import import_at_once, new_import
from membership.models import ListKind, RowOutcome

MAX_SENTENCES = 50


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=ListKind.values, help="What the list contains.")
        parser.add_argument("file", type=Path, help="An .xlsx, .xlsm, .xls, .ods or CSV file.")
        parser.add_argument("--name", required=True, help="The list name.")
        parser.add_argument(
            "--as-of",
            required=True,
            type=date.fromisoformat,
            help="The date of the list, for example 2026-04-01.",
        )
        parser.add_argument("--community", help="The community of a roster, for example stvc.")
        parser.add_argument(
            "--dry-run", action="store_true", help="Check the list without saving anything."
        )

    def handle(
        self,
        *args: object,
        kind: str,
        file: Path,
        name: str,
        as_of: date,
        community: str | None,
        dry_run: bool,
        **options: object,
    ) -> None:
        if as_of > timezone.localdate():
            raise CommandError("The list date cannot be in the future.")
        if (kind == ListKind.ROSTER) != (community is not None):
            raise CommandError(
                "Use --community for a roster, and only for a roster: --community stvc"
            )
        community_of_roster = CommunityOfPractice.objects.filter(slug=community).first()
        if community and not community_of_roster:
            raise CommandError(f"There is no community “{community}”.")
        try:
            refuse_too_large(file.stat().st_size)
            list_import = new_import(
                kind=kind,
                list_name=name,
                as_of=as_of,
                content=file.read_bytes(),
                file_name=file.name,
                community=community_of_roster,
                now=timezone.now(),
            )
            plan = import_at_once(list_import, dry_run=dry_run)
        except RefusedError as refusal:
            raise CommandError(str(refusal)) from refusal
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from error
        counts = (
            f"{plan.counts[RowOutcome.ADD]} to add, {plan.counts[RowOutcome.CHANGE]} to change, "
            f"{plan.counts[RowOutcome.SAME]} unchanged, {len(plan.errors)} errors."
        )
        if plan.errors:
            lines = [f"Row {row.number}: {row.sentence}" for row in plan.errors[:MAX_SENTENCES]]
            if left := len(plan.errors) - len(lines):
                lines.append(f"… and {left} more.")
            raise CommandError("\n".join([*lines, counts, "Nothing was imported."]))
        self.stdout.write(f"{counts} {'Nothing was' if dry_run else 'All rows were'} imported.")
