"""What is kept of imports about one person, in words, for the download of their data."""

from collections.abc import Iterator
from typing import Any

from django.contrib.admin.utils import label_for_field
from django.db.models import Model, Q

from membership.imports.kinds import IMPORTERS
from membership.imports.models import ListImport, ListKind
from membership.imports.undoing import shown_value
from membership.models import CoordinationRole, Enrolment, Person, ProgramPosition

# What the rows of a list change about people, and the columns that say so.
_COLUMNS: dict[type[Model], tuple[str, ...]] = {
    Person: ("name", "email"),
    ProgramPosition: ProgramPosition.FACT_FIELDS,
    CoordinationRole: CoordinationRole.FACT_FIELDS,
    Enrolment: ("started_on",),
}
_OF_PEOPLE = (ListKind.PEOPLE, ListKind.INITIATIVES, ListKind.ROSTER)


def lists_about(person: Person) -> Iterator[dict[str, object]]:
    """The lists that named a person, oldest first: what each said of them, and what it changed."""
    people = {person.pk, *person.merged_records.values_list("pk", flat=True)}
    keys: dict[type[Model], set[int]] = {
        Person: people,
        **{
            model: set(model._default_manager.filter(person=person).values_list("pk", flat=True))
            for model in (ProgramPosition, CoordinationRole, Enrolment)
        },
    }
    kept = ListImport.objects.filter(
        Q(named__isnull=False) | Q(changes__isnull=False), kind__in=_OF_PEOPLE
    )
    lists = kept.only("kind", "list_name", "as_of", "moved_at", "named", "changes")
    # One at a time, because each may have thousands of rows.
    for one in lists.order_by("as_of", "pk").iterator(chunk_size=1):
        headings = {column.name: column.heading for column in IMPORTERS[one.kind].columns}
        said = [_said(row, headings) for row in one.named or () if row[0] in people]
        changed = [
            _changed(row)
            for row in (one.changes or {}).get("rows", ())
            if any(
                row["model"] == model._meta.label_lower and row["pk"] in pks
                for model, pks in keys.items()
            )
        ]
        if said or changed:
            yield {
                "list": str(one),
                "imported_at": one.moved_at.isoformat(),
                "said": said,
                "changed": changed,
            }


def _said(row: list[Any], headings: dict[str, str]) -> str:
    """What a row of a list said of them, besides their name and email."""
    *_, what, values = row
    said = "; ".join(f"{headings[name]}: {values[name]}" for name in headings if name in values)
    return ": ".join(filter(None, (what, said))) or "your name or email"


def _changed(row: dict[str, Any]) -> str:
    """What a list changed about them in one row of the register."""
    model = next(model for model in _COLUMNS if model._meta.label_lower == row["model"])
    before, after = row["before"] or {}, row["after"] or {}
    changed = []
    for name in _COLUMNS[model]:
        if name in after and (before or after[name]):
            was = f"{shown_value(model, name, before[name])} → " if before else ""
            changed.append(
                f"{label_for_field(name, model)}: {was}{shown_value(model, name, after[name])}"
            )
    what = f"{model._meta.verbose_name}{'' if before else ' added'}"
    return f"{what}: {'; '.join(changed) or 'only which list it is from'}"
