"""Bring a list into the register: check it, and write all of it or nothing."""

from datetime import date
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.errors import RefusedError
from membership.imports.plan import Plan
from membership.imports.sheets import refuse_too_large
from membership.imports.uploads import import_at_once
from membership.models import ListKind, RowOutcome

SENTENCE_LIMIT = 50


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("kind", choices=ListKind.values, help="What the list holds.")
        parser.add_argument("file", type=Path, help="A .csv or .xlsx file.")
        parser.add_argument("--name", required=True, help="The name of the list.")
        parser.add_argument(
            "--as-of",
            required=True,
            type=date.fromisoformat,
            help="The day of the list: 2026-04-01.",
        )
        parser.add_argument("--community", help="For a roster: its community, for example stvc.")
        parser.add_argument("--dry-run", action="store_true", help="Check, and write nothing.")

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
            raise CommandError("The day of the list is in the future.")
        try:
            plan = import_at_once(
                kind=ListKind(kind),
                list_name=name,
                as_of=as_of,
                content=_content(file),
                file_name=file.name,
                community=_community(kind, community),
                now=timezone.now(),
                dry_run=dry_run,
            )
        except RefusedError as refusal:
            raise CommandError(str(refusal)) from refusal
        if plan.errors:
            raise CommandError(
                "\n".join([*_sentences(plan), _counts(plan), "Nothing was written."])
            )
        self.stdout.write(
            f"{_counts(plan)} {'Nothing was' if dry_run else 'All of it is'} written."
        )


def _content(file: Path) -> bytes:
    try:
        refuse_too_large(file.stat().st_size)
        return file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file} cannot be read: {error.strerror}.") from error


def _community(kind: str, slug: str | None) -> CommunityOfPractice | None:
    if (kind == ListKind.ROSTER) != (slug is not None):
        raise CommandError("A roster, and only a roster, needs its community: --community stvc")
    if slug is None:
        return None
    found = CommunityOfPractice.objects.filter(slug=slug).first()
    if found is None:
        raise CommandError(f"There is no community “{slug}”.")
    return found


def _sentences(plan: Plan) -> list[str]:
    said = [f"Row {row.number}: {row.sentence}" for row in plan.errors[:SENTENCE_LIMIT]]
    left = len(plan.errors) - len(said)
    return [*said, f"… and {left} more."] if left else said


def _counts(plan: Plan) -> str:
    counts = plan.counts
    return (
        f"{counts[RowOutcome.ADD]} to add, {counts[RowOutcome.CHANGE]} to change, "
        f"{counts[RowOutcome.SAME]} the same, {counts[RowOutcome.ERROR]} errors."
    )
