"""What a list would do, row by row, without doing it."""

from collections import Counter
from collections.abc import Hashable
from dataclasses import dataclass, field

from membership.imports.applying import ListSource, RowResult
from membership.imports.batches import RegisterBatch
from membership.imports.columns import ListRow
from membership.imports.kinds import IMPORTERS, Importer
from membership.models import ListImport, ListImportRow, RowOutcome
from membership.register.names import name_key


@dataclass
class Plan:
    """What a list would do. ``register`` holds the changes, in memory; the ``rows`` are not saved."""

    register: RegisterBatch
    rows: list[ListImportRow] = field(default_factory=list)

    @property
    def counts(self) -> Counter[int]:
        return Counter(row.outcome for row in self.rows)

    @property
    def errors(self) -> list[ListImportRow]:
        return [row for row in self.rows if row.outcome == RowOutcome.ERROR]


def make_plan(list_import: ListImport, rows: list[ListRow], *, lock: bool = False) -> Plan:
    """Compare the rows with the register. Writes nothing."""
    plan = Plan(RegisterBatch(lock=lock))
    source = ListSource(list_import.list_name, list_import.as_of)
    importer = IMPORTERS[list_import.kind](plan.register, source, list_import.community)
    importer.load([row for row in rows if not row.problems])
    seen: dict[Hashable, ListRow] = {}
    for row in rows:
        result = _apply(importer, row, seen)
        plan.rows.append(
            ListImportRow(
                number=row.number,
                outcome=result.outcome,
                what="" if row.problems else importer.subject(row),
                sentence=result.sentence,
            )
        )
    return plan


def _apply(importer: Importer, row: ListRow, seen: dict[Hashable, ListRow]) -> RowResult:
    if row.problems:
        return RowResult(RowOutcome.ERROR, " ".join(row.problems))
    if problem := importer.problem(row):
        return RowResult(RowOutcome.ERROR, problem)
    earlier = seen.setdefault(importer.key(row), row)
    if earlier is row:
        return importer.apply(row)
    # Reported once, at the later of the two.
    if _is_same(earlier, row):
        return RowResult(RowOutcome.SAME, f"The same as row {earlier.number}.")
    return RowResult(
        RowOutcome.ERROR,
        f"Rows {earlier.number} and {row.number} say different things about the same. Keep one.",
    )


def _is_same(one: ListRow, other: ListRow) -> bool:
    """Equal but for how names are spelled."""
    return all(_comparable(one[name]) == _comparable(other[name]) for name in one.values)


def _comparable(value: object) -> object:
    return name_key(value) if isinstance(value, str) else value
