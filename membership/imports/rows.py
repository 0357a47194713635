"""The rows of an import on its page: what each does and, once it is written, what it did, with links to the register.

Before an import is written, a row has the cells of the file. Afterwards only what it changed is kept: the key of the
person, agency, program or initiative that it is about, and before and after. Names and emails of people are left out,
so they are read from the register.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.apps import apps
from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Model
from django.urls import reverse

from membership.imports.kinds import Plan
from membership.imports.models import ListImport, ListImportRow, RowOutcome
from membership.imports.reading import Reading
from membership.models import Person
from membership.register.names import clean_text

ROWS_PER_PAGE = 100
# What staff look at: a row that changes nothing and one that is skipped are a click away.
_FIRST = (RowOutcome.ERROR, RowOutcome.ASIDE, RowOutcome.ADD, RowOutcome.CHANGE)
_DONE = {RowOutcome.ADD: "Added", RowOutcome.CHANGE: "Changed"}
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
# What a list can add to the register; its rows say “new” before it.
_NOUNS = {
    "agency": "agencies",
    "program": "programs",
    "initiative": "initiatives",
    "person": "people",
}
# Changes whose values are about a person.
_PERSONAL = {"new person", "name", "contact name", "contact email"}


def skipped_rows(reading: Reading) -> list[ListImportRow]:
    """The rows of the file that are no part of the list or that staff skip, each with the reason."""
    reasons = {**reading.layout.skipped, **reading.values.skipped}
    letters = {use.position: use.letter for use in reading.matching.uses}
    found = []
    for row in reading.layout.rows:
        if row.number in reasons:
            cells = [[letters.get(n, ""), clean_text(str(c))] for n, c in enumerate(row.cells) if c]
            found.append(
                ListImportRow(
                    number=row.number,
                    outcome=RowOutcome.SKIPPED,
                    what=first_words(text for _, text in cells),
                    sentence=f"{reasons[row.number][:1].upper()}{reasons[row.number][1:]}".rstrip("."),
                    cells=[[letter, text, "", ""] for letter, text in cells],
                )
            )  # fmt: skip
    return found


def first_words(cells: Iterable[str]) -> str:
    """What a row is about, by its cells."""
    return ", ".join(filter(None, cells))[:160]


def rows_written(plan: Plan, about: Sequence[str]) -> list[ListImportRow]:
    """What is kept of the rows of a list that is written. ``about`` is what each is about, without the person."""
    return [
        ListImportRow(
            number=row.number,
            outcome=row.outcome,
            what=words[:400],
            subject=subject_of(subject) if subject else "",
            changes=[
                [what, "", ""] if what in _PERSONAL else [what, before, after]
                for what, before, after in row.changes
                if what != "note"  # what does not change, often with an email or a name
            ],
        )
        for row, words, subject in zip(plan.rows, about, plan.subjects, strict=True)
        if row.outcome in _FIRST
    ]


def subject_of(row: Model) -> str:
    """How ``subject`` of a row names this record."""
    return f"{row._meta.label_lower}/{row.pk}"


class ShownRows:
    """A page of the rows of an import, of one outcome or in the order in which staff look at them."""

    def __init__(self, list_import: ListImport, asked: Mapping[str, str]) -> None:
        self.list_import = list_import
        rows = list_import.rows.order_by("outcome").values_list("outcome")
        counts = {RowOutcome(o): n for o, n in rows.annotate(count=Count("pk"))}
        self.in_words = _counts_in_words(list_import, counts)
        self.chosen = asked.get("show", "")
        groups: dict[str, tuple[str, tuple[RowOutcome, ...]]] = {}
        if counts.keys() & {*_FIRST}:
            groups[""] = ("Changes" if list_import.is_applied else "Errors and changes", _FIRST)
        groups |= {
            outcome.name.lower(): (self.label(list_import, outcome), (outcome,))
            for outcome in counts
            if len(counts) > 1
        }
        if counts.keys() - {*_FIRST}:
            groups["all"] = "All rows", tuple(RowOutcome)
        if self.chosen not in groups:
            self.chosen = next(iter(groups), "")
        outcomes = groups.get(self.chosen, ("", ()))[1]
        self.filters = [
            {
                "value": value,
                "label": label,
                "count": f"{sum(counts.get(o, 0) for o in some):,}",
                "is_shown": value == self.chosen,
            }
            for value, (label, some) in groups.items()
        ]
        shown = list_import.rows.filter(outcome__in=outcomes)
        # What is set aside comes first, with the errors.
        first = F("outcome") % RowOutcome.ASIDE
        order = ("number", "pk") if self.chosen else (first, "number", "pk")
        self.page: Page = Paginator(shown.order_by(*order), ROWS_PER_PAGE).get_page(
            asked.get("page")
        )
        headings = {u["letter"]: u["heading"] for u in (list_import.found or {}).get("columns", ())}
        for row in self.page:
            row.label = self.label(list_import, RowOutcome(row.outcome))
            row.read_cells = [
                (headings.get(letter, ""), *_without_iso(text, meaning), problem)
                for letter, text, meaning, problem in row.cells
            ]
        if list_import.is_applied:
            _link(self.page)

    def new(self) -> dict[str, list[str]]:
        """What the import will add to the register: how many of each, such as “2 agencies”, with their names."""
        names: defaultdict[str, list[str]] = defaultdict(list)
        adding = self.list_import.rows.filter(outcome=RowOutcome.ADD).order_by("number", "pk")
        for changes in adding.values_list("changes", flat=True):
            for what, _, name in changes:
                names[what].append(name)
        return {
            f"{len(found):,} {one if len(found) == 1 else many}": found
            for one, many in _NOUNS.items()
            if (found := names[f"new {one}"])
        }

    @staticmethod
    def label(list_import: ListImport, outcome: RowOutcome) -> str:
        return (_DONE if list_import.is_applied else {}).get(outcome, str(outcome.label))


def _without_iso(text: str, meaning: str) -> tuple[str, str]:
    """The text of a cell and its meaning: of a date, only the meaning."""
    return (meaning, "") if meaning and _ISO_DAY.fullmatch(text) else (text, meaning)


def _counts_in_words(list_import: ListImport, counts: Mapping[RowOutcome, int]) -> str:
    is_done = list_import.is_applied or bool(list_import.undone_at)
    aside, skipped = (counts.get(o, 0) for o in (RowOutcome.ASIDE, RowOutcome.SKIPPED))
    parts = [
        f"{list_import.added:,} {'added' if is_done else 'to add'}",
        f"{list_import.changed:,} {'changed' if is_done else 'to change'}",
        f"{list_import.same:,} unchanged" + (f" ({aside:,} set aside)" if aside else ""),
    ]
    if not is_done:
        errors = list_import.errors
        parts.append(f"{errors:,} {'error' if errors == 1 else 'errors'}")
    return ", ".join(parts + ([f"{skipped:,} skipped"] if skipped else []))


def _link(rows: Iterable[ListImportRow]) -> None:
    """Give the rows of a written list the names of the register, with links to what is still there."""
    keys: defaultdict[str, set[int]] = defaultdict(set)
    for row in rows:
        label, _, pk = row.subject.partition("/")
        if pk:
            keys[label].add(int(pk))
    found: dict[str, Any] = {}
    for label, pks in keys.items():
        known = apps.get_model(label)._base_manager.in_bulk(pks)
        found |= {f"{label}/{pk}": record for pk, record in known.items()}
    for row in rows:
        record = found.get(row.subject)
        if isinstance(record, Person):
            record = record.merged_into or record
            row.what = ": ".join(filter(None, (str(record), row.what)))
        elif record:
            row.what = str(record)
        if record:
            row.url = reverse(
                f"admin:membership_{record._meta.model_name}_change", args=[record.pk]
            )
