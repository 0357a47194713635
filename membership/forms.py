"""What staff write when they work on a roster."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone

from membership.names import clean_paragraphs

LONGEST_TEXT = 4_000


class Paragraphs(forms.CharField):
    """A text of several lines, without control and direction marks."""

    widget = forms.Textarea(attrs={"rows": 5})

    def to_python(self, value: Any) -> str:
        return clean_paragraphs(super().to_python(value) or "")


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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        tomorrow = timezone.localdate() + timedelta(days=1)
        self.fields["until"].widget.attrs["min"] = tomorrow.isoformat()
