"""The forms of the step “check”: rows that are skipped or read again, and the cells of one row, corrected."""

from typing import Any

from django import forms

from membership.imports.questions import Answers, Step
from membership.imports.steps.base import StepForm
from membership.models import ListImport, ListImportRow, RowOutcome


class CheckForm(StepForm):
    """``skip`` are the numbers of rows to skip, or “errors” for all rows with errors; ``read`` those to read again."""

    step = Step.CHECK

    def __init__(self, data: Any = None, *, list_import: ListImport) -> None:
        super().__init__(data, list_import=list_import)
        # Without these, nothing is chosen.
        self.skip = data.getlist("skip") if data else []
        self.read = data.getlist("read") if data else []

    def answers(self) -> Answers:
        numbers = {number for number in self.skip if number.isdecimal()}
        if "errors" in self.skip:
            errors = self.list_import.rows.filter(outcome=RowOutcome.ERROR)
            numbers |= {str(number) for number in errors.values_list("number", flat=True)}
        skipped = dict.fromkeys(numbers, "skip")
        skipped |= {number: "read" for number in self.read if number.isdecimal()}
        return {"skipped": {**self.answered("skipped"), **skipped}}


class RowForm(forms.Form):
    """The cells of one row, to be corrected. Cells that staff leave as they are stay as the file has them."""

    def __init__(self, data: Any = None, *, list_import: ListImport, row: ListImportRow) -> None:
        super().__init__(data)
        self.list_import, self.row = list_import, row
        found = list_import.found or {}
        headings = {use["letter"]: use["heading"] for use in found.get("columns", ())}
        for letter, text, _, problem in row.cells:
            self.fields[letter] = forms.CharField(
                label=f"{headings.get(letter, letter)} ({letter}{row.number})",
                initial=text,
                required=False,
                max_length=1000,
                help_text=problem,
            )

    def answers(self) -> Answers:
        """What was corrected, by the sheet and the cell; for a valid form."""
        found = self.list_import.found or {}
        sheet = found["sheets"][found["layout"]["sheet"]]["name"]
        corrected = {
            f"{sheet}!{letter}{self.row.number}": self.cleaned_data[letter]
            for letter in self.changed_data
        }
        return {"corrections": {**self.list_import.answers.get("corrections", {}), **corrected}}
