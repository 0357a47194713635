"""What a merge, an import or a confirmation does to rows, recorded as data, so that an undo gives every row back.

``recorded_changes`` compares all rows that refer to the merged records, directly or through other rows, before and
after; ``changes_between`` compares rows that the caller knows. ``why_not_undone`` and ``undo`` read what they found.
The callers lock the records.

A row is recorded with the values of the columns that changed, or of all if it is new or gone. Search texts are left
out: saving a row derives them. Steps in a history that were added stay when it is undone.
"""

import functools
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, models, transaction
from django.db.models import Q

from membership.accounts.models import User, by_user
from membership.append_only import AppendOnlyModel, history_released
from membership.errors import RefusedError
from membership.search import SearchTextField

_FEW = 20  # rows that are saved one by one

Rows = dict[tuple[type[models.Model], Any], dict[str, Any]]


class RecordedMerge(models.Model):
    """A merge of two records, or another step that can be taken back. A subclass adds what it is about."""

    by = by_user()
    at = models.DateTimeField()
    changes = models.JSONField(help_text="From recorded_changes.")
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = by_user()

    class Meta:
        abstract = True
        ordering = ["-pk"]


@contextmanager
def recorded_changes(*roots: models.Model) -> Iterator[dict[str, Any]]:
    """Record what the block does to these rows and to all that refer to them. It is filled in when the block ends.

    Rows that refer to an account are not looked at: most of them only say who did something.
    """
    changes: dict[str, Any] = {}
    before = _rows_about(roots)
    yield changes
    changes.update(changes_between(before, _rows_about(roots), roots))


def changes_between(
    before: Rows, after: Rows, roots: Sequence[models.Model] = ()
) -> dict[str, Any]:
    """What is recorded of rows before and after, with what refers to the new ones and to ``roots`` by now."""
    changes: dict[str, Any] = {
        "rows": [
            {"model": model._meta.label_lower, "pk": pk, "before": was, "after": is_now}
            for model, pk in {**before, **after}
            for was, is_now in [_changed(before.get((model, pk)), after.get((model, pk)))]
            if was != is_now
        ],
        "roots": [[root._meta.label_lower, root.pk] for root in roots],
    }
    changes["known"] = {
        model._meta.label_lower: sorted(pks)
        for model, pks in _referring_to(_bases(changes)).items()
    }
    return changes


def read_rows(keys: Mapping[type[models.Model], Iterable[Any]]) -> Rows:
    """The values of the rows with these keys that exist, read again."""
    return {
        (model, row.pk): _values(row)
        for model, pks in keys.items()
        for row in model._base_manager.filter(pk__in=pks).order_by("pk")
    }


class Watched:
    """Rows before a change, to which the rows that are there afterwards are compared."""

    def __init__(self, *rows: models.Model) -> None:
        self.keys = _grouped((type(row), row.pk) for row in rows)
        self.before = read_rows(self.keys)

    def changes(self, *added: models.Model) -> dict[str, Any]:
        """What happened to them since; ``added`` are rows that were not there."""
        keys = _grouped((type(row), row.pk) for row in added)
        for model, pks in self.keys.items():
            keys[model] |= pks
        return changes_between(self.before, read_rows(keys))


def why_not_undone(
    changes: dict[str, Any],
    *,
    ignoring: Collection[type[models.Model]] = (),
    what: str = "merge can no longer be undone",
) -> str:
    """Why this can no longer be undone, as a sentence that ends in ``what``; empty if it can.

    Rows of the models in ``ignoring`` may have been added since.
    """
    for model, rows in _by_model(changes).items():
        found = model._base_manager.in_bulk([row["pk"] for row in rows])
        for row in rows:
            now = found.get(row["pk"])
            if row["after"] is None or now is None:
                if (row["after"] is None) != (now is None):
                    return _since(model, "removed" if now is None else "added again", now, what)
            elif any(_values(now)[name] != value for name, value in row["after"].items()):
                return _since(model, "changed", now, what)
    for model, pks in _referring_to(_bases(changes)).items():
        known = changes["known"].get(model._meta.label_lower, ())
        if new := pks.difference(known) if model not in ignoring else None:
            return _since(model, "added", model._base_manager.get(pk=min(new)), what)
    return ""


