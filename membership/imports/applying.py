"""How a list speaks of one fact of the register.

Lists apply by their as-of date, in whatever order they come in: a fact keeps the word of the newest
list that spoke of it (of two lists of one day, of the one whose name comes last in the alphabet).

* What staff confirmed a list does not change. It notes on the fact what it says otherwise.
* What a worker claimed of themself stays as they said it. The list's word is a row of its own beside
  it, and outweighs it in the rules; so a list marks no claim as contradicted, and a later list that
  agrees with them has nothing to undo.
* What a list does not name it does not touch. ``membership.register.standing`` counts a fact as unknown once
  a newer list of its kind and name no longer has it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypedDict

from django.db.models import Field

from communities.rules.vocabulary import Evidence
from membership.models import RowOutcome
from membership.register.evidence import Evidenced

EVIDENCE_FIELDS = ("evidence", "list_name", "list_as_of", "list_says")


class ListedEvidence(TypedDict):
    """The columns of a fact that a list brings."""

    evidence: Evidence
    list_name: str
    list_as_of: date


@dataclass(frozen=True)
class Listed:
    """The list that speaks: its name and the day on which it was true."""

    name: str
    as_of: date

    def evidence(self) -> ListedEvidence:
        """The columns of a fact that this list brings."""
        return {"evidence": Evidence.LISTED, "list_name": self.name, "list_as_of": self.as_of}

    def is_older_than(self, fact: Evidenced) -> bool:
        """Whether a newer list has spoken of the fact."""
        return fact.list_as_of is not None and (fact.list_as_of, fact.list_name) > (
            self.as_of,
            self.name,
        )


@dataclass(frozen=True)
class Heard:
    """What a row does to the register. ``is_written`` tells whether the fact's row is to be saved."""

    outcome: RowOutcome
    sentence: str = ""
    is_written: bool = False


def hear(fact: Evidenced, values: Mapping[str, object], listed: Listed) -> Heard:
    """Let a list speak of a fact that the register has; changes the row in memory."""
    if listed.is_older_than(fact):
        return Heard(RowOutcome.SAME, f"A newer list, {fact.source}, has this. It stays as it is.")
    before = {name: getattr(fact, name) for name in (*EVIDENCE_FIELDS, *values)}
    differences = [
        f"{_label(fact, name)}: {_shown(fact, name, getattr(fact, name))} → "
        f"{_shown(fact, name, value)}"
        for name, value in values.items()
        if getattr(fact, name) != value
    ]
    said_before = fact.list_says
    if fact.evidence == Evidence.CONFIRMED:
        fact.list_name, fact.list_as_of = listed.name, listed.as_of
        fact.list_says = "; ".join(differences)[:200]
    else:
        for name, value in {**values, **listed.evidence(), "list_says": ""}.items():
            setattr(fact, name, value)
    is_written = before != {name: getattr(fact, name) for name in before}
    if fact.evidence == Evidence.CONFIRMED and differences:
        outcome = RowOutcome.SAME if fact.list_says == said_before else RowOutcome.CHANGE
        words = "; ".join(differences)
        return Heard(outcome, f"EVA BC staff confirmed this. It stays, noted: {words}", is_written)
    if differences or before["evidence"] != fact.evidence:
        return Heard(RowOutcome.CHANGE, "; ".join(differences), is_written)
    return Heard(RowOutcome.SAME, "", is_written)


def _label(fact: Evidenced, name: str) -> str:
    field = fact._meta.get_field(name)
    return str(field.verbose_name) if isinstance(field, Field) else name


def _shown(fact: Evidenced, name: str, value: object) -> str:
    if value is None or value == "":
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    field = fact._meta.get_field(name)
    choices = dict(field.flatchoices) if isinstance(field, Field) else {}
    return str(choices.get(value, value))
