"""The form of the step “sheet”: which sheet is the list, where its headings are, and which rows are no part of it."""

from typing import Any

from django import forms
from django.forms.boundfield import BoundField

from membership.imports.other_rows import skip_key
from membership.imports.questions import Answers, Step
from membership.imports.steps.base import StepForm
from membership.models import ListImport

_HEADINGS = {"first_heading": "The headings begin in", "last_heading": "The headings end in"}


class SheetForm(StepForm):
    """The headings and the rows to skip. Only ``sheet`` is posted to change to another sheet."""

    step = Step.SHEET
    # Questions that have fields of their own here.
    own_groups = frozenset({"sheet", "headings", "skips"})

    def __init__(self, data: Any = None, *, list_import: ListImport) -> None:
        super().__init__(data, list_import=list_import)
        self.layout: dict[str, Any] = self.found["layout"]
        sheets = self.found["sheets"]
        self.sheet = sheets[self.layout["sheet"]]
        self.other_sheets = [s for s in sheets if s["usable"] and s is not self.sheet]
        chosen = (data or {}).get("sheet")
        self.chosen_sheet = next((s["name"] for s in self.other_sheets if s["name"] == chosen), "")
        if self.chosen_sheet:
            self.questions.clear()
            self.fields.clear()
            return
        rows = [
            (str(number), f"Row {number}: {text}") for number, text in self.layout["first_rows"]
        ]
        for name, label in _HEADINGS.items():
            self.fields[name] = forms.ChoiceField(
                choices=rows, label=label, initial=str(self.layout[name]), required=False
            )
        if proposed := self.layout["proposed"]:
            self.fields["skip"] = forms.MultipleChoiceField(
                choices=[
                    (str(row["number"]), f"Row {row['number']}: {row['text']} ({row['reason']})")
                    for row in proposed
                ],
                label="Rows to skip",
                help_text="These rows do not look like rows of the list. Clear a row to read it.",
                initial=[str(row["number"]) for row in proposed if row["is_skipped"]],
                required=False,
                widget=forms.CheckboxSelectMultiple,
            )

    @property
    def heading_fields(self) -> list[BoundField]:
        return [field for field in self if field.name in _HEADINGS]

    @property
    def other_fields(self) -> list[BoundField]:
        return [field for field in self if field.name not in _HEADINGS]

    @property
    def opens_headings(self) -> bool:
        """Whether the headings are asked, or were chosen wrongly, so that their fields are seen."""
        is_asked = any(question["group"] == "headings" for question in self.open_questions)
        return is_asked or bool(_HEADINGS.keys() & self.errors.keys())

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in _HEADINGS.keys() & self.fields.keys():
            data[name] = int(data.get(name) or self.layout[name])
        if data.get("first_heading", 0) > data.get("last_heading", 0):
            self.add_error("last_heading", "Choose the same row, or one below it.")
        return data

    def answers(self) -> Answers:
        if self.chosen_sheet:
            # Rows have other numbers on another sheet.
            return {"sheet": {"sheet": self.chosen_sheet}, "skipped": {}}
        chosen, data = super().answers(), self.cleaned_data
        rows = f"{data['first_heading']}-{data['last_heading']}"
        chosen["headings"] = {**self.answered("headings"), self.sheet["name"]: rows}
        if self.other_sheets:
            chosen["sheet"] = {"sheet": self.sheet["name"]}
        if proposed := self.layout["proposed"]:
            skips, skipped = self.answered("skips"), self.answered("skipped")
            kinds: dict[str, set[str]] = {}
            for row in proposed:
                number = str(row["number"])
                skipped[number] = "skip" if number in data["skip"] else "read"
                kinds.setdefault(skip_key(row["kind"], row["text"]), set()).add(skipped[number])
            if self.layout["more_proposed"]:
                skips |= dict.fromkeys((row["kind"] for row in proposed), "skip")
            for key, decisions in kinds.items():
                skips[key] = "read" if decisions == {"read"} else "skip"
            chosen |= {"skips": skips, "skipped": skipped}
        return chosen
