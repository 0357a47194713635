"""What staff fill in on the review page to match a request to the register and to check a claim."""

from django import forms
from django.http import QueryDict

from communities.rules.vocabulary import InitiativeKind, ProgramType
from membership.models import Agency, CoordinationInitiative, Program
from requests.joining.forms import SingleLineField

_GONE = {
    "required": "Choose one from the list.",
    "invalid_choice": "This is not in the register any more. Choose another one.",
}


class MatchAgencyForm(forms.Form):
    agency = forms.ModelChoiceField(Agency.objects.all(), error_messages=_GONE)


class MatchProgramForm(forms.Form):
    program = forms.ModelChoiceField(Program.objects.all(), error_messages=_GONE)


class MatchInitiativeForm(forms.Form):
    initiative = forms.ModelChoiceField(CoordinationInitiative.objects.all(), error_messages=_GONE)


class MatchAlikeForm(forms.Form):
    """Nothing to fill in: the button says it all."""


class AddAgencyForm(forms.Form):
    name = SingleLineField(
        label="Name of the agency",
        max_length=160,
        error_messages={"required": "Type the name of the agency."},
    )
    city = SingleLineField(label="City or town (optional)", max_length=80, required=False)


class AddProgramForm(forms.Form):
    program_type = forms.TypedChoiceField(
        label="Type of program",
        choices=ProgramType.choices,
        coerce=ProgramType,
        error_messages={"required": "Choose a type of program."},
    )
    community_served = SingleLineField(
        label="Town or community served (optional)", max_length=80, required=False
    )


class AddInitiativeForm(forms.Form):
    kind = forms.TypedChoiceField(
        label="Kind of initiative",
        choices=InitiativeKind.choices,
        coerce=InitiativeKind,
        error_messages={"required": "Choose a kind of initiative."},
    )
    name = SingleLineField(
        label="Name of the initiative",
        max_length=160,
        error_messages={"required": "Type the name of the initiative."},
    )
    community_served = SingleLineField(
        label="Town or community served (optional)", max_length=80, required=False
    )


class AnswerForm(forms.Form):
    """Yes or no: the buttons say which."""

    answer = forms.TypedChoiceField(
        choices=[("yes", "Yes"), ("no", "No")],
        coerce=lambda value: value == "yes",
        error_messages={"required": "Choose yes or no."},
    )


def _day(label: str, help_text: str, missing: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        help_text=help_text,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": missing},
    )


class MembershipForm(AnswerForm):
    """Who holds the membership, from when to when; a "no" needs no days."""

    holder = forms.ChoiceField(
        label="Who holds it",
        choices=[("agency", "The agency"), ("own", "The applicant")],
        error_messages={"required": "Choose who holds the membership."},
    )
    starts_on = _day("First day", "", "Type the first day of the membership.")
    ends_on = _day("Last day", "", "Type the last day of the membership.")

    field_order = ["holder", "starts_on", "ends_on", "answer"]

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        auto_id: str,
        initial: dict[str, object] | None = None,
        has_agency: bool = True,
    ) -> None:
        super().__init__(data, auto_id=auto_id, initial=initial)
        if not has_agency:
            self.fields["holder"].choices = self.fields["holder"].choices[1:]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if data.get("answer"):
            for name in ("starts_on", "ends_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["invalid"])
        return data
