"""The form of the step “columns”: what each column of the file is used for, and one value for what it lacks."""

from collections import Counter
from typing import Any

from django import forms
from django.utils.text import get_text_list

from membership.forms import day_field
from membership.imports.columns import NEVER_ONE_VALUE, CellError, Column
from membership.imports.kinds import IMPORTERS
from membership.imports.matching import NAME_PARTS, ROLE_NAMES, parts_of
from membership.imports.questions import Answers, Step
from membership.imports.steps.base import StepForm
from membership.models import ListImport

HOW = {
    "name": "By its name",
    "likeness": "Looks like it",
    "content": "By its cells",
    "remembered": "As last time",
    "staff": "You chose it",
}


class ColumnsForm(StepForm):
    """A field for each column of the file, and one for each column of the list that the file lacks."""

    step = Step.COLUMNS
    own_groups = frozenset({"columns", "constants"})

    def __init__(self, data: Any = None, *, list_import: ListImport) -> None:
        super().__init__(data, list_import=list_import)
        columns = IMPORTERS[list_import.kind].columns
        self.columns = {column.name: column for column in (*columns, *parts_of(columns))}
        self.uses: list[dict[str, Any]] = self.found["columns"]
        options = [("", "Not used"), *((c.name, c.heading) for c in self.columns.values())]
        for use in self.uses:
            self.fields[f"use-{use['position']}"] = forms.ChoiceField(
                choices=options,
                label=f"“{use['heading']}” is used as",
                initial=use["column"],
                required=False,
            )
        there = set(self.found["there"])
        self.absent = [column for column in columns if column.name not in there]
        # Also of a required column that the file has: staff may not want to use it.
        self.one_values = [
            column
            for column in columns
            if (column.required or column in self.absent) and column.name not in NEVER_ONE_VALUE
        ]
        for column in self.one_values:
            self.fields[f"all-{column.name}"] = self._one_value(column)

    def _one_value(self, column: Column) -> forms.Field:
        """The field for a value that all rows have."""
        common: dict[str, Any] = {
            "label": f"{column.heading}, for all rows",
            "required": False,
            "initial": self.found["constants"].get(column.name, ""),
        }
        if column.is_day:
            field = day_field(common["label"])
            field.required, field.initial = False, common["initial"]
            return field
        if column.choices:
            return forms.ChoiceField(choices=[("", "–"), *column.choices], **common)
        return forms.CharField(max_length=160, **common)

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The columns of the file with their fields. What has to be looked at comes first."""
        rows = [
            {**use, "field": self[f"use-{use['position']}"], "said": HOW.get(use["how"], "")}
            for use in self.uses
        ]
        return sorted(rows, key=lambda row: row["how"] not in ("likeness", "content"))

    @property
    def unused(self) -> str:
        """The headings that are not used, as the end of a sentence."""
        return get_text_list([f"“{u['heading']}”" for u in self.uses if not u["column"]], "and")

    @property
    def needed(self) -> list[Any]:
        """The fields of values that the list must have and the file lacks."""
        needed = [column for column in self.one_values if column.name in self.found["missing"]]
        return [self[f"all-{column.name}"] for column in needed]

    @property
    def optional(self) -> list[Any]:
        others = [column for column in self.one_values if column.name not in self.found["missing"]]
        return [self[f"all-{column.name}"] for column in others]

    @property
    def opens_optional(self) -> bool:
        """Whether one of these fields has a value or an error, so that it is seen."""
        return any(field.errors or field.value() for field in self.optional)

    @property
    def warnings(self) -> list[str]:
        """What it means that the list has no end dates, and so on."""
        given = self.found["constants"]
        return list(
            dict.fromkeys(c.if_absent for c in self.absent if c.if_absent and c.name not in given)
        )

    @property
    def says_nothing_about(self) -> str:
        given = self.found["constants"]
        return get_text_list(
            [c.about for c in self.absent if c.about and c.name not in given], "or"
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        used = Counter(data.get(f"use-{use['position']}") for use in self.uses)
        for use in self.uses:
            name = f"use-{use['position']}"
            if (column := data.get(name)) and used[column] > 1:
                heading = self.columns[column].heading
                self.add_error(name, f"More than one column is used as “{heading}”. Choose one.")
        if used["name"] and any(
            used[part] for part in (*ROLE_NAMES, *(p.name for p in NAME_PARTS))
        ):
            self.add_error(
                None, "Use either “Name” or the columns with parts of names or names by role."
            )
        for column in IMPORTERS[self.list_import.kind].columns:
            self._check_one_value(column, used, data)
        return data

    def _check_one_value(self, column: Column, used: Counter[Any], data: dict[str, Any]) -> None:
        name = f"all-{column.name}"
        value = data.get(name)
        if used[column.name]:
            data[name] = ""
        elif column.required and not value and name not in self.errors:
            if name in self.fields:
                self.add_error(
                    name, f"Choose the column for “{column.heading}”, or give one value."
                )
            else:
                self.add_error(None, f"Choose the column for “{column.heading}”.")
        elif value and not column.is_day:
            try:
                column.read(value)
            except CellError as problem:
                self.add_error(name, str(problem))

    def answers(self) -> Answers:
        data = self.cleaned_data
        uses = {use["key"]: data[f"use-{use['position']}"] for use in self.uses}
        values = {c.name: str(data[f"all-{c.name}"] or "") for c in self.one_values}
        constants = {**self.answered("constants"), **values}
        return {
            **super().answers(),
            "columns": {**self.answered("columns"), **uses},
            "constants": constants,
        }
