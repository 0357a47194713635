"""What somebody changes about themselves."""

from django import forms

from requests.forms import JoinForm


class DetailsForm(forms.Form):
    """The name and the phone, asked as on the join form."""

    name = JoinForm.base_fields["name"]
    phone = JoinForm.base_fields["phone"]


class PreferencesForm(forms.Form):
    """Reminders on or off."""

    reminders = forms.ChoiceField(
        label="Do you want reminders?",
        choices=[("on", "Yes, send me reminders"), ("off", "No, send me no reminders")],
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose whether you want reminders.",
            "invalid_choice": "Choose whether you want reminders.",
        },
    )
