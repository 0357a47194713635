"""The forms of meetings for staff."""

from datetime import datetime

from django import forms
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils import timezone

from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import MeetingKind
from membership.forms import (
    MAX_TEXT_LENGTH,
    FileOrTextForm,
    ParagraphsField,
    SingleLineField,
    TeamForm,
    day_field,
    file_field,
    message_field,
    pasted_field,
)
from membership.meetings import zoom
from membership.meetings.planning import MeetingPlan
from membership.models import User


def time_field(label: str, *, help_text: str) -> forms.TimeField:
    """A time of day, chosen with the browser's own control."""
    return forms.TimeField(
        label=label,
        help_text=help_text,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": f"Enter the {label.lower()}.",
            "invalid": "Enter the time in hours and minutes, on the 24-hour clock.",
        },
    )


class MeetingForm(TeamForm):
    """A meeting, with its times in Vancouver time. ``meeting`` is the one to change."""

    communities = forms.ModelMultipleChoiceField(
        CommunityOfPractice.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one community."},
    )
    kind = forms.ChoiceField(choices=MeetingKind.choices)
    topic = SingleLineField(
        max_length=160,
        help_text="Anyone can read the topic on the community’s public page. Do not include people’s names or links.",
        error_messages={"required": "Enter the topic."},
    )
    day = day_field("Date")
    starts = time_field(
        "Start time",
        help_text="Pacific time. Pages also show the time for regions where it differs.",
    )
    ends = time_field("End time", help_text="Pacific time, on the same day.")
    join_link = forms.CharField(
        label="Zoom join link (you can add it later)",
        required=False,
        max_length=500,
        validators=[
            URLValidator(
                ["https"], message="Paste the whole link from Zoom. It starts with https://"
            )
        ],
        help_text="Members open the link through this site, after they sign in. No email contains it.",
    )
    agenda = ParagraphsField(
        label="Agenda (optional)",
        required=False,
        max_length=MAX_TEXT_LENGTH,
        help_text="Do not include client information.",
    )
    notes = ParagraphsField(
        label="Notes from the meeting (optional)",
        required=False,
        max_length=MAX_TEXT_LENGTH,
        help_text="Members can read the notes on the meeting’s page. Do not include client information.",
    )

    def __init__(
        self, data: QueryDict | None = None, *, user: User, meeting: Meeting | None = None
    ) -> None:
        super().__init__(data, user=user)
        if meeting is None:
            del self.fields["notes"]
        else:
            self.initial = {
                **forms.model_to_dict(meeting),
                "day": meeting.day,
                "starts": timezone.localtime(meeting.starts_at).time(),
                "ends": timezone.localtime(meeting.ends_at).time(),
            }

    @property
    def plan(self) -> MeetingPlan:
        """The plan, once the form is valid."""
        data = self.cleaned_data
        return MeetingPlan(
            communities=tuple(data["communities"]),
            kind=data["kind"],
            topic=data["topic"],
            starts_at=timezone.make_aware(datetime.combine(data["day"], data["starts"])),
            ends_at=timezone.make_aware(datetime.combine(data["day"], data["ends"])),
            join_link=data["join_link"],
            agenda=data["agenda"],
            notes=data.get("notes", ""),
        )


class CancelForm(forms.Form):
    """Cancel a meeting."""

    text = message_field(
        "Why the meeting is cancelled, and what happens instead",
        help_text="This text appears here in the email, and on the meeting’s page.",
        missing="Explain why the meeting is cancelled, for people who planned to attend.",
    )


class ZoomForm(FileOrTextForm[zoom.ParticipantList]):
    """Zoom's list of participants, as a file or as text."""

    file = file_field("File from Zoom")
    pasted = pasted_field(
        "Or paste the list",
        help_text="Include the headings, or put one name or email on each line. For thousands of lines, use the file.",
    )

    read_file = staticmethod(zoom.read_file)
    read_pasted = staticmethod(zoom.read_pasted)
