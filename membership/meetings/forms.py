"""What staff write about meetings."""

from datetime import datetime
from typing import cast

from django import forms
from django.core.validators import URLValidator
from django.http import QueryDict
from django.utils import timezone

from communities.models import CommunityOfPractice, Meeting
from communities.rules.vocabulary import MeetingKind
from membership.accounts.teams import families_of
from membership.forms import (
    MAX_TEXT_LENGTH,
    FileOrTextForm,
    ParagraphsField,
    SingleLineField,
    day_field,
    file_field,
    pasted_field,
    required_text,
)
from membership.meetings import zoom
from membership.meetings.planning import MeetingPlan
from membership.models import User


def time_field(label: str, *, help_text: str) -> forms.TimeField:
    """A time of day, chosen in the browser's own clock."""
    return forms.TimeField(
        label=label,
        help_text=help_text,
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": f"Give the {label.lower()}.",
            "invalid": "Write the time like 10:00 or 14:30.",
        },
    )


class MeetingForm(forms.Form):
    """A meeting, its time as the clocks in Vancouver show it. ``meeting`` is the one to change."""

    communities = forms.ModelMultipleChoiceField(
        CommunityOfPractice.objects.none(),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose at least one community."},
    )
    kind = forms.ChoiceField(choices=MeetingKind.choices)
    topic = SingleLineField(
        max_length=160,
        help_text="It is in letters and calendars: no names of people, no link.",
        error_messages={"required": "Write the topic."},
    )
    day = day_field("Day")
    starts = time_field(
        "Start",
        help_text="The time in Vancouver. The pages add the time of regions where it differs.",
    )
    ends = time_field("End", help_text="The time in Vancouver, on the same day.")
    join_link = forms.CharField(
        label="Zoom’s join link (you can add it later)",
        required=False,
        max_length=500,
        validators=[
            URLValidator(["https"], message="Paste Zoom’s whole link. It starts with https://")
        ],
        help_text="It stays on the portal: enrolled people reach it after they sign in.",
    )
    agenda = ParagraphsField(
        label="Agenda (optional)",
        required=False,
        max_length=MAX_TEXT_LENGTH,
        help_text="No client information.",
    )
    notes = ParagraphsField(
        label="Notes afterwards (optional)",
        required=False,
        max_length=MAX_TEXT_LENGTH,
        help_text="Enrolled people read them on the meeting’s page. No client information.",
    )

    def __init__(
        self, data: QueryDict | None = None, *, user: User, meeting: Meeting | None = None
    ) -> None:
        super().__init__(data)
        own = CommunityOfPractice.objects.filter(team__family__in=families_of(user))
        field = cast(forms.ModelMultipleChoiceField, self.fields["communities"])
        field.queryset = own.select_related("team")
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
        """What was written, once it is valid."""
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
    """Cancelling a meeting."""

    text = required_text(
        "Why, and what comes instead",
        help_text="It appears here, in the letter, and on the meeting’s page.",
        missing="Write why, in words for those who planned to come.",
    )


class ZoomForm(FileOrTextForm[zoom.ParticipantList]):
    """Zoom's list of participants: its file, or its text."""

    file = file_field("The file from Zoom")
    pasted = pasted_field(
        "Or paste the list",
        help_text="With its headings, or one name or email on each line. For thousands of lines take the file.",
    )

    def read_file(self, content: bytes, file_name: str) -> zoom.ParticipantList:
        return zoom.read_file(content, file_name)

    def read_pasted(self, text: str) -> zoom.ParticipantList:
        return zoom.read_pasted(text)
