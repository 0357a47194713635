"""What a list would do, found out before anything is written: each row, the errors, and the effect.

The effect is found by writing: inside a transaction that is rolled back, or else in the one that stays. It is kept as
keys of rows, so that someone who is erased is gone from it; ``shown`` has the sentences for pages.
"""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from communities.rules.vocabulary import Evidence
from membership.imports.applying import ListSource
from membership.imports.batches import RegisterBatch
from membership.imports.columns import ListRow, in_words
from membership.imports.kinds import IMPORTERS, Plan
from membership.imports.reading import Reading
from membership.imports.rows import first_words
from membership.models import (
    EvaMembership,
    ListImport,
    ListKind,
    Program,
    ProgramPosition,
    RowOutcome,
)
from membership.register.evidence import EvidencedModel
from membership.register.names import clean_text
from membership.rosters.reassessment import FACTS, checks_proposed, known_lists, open_checks

# So many errors of a kind are shown with their cells; the rows have the others.
_SHOWN_ERRORS = 20
FACTS_OF_LIST = {model.LIST_KIND: model for model in FACTS.values()}
# Fewer facts that end are no bulk loss.
_FEW = 5


@dataclass
class Effect:
    """What writing a list does beyond its own rows.

    ``on`` and ``off`` are the enrolments that come on or off the roster checks, each with its key (or else the ``row``
    that enrols someone), the kinds, and the findings. ``left_out`` are the keys of what the ``last`` edition named and
    this one does not, of ``named``; what is over by now does not count. A roster has no ``last``: everyone on the
    roster counts. ``ending`` is how many rows end something that was still going on. ``concerned`` are the people whose
    roster checks may change, by their keys; None if those of all may.
    """

    on: list[dict[str, Any]] = field(default_factory=list)
    off: list[dict[str, Any]] = field(default_factory=list)
    left_out: list[int] = field(default_factory=list)
    named: int = 0
    last: str = ""
    ending: int = 0
    concerned: set[int] | None = None

    @property
    def loss(self) -> str:
        """The bulk loss that staff have to confirm, in numbers; empty if there is none."""
        # A roster ends no enrolment, so nothing is lost with someone whom it does not name.
        missing = len(self.left_out) if self.last else 0
        is_bulk = missing and 10 * missing >= self.named
        is_bulk = is_bulk or self.ending >= max(_FEW, self.named / 10)
        return f"{missing}-{self.named}-{self.ending}" if is_bulk else ""

    def to_json(self) -> dict[str, Any]:
        kept = asdict(self)
        del kept["concerned"]
        return {**kept, "loss": self.loss}


def plan_of(list_import: ListImport, rows: list[ListRow], *, now: datetime) -> Plan:
    """What the list would do. The facts stay locked until the caller's transaction ends."""
    source = ListSource(
        list_import.list_name,
        list_import.as_of,
        by=list_import.uploaded_by,
        on=timezone.localdate(now),
    )
    importer = IMPORTERS[list_import.kind]
    return importer(RegisterBatch(), source, list_import.community).plan(rows)


def try_out(
    list_import: ListImport, rows: list[ListRow], *, now: datetime
) -> tuple[Plan, Effect | None]:
    """What the list would do, and its effect if it has no errors. Nothing stays written."""
    with transaction.atomic():
        plan = plan_of(list_import, rows, now=now)
        if plan.errors:
            return plan, None
        effect = write(list_import, plan, lambda: _add_edition(list_import), now=now)
        transaction.set_rollback(True)
    return plan, effect


def write(
    list_import: ListImport, plan: Plan, end: Callable[[], object], *, now: datetime
) -> Effect:
    """Write the changes of a plan, and then ``end`` the import. Runs inside the caller's transaction."""
    on = timezone.localdate(now)
    model = FACTS_OF_LIST.get(ListKind(list_import.kind))
    last = _last_edition(list_import)
    had = _named_by(model, list_import, last) if model and last else []
    going_on = _named_by(model, list_import, last, going_on=True) if model and last else []
    people = _concerned(plan, model, had, on=on)
    plan.register.save()
    end()
    effect = Effect(ending=plan.ending_facts)
    if model and last:
        effect.last, effect.named = last.isoformat(), len(going_on)
        effect.left_out = _named_by(model, list_import, last, going_on=True)
    elif list_import.community:
        open_ones = list_import.community.enrolments.filter(ended_on__isnull=True)
        named = {*plan.register.people.by_pk()}
        effect.left_out = [e.pk for e in open_ones if e.person_id not in named]
        effect.named = len(open_ones)
    rows_of_new = {one.pk: number for number, one in plan.enrolling.items()}
    if people is not None:
        people |= plan.register.people.by_pk().keys()
    effect.concerned = people
    # The reassessment after the import compares with these too.
    before = open_checks(people)
    for pk, proposed in checks_proposed(on=on, people=people).items():
        was = before.get(pk, {})
        who: dict[str, Any] = {"row": rows_of_new[pk]} if pk in rows_of_new else {"enrolment": pk}
        came = {kind: findings for kind, findings in proposed.items() if kind not in was}
        if came:
            findings = [finding.as_json() for found in came.values() for finding in found]
            effect.on.append({**who, "kinds": list(came), "findings": findings})
        elif was and not proposed:
            findings = [finding for found in was.values() for finding in found]
            effect.off.append({**who, "kinds": list(was), "findings": findings})
    return effect


