"""Import a list into the register: check it, then write all rows or none.

Exits with 0 if the list was written (or could be, in a dry run), 1 if it has errors or cannot be read, 2 if the command
was not used rightly, and 3 if something has to be answered first. Each question is shown with the option that answers it.
"""

import argparse
import shlex
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from communities.models import CommunityOfPractice
from membership.errors import RefusedError
from membership.imports.columns import Column
from membership.imports.days import read_written
from membership.imports.effects import Group, ShownEffect
from membership.imports.files import refuse_too_large
from membership.imports.kinds import IMPORTERS, Plan
from membership.imports.questions import Answers, Question
from membership.imports.uploads import (
    LossError,
    QuestionsOpenError,
    import_at_once,
    new_import,
)
from membership.models import ListImport, ListKind, RowOutcome, User
from membership.register.names import name_key

MAX_SENTENCES = 50
ERRORS, USAGE, QUESTIONS = 1, 2, 3


def _usage(sentence: str) -> CommandError:
    return CommandError(sentence, returncode=USAGE)


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: CommandParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.add_argument("kind", choices=ListKind.values, help="What the list contains.")
        parser.add_argument("file", type=Path, help="An Excel, OpenDocument or text file.")
        parser.add_argument(
            "--name", required=True, help="The list name. A known list is read as it was last time."
        )
        parser.add_argument(
            "--as-of", required=True, help="The date of the list, for example “April 1, 2026”."
        )
        parser.add_argument("--community", help="The community of a roster, for example stvc.")
        parser.add_argument("--sheet", help="The sheet to read.")
        parser.add_argument(
            "--set",
            action="append",
            default=[],
            metavar="COLUMN=VALUE",
            help="One value for all rows, for example funder=PSSG.",
        )
        parser.add_argument(
            "--map",
            action="append",
            default=[],
            metavar="HEADING=COLUMN",
            help="What a column of the file is used as; nothing after the = if it is not used.",
        )
        parser.add_argument(
            "--answer",
            action="append",
            default=[],
            metavar="GROUP/KEY=ANSWER",
            help="The answer to a question, as the command shows it.",
        )
        parser.add_argument(
            "--confirm-loss",
            default="",
            metavar="NUMBERS",
            help="Confirm how much the list no longer has or ends, as the command shows it.",
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Show what would happen. Nothing is saved."
        )

    def handle(
        self,
        *args: object,
        kind: str,
        file: Path,
        name: str,
        as_of: object,
        community: str | None,
        dry_run: bool,
        confirm_loss: str = "",
        **options: Any,
    ) -> None:
        if (kind == ListKind.ROSTER) != (community is not None):
            raise _usage("Use --community for a roster, and only for a roster: --community stvc")
        community_of_roster = CommunityOfPractice.objects.filter(slug=community).first()
        if community and not community_of_roster:
            raise _usage(f"There is no community “{community}”.")
        try:
            refuse_too_large(file.stat().st_size)
            list_import = new_import(
                kind=kind,
                list_name=name,
                as_of=_day(as_of),
                content=file.read_bytes(),
                file_name=file.name,
                community=community_of_roster,
                answers=_answers(IMPORTERS[kind].columns, options),
                now=timezone.now(),
            )
            plan = import_at_once(list_import, dry_run=dry_run, loss=confirm_loss)
        except QuestionsOpenError as open_questions:
            self._write(open_questions.notes)
            shown = [_question(question) for question in open_questions.questions]
            lines = [*shown, "Nothing was imported."]
            raise CommandError("\n\n".join(lines), returncode=QUESTIONS) from open_questions
        except LossError as lost:
            words = f"{lost}\n  --confirm-loss {lost.numbers}\n\nNothing was imported."
            raise CommandError(words, returncode=QUESTIONS) from lost
        except RefusedError as refusal:
            raise CommandError(str(refusal), returncode=ERRORS) from refusal
        except OSError as error:
            raise _usage(f"{file} cannot be read: {error.strerror}.") from error
        counts = (
            f"{plan.counts[RowOutcome.ADD]:,} to add, {plan.counts[RowOutcome.CHANGE]:,} to change, "
            f"{plan.counts[RowOutcome.SAME]:,} unchanged, {len(plan.errors):,} errors."
        )
        self._write(plan.notes)
        if plan.errors:
            lines = [f"Row {row.number}: {row.sentence}" for row in plan.errors[:MAX_SENTENCES]]
            if left := len(plan.errors) - len(lines):
                lines.append(f"… and {left} more.")
            words = "\n".join([*lines, counts, "Nothing was imported."])
            raise CommandError(words, returncode=ERRORS)
        aside = [row for row in plan.rows if row.outcome == RowOutcome.ASIDE]
        set_aside = [f"Row {row.number}: {row.sentence}" for row in aside[:MAX_SENTENCES]]
        if len(aside) > MAX_SENTENCES:
            set_aside.append(f"… and {len(aside) - MAX_SENTENCES} more.")
        self._write([*set_aside, *_effect(list_import, plan)])
        if dry_run and (loss := (list_import.effect or {}).get("loss")):
            self.stdout.write(f"To import the list, add --confirm-loss {loss}.")
        self.stdout.write(f"{counts} {'Nothing was' if dry_run else 'All rows were'} imported.")

    def _write(self, lines: list[str]) -> None:
        for line in lines:
            self.stdout.write(line)


