"""What staff search for: the words of a row, folded and stored, and those of the rows that it refers to.

A search uses ``__contains`` with folded words, which gives the same result on both databases. Their
own case-insensitive comparisons differ.
"""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from django.db import models
from django.db.models import Q, QuerySet, Value

from communities.email_addresses import unicode_spelling
from membership.register.names import fold_for_search

_Rows = TypeVar("_Rows", bound=QuerySet[Any])

# The country code is written or not, and a phone number has spaces, dots, brackets or none.
_COUNTRY = re.compile(r"(?<!\S)\+1(?=[\s.(-]*\d)")
_PHONE = re.compile(r"(?<!\w)(?:1[\s.-]*)?\(?(\d{3})\)?[\s.-]*(\d{3})[\s.-]*(\d{4})(?!\w)")

FEW = 500
INDEXED_LENGTH = 3  # letters; the indexes are of trigrams


def filter_by_words(rows: _Rows, words: str, *, columns: Iterable[str] | None = None) -> _Rows:
    """The rows that have each of the words in one of the columns, ignoring case.

    ``columns`` are text columns, and relations to searchable rows, whose own columns count; by default
    those of the model. In a ``search_text``, accents and punctuation are ignored too. Emails are stored
    in their normal form, and a ``search_text`` has their domain as people write it. Words without a
    letter or digit are skipped.
    """
    columns = rows.model.search_columns() if columns is None else tuple(columns)
    typed = _PHONE.sub(r"\1\2\3", _COUNTRY.sub(" ", words)).split()
    # Words with digits first: fewer rows have them, and the others are not compared with the rest.
    searched = sorted(dict.fromkeys(filter(fold_for_search, typed)), key=str.isalpha)
    for number, word in enumerate(searched):
        # Once the first word has left few rows, no index is needed for the others.
        by_index = number == 0 and len(fold_for_search(word)) >= INDEXED_LENGTH
        rows = rows.filter(_has(rows.model, _Word(word, by_index), columns))
    return rows


def _in_columns(word: str, columns: Iterable[str]) -> Q:
    """Rows that have the word in one of these text columns."""
    found = Q()
    for column in columns:
        if column.endswith("search_text"):
            for spelling in {word, unicode_spelling(word)}:
                found |= Q(**{f"{column}__contains": fold_for_search(spelling)})
        elif column.endswith(("email", "address")):
            found |= Q(**{f"{column}__contains": word.lower()})
        else:
            found |= Q(**{f"{column}__icontains": word})
    return found


def _relations(model: type[models.Model], columns: Iterable[str]) -> dict[str, Any]:
    """The columns that lead to other rows, with the field at their end."""
    found = {}
    for column in columns:
        holder: Any = model
        for name in column.split("__"):
            field = holder._meta.get_field(name)
            holder = field.related_model
        if holder:
            found[column] = field
    return found


# A model, and its column with the keys of the rows that are searched for.
_Holder = tuple[Any, str]


@dataclass(frozen=True)
class _Word:
    """A word that is searched for, ``by_index`` if that may help. ``keys`` are those that rows with it hold, by their
    group of holders, found so far."""

    text: str
    by_index: bool
    keys: dict[tuple[_Holder, ...], Any] = field(default_factory=dict)


def _has(model: type[models.Model], word: _Word, columns: Iterable[str]) -> Q:
    """Whether rows of a model have a word in one of these columns."""
    relations = _relations(model, columns)
    found = _in_columns(word.text, [column for column in columns if column not in relations])
    holders = defaultdict(list)
    for path, relation in relations.items():
        if relation.one_to_many:
            holders[path.rpartition("__")[0] or "pk"].append(_referring(relation))
        else:
            holders[path] += [
                (relation.related_model, "pk"),
                *_part_of(relation.related_model).values(),
            ]
    groups = {path: tuple(those) for path, those in holders.items()}
    _find_keys(groups.values(), word)
    for path, those in groups.items():
        found |= Q(**{f"{path}__in": word.keys[those]})
    return found


def _referring(relation: Any) -> _Holder:
    return relation.related_model, relation.remote_field.name


def _part_of(model: Any) -> dict[str, _Holder]:
    """The columns of a model for rows that refer to it, such as a person's other names."""
    relations = _relations(model, model.search_columns())
    return {path: _referring(to) for path, to in relations.items() if to.one_to_many}


