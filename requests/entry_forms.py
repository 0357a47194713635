"""What staff fill in for somebody who asked to join by email or phone: her answers, and who she is."""

from typing import Any

from django import forms

from communities.models import CommunityOfPractice
from requests.forms import CoordinationJoinForm, JoinForm, ProgramJoinForm
from requests.models import CameBy

_ABOUT_HER = {
    "name": "The applicant’s full name",
    "phone": "The applicant’s work phone (optional)",
    "agency": "The applicant’s agency or organisation",
    "community_served": "Town or community that the applicant serves",
}


class EntryFields(forms.Form):
    """Who she is, how she asked, and that she did."""

    email = forms.EmailField(
        label="The applicant’s work email",
        max_length=254,
        help_text="The letters go there. Signing in with it shows the request under “My requests”.",
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        error_messages={
            "required": "Type the applicant’s work email.",
            "invalid": "Type an email address like name@agency.example.",
            "max_length": "This is longer than an email address can be. Type it again.",
        },
    )
    came_by = forms.ChoiceField(
        label="How did the request come?",
        choices=CameBy.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Say how the request came."},
    )
    agreed = forms.BooleanField(
        label="The applicant asked us to enter this request, and agreed that EVA BC keeps these answers.",
        error_messages={"required": "Tick that the applicant asked for this and agreed."},
    )


class ProgramEntryForm(ProgramJoinForm, EntryFields):
    """For the four program-support communities."""

    field_order = ["email", "came_by", *ProgramJoinForm.field_order, "agreed"]


class CoordinationEntryForm(CoordinationJoinForm, EntryFields):
    """For the two coordination communities."""

    field_order = ["email", "came_by", *CoordinationJoinForm.field_order, "agreed"]


def entry_form_for(community: CommunityOfPractice, data: Any = None) -> JoinForm:
    """The form of a community. The questions about her work stay as she reads them: staff ask them."""
    form_class = CoordinationEntryForm if community.is_coordination else ProgramEntryForm
    form = form_class(data, community=community)
    for name, label in _ABOUT_HER.items():
        form.fields[name].label = label
        # The browser would offer what staff are called themselves.
        form.fields[name].widget.attrs["autocomplete"] = "off"
    return form


def answers_in(form: JoinForm) -> dict[str, Any]:
    """Of a valid form, the answers alone."""
    return {k: v for k, v in form.cleaned_data.items() if k not in EntryFields.base_fields}
