"""What staff write when they decide on a request, note about it, match it to the register or check it."""

from collections.abc import Iterable

from django import forms
from django.http import QueryDict

from communities.models import CommunityOfPractice
from communities.rules.vocabulary import InitiativeKind, ProgramType
from membership.forms import SingleLineField, day_field
from membership.models import Agency, CoordinationInitiative, Program
from requests.joining.forms import message_field
from requests.models import ReasonText
from requests.reasons import offered


class DecisionForm(forms.Form):
    """What staff write on a deciding page, about a request to join one of these communities.

    ``needs_reason``: the rules ask whoever approves to say why.
    """

    def __init__(
        self,
        data: QueryDict | None,
        *,
        communities: Iterable[CommunityOfPractice],
        needs_reason: bool = False,
    ) -> None:
        super().__init__(data)
        self.set_up_fields(communities, needs_reason)

    def set_up_fields(self, communities: Iterable[CommunityOfPractice], needs_reason: bool) -> None:
        """Fit the fields to the requests that are decided."""


class ApproveForm(DecisionForm):
    """Approving: a personal paragraph, and a reason where the rules are not met for certain."""

    text = message_field(
        "Personal paragraph (optional)", "It appears here, in the letter.", required=False
    )
    reason = message_field(
        "Why you approve all the same",
        "Kept in the history for staff. The applicant does not see it.",
        "Not every rule is met for certain. Write why you approve all the same.",
    )

    def set_up_fields(self, communities: Iterable[CommunityOfPractice], needs_reason: bool) -> None:
        if not needs_reason:
            del self.fields["reason"]


class ReasonOrTextForm(DecisionForm):
    """A ready reason of this community, the staff's own words, or one after the other."""

    used_for: ReasonText.UsedFor
    choose: str
    missing: str

    text = message_field("Your own paragraph", "", required=False)

    def set_up_fields(self, communities: Iterable[CommunityOfPractice], needs_reason: bool) -> None:
        self.fields["ground"] = forms.ModelChoiceField(
            offered(self.used_for, communities),
            label=self.choose,
            required=False,
            blank=True,
            widget=forms.RadioSelect,
            empty_label="No ready text, only my own words",
            error_messages={"invalid_choice": "This reason is not offered any more. Choose again."},
        )

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        if not self.errors and not data.get("ground") and not data.get("text"):
            self.add_error("text", self.missing)
        return data


class DeclineForm(ReasonOrTextForm):
    """Declining: why, and what the applicant can do."""

    used_for = ReasonText.UsedFor.DECLINE
    choose = "Reason"
    missing = "Choose a reason, or write why, in words for the applicant."


class AskForm(ReasonOrTextForm):
    """Asking for more."""

    used_for = ReasonText.UsedFor.ASK
    choose = "Question"
    missing = "Choose a question, or write what you want to ask."


class ReopenForm(DecisionForm):
    """Reopening: nothing is sent until a new decision."""

    reason = message_field(
        "Why you look at it again",
        "Kept in the history for staff. The applicant does not see it.",
        "Write why you look at it again.",
    )


class NoteForm(forms.Form):
    """A note for colleagues at a request."""

    # Beside other forms on one page: its ids are its own.
    prefix = "note"
    text = message_field(
        "A note for your colleagues",
        "The applicant does not see it. Please write nothing about an agency’s clients.",
        "Write the note first.",
    )


# -- Matching to the register, adding to it, checking ---------------------------------------------------

_CHOICE_ERRORS = {
    "required": "Choose one from the list.",
    "invalid_choice": "This is not in the register any more. Choose another one.",
}


class MatchAgencyForm(forms.Form):
    agency = forms.ModelChoiceField(Agency.objects.all(), error_messages=_CHOICE_ERRORS)


class MatchProgramForm(forms.Form):
    program = forms.ModelChoiceField(
        Program.objects.select_related("agency"), error_messages=_CHOICE_ERRORS
    )


class MatchInitiativeForm(forms.Form):
    initiative = forms.ModelChoiceField(
        CoordinationInitiative.objects.all(), error_messages=_CHOICE_ERRORS
    )


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


class MembershipForm(AnswerForm):
    """Who holds the membership, from when to when; a "no" needs no days."""

    holder = forms.ChoiceField(
        label="Who holds it",
        choices=[("agency", "The agency"), ("own", "The applicant")],
        error_messages={"required": "Choose who holds the membership."},
    )
    starts_on = day_field(
        "First day", required=False, errors={"invalid": "Type the first day of the membership."}
    )
    ends_on = day_field(
        "Last day", required=False, errors={"invalid": "Type the last day of the membership."}
    )

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
        """The ``holder``, and the ``period`` from the first to the last day, or None for a "no"."""
        data = super().clean() or {}
        starts_on, ends_on = data.get("starts_on"), data.get("ends_on")
        if data.get("answer"):
            for name in ("starts_on", "ends_on"):
                if not data.get(name) and name not in self.errors:
                    self.add_error(name, self.fields[name].error_messages["invalid"])
        period = (starts_on, ends_on) if data.get("answer") else None
        return {"holder": data.get("holder"), "period": period}
