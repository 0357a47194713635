"""What staff fill in for somebody who asked to join by email or phone: the answers, and who asked."""

from collections.abc import Mapping
from typing import Any

from django import forms

from communities.models import CommunityOfPractice
from requests.joining.forms import JoinForm, declaration_of, join_form_for
from requests.models import CameBy


class EntryFields(forms.Form):
    """Who asked, how, and that they did."""

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


def entry_form_for(
    community: CommunityOfPractice, data: Mapping[str, Any] | None = None
) -> JoinForm:
    """The join form of a community between the fields above.

    The questions about the work stay as the applicant reads them: staff ask them on the phone.
    """
    form = join_form_for(community, data)
    for field in form.fields.values():
        field.label = declaration_of(field).entry_label or field.label
        if isinstance(field.widget, forms.TextInput):
            # The browser would offer what staff are called themselves.
            field.widget.attrs["autocomplete"] = "off"
    asked = EntryFields().fields
    agreed = asked.pop("agreed")
    form.fields = {**asked, **form.fields, "agreed": agreed}
    return form


def answers_in(form: JoinForm) -> dict[str, Any]:
    """Of a valid form, the answers alone."""
    return {k: v for k, v in form.cleaned_data.items() if k not in EntryFields.base_fields}
