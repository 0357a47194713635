"""The form of the step “check”."""

from membership.imports.questions import Step
from membership.imports.steps.base import StepForm


class CheckForm(StepForm):
    step = Step.CHECK
