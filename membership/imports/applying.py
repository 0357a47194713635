"""What a list may change about one fact of the register.

Lists apply by their as-of date, in whatever order they come in: a fact keeps what the newest list that
names it says (of two lists of one day, the one whose name comes last in the alphabet).

* What staff confirmed a list does not change. It notes on the fact what it says otherwise.
* What a worker claimed of themself stays as they said it. The list has a row of its own beside
  it, which outweighs it in the rules; so a list marks no claim as contradicted, and a later list that
  agrees with them has nothing to undo.
* What a list does not name it does not touch. ``membership.register.standing`` counts a fact as unknown once
  a newer list of its kind and name no longer has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

from django.db.models import Field, TextChoices

from communities.rules.vocabulary import Evidence
from membership.imports.batches import EVIDENCE_FIELDS, RowBatch
from membership.models import Agency, CoordinationInitiative, Person, Program, RowOutcome
from membership.register.evidence import EvidencedModel

_Fact = TypeVar("_Fact", bound=EvidencedModel)
_Row = TypeVar("_Row", Agency, CoordinationInitiative, Person, Program)


@dataclass(frozen=True)
class ListSource:
    """The list that is applied: its name and the day on which it was true."""

    name: str
    as_of: date

    def evidence(self) -> dict[str, Any]:
        """The columns of a fact that this list brings."""
        return {"evidence": Evidence.LISTED, "list_name": self.name, "list_as_of": self.as_of}

    def is_older_than(self, fact: EvidencedModel) -> bool:
        """Whether a newer list has named the fact."""
        return fact.list_as_of is not None and (fact.list_as_of, fact.list_name) > (
            self.as_of,
            self.name,
        )


@dataclass(frozen=True)
class RowResult:
    """What a row does to the register."""

    outcome: RowOutcome
    sentence: str = ""


def combined(*results: RowResult) -> RowResult:
    """What several results come to: an addition or a change counts before what stays the same."""
    sentences = (result.sentence for result in results if result.sentence)
    return RowResult(min(result.outcome for result in results), "; ".join(sentences))


def fill_in(batch: RowBatch[_Row], row: _Row, name: str, value: str) -> RowResult:
    """A name, a city or a region is no fact with evidence: a list fills it in where it is empty."""
    if not value or getattr(row, name):
        return RowResult(RowOutcome.SAME)
    setattr(row, name, value)
    batch.change(row)
    shown = value.label if isinstance(value, TextChoices) else value
    return RowResult(RowOutcome.CHANGE, f"{name}: {shown}")


def apply_to_fact(
    batch: RowBatch[_Fact], fact: _Fact, values: Mapping[str, object], source: ListSource
) -> RowResult:
    """Apply what a list says to a fact that the register has; changes the row in memory."""
    if source.is_older_than(fact):
        return RowResult(
            RowOutcome.SAME, f"A newer list, {fact.source}, has this. It stays as it is."
        )
    before = {name: getattr(fact, name) for name in (*EVIDENCE_FIELDS, *values)}
    differences = "; ".join(
        f"{_label(fact, name)}: {_display(fact, name, before[name])} → "
        f"{_display(fact, name, value)}"
        for name, value in values.items()
        if before[name] != value
    )
    is_confirmed = fact.evidence == Evidence.CONFIRMED
    if is_confirmed:
        fact.list_name, fact.list_as_of = source.name, source.as_of
        fact.list_says = differences[:200]
    else:
        for name, value in {**values, **source.evidence(), "list_says": ""}.items():
            setattr(fact, name, value)
    if before != {name: getattr(fact, name) for name in before}:
        batch.change(fact)
    if is_confirmed and differences:
        is_known = fact.list_says == before["list_says"]
        return RowResult(
            RowOutcome.SAME if is_known else RowOutcome.CHANGE,
            f"EVA BC staff confirmed this. It stays, noted: {differences}",
        )
    if differences or before["evidence"] != fact.evidence:
        return RowResult(RowOutcome.CHANGE, differences)
    return RowResult(RowOutcome.SAME)


def _label(fact: EvidencedModel, name: str) -> str:
    field = fact._meta.get_field(name)
    return str(field.verbose_name) if isinstance(field, Field) else name


def _display(fact: EvidencedModel, name: str, value: object) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    field = fact._meta.get_field(name)
    choices = dict(field.flatchoices) if isinstance(field, Field) else {}
    return str(choices.get(value, value))
