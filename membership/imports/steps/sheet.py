"""The form of the step “sheet”."""

from membership.imports.questions import Step
from membership.imports.steps.base import StepForm


class SheetForm(StepForm):
    step = Step.SHEET
