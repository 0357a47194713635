"""What a list may change about one fact in the register.

Lists apply by their date, whatever the order of their imports: a fact keeps the value from the newest list
that names it (of two lists with the same date, the one whose name is last in the alphabet).

* A list does not change what staff confirmed. The difference is noted on the fact.
* A list does not change what workers claim about themselves. It adds a row of its own, which outweighs
  the claim in the rules. So no claim is marked as contradicted, and nothing has to be undone when a later
  list agrees with it.
* A list says only what it says: a column that it has not, or an empty cell, changes nothing. Such a value may come
  from an older list then, even one that is imported later.
* A list does not touch what it does not name. ``membership.register.standing`` treats a fact as unknown
  once a newer version of its list no longer names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any, TypeVar

from django.contrib.admin.utils import label_for_field
from django.db.models import Field, Model, TextChoices
from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence, Funder
from membership.imports.batches import EVIDENCE_FIELDS, RowBatch
from membership.imports.columns import in_words
from membership.models import Agency, CoordinationInitiative, Person, Program, RowOutcome, User
from membership.register.evidence import EvidencedModel
from membership.register.names import name_key

# In a fact that no list contradicts.
NOTHING_ELSE = {"list_says": "", "list_values": None}

_Fact = TypeVar("_Fact", bound=EvidencedModel)
_Row = TypeVar("_Row", Agency, CoordinationInitiative, Person, Program)


@dataclass(frozen=True)
class ListSource:
    """The name and date of the list that is being applied, who imports it, and the day on which."""

    name: str
    as_of: date
    by: User | None = None
    on: date | None = None

    def evidence(self) -> dict[str, Any]:
        """The evidence columns of a fact from this list."""
        return {"evidence": Evidence.LISTED, "list_name": self.name, "list_as_of": self.as_of}

    def is_older_than(self, fact: EvidencedModel) -> bool:
        """Whether a newer list names the fact."""
        return fact.list_as_of is not None and (fact.list_as_of, fact.list_name) > (
            self.as_of,
            self.name,
        )


# What changes, before and after, in words.
Change = tuple[str, str, str]


@dataclass(frozen=True)
class RowResult:
    """What a row does to the register, and whether it ends something that was still going on."""

    outcome: RowOutcome
    sentence: str = ""
    changes: tuple[Change, ...] = ()
    ends: bool = False


def combined(*results: RowResult) -> RowResult:
    """The combined result: an addition or a change takes precedence over no change.

    Beside changes, what does not change has its sentence as a note, or the page would not show it.
    """
    said = [result for result in results if result.sentence or result.changes]
    has_changes = any(result.changes for result in said)
    return RowResult(
        min(result.outcome for result in results),
        "; ".join(result.sentence for result in said if result.sentence),
        tuple(
            change
            for result in said
            for change in result.changes or ((("note", "", result.sentence),) * has_changes)
        ),
        any(result.ends for result in results),
    )


def fill_in(batch: RowBatch[_Row], row: _Row, name: str, value: str) -> RowResult:
    """Fill in a name, city or region if it is empty. These have no evidence, so nothing is overwritten."""
    known, label = getattr(row, name), name.replace("_", " ")
    if not value or name_key(known) == name_key(value):
        return RowResult(RowOutcome.SAME)
    shown = value.label if isinstance(value, TextChoices) else value
    if known:
        stays = dict(getattr(row._meta.get_field(name), "flatchoices", ())).get(known, known)
        return RowResult(RowOutcome.SAME, f"The {label} stays {stays}. The list says {shown}.")
    setattr(row, name, value)
    batch.change(row)
    return RowResult(RowOutcome.CHANGE, f"{label}: {shown}", ((label, "", str(shown)),))


def apply_to_fact(
    batch: RowBatch[_Fact], fact: _Fact, values: Mapping[str, object], source: ListSource
) -> RowResult:
    """Apply what a list says to a known fact. Changes the row in memory."""
    if source.is_older_than(fact):
        missing = {n: v for n, v in values.items() if v is not None and getattr(fact, n) is None}
        if missing and fact.evidence == Evidence.LISTED and not _ends_too_early(fact, missing):
            return _fill_in_missing(batch, fact, missing)
        return RowResult(
            RowOutcome.SAME, f"A newer list ({fact.source}) has this already, so nothing changes."
        )
    if fact.evidence != Evidence.CONFIRMED and (problem := _ends_too_early(fact, values)):
        return RowResult(RowOutcome.ERROR, problem)
    before = {name: getattr(fact, name) for name in (*EVIDENCE_FIELDS, *values)}
    changes = {name: value for name, value in values.items() if before[name] != value}
    shown = changes_of(fact, changes, before)
    differences = "; ".join(f"{what}: {was} → {now}" for what, was, now in shown)
    went_on = _goes_on(fact, source.on or source.as_of)
    is_confirmed = fact.evidence == Evidence.CONFIRMED
    if is_confirmed:
        fact.list_name, fact.list_as_of = source.name, source.as_of
        fact.list_says = differences[:200]
        fact.list_values = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in changes.items()
        }
    else:
        for name, value in {**values, **source.evidence(), **NOTHING_ELSE}.items():
            setattr(fact, name, value)
    if before != {name: getattr(fact, name) for name in before}:
        batch.change(fact)
    if is_confirmed and differences:
        stays = "Staff confirmed this fact, so it stays. Noted"
        if fact.list_says == before["list_says"]:
            return RowResult(RowOutcome.SAME, f"{stays}: {differences}")
        return RowResult(RowOutcome.CHANGE, f"{stays}: {differences}", ((stays, "", differences),))
    if differences or before["evidence"] != fact.evidence:
        if before["evidence"] != fact.evidence:
            shown += (("evidence", Evidence(before["evidence"]).label, Evidence.LISTED.label),)
        ends = went_on and not _goes_on(fact, source.on or source.as_of)
        return RowResult(RowOutcome.CHANGE, differences, shown, ends)
    return RowResult(RowOutcome.SAME)


def changes_of(
    fact: EvidencedModel, values: Mapping[str, object], before: Mapping[str, object] | None = None
) -> tuple[Change, ...]:
    """These values of a fact in words; of a new one, those that say something."""
    return tuple(
        (
            str(label_for_field(name, type(fact))),
            column_in_words(type(fact), name, before[name]) if before else "",
            column_in_words(type(fact), name, value),
        )
        for name, value in values.items()
        if before or value not in (None, "")
    )


def _goes_on(fact: EvidencedModel, on: date) -> bool:
    value, _, ends_on = (getattr(fact, name) for name in fact.FACT_FIELDS)
    return value not in (None, "", False, Funder.OTHER) and (ends_on is None or ends_on >= on)


def _ends_too_early(fact: EvidencedModel, values: Mapping[str, object]) -> str:
    """What is wrong if the fact had these values, of which one day may be in the list and the other in the register."""
    first, last = (values.get(name, getattr(fact, name)) for name in fact.FACT_FIELDS[1:])
    if not (isinstance(first, date) and isinstance(last, date)) or first <= last:
        return ""
    return f"With what the register has, the last day ({date_format(last)}) would be before the first day ({date_format(first)})."


def _fill_in_missing(
    batch: RowBatch[_Fact], fact: _Fact, missing: Mapping[str, object]
) -> RowResult:
    """Give a fact what a newer list that names it did not say."""
    shown = changes_of(fact, missing)
    for name, value in missing.items():
        setattr(fact, name, value)
    batch.change(fact)
    differences = "; ".join(f"{what}: {now}" for what, _, now in shown)
    return RowResult(RowOutcome.CHANGE, differences, shown)


def column_in_words(model: type[Model], name: str, value: object) -> str:
    """The value of a column as pages show it."""
    return in_words(_labels(model, name).get(value, value)) or "empty"


@cache
def _labels(model: type[Model], name: str) -> dict[Any, Any]:
    field = model._meta.get_field(name)
    return dict(field.flatchoices) if isinstance(field, Field) else {}
