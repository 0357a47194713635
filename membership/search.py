"""The stored text that staff search: the text columns of a row, folded.

A search uses ``__contains`` with folded words, which gives the same result on both databases. Their
own case-insensitive comparisons differ.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import Q

from communities.email_addresses import unicode_spelling
from membership.register.names import fold

_Rows = TypeVar("_Rows", bound=models.QuerySet[Any])


def filter_by_words(rows: _Rows, words: str, *, columns: Iterable[str]) -> _Rows:
    """The rows that have each of the words in one of the columns, ignoring case.

    ``columns`` are lookups. In a ``search_text``, accents and punctuation are ignored too. Emails are
    stored in their normal form, and a ``search_text`` has their domain as people write it. Words without
    a letter or digit are skipped.
    """
    # Words with digits first: fewer rows have them, and the others are not compared with the rest.
    for word in sorted(filter(fold, words.split()), key=str.isalpha):
        in_one_column = Q()
        for column in columns:
            if column.endswith("search_text"):
                for spelling in {word, unicode_spelling(word)}:
                    in_one_column |= Q(**{f"{column}__contains": fold(spelling)})
            elif column.endswith(("email", "address")):
                in_one_column |= Q(**{f"{column}__contains": word.lower()})
            else:
                in_one_column |= Q(**{f"{column}__icontains": word})
        rows = rows.filter(in_one_column)
    return rows


class SearchTextField(models.TextField):
    """Filled from the columns in ``SEARCHED`` whenever its row is saved, in bulk too."""

    def deconstruct(self) -> Any:
        # In migrations it is a plain text column.
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.TextField", arguments, options

    def pre_save(self, model_instance: Any, add: bool) -> str:
        model_instance.search_text = model_instance.folded_columns()
        return str(model_instance.search_text)


class SearchableModel(models.Model):
    """A row that staff can search for.

    ``SEARCHED`` names text columns, and foreign keys to other searchable rows, whose text is included:
    ``save()`` of the other row updates this row too. Code that writes such a column in bulk must call
    ``update_dependent_rows``.
    """

    SEARCHED: ClassVar[tuple[str, ...]]

    search_text = SearchTextField(default="", db_default="", editable=False)

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if update_fields is not None and not set(self.SEARCHED).isdisjoint(update_fields):
            update_fields = {*update_fields, "search_text"}
        is_new, before = self._state.adding, self.search_text
        super().save(update_fields=update_fields, **options)
        if not is_new and self.search_text != before:
            update_dependent_rows([self])

    def folded_columns(self) -> str:
        """The text to search in: its columns in their order, separated by spaces."""
        values = (getattr(self, column) for column in self.SEARCHED)
        words = (
            value.search_text
            if isinstance(value, SearchableModel)
            else fold(unicode_spelling(value or ""))
            for value in values
        )
        return " ".join(words).rstrip()


def update_dependent_rows(found: Iterable[models.Model]) -> None:
    """Update the search text of rows that refer to these rows, which are all of one model."""
    rows = list(found)
    for relation in rows[0]._meta.get_fields(include_hidden=True) if rows else []:
        holder = relation.related_model
        if not (
            relation.auto_created
            and isinstance(holder, type)
            and issubclass(holder, SearchableModel)
        ):
            continue
        column = relation.field.name  # type: ignore[union-attr]
        if column in holder.SEARCHED:
            foreign_keys = [c for c in holder.SEARCHED if holder._meta.get_field(c).is_relation]
            holders = holder._default_manager.filter(**{f"{column}__in": rows})
            changed = list(holders.select_related(*foreign_keys).order_by("pk"))
            for row in changed:
                row.search_text = row.folded_columns()
            holder._default_manager.bulk_update(changed, ["search_text"], batch_size=500)
