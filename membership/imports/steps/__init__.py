"""The pages of the steps of an import: what each shows, and its form."""

from membership.imports.questions import Step
from membership.imports.steps.base import StepForm
from membership.imports.steps.check import CheckForm
from membership.imports.steps.columns import ColumnsForm
from membership.imports.steps.sheet import SheetForm
from membership.imports.steps.values import ValuesForm

STEP_FORMS: dict[Step, type[StepForm]] = {
    Step.SHEET: SheetForm,
    Step.COLUMNS: ColumnsForm,
    Step.VALUES: ValuesForm,
    Step.CHECK: CheckForm,
}

__all__ = ["STEP_FORMS", "StepForm"]
