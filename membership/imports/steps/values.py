"""The form of the step “values”."""

from membership.imports.questions import Step
from membership.imports.steps.base import StepForm


class ValuesForm(StepForm):
    step = Step.VALUES
