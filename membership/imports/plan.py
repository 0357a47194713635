"""What a list would do, row by row, without doing it."""

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field

from communities.models import CommunityOfPractice
from membership.imports.applying import Heard, Listed
from membership.imports.columns import ListRow, read_rows
from membership.imports.kinds import IMPORTERS, Importer
from membership.imports.register import Register
from membership.imports.sheets import read_sheet
from membership.models import ListKind, RowOutcome
from membership.register.names import name_key

PROGRESS_EVERY = 1_000  # rows
Progress = Callable[[int], None]


@dataclass(frozen=True)
class PlannedRow:
    """What one row would do: its number in the file, what it is about, and a sentence."""

    number: int
    outcome: RowOutcome
    what: str
    sentence: str


@dataclass
class Plan:
    """What a list would do. ``register`` holds the changes, in memory."""

    register: Register
    rows: list[PlannedRow] = field(default_factory=list)

    @property
    def counts(self) -> Counter[RowOutcome]:
        return Counter(row.outcome for row in self.rows)

    @property
    def errors(self) -> list[PlannedRow]:
        return [row for row in self.rows if row.outcome == RowOutcome.ERROR]


def read_list(kind: ListKind, content: bytes, file_name: str) -> list[ListRow]:
    """The rows of a file of this kind. Raises ``Refused`` where the file as a whole is no use."""
    return read_rows(IMPORTERS[kind].columns, read_sheet(content, file_name))


def make_plan(
    *,
    kind: ListKind,
    rows: list[ListRow],
    listed: Listed,
    community: CommunityOfPractice | None = None,
    lock: bool = False,
    progress: Progress = lambda percent: None,
) -> Plan:
    """Hold the rows against the register. Writes nothing; ``progress`` hears from 0 to 100."""
    plan = Plan(Register(lock=lock))
    importer = IMPORTERS[kind](plan.register, listed, community)
    importer.read([row for row in rows if not row.problems])
    seen: dict[Hashable, ListRow] = {}
    for place, row in enumerate(rows):
        heard = _heard(importer, row, seen)
        what = "" if row.problems else importer.what(row)
        plan.rows.append(PlannedRow(row.number, heard.outcome, what, heard.sentence))
        if place % PROGRESS_EVERY == 0:
            progress(100 * place // len(rows))
    return plan


def _heard(importer: Importer, row: ListRow, seen: dict[Hashable, ListRow]) -> Heard:
    if row.problems:
        return Heard(RowOutcome.ERROR, " ".join(row.problems))
    if problem := importer.problem(row):
        return Heard(RowOutcome.ERROR, problem)
    earlier = seen.setdefault(importer.key(row), row)
    if earlier is row:
        return importer.hear(row)
    # Said once, at the later of the two.
    if _says_the_same(earlier, row):
        return Heard(RowOutcome.SAME, f"The same as row {earlier.number}.")
    return Heard(
        RowOutcome.ERROR,
        f"Rows {earlier.number} and {row.number} say different things about the same. Keep one.",
    )


def _says_the_same(one: ListRow, other: ListRow) -> bool:
    """Equal but for how names are spelled."""
    return all(_bare(one[name]) == _bare(other[name]) for name in one.values)


def _bare(value: object) -> object:
    return name_key(value) if isinstance(value, str) else value