def _find_keys(groups: Iterable[tuple[_Holder, ...]], word: _Word) -> None:
    """Add the keys that rows with the word hold to its ``keys``, as queries.

    Those of a word ``by_index``, if they are few, are lists, for which the database uses its indexes. They are read in
    one query.
    """
    queries = {
        those: [_rows_with(word, holder) for holder in those]
        for those in dict.fromkeys(groups)
        if those not in word.keys
    }
    if queries and word.by_index:
        numbered = [
            rows.values_list(Value(number), key)
            for number, (those, found) in enumerate(queries.items())
            for (_, key), rows in zip(those, found, strict=True)
        ]
        few = list(_all_of(numbered)[: FEW + 1])
        if len(few) <= FEW:
            for number, those in enumerate(queries):
                word.keys[those] = [key for group, key in few if group == number]
            return
    for those, found in queries.items():
        keys = [rows.values(key) for (_, key), rows in zip(those, found, strict=True)]
        word.keys[those] = _all_of(keys)


def _rows_with(word: _Word, holder: _Holder) -> QuerySet[Any]:
    model, key = holder
    # Where a row is searched for, those that refer to it are holders too.
    apart = _part_of(model) if key == "pk" else ()
    columns = [column for column in model.search_columns() if column not in apart]
    return model._base_manager.filter(_has(model, word, columns)).order_by()


def _all_of(queries: list[QuerySet[Any]]) -> QuerySet[Any]:
    return queries[0].union(*queries[1:], all=True) if queries[1:] else queries[0]


class SearchTextField(models.TextField):
    """Filled from the text columns in ``SEARCHED`` whenever its row is saved, in bulk too."""

    def deconstruct(self) -> Any:
        # In migrations it is a plain text column.
        name, _, arguments, options = super().deconstruct()
        return name, "django.db.models.TextField", arguments, options

    def pre_save(self, model_instance: Any, add: bool) -> str:
        model_instance.search_text = model_instance.folded_columns()
        return str(model_instance.search_text)


class SearchableModel(models.Model):
    """A row that staff can search for.

    ``SEARCHED`` names its text columns, and relations to other searchable rows: a search looks there too.
    """

    SEARCHED: ClassVar[tuple[str, ...]]

    search_text = SearchTextField(default="", db_default="", editable=False)

    class Meta:
        abstract = True

    def save(self, *, update_fields: Iterable[str] | None = None, **options: Any) -> None:
        if update_fields is not None and not set(self.SEARCHED).isdisjoint(update_fields):
            update_fields = {*update_fields, "search_text"}
        super().save(update_fields=update_fields, **options)

    @classmethod
    def search_columns(cls) -> tuple[str, ...]:
        """What ``filter_by_words`` looks at."""
        return "search_text", *_relations(cls, cls.SEARCHED)

    def folded_columns(self) -> str:
        """The text to search in: its columns in their order, separated by spaces."""
        relations = _relations(type(self), self.SEARCHED)
        values = (getattr(self, column) for column in self.SEARCHED if column not in relations)
        return " ".join(fold_for_search(unicode_spelling(value or "")) for value in values).rstrip()


class NameStart(models.Func):
    """The first half of the first word of a ``search_text``: of a person, that is their folded name.

    Indexes are made of these, so that names one letter apart are found: one half of them is the same.
    """

    output_field = models.TextField()
    template = (
        "left(split_part(%(expressions)s, ' ', 1), length(split_part(%(expressions)s, ' ', 1)) / 2)"
    )
    template_of_sqlite = "substr(%(expressions)s, 1, (instr(%(expressions)s || ' ', ' ') - 1) / 2)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template=self.template_of_sqlite, **context)


class NameEnd(NameStart):
    """The second half."""

    template = "substr(split_part(%(expressions)s, ' ', 1), length(split_part(%(expressions)s, ' ', 1)) / 2 + 1)"
    template_of_sqlite = (
        "substr(substr(%(expressions)s, 1, instr(%(expressions)s || ' ', ' ') - 1), "
        "(instr(%(expressions)s || ' ', ' ') - 1) / 2 + 1)"
    )