def _day(typed: object) -> date:
    """The date of the list, in any form that means one day."""
    today = timezone.localdate()
    try:
        day: date | None = date.fromisoformat(str(typed))
    except ValueError:
        day = read_written(str(typed), is_last_day=False, as_of=today).day
    if day is None:
        raise _usage(f"“{typed}” is not one date. Write it as 2026-04-01 or “April 1, 2026”.")
    if day > today:
        raise _usage("The list date cannot be in the future.")
    return day


def _answers(columns: tuple[Column, ...], options: dict[str, Any]) -> Answers:
    """What the options answer, in the groups of the steps."""
    answers: defaultdict[str, dict[str, Any]] = defaultdict(dict)
    if options.get("sheet"):
        answers["sheet"]["sheet"] = options["sheet"]
    for typed in options.get("set") or []:
        column, value = _pair(typed, "--set COLUMN=VALUE")
        answers["constants"][_column(columns, column)] = value
    for typed in options.get("map") or []:
        heading, column = _pair(typed, "--map HEADING=COLUMN")
        answers["columns"][name_key(heading)] = _column(columns, column) if column else ""
    for typed in options.get("answer") or []:
        asked, value = _pair(typed, "--answer GROUP/KEY=ANSWER")
        group, _, key = asked.partition("/")
        answers[group][key] = value
    return dict(answers)


def _pair(typed: str, form: str) -> tuple[str, str]:
    before, sign, after = typed.rpartition("=")
    if not sign or not before:
        raise _usage(f"“{typed}” is not of the form {form}.")
    return before, after


def _column(columns: tuple[Column, ...], typed: str) -> str:
    """The name of a column, by its name or its heading."""
    for column in columns:
        if name_key(typed) in (name_key(column.name), name_key(column.heading)):
            return column.name
    known = ", ".join(column.name for column in columns)
    raise _usage(f"There is no column “{typed}”. These are: {known}.")


def _question(question: Question) -> str:
    """A question, with the option that answers it and its possible answers."""
    lines = [question.text, f"  --answer {shlex.quote(f'{question.group}/{question.key}=')}…"]
    for value, label in question.options:
        proposed = " (proposed)" if value == question.proposed else ""
        lines.append(
            f"    {value}: {label}{proposed}" if value != label else f"    {value}{proposed}"
        )
    if question.is_day:
        lines.append("    or a date, for example 2026-04-01")
    return "\n".join(lines)


def _effect(list_import: ListImport, plan: Plan) -> list[str]:
    """What the page says of the effect, for someone who sees everything."""
    everyone = User(is_active=True, is_staff=True, is_superuser=True)
    names = {row.number: row.what for row in plan.rows}
    effect = ShownEffect(list_import, everyone, names=names)
    lines = []
    for group, title in (
        (effect.on, "On the roster checks"),
        (effect.off, "Off the roster checks"),
    ):
        found = [f"  {m.name} ({m.community}): {' '.join(m.why)}" for m in group.shown]
        lines += _group(title, group, found)
    lines += _group(
        "Not on this list any more", effect.left_out, [f"  {w}" for w, _ in effect.left_out.shown]
    )
    return lines


def _group(title: str, group: Group, lines: list[str]) -> list[str]:
    if not group:
        return []
    more = [f"  … and {group.more} more."] if group.more else []
    return [f"{title}: {group.count}", *lines, *more]
