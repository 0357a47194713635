"""A constraint: the periods of one holder may not overlap."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Func, Model, Q


class DayRange(Func):
    """The days of a row, from ``starts_on`` to ``ends_on``, both included."""

    function = "DATERANGE"
    output_field = DateRangeField()


def _on_postgresql(statement: Callable[..., Any]) -> Callable[..., Any]:
    """The same SQL on PostgreSQL, and none elsewhere."""
    return lambda self, model, editor: (
        statement(self, model, editor) if editor.connection.vendor == "postgresql" else ""
    )


class NoOverlapConstraint(ExclusionConstraint):
    """The periods of one ``holder`` do not overlap.

    PostgreSQL enforces this. SQLite has no such constraint, so there the forms and the verbs check it,
    in a transaction without other writers. The name and the error message are the same on both.
    """

    def __init__(
        self, *, name: str, holder: str, condition: Q, violation_error_message: str
    ) -> None:
        self.holder = holder
        boundary = RangeBoundary(inclusive_lower=True, inclusive_upper=True)
        days = DayRange(F("starts_on"), F("ends_on"), boundary)
        super().__init__(
            name=name,
            expressions=[(holder, RangeOperators.EQUAL), (days, RangeOperators.OVERLAPS)],
            condition=condition,
            violation_error_message=violation_error_message,
        )

    def deconstruct(self) -> tuple[str, Sequence[Any], dict[str, Any]]:
        path, args, kwargs = super().deconstruct()
        del kwargs["expressions"]
        return path, args, {**kwargs, "holder": self.holder}

    constraint_sql = _on_postgresql(ExclusionConstraint.constraint_sql)
    create_sql = _on_postgresql(ExclusionConstraint.create_sql)
    remove_sql = _on_postgresql(ExclusionConstraint.remove_sql)

    def validate(
        self,
        model: type[Model],
        instance: Model,
        exclude: Iterable[str] | None = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """Refuse a row whose period overlaps another one of the same holder, on both databases."""
        names = (f"{self.holder}_id", "starts_on", "ends_on")
        holder, first, last = (getattr(instance, name) for name in names)
        if None in (holder, first, last) or {self.holder, *names} & set(exclude or ()):
            return
        condition = self.condition or Q()
        values = instance._get_field_expression_map(meta=model._meta)  # type: ignore[attr-defined]
        others = model._default_manager.using(using).filter(
            condition, **{names[0]: holder}, starts_on__lte=last, ends_on__gte=first
        )
        if condition.check(values, using) and others.exclude(pk=instance.pk).exists():
            raise ValidationError(
                self.get_violation_error_message(), code=self.violation_error_code
            )


def lasts(on: date, last_day: str = "ends_on") -> Q:
    """Rows whose last day, if they have one, is not before the day ``on``."""
    return Q(**{f"{last_day}__isnull": True}) | Q(**{f"{last_day}__gte": on})


Days = tuple[date, date]


def without(days: Days, taken: Iterable[Days]) -> list[Days]:
    """What is left of a period, both days included, without these."""
    left = [days]
    for first, last in taken:
        left = [
            (start, end)
            for was_first, was_last in left
            for start, end in (
                (was_first, min(was_last, first - timedelta(days=1))),
                (max(was_first, last + timedelta(days=1)), was_last),
            )
            if start <= end
        ]
    return left