def lock_rows(changes: dict[str, Any]) -> None:
    """Lock the rows that were recorded, so that they stay as they are compared. Runs inside the caller's transaction."""
    for model, rows in _by_model(changes).items():
        locked = model._base_manager.select_for_update(of=("self",)).order_by("pk")
        list(locked.filter(pk__in=[row["pk"] for row in rows]))


@history_released()
def undo(
    changes: dict[str, Any],
    *,
    ignoring: Collection[type[models.Model]] = (),
    what: str = "merge can no longer be undone",
) -> None:
    """Give every row back as it was before. Raises ``RefusedError`` if something was built on it since."""
    if why_not := why_not_undone(changes, ignoring=ignoring, what=what):
        raise RefusedError(why_not)
    writes: list[Callable[[], object]] = []
    added: dict[type[models.Model], list[Any]] = {}
    for model, rows in _by_model(changes).items():
        found = model._base_manager.in_bulk([row["pk"] for row in rows])
        alike = defaultdict(list)  # the rows of which the same columns are written
        for kept in rows:
            row = found.get(kept["pk"]) or model(pk=kept["pk"])
            for name, value in (kept["before"] or {}).items():
                field: Any = model._meta.get_field(name)
                setattr(row, field.attname, None if value is None else field.to_python(value))
            if kept["after"] is None:
                writes.append(functools.partial(row.save, force_insert=True))
            elif kept["before"] is not None:
                alike[tuple(kept["before"])].append(row)
            elif not isinstance(row, AppendOnlyModel):
                added.setdefault(model, []).append(row.pk)
        for names, same in alike.items():
            if len(same) > _FEW:
                writes.append(functools.partial(_update, model, same, names))
            else:
                writes += [functools.partial(row.save, update_fields=names) for row in same]
    # What moved has to leave the rows that were added, unless one of these has its unique value.
    waiting = _written(writes)
    deletes = [model._base_manager.filter(pk__in=pks).delete for model, pks in added.items()]
    if _written(deletes) or _written(waiting):
        raise RefusedError(f"Something that has been added since is in the way, so this {what}.")


def _update(model: type[models.Model], rows: list[Any], names: Sequence[str]) -> None:
    """Save these columns of many rows."""
    is_searched = not set(getattr(model, "SEARCHED", ())).isdisjoint(names)
    model._base_manager.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["pk"],
        update_fields=[*names, "search_text"] if is_searched else names,
    )


def _written(writes: Sequence[Callable[[], object]]) -> Sequence[Callable[[], object]]:
    """Save or delete rows in an order in which no unique value is there twice, and nothing refers to what is gone.

    Returns the rest, if there is none.
    """
    refused = [write for write in writes if not _is_written(write)]
    return refused if len(refused) in (0, len(writes)) else _written(refused)


