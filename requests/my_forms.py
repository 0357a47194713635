"""What somebody changes about herself."""

from django import forms

from membership.forms import OneLine


class DetailsForm(forms.Form):
    """Her name and her phone."""

    name = OneLine(
        label="Your full name",
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
        error_messages={"required": "Type your name."},
    )
    phone = OneLine(
        label="Work phone (optional)",
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )


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
