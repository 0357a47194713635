"""The form of the step “values”."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from membership.forms import day_field
from membership.imports.kinds import IMPORTERS
from membership.imports.questions import Answers, Step
from membership.imports.steps.base import StepForm
from membership.models import ListImport

_OTHER_GROUPS = {
    "name": "Names",
    "contact_name": "Names",
    "names": "Names",
    "remarks": "Names and emails",
    "agencies": "Agencies",
    "places": "Places",
    "which": "Places",
    "initiatives": "Initiatives",
    "people": "People",
}
# The keys of their questions are columns, or the groups above.
_BY_COLUMN = ("orders", "more", "rest")
_DATES = "Dates"


class ValuesForm(StepForm):
    """What each value means. A date can also be typed."""

    step = Step.VALUES

    def __init__(self, data: Any = None, *, list_import: ListImport) -> None:
        super().__init__(data, list_import=list_import)
        for name, question in self.questions.items():
            field = self.fields[name]
            field.error_messages["required"] = self._missing(question)
            if question["count"] > len(question["rows"][:3]):
                rows = ", ".join(map(str, question["rows"][:5]))
                others = " and others" if question["count"] > 5 else ""
                field.help_text = f"{field.help_text} Rows {rows}{others}.".strip()
            if question["is_day"]:
                field.required = False
                other = day_field(
                    f"Another date for “{question['shown']}” (optional)", required=False
                )
                if field.initial not in {code for code, _ in question["options"]}:
                    field.initial, other.initial = "", field.initial
                self.fields[_day(name)] = other

    @staticmethod
    def _missing(question: dict[str, Any]) -> str:
        return (
            f"Choose an answer for “{question['shown']}”{', or enter a date' * question['is_day']}."
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name, question in self.questions.items():
            if not question["is_day"] or name in self.errors or _day(name) in self.errors:
                continue
            if day := data.get(_day(name)):
                data[name] = day.isoformat()
            elif not data.get(name):
                self.add_error(name, forms.ValidationError(self._missing(question)))
        return data

    def answers(self) -> Answers:
        """What was chosen. What the file itself shows is no answer of staff unless they change it."""
        chosen = super().answers()
        for question in self.questions.values():
            group, key = question["group"], question["key"]
            own = self.list_import.answers.get(group) or {}
            is_unchanged = chosen[group].get(key) == question["answer"]
            if question["is_found"] and is_unchanged and key not in own:
                chosen[group].pop(key, None)
        return chosen

    @property
    def to_answer(self) -> list[tuple[str, list[BoundField]]]:
        """The fields of what is open, by what it is about."""
        return self._sections(is_open=True)

    @property
    def to_change(self) -> list[tuple[str, list[BoundField]]]:
        return self._sections(is_open=False)

    def _sections(self, *, is_open: bool) -> list[tuple[str, list[BoundField]]]:
        columns = {c.name: c for c in IMPORTERS[self.list_import.kind].columns}
        sections: dict[str, list[BoundField]] = {}
        for name, question in self.questions.items():
            if (question["answer"] is None) != is_open:
                continue
            group, key = question["group"], question["key"]
            of_column = key.partition(".")[0] if group in _BY_COLUMN else group
            column = columns.get(of_column.removeprefix("values."))
            about = _OTHER_GROUPS.get(of_column.removeprefix("values."), _DATES)
            if column and not column.is_day and about == _DATES:
                about = column.heading
            sections.setdefault(about, []).append(self[name])
            if question["is_day"]:
                sections[about].append(self[_day(name)])
        return sorted(sections.items(), key=lambda section: section[0] != _DATES)


def _day(name: str) -> str:
    return f"{name}_day"
