"""The form of the step “columns”."""

from membership.imports.questions import Step
from membership.imports.steps.base import StepForm


class ColumnsForm(StepForm):
    step = Step.COLUMNS
