"""What staff write when they work on a roster, and what somebody writes who leaves it."""

from datetime import timedelta

from django import forms
from django.http import QueryDict
from django.utils import timezone

from membership.leaving import Successor
from membership.names import clean_paragraphs, clean_text

LONGEST_TEXT = 4_000


class Paragraphs(forms.CharField):
    """A text of several lines, without control and direction marks."""

    widget = forms.Textarea(attrs={"rows": 5})

    def to_python(self, value: object) -> str:
        return clean_paragraphs(super().to_python(value) or "")


class OneLine(forms.CharField):
    """One line, without control and direction marks."""

    def to_python(self, value: object) -> str:
        return clean_text(super().to_python(value) or "")


class WriteForm(forms.Form):
    """Writing to somebody on a roster."""

    text = Paragraphs(
        label="Your paragraph",
        help_text="It appears here, in the letter.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write what you want to ask."},
    )


class EndForm(forms.Form):
    """Ending an enrolment."""

    text = Paragraphs(
        label="Why, and what the person can do",
        help_text="It appears here, in the letter.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write why, in words for the person."},
    )


class SettleForm(forms.Form):
    """Settling a row that staff have looked at."""

    text = Paragraphs(
        label="What you found",
        help_text="Kept in the history for staff. The person does not see it.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write what you found."},
    )


class TimeForm(forms.Form):
    """Giving time until a day."""

    until = forms.DateField(
        label="Until",
        help_text="The last day of the time you give.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={
            "required": "Give a day.",
            "invalid": "Write the day as year-month-day, for example 2027-03-31.",
        },
    )
    text = Paragraphs(
        label="Why",
        help_text="Kept in the history for staff. The person does not see it.",
        max_length=LONGEST_TEXT,
        error_messages={"required": "Write why you give time."},
    )

    def __init__(self, data: QueryDict | None = None) -> None:
        super().__init__(data)
        tomorrow = timezone.localdate() + timedelta(days=1)
        self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()


class LeaveForm(forms.Form):
    """Leaving a community. ``successor`` is whom she names, where the community asks for one."""

    reason = Paragraphs(
        label="Why do you leave? (optional)",
        help_text="EVA BC staff read this. Please write nothing about the people you serve.",
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    successor_name = OneLine(label="Their name", max_length=80, required=False)
    successor_email = forms.EmailField(
        label="Their work email",
        required=False,
        error_messages={"invalid": "Write an email address like name@example.org."},
    )
    may_name_me = forms.BooleanField(label="The letter may give my name", required=False)

    def __init__(self, data: QueryDict | None = None, *, asks_successor: bool) -> None:
        super().__init__(data)
        if not asks_successor:
            for name in ("successor_name", "successor_email", "may_name_me"):
                del self.fields[name]

    def clean_successor_name(self) -> str:
        name: str = self.cleaned_data["successor_name"]
        if any(mark in name for mark in ("@", "/", "www.")):
            raise forms.ValidationError("Write the name only, without addresses or links.")
        return name

    def clean(self) -> dict[str, object]:
        data = super().clean() or {}
        name, email = data.get("successor_name"), data.get("successor_email")
        if name and not email and "successor_email" not in self.errors:
            self.add_error("successor_email", "Write their email, so that we can invite them.")
        if email and not name and "successor_name" not in self.errors:
            self.add_error("successor_name", "Write their name, for the greeting of the letter.")
        return data

    @property
    def successor(self) -> Successor | None:
        data = self.cleaned_data
        if not data.get("successor_email"):
            return None
        return Successor(data["successor_name"], data["successor_email"], data["may_name_me"])
