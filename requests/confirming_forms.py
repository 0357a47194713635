"""What somebody on a roster is asked once a year."""

from typing import Any

from django import forms

from communities.models import CommunityOfPractice

STAY = "still-here"
CHANGED = "changed-jobs"
LEAVE = "on-leave"
GO = "leaving"


class ConfirmForm(forms.Form):
    """The yearly question: one choice, and a day for who is on leave."""

    answer = forms.ChoiceField(
        label="What is true today?",
        widget=forms.RadioSelect,
        error_messages={
            "required": "Choose what is true today.",
            "invalid_choice": "Choose what is true today.",
        },
    )
    until = forms.DateField(
        label="If you are on leave: the last day of it (optional)",
        required=False,
        help_text="We then ask you again when you are back.",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Write the day as year-month-day, for example 2027-03-31."},
    )

    def __init__(self, *args: Any, community: CommunityOfPractice, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        still = (
            "I am still chair, co-chair or coordinator there"
            if community.is_coordination
            else "I am still there and carry a caseload"
        )
        changed = "My role has changed" if community.is_coordination else "I changed jobs"
        self.fields["answer"].choices = [  # type: ignore[attr-defined]
            (STAY, still),
            (CHANGED, f"{changed} (on the next page we ask about your new work)"),
            (LEAVE, "I am on leave"),
            (GO, f"I want to leave the {community.short_name} community"),
        ]