def _concerned(
    plan: Plan, model: type[EvidencedModel] | None, had: list[int], *, on: date
) -> set[int] | None:
    """The people whose roster checks may change, by their keys; None if those of all may.

    A list that is too old opens no roster checks. With a newer one, all that is not known does.
    """
    if model and known_lists(on).are_all_too_old(model):
        return None
    agencies = {*plan.register.agencies.by_pk()}
    programs: list[int] = []
    people = {*plan.register.people.by_pk()}
    if model is Program:
        programs = had
    elif model:
        left: QuerySet[Any] = model._default_manager.filter(pk__in=had)
        if model is EvaMembership:
            agencies.update(left.filter(agency__isnull=False).values_list("agency", flat=True))
            left = left.filter(person__isnull=False)
        people.update(left.values_list("person", flat=True))
    for of in (
        {"program__agency__in": agencies},
        {"agency__in": agencies},
        {"program__in": programs},
    ):
        people.update(ProgramPosition.objects.filter(**of).values_list("person", flat=True))
    return people


def _last_edition(list_import: ListImport) -> date | None:
    """The date of the edition before this one, if this one is newer."""
    last = ListImport.newest().get((list_import.kind, list_import.list_name))
    return last if last and last < list_import.as_of else None


def _named_by(
    model: type[EvidencedModel], list_import: ListImport, last: date, *, going_on: bool = False
) -> list[int]:
    """The facts that the last edition named, and no newer one; or only those that are not over by the date of this one.

    What is over, such as a membership of last year, is no loss if it is not named any more.
    """
    rows = model._default_manager.filter(
        evidence=Evidence.LISTED, list_name=list_import.list_name, list_as_of=last
    )
    if going_on:
        last_day = IMPORTERS[list_import.kind].period[1]
        rows = rows.exclude(**{f"{last_day}__lt": list_import.as_of})
    return list(rows.order_by("pk").values_list("pk", flat=True))


def _add_edition(like: ListImport) -> None:
    """An edition that is imported, so that facts that it does not name are known to be left out."""
    ListImport.objects.create(
        kind=like.kind,
        list_name=like.list_name,
        as_of=like.as_of,
        community=like.community,
        uploaded_at=like.uploaded_at,
        moved_at=like.moved_at,
        state=ListImport.State.APPLIED,
    )


# -- Rows and errors ---------------------------------------------------------------------------------


def show_cells(plan: Plan, reading: Reading) -> None:
    """Give each row its cells: the letter of the column, the text, how it was read, and what is wrong with it."""
    in_file = {row.number: row.cells for row in reading.layout.rows}
    uses = [use for use in reading.matching.uses if use.column]
    for row, read in zip(plan.rows, reading.rows, strict=True):
        cells = in_file.get(row.number, [])
        row.cells = []
        for use in uses:
            text = clean_text(str(cells[use.position])) if use.position < len(cells) else ""
            value = read.values.get(use.column)
            # A code such as CBVS needs no words.
            meaning = "" if value in (None, "", text) else in_words(value)
            bad = read.bad.get(use.column, "")
            row.cells.append([use.letter, text, "" if bad or meaning == text else meaning, bad])
        row.what = row.what or first_words(cell[1] for cell in row.cells)


_VALUE = re.compile(r"(?<=: )“[^”]*”|Cell [A-Z]+\d+|\d+")


def group_errors(plan: Plan) -> list[dict[str, Any]]:
    """The errors by what is wrong, the most frequent first, each with the cells that have it."""
    groups: dict[str, dict[str, Any]] = {}
    for row in plan.errors:
        bad = [cell for cell in row.cells if cell[3]] or [["", "", "", row.sentence]]
        for letter, text, _, problem in bad:
            key = letter + _VALUE.sub("…", problem)
            group = groups.setdefault(key, {"problem": problem, "count": 0, "cells": []})
            group["count"] += 1
            if group["problem"] != problem:
                group["problem"] = _VALUE.sub("…", problem)
            if len(group["cells"]) < _SHOWN_ERRORS:
                cell = f"{letter}{row.number}" if letter else ""
                group["cells"].append([row.number, cell, text if cell else problem])
    return sorted(groups.values(), key=lambda group: -group["count"])[:_SHOWN_ERRORS]


def differences(list_import: ListImport, plan: Plan) -> list[int]:
    """The rows that do something else now than when staff checked them, by their numbers."""
    columns = ("number", "outcome", "sentence", "changes")
    read = list_import.rows.exclude(outcome=RowOutcome.SKIPPED)
    was = {repr(row): row[0] for row in read.values_list(*columns)}
    is_now = {
        repr((row.number, int(row.outcome), row.sentence, row.changes)): row.number
        for row in plan.rows
    }
    differ = was.keys() ^ is_now.keys()
    return sorted({was.get(row) or is_now[row] for row in differ})
