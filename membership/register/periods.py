"""Periods that may not overlap, for one holder."""

from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Func, Model, Q


class DayRange(Func):
    """The days of a row, from ``starts_on`` to ``ends_on`` inclusive."""

    function = "DATERANGE"
    output_field = DateRangeField()

    @classmethod
    def of_row(cls) -> "DayRange":
        boundary = RangeBoundary(inclusive_lower=True, inclusive_upper=True)
        return cls(F("starts_on"), F("ends_on"), boundary)


class NoOverlapConstraint(ExclusionConstraint):
    """The periods of one ``holder`` do not overlap.

    PostgreSQL enforces it. SQLite has no such constraint: there the forms and the verbs check, each in
    a transaction without other writers. The sentence and the name are the same on both.
    """

    def __init__(self, *, name: str, holder: str, condition: Q, **kwargs: Any) -> None:
        self.holder = holder
        super().__init__(
            name=name,
            expressions=[
                (holder, RangeOperators.EQUAL),
                (DayRange.of_row(), RangeOperators.OVERLAPS),
            ],
            condition=condition,
            **kwargs,
        )

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        del kwargs["expressions"]
        return path, args, {**kwargs, "holder": self.holder}

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        if not _has_exclusion(schema_editor.connection):
            return None
        return super().constraint_sql(model, schema_editor)

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        if not _has_exclusion(schema_editor.connection):
            return None
        return super().create_sql(model, schema_editor)

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        if not _has_exclusion(schema_editor.connection):
            return None
        return super().remove_sql(model, schema_editor)

    def validate(
        self,
        model: type[Model],
        instance: Any,
        exclude: Any = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """Refuse a row whose period overlaps another one of its holder, on either database."""
        holder = getattr(instance, f"{self.holder}_id")
        first, last = instance.starts_on, instance.ends_on
        if None in (holder, first, last) or {self.holder, "starts_on", "ends_on"} & set(
            exclude or ()
        ):
            return
        rows = model._default_manager.using(using).filter(self.condition or Q())
        others = rows.filter(
            **{self.holder: holder}, starts_on__lte=last, ends_on__gte=first
        ).exclude(pk=instance.pk)
        applies = self.condition is None or self.condition.check(
            instance._get_field_expression_map(meta=model._meta), using
        )
        if applies and others.exists():
            raise ValidationError(
                self.get_violation_error_message(), code=self.violation_error_code
            )


def _has_exclusion(connection: Any) -> bool:
    return bool(connection.vendor == "postgresql")
