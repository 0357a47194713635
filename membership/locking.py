"""Locking one row together with what it refers to."""

from typing import Any, TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet

_Row = TypeVar("_Row", bound=Model)


def get_locked(rows: "QuerySet[_Row]", pk: Any) -> _Row:
    """The row with this key, from a query that locks it and joins the person it belongs to.

    If a merge moved it to another person while the query waited for the lock, PostgreSQL finds no row, because
    the join no longer fits. The second query sees the new person.
    """
    try:
        return rows.get(pk=pk)
    except ObjectDoesNotExist:
        return rows.get(pk=pk)
