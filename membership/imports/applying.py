"""What a list may change about one fact in the register.

Lists apply by their date, whatever the order of their imports: a fact keeps each value from the newest list
that says it (of two lists with the same date, the one whose name is last in the alphabet).

* A list does not change what staff confirmed. The difference is noted on the fact.
* A list does not change what workers claim about themselves. It adds a row of its own, which outweighs
  the claim in the rules. So no claim is marked as contradicted, and nothing has to be undone when a later
  list agrees with it.
* A list says only what it says: a column that it has not, or an empty cell, changes nothing. Such a value is that
  of the newest list that has one; ``list_sources`` of the fact keeps which that is.
* A list does not touch what it does not name. ``membership.register.standing`` treats a fact as unknown
  once a newer version of its list no longer names it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any, TypeVar

from django.contrib.admin.utils import label_for_field
from django.db.models import Field, Model, TextChoices
from django.utils.formats import date_format

from communities.rules.vocabulary import Evidence, Funder
from membership.imports.batches import EVIDENCE_FIELDS, RowBatch
from membership.imports.columns import in_words
from membership.models import Agency, CoordinationInitiative, Person, Program, RowOutcome, User
from membership.register.evidence import OVER, EvidencedModel
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
    batch: RowBatch[_Fact],
    fact: _Fact,
    values: Mapping[str, object],
    source: ListSource,
    *,
    by_status: bool = False,
) -> RowResult:
    """Apply what a list says to a known fact. Changes the row in memory.

    ``by_status`` is for a last day that is not in the list: a status there says that it is over.
    """
    is_older, is_confirmed = source.is_older_than(fact), fact.evidence == Evidence.CONFIRMED
    newer = f"A newer list ({fact.source}) has this already, so nothing changes."
    if is_older and fact.evidence not in (Evidence.LISTED, Evidence.CONFIRMED):
        return RowResult(RowOutcome.SAME, newer)
    noted = dict(fact.list_values or {}) if fact.list_says else {}
    said, sources = _what_counts(fact, values, source, noted, by_status=by_status)
    if not is_confirmed and (problem := _ends_too_early(fact, said)):
        return RowResult(RowOutcome.SAME if is_older else RowOutcome.ERROR, problem)
    before = {name: getattr(fact, name) for name in (*EVIDENCE_FIELDS, *said)}
    if not is_older:
        fact.list_name, fact.list_as_of = source.name, source.as_of
    _keep_sources(fact, sources)
    changes = {name: value for name, value in said.items() if before[name] != value}
    went_on = _goes_on(fact, source.on or source.as_of)
    if is_confirmed:
        others = {n: _from_json(fact, n, value) for n, value in noted.items() if n not in said}
        both = {**others, **changes}
        changes = {name: both[name] for name in fact.FACT_FIELDS if name in both}
    shown = changes_of(fact, changes, {name: getattr(fact, name) for name in changes})
    differences = "; ".join(f"{what}: {was} → {now}" for what, was, now in shown)
    if is_confirmed:
        fact.list_says = differences[:200]
        fact.list_values = {
            name: value.isoformat() if isinstance(value, date) else value
            for name, value in changes.items()
        }
    else:
        fact.evidence = Evidence.LISTED
        for name, value in {**said, **NOTHING_ELSE}.items():
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
    last = fact.FACT_FIELDS[2]
    if by_status and not is_older and said[last] != values[last]:
        return RowResult(RowOutcome.SAME, f"It has ended already, on {date_format(said[last])}.")
    return RowResult(RowOutcome.SAME, newer if is_older else "")


# The date and the name of a list, in the order in which lists count.
_Source = tuple[str, str]


def _what_counts(
    fact: EvidencedModel,
    values: Mapping[str, object],
    source: ListSource,
    noted: Mapping[str, object],
    *,
    by_status: bool,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the list says of the fact that no newer one says otherwise, and which list says what by now.

    ``noted`` is what lists say against a confirmed fact. What a status ends is not made longer by a later one.
    """
    here, kept = (source.as_of.isoformat(), source.name), fact.list_sources or {}
    newest = (fact.list_as_of.isoformat(), fact.list_name) if fact.list_as_of else None
    sources: dict[str, Any] = {}
    for name in fact.FACT_FIELDS:
        is_said = fact.evidence == Evidence.CONFIRMED or getattr(fact, name) not in (None, "")
        at = kept.get(name, newest if is_said else None)
        sources[name] = at and tuple(at)
    said: dict[str, Any] = {
        n: v for n, v in values.items() if sources.get(n) is None or sources[n] <= here
    }
    last = fact.FACT_FIELDS[2]
    over: list[_Source] = sorted({*map(tuple, kept.get(OVER, ())), *([here] if by_status else ())})
    if last in said:
        if by_status:
            known = (noted.get(last) and _from_json(fact, last, noted[last])) or getattr(fact, last)
            said[last] = min(known or said[last], said[last])
        else:
            sources[last] = here
            over = [at for at in over if at > here]
            said[last] = min([said[last], *map(_day_before, over)])
    sources |= dict.fromkeys(said.keys() - {last}, here)
    sources[OVER] = [at for at in over if sources[last] is None or at >= sources[last]]
    return said, sources


def _keep_sources(fact: EvidencedModel, sources: Mapping[str, Any]) -> None:
    """Keep the sources that are not the newest list, which the fact names."""
    newest = fact.list_as_of and (fact.list_as_of.isoformat(), fact.list_name)
    is_confirmed = fact.evidence == Evidence.CONFIRMED
    kept = {
        name: at
        for name, at in sources.items()
        if name != OVER and at != newest and (at or is_confirmed)
    }
    if sources[OVER]:
        last = fact.FACT_FIELDS[2]
        kept[OVER], kept[last] = [list(at) for at in sources[OVER]], sources[last]
    fact.list_sources = {name: at and list(at) for name, at in kept.items()} or None


def _day_before(at: _Source) -> date:
    return date.fromisoformat(at[0]) - timedelta(days=1)


def _from_json(fact: EvidencedModel, name: str, value: object) -> Any:
    field: Any = fact._meta.get_field(name)
    return field.to_python(value)


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


def column_in_words(model: type[Model], name: str, value: object) -> str:
    """The value of a column as pages show it."""
    return in_words(_labels(model, name).get(value, value)) or "empty"


@cache
def _labels(model: type[Model], name: str) -> dict[Any, Any]:
    field = model._meta.get_field(name)
    return dict(field.flatchoices) if isinstance(field, Field) else {}