def _is_written(write: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            write()
    except (IntegrityError, ObjectDoesNotExist):
        return False
    return True


def _since(model: type[models.Model], happened: str, row: models.Model | None, what: str) -> str:
    name = str(model._meta.verbose_name)
    which = f"{name[:1].upper()}{name[1:]} {row or ''}".strip()
    return f"{which} has been {happened} since, so this {what}."


def _rows_about(roots: Iterable[models.Model]) -> Rows:
    """The values of the rows and of all that refer to them, read again."""
    found: Rows = {}
    waiting = _grouped((type(root), root.pk) for root in roots)
    while waiting:
        model, pks = waiting.popitem()
        rows = [
            r
            for r in model._base_manager.filter(pk__in=pks).order_by("pk")
            if (model, r.pk) not in found
        ]
        found |= {(model, row.pk): _values(row) for row in rows}
        for other, others in _referring_to({model: {row.pk for row in rows}}).items():
            waiting.setdefault(other, set()).update(others)
    return found


def foreign_keys_to(model: type[models.Model]) -> list[tuple[type[models.Model], str]]:
    """The models with a foreign key to this one, each with its name."""
    relations: list[Any] = [
        relation
        for relation in model._meta.get_fields(include_hidden=True)
        if relation.auto_created and not relation.concrete and not relation.many_to_many
    ]
    return [(relation.related_model, relation.field.name) for relation in relations]


@dataclass(frozen=True)
class Collision:
    """What a merge does when both records have a row where only one may be.

    ``combine`` gets the row that stays and the other one. It takes over what counts of the other one, which is then
    deleted, or returns True if it has changed the other one so that both may be. ``sentence`` says so beforehand.
    """

    combine: Callable[[Any, Any], bool | None]
    sentence: Callable[[Any, Any], str] | None = None


# By model and the name of its foreign key.
Collisions = Mapping[tuple[type[models.Model], str], Collision]


def move_what_refers_to(row: models.Model, *, to: models.Model, collisions: Collisions) -> None:
    """Let every foreign key to a row refer to another one of its model.

    Runs inside the caller's transaction, which has released the history.
    """
    for model, name in foreign_keys_to(type(row)):
        for stays, other in colliding(model, name, to, row):
            if not collisions[model, name].combine(stays, other):
                move_what_refers_to(other, to=stays, collisions=collisions)
                other.delete()
        model._base_manager.filter(**{name: row}).update(**{name: to})


def colliding(
    model: type[models.Model], name: str, stays: models.Model, other: models.Model
) -> Iterator[tuple[Any, Any]]:
    """The rows of this model that refer to one and the other where the database allows one."""
    for columns, condition in unique_with(model, name):
        rows = model._default_manager.filter(condition)
        first = {_key(row, columns): row for row in rows.filter(**{name: stays}).order_by("-pk")}
        for row in rows.filter(**{name: other}).order_by("pk"):
            if _key(row, columns) in first:
                yield first[_key(row, columns)], row


def unique_with(model: type[models.Model], name: str) -> list[tuple[list[str], Q]]:
    """The other columns of each unique constraint on this one, and which rows it is about."""
    field: Any = model._meta.get_field(name)
    alone: list[tuple[list[str], Q]] = [([], Q())] if field.unique else []
    return alone + [
        ([column for column in unique.fields if column != name], unique.condition or Q())
        for unique in model._meta.constraints
        if isinstance(unique, models.UniqueConstraint) and name in unique.fields
    ]


def _key(row: models.Model, columns: Iterable[str]) -> tuple[Any, ...]:
    return tuple(row.serializable_value(column) for column in columns)


def _referring_to(rows: dict[type[models.Model], set[Any]]) -> dict[type[models.Model], set[Any]]:
    """The keys of rows with a foreign key to one of these, by model."""
    found: dict[type[models.Model], set[Any]] = {}
    for model, pks in rows.items():
        if model is not User:
            for other, name in foreign_keys_to(model) if pks else ():
                refer = other._base_manager.filter(**{f"{name}__in": pks})
                found.setdefault(other, set()).update(refer.values_list("pk", flat=True))
    return {model: pks for model, pks in found.items() if pks}


def _values(row: models.Model) -> dict[str, Any]:
    """The columns of a row as JSON has them, each in the form from which its field reads it."""
    return {
        field.name: None if field.value_from_object(row) is None else field.value_to_string(row)
        for field in row._meta.concrete_fields
        if not (field.primary_key or isinstance(field, SearchTextField))
    }


def _changed(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> tuple[dict[str, Any] | None, dict[str, Any] | None]:
    """Only the columns that differ, if the row was and is there."""
    if before is None or after is None:
        return before, after
    differ = [name for name in before if before[name] != after[name]]
    return {name: before[name] for name in differ}, {name: after[name] for name in differ}


def _bases(changes: dict[str, Any]) -> dict[type[models.Model], set[Any]]:
    """The merged records and the rows that the merge added: what comes to refer to one of them is built on it."""
    added = ((row["model"], row["pk"]) for row in changes["rows"] if row["before"] is None)
    return _grouped((apps.get_model(label), pk) for label, pk in [*changes["roots"], *added])


def _by_model(changes: dict[str, Any]) -> dict[type[models.Model], list[dict[str, Any]]]:
    found = defaultdict(list)
    for row in changes["rows"]:
        found[apps.get_model(row["model"])].append(row)
    return found


def _grouped(
    keys: Iterable[tuple[type[models.Model], Any]],
) -> defaultdict[type[models.Model], set[Any]]:
    found: defaultdict[type[models.Model], set[Any]] = defaultdict(set)
    for model, pk in keys:
        found[model].add(pk)
    return found
