"""What the forms of all steps share: a field for each question."""

from typing import Any, ClassVar

from django import forms

from membership.imports.questions import Answers, Step
from membership.models import ListImport


class StepForm(forms.Form):
    """The form of one step. It starts with what staff answered before, or else with what is proposed.

    A subclass adds fields of its own, and their answers to ``answers``; ``own_groups`` are the questions that these
    answer.
    """

    step: ClassVar[Step]
    own_groups: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, data: Any = None, *, list_import: ListImport) -> None:
        super().__init__(data)
        self.list_import = list_import
        self.found: dict[str, Any] = list_import.found or {}
        self.questions = {
            f"q{number}": question
            for number, question in enumerate(self.found.get("questions", ()))
            if question["step"] == self.step and question["group"] not in self.own_groups
        }
        for name, question in self.questions.items():
            kept = self.answered(question["group"]).get(question["key"])
            self.fields[name] = _field(question, kept)

    @property
    def open_questions(self) -> list[dict[str, Any]]:
        """What is asked with fields of the form's own. What can wait is in the texts of the page."""
        found = self.found.get("questions", ())
        own = [q for q in found if q["step"] == self.step and q["group"] in self.own_groups]
        return [q for q in own if q["answer"] is None and not q["can_wait"]]

    @property
    def notes(self) -> list[str]:
        """What staff should know about how the file was read."""
        return [
            note
            for part in ("file", "layout")
            for note in self.found.get(part, {}).get("notes", ())
        ]

    def answered(self, group: str) -> dict[str, Any]:
        """What staff answered in this group before."""
        return dict(self.list_import.answers.get(group, {}))

    def answers(self) -> Answers:
        """What was chosen, by group. Of a form that is not valid, what is valid."""
        chosen: Answers = {}
        for name, question in self.questions.items():
            group = chosen.setdefault(question["group"], self.answered(question["group"]))
            if name in self.cleaned_data:
                group[question["key"]] = self.cleaned_data[name]
        return chosen


def _field(question: dict[str, Any], kept: Any) -> forms.Field:
    """It shows the answer that was read, one that is kept until all of them are there, or what is proposed."""
    given = (question["answer"], kept, question["proposed"])
    answer = next((one for one in given if one is not None), None)
    common = {"label": question["text"], "initial": answer, "help_text": question["help_text"]}
    if question["options"]:
        options = [("", "Choose"), *map(tuple, question["options"])]
        return forms.ChoiceField(choices=options, **common)
    return forms.CharField(max_length=200, **common)
